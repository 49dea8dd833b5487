"""What was heard since the last checkpoint, in a file that lives in the computer's memory: a kill forgets none of it.

It wears no card and ends with a power cut: what must outlive that stands in the spool every few minutes. One line a
frame, numbered, so that the spool can say up to which it has them; a line that is damaged costs itself.
"""

import contextlib
import hashlib
import os
import stat
import zlib
from pathlib import Path

from firmware.carrying.spool import Kept

MEMORY = Path("/dev/shm")  # a file system of Linux that is never on a disk
MOST_BYTES = 8_000_000  # a checkpoint's worth of 250 meters that send every 16 s is a third of it


class Recent:
    """Raises nothing: where no such file can be had, a kill costs what a power cut costs."""

    def __init__(self, path: "Path | None" = None) -> None:
        self._path = path
        self._file: "int | None" = None
        self._size = 0
        if path is not None:
            with contextlib.suppress(OSError):
                self._open(path)

    def _open(self, path: Path) -> None:
        """Everybody may write in that folder: a file that is not ours alone is left alone."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077 \
                or found.st_nlink != 1:
            os.close(file)
            return
        self._file, self._size = file, found.st_size

    def frames(self) -> "list[tuple[int, Kept, int]]":
        """(number, frame, UTC seconds), in the order they were heard."""
        if self._file is None:
            return []
        try:
            content = os.pread(self._file, MOST_BYTES, 0)
        except OSError:
            return []
        return [found for line in content.split(b"\n") if (found := _frame(line)) is not None]

    def add(self, number: int, kept: Kept, utc_s: int) -> None:
        if self._file is None or self._size > MOST_BYTES - 1_000:
            return
        heard_s, rssi = ("-" if value is None else value for value in (kept.heard_s, kept.rssi_dbm))
        words = f"{number} {utc_s} {heard_s} {rssi} {kept.frame.hex()} {kept.meter}".encode()
        with contextlib.suppress(OSError):
            self._size += os.write(self._file, b"\n%s %08x\n" % (words, zlib.crc32(words)))

    def clear(self) -> None:
        """All of it stands in the spool."""
        if self._file is not None and self._size:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
                self._size = 0

    def close(self) -> None:
        """For good: what is not in the spool by now is forgotten."""
        if self._file is not None and self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._file)
            self._file = None


def place(folder: Path) -> "Path | None":
    """Where the frames that belong to the spool in `folder` are; None on a computer that has no such place."""
    if not MEMORY.is_dir():
        return None
    return MEMORY / f"hutschiene-carry-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]}"


def _frame(line: bytes) -> "tuple[int, Kept, int] | None":
    words, _, check = line.rpartition(b" ")
    if check != b"%08x" % zlib.crc32(words):
        return None
    try:
        number, utc_s, heard_s, rssi, frame, meter = words.decode().split(" ", 5)
        kept = Kept(meter, bytes.fromhex(frame), None if heard_s == "-" else int(heard_s),
                    None if rssi == "-" else int(rssi))
        return int(number), kept, int(utc_s)
    except ValueError:
        return None
