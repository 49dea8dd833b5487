"""The flight recorder: each cycle's snapshot and plan, so that any decision can be looked at, and made again.

A journal is a gzip of JSON lines: first a head (format, site, state), then one entry a cycle. It is readable with zcat,
also when the end was cut off by a crash. The newest seconds wait in memory (FLUSH_MS), files are bounded in size and
number, and a full disk stops the journal, never the decision.
"""

import contextlib
import errno
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from control.values import Plan, Site, Snapshot, State

FORMAT = 2
FLUSH_MS = 10_000
RETRY_MS = 60_000
MOST_FILES = 1_000  # however short they are


class Head(NamedTuple):
    format: int
    site: Site
    state: State


class Entry(NamedTuple):
    snapshot: Snapshot
    plan: Plan


class Disk(io.FileIO):
    """A file that takes all or raises OSError; the bare one comes up short on a full disk without a word."""

    def write(self, data: Any) -> int:
        written = super().write(data)
        if written != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written


class Journal:
    """Writes `folder`/NNNNNN.jsonl.gz, newest number last; keeps as much as `most_files` of `file_bytes` hold."""

    def __init__(self, folder: Path, file_bytes: int = 4_000_000, most_files: int = 24) -> None:
        self._folder = folder
        self._file_bytes = file_bytes
        self._most_files = most_files
        self._file: "gzip.GzipFile | None" = None
        self._raw: "Disk | None" = None
        self._path = folder
        self._flushed_ms = 0
        self._retry_ms = 0
        self.fault = ""  # what the owner should know; empty once all is on the disk again

    def add(self, site: Site, state: State, snapshot: Snapshot, plan: Plan) -> None:
        """`state` is the one before this entry's step; it is written when a file begins."""
        now_ms = snapshot.now_ms
        if self.fault and now_ms < self._retry_ms:
            return
        try:
            if self._file is None:
                self._open(site, state)
                self._flushed_ms = now_ms
            assert self._file is not None
            self._file.write(msgspec.json.encode(Entry(snapshot, plan)) + b"\n")
            if now_ms - self._flushed_ms >= FLUSH_MS:
                self._flush()
                self._flushed_ms = now_ms
                self.fault = ""
        except OSError as error:
            self.fault = f"{self._path}: {error.strerror or error}"
            self._retry_ms = now_ms + RETRY_MS
            self._drop()

    def cut(self) -> None:
        """The next entry begins a file, with the state before it."""
        self.close()

    def close(self) -> None:
        try:
            self._end()
        except OSError as error:
            self.fault = f"{self._path}: {error.strerror or error}"
            self._drop()

    def _end(self) -> None:
        if self._file is not None and self._raw is not None:
            self._file.close()
            self._raw.close()
            self._file = self._raw = None

    def _open(self, site: Site, state: State) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        files = journals(self._folder)
        self._make_room(files)
        number = int(files[-1].name.split(".")[0]) + 1 if files else 1
        self._path = self._folder / f"{number:06d}.jsonl.gz"
        self._raw = Disk(self._path, "w")
        self._file = gzip.GzipFile(fileobj=self._raw, mode="wb", compresslevel=6)
        self._file.write(msgspec.json.encode(Head(FORMAT, site, state)) + b"\n")

    def _make_room(self, files: "list[Path]") -> None:
        """By size: the short files of a process that keeps restarting shall not push out what came before."""
        left = (self._most_files - 1) * self._file_bytes
        for count, old in enumerate(reversed(files)):
            left -= old.stat().st_size
            if left < 0 or count >= MOST_FILES:
                old.unlink()

    def _flush(self) -> None:
        assert self._file is not None
        self._file.flush(zlib.Z_SYNC_FLUSH)
        if self._path.stat().st_size >= self._file_bytes:
            self._end()

    def _drop(self) -> None:
        """Gives the file up without writing what waits: there is no room for it."""
        self._file = None
        if self._raw is not None:
            with contextlib.suppress(OSError):
                self._raw.close()
            self._raw = None


def journals(folder: Path) -> "list[Path]":
    """The files of a journal, oldest first."""
    return sorted(folder.glob("[0-9][0-9][0-9][0-9][0-9][0-9].jsonl.gz"))


def read(path: Path) -> "tuple[Head, Iterator[Entry]]":
    """A file's head and its entries, up to where a crash cut it. ValueError when it is no journal."""
    lines = _lines(path)
    try:
        head = msgspec.json.decode(next(lines), type=Head)
    except StopIteration:
        raise ValueError(f"{path}: empty, no journal") from None
    except msgspec.DecodeError as error:
        raise ValueError(f"{path}: no journal of this version ({error})") from None
    if head.format != FORMAT:
        raise ValueError(f"{path}: journal format {head.format}, this version reads {FORMAT}")
    decoder = msgspec.json.Decoder(Entry)
    return head, (decoder.decode(line) for line in lines)


def _lines(path: Path) -> "Iterator[bytes]":
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except (EOFError, zlib.error):
        return  # cut off by a crash or a power cut; what stands before is whole
    except gzip.BadGzipFile as error:
        raise ValueError(f"{path}: no journal ({error})") from None


