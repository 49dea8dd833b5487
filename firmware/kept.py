"""A small file that survives a power cut: replaced as a whole, by a thread of its own, so that no decision waits for
a disk. The newest content wins, and it is written at most once in `pace_s`.
"""

import contextlib
import json
import os
import threading
from pathlib import Path

MOST_BYTES = 262_144
CLOSE_S = 3.0


class Kept:
    """`fault` says in words what could not be read or written, "" while all is well."""

    def __init__(self, path: Path, pace_s: float = 5.0) -> None:
        self.fault = ""
        self._path = path
        self._pace_s = pace_s
        self._newest: "str | None" = None
        self._written = ""
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread: "threading.Thread | None" = None

    def load(self) -> object:
        """What was kept; None when there is nothing, or nothing that can be read (then `fault` says so)."""
        try:
            with open(self._path, "rb") as file:
                content = file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES // 1024} KiB")
            kept: object = json.loads(content)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            self.fault = f"{self._path}: not read, as if it were not there: {error}"
            return None
        return kept

    def keep(self, content: object) -> None:
        """Returns at once."""
        self._newest = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
        if self._newest == self._written:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"keep {self._path.name}", daemon=True)
            self._thread.start()
        self._news.set()

    def close(self) -> None:
        """Writes what waits, and returns within CLOSE_S."""
        self._stopping.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.wait()
            self._news.clear()
            self._write()
            self._stopping.wait(self._pace_s)
        self._write()

    def _write(self) -> None:
        text = self._newest
        if text is None or text == self._written:
            return
        try:
            replace(self._path, text.encode())
        except OSError as error:
            self.fault = f"{self._path}: not written: {error.strerror or error}"
            if not self._stopping.is_set():
                self._news.set()  # again after the pace
            return
        self._written, self.fault = text, ""


def replace(path: Path, content: bytes) -> None:
    """All of it or nothing, also over a power cut. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    try:
        with open(new, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """What was renamed in it outlives a power cut. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
