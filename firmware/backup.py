"""A backup of the running house as one .tar.gz, made while it is sent: the configuration without what is secret, the
curves, the records, and what is kept over restarts.

Each SQLite file is copied first, at one moment (its own backup; writers go on), into a file beside it that has no name
any more, so that nothing of it stays after a crash. Signing keys, accounts and passwords are not in it.
"""

import contextlib
import io
import os
import sqlite3
import tarfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from firmware.config.file import SiteFile
from firmware.history_store import NAME as HISTORY
from firmware.records.store import NAME as RECORDS

CHUNK_BYTES = 65_536
MOST_KEPT = 64  # files of [state]
MOST_KEPT_BYTES = 1_000_000
PREFIX = ".backup-"
BLOCK = 512
GZIP = 31  # zlib's word for it
BUSY_S = 5.0


class Part(NamedTuple):
    name: str
    size: int
    file: BinaryIO


class Backup:
    """Made whole or not at all; read once, closed in any case. Raises OSError, sqlite3.Error; Busy."""

    _one = threading.Lock()

    def __init__(self, file: SiteFile) -> None:
        if not Backup._one.acquire(blocking=False):
            raise Busy
        self._stack = contextlib.ExitStack()
        self._stack.callback(Backup._one.release)
        try:
            self._parts = tuple(self._collected(file))
        except BaseException:
            self._stack.close()
            raise

    def close(self) -> None:
        self._stack.close()

    def chunks(self) -> "Iterator[bytes]":
        packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        for piece in self._tar():
            packed = packer.compress(piece)
            if packed:
                yield packed
        yield packer.flush()

    def _tar(self) -> "Iterator[bytes]":
        for part in self._parts:
            about = tarfile.TarInfo(part.name)
            about.size, about.mtime, about.mode = part.size, int(time.time()), 0o600
            yield about.tobuf()
            left = part.size
            while left:
                piece = part.file.read(min(CHUNK_BYTES, left))
                if not piece:
                    raise OSError(f"{part.name} became shorter")
                left -= len(piece)
                yield piece
            yield bytes(-part.size % BLOCK)
        yield bytes(2 * BLOCK)

    def _collected(self, file: SiteFile) -> "Iterator[Part]":
        yield _text("site.toml", file.text.encode())
        if file.history is not None:
            yield from self._database(Path(file.history.folder) / HISTORY)
        if file.records is not None:
            yield from self._database(Path(file.records.folder) / RECORDS)
        for path in sorted(Path(file.state.folder).iterdir())[:MOST_KEPT] if file.state is not None else ():
            if path.is_file() and path.suffix == ".json" and path.stat().st_size <= MOST_KEPT_BYTES:
                yield _text(f"state/{path.name}", path.read_bytes())

    def _database(self, path: Path) -> "Iterator[Part]":
        if not path.exists():
            return
        for old in path.parent.glob(PREFIX + "*"):  # of a run that was killed while it copied
            old.unlink(missing_ok=True)
        copy = path.with_name(f"{PREFIX}{os.getpid()}")
        try:
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
            with (contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_S)) as db,
                  contextlib.closing(sqlite3.connect(copy)) as into):
                into.execute("pragma journal_mode = off")
                into.execute("pragma synchronous = off")
                db.backup(into)
            opened = open(copy, "rb")  # noqa: SIM115  the stack closes it
            self._stack.callback(opened.close)
        finally:
            copy.unlink(missing_ok=True)
        yield Part(path.name, os.fstat(opened.fileno()).st_size, opened)


class Busy(Exception):
    """One is being made already."""


def _text(name: str, content: bytes) -> Part:
    return Part(name, len(content), io.BytesIO(content))
