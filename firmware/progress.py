"""A bar on the terminal that says how far it is, and how long it may still take. Silent where there is no terminal."""

import shutil
import time
from typing import TextIO

BAR = 24


class Progress:
    def __init__(self, out: TextIO, steps: int) -> None:
        self._out = out if out.isatty() else None
        self._steps = steps
        self._done = 0
        self._begun_s = time.monotonic()

    def step(self, words: str) -> None:
        """One more is about to begin."""
        self.say(words)
        self._done += 1

    def say(self, words: str) -> None:
        if self._out is None:
            return
        full = BAR * self._done // self._steps
        line = f"[{'#' * full}{'.' * (BAR - full)}] {100 * self._done // self._steps} %  {words}{self._left()}"
        self._out.write("\r\x1b[K" + line[:shutil.get_terminal_size().columns - 1])
        self._out.flush()

    def clear(self) -> None:
        if self._out is not None:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _left(self) -> str:
        if self._done < 5:
            return ""
        left_s = round((time.monotonic() - self._begun_s) * (self._steps - self._done) / self._done)
        return f", {left_s // 60}:{left_s % 60:02d} at most"
