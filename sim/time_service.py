"""A time service that does what it is told: drifts, steps, loses its source, comes back."""

from hal.ports import TimeService
from hal.times import TimeNow

KERNEL_PPM = 500  # by which the kernel lets its largest error grow, as adjtimex tells it
GIVEN_UP_MS = 16_000  # and where it says the clock is not synced any more


class SimTime(TimeService):
    def __init__(self, utc_ms: int, mono_ms: int = 0, synced: bool = True, drift_ppm: int = 0) -> None:
        self._true_ms = utc_ms
        self._wrong_us = 0
        self._mono_ms = mono_ms
        self._drift_ppm = drift_ppm
        self._error_us = 0
        self.served = synced  # the time service reaches its source
        self._held = synced

    def wait(self, duration_ms: int) -> None:
        """Time goes by; a service that reaches its source holds the clock right."""
        self._true_ms += duration_ms
        self._mono_ms += duration_ms
        if self.served:
            self._wrong_us = self._error_us = 0
            self._held = True
        else:
            self._wrong_us += duration_ms * self._drift_ppm // 1_000  # as seen by others; its own clocks move alike
            self._error_us += duration_ms * KERNEL_PPM // 1_000
            self._held = self._held and self._error_us < GIVEN_UP_MS * 1_000

    def step(self, by_ms: int) -> None:
        """Somebody sets the clock."""
        self._wrong_us += by_ms * 1_000

    def restart(self) -> None:
        """The machine boots: its monotonic clock begins again, and nobody has set the time of day yet."""
        self._mono_ms = 0
        self._held = self.served

    def read(self) -> TimeNow:
        utc_ms = self._true_ms + self._wrong_us // 1_000
        return TimeNow(utc_ms, self._mono_ms, self._held, self._error_us // 1_000 if self._held else 0)
