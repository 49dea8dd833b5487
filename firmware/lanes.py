"""Lines without threads, on a simulated clock: what one of them waits for delays none of the others."""

from firmware.line import Line
from sim.clock import SimClock


class Lanes:
    """Each line lives on a time of its own, as the threads of firmware.loop do, and they meet at every cycle."""

    def __init__(self, lines: "tuple[Line, ...]", clock: SimClock) -> None:
        """`clock` is the one the lines and their drivers were built with."""
        self._lines = lines
        self._clock = clock
        self._own_ms = [clock.now_ms() for _ in lines]

    def run(self, until_ms: int) -> int:
        """Each begins what is due before `until_ms`. Returns the time of the latest, which stands before `until_ms`;
        one that waits longer comes back when its wait is over."""
        now_ms = self._clock.now_ms()
        for i, line in enumerate(self._lines):
            self._clock.put(max(self._own_ms[i], now_ms))
            while self._clock.now_ms() < until_ms and not line.idle():
                line.turn()
            self._own_ms[i] = self._clock.now_ms()
        self._clock.put(min(max(self._own_ms), until_ms - 1))
        return self._clock.now_ms()
