"""The newest message of each name, between the thread that receives and the line that reads."""

import threading
import time
from collections.abc import Callable

from hal.ports import LONG_AGO_MS, Inbox

MOST_BYTES = 65_536  # of a message; longer ones are dropped
MOST_NAMES = 256


class Letters(Inbox):
    """Keeps only what is watched. A subclass calls `put` from a thread of its own."""

    def __init__(self) -> None:
        self._newest: "dict[str, tuple[bytes, int] | None]" = {}
        self._kept: "set[str]" = set()
        self._into: "dict[str, Callable[[str, bytes], tuple[tuple[str, bytes], ...]]]" = {}
        self._came = threading.Condition()

    def watch(self, name: str) -> None:
        assert len(self._newest) < MOST_NAMES
        with self._came:
            self._newest.setdefault(name, None)

    def keep(self, name: str) -> None:
        self._kept.add(name)
        self.watch(name)

    def split(self, name: str, into: "object") -> None:
        assert callable(into)
        self._into[name] = into
        self.watch(name)

    def newest(self, name: str, after_ms: int, wait_ms: int) -> "tuple[bytes, int] | None":
        def here() -> bool:
            found = self._newest[name]
            return found is not None and found[1] > after_ms

        with self._came:
            self._came.wait_for(here, max(wait_ms, 0) / 1000)
            return self._newest[name] if here() else None

    def put(self, name: str, message: bytes) -> None:
        if len(message) > MOST_BYTES:
            return
        parts = self._into[name](name, message) if name in self._into else ((name, message),)
        with self._came:
            for part, text in parts:
                if part in self._newest:
                    self._newest[part] = text, time.monotonic_ns() // 1_000_000
            self._came.notify_all()

    def put_kept(self, name: str, message: bytes) -> None:
        """What the broker has kept: its value stands, but nobody knows since when."""
        with self._came:
            if name in self._kept and len(message) <= MOST_BYTES:
                known = self._newest.get(name)
                self._newest[name] = message, LONG_AGO_MS if known is None else known[1]
                self._came.notify_all()
