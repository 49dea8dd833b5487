"""A clock that moves only when told: a simulated day takes seconds, and every wait is exact."""

from hal.ports import Clock


class SimClock(Clock):
    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def sleep_ms(self, duration_ms: int) -> None:
        """Passes at once: whoever sleeps moves the time for everybody."""
        self.advance(duration_ms)

    def advance(self, duration_ms: int) -> None:
        assert duration_ms >= 0
        self._now_ms += duration_ms

    def put(self, now_ms: int) -> None:
        """Sets the time, also back: for whoever lets several live through the same moment, one after the other."""
        self._now_ms = now_ms
