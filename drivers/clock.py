"""The machine's clock: monotonic, unmoved by what NTP does to the time of day."""

import time

from hal.ports import Clock


class MonotonicClock(Clock):
    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def sleep_ms(self, duration_ms: int) -> None:
        time.sleep(max(0, duration_ms) / 1000)
