"""The counters of sealed telegrams, kept over restarts: else whoever has recorded one could play it again after each.

One line a telegram, appended at once and left to the system to bring to the disk (a kill forgets nothing, a power cut
the last half minute), so that a flash card is not worn by it. When the file has grown to MOST_BYTES the newest line of
each meter begins it anew. A damaged line costs itself: the one before it counts.
"""

import threading
import zlib
from pathlib import Path

from drivers.counters import MOST_METERS, Counters
from firmware.kept import replace

MOST_BYTES = 262_144
_MOST_READ = 2 * MOST_BYTES
_MOST_NAME = 64


class CounterLog(Counters):
    """`fault` says in words what could not be read or written, "" while all is well."""

    def __init__(self, path: Path) -> None:
        """Raises nothing: what cannot be read is as if it were not there, and said."""
        super().__init__()
        self.fault = ""
        self._path = path
        self._lock = threading.Lock()  # every radio has a thread of its own
        self._size = self._load()

    def keep(self, meter: str, counter: int) -> None:
        with self._lock:
            try:
                if self._size > MOST_BYTES:
                    self._anew()
                self._append(_line(meter, counter))
                self.fault = ""
            except OSError as error:
                self.fault = f"{self._path}: not written: {error.strerror or error}"
                self._size = MOST_BYTES + 1  # all of it, once it can be written again

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "ab", buffering=0) as file:
            file.write(line)
        self._size += len(line)

    def _anew(self) -> None:
        content = b"".join(_line(meter, self.highest[meter]) for meter in sorted(self.highest))
        replace(self._path, content)
        self._size = len(content)

    def _load(self) -> int:
        try:
            with open(self._path, "rb") as file:
                content = file.read(_MOST_READ)
        except FileNotFoundError:
            return 0
        except OSError as error:
            self.fault = f"{self._path}: not read, as if it were not there: {error.strerror or error}"
            return MOST_BYTES + 1
        damaged = sum(not self._taken(line) for line in content.split(b"\n") if line)
        if damaged:
            self.fault = f"{self._path}: {damaged} damaged lines; a telegram heard before may be believed once more"
        return MOST_BYTES + 1 if damaged else len(content)

    def _taken(self, line: bytes) -> bool:
        words = line.split(b" ")
        if len(words) != 3 or words[2] != _check(words[0] + b" " + words[1]) or not words[1].isdigit():
            return False
        name, counter = words[0].decode("ascii", "replace"), int(words[1])
        if name in self.highest or len(self.highest) < MOST_METERS:
            self.highest[name] = max(counter, self.last(name))
        return True


def _line(meter: str, counter: int) -> bytes:
    """Begins with an end of line: the one before may have been cut."""
    assert " " not in meter
    assert len(meter) <= _MOST_NAME
    words = f"{meter} {counter}".encode("ascii")
    return b"\n" + words + b" " + _check(words)


def _check(words: bytes) -> bytes:
    return b"%08x" % zlib.crc32(words)
