"""What the clock is worth: synced, holdover with a bound on its error, or unknown; and when it was set anew.

The bound in holdover is the last one known, grown by 500 ppm (RFC 5905: the most a clock may be wrong in its rate).
"""

from typing import NamedTuple

from hal.times import TimeNow

SYNCED = "synced"
HOLDOVER = "holdover"
UNKNOWN = "unknown"
SYNCED_MOST_MS = 2_000  # systemd-timesyncd asks every 2048 s at the longest: 1.02 s by then
HOLDOVER_MOST_MS = 9_000  # 1 % of a quarter hour; beyond it nothing is made from the clock
HOLDOVER_PPM = 500
STEP_MS = 250  # away from the monotonic clock, in sum; slewing moves both clocks alike (Linux)


class ClockState(NamedTuple):
    state: str
    bound_ms: "int | None"  # largest error; None while unknown


class Look(NamedTuple):
    now: TimeNow
    clock: ClockState
    step_ms: int  # by which it was set since the last look; + is forward, 0 is not set


class ClockWatch:
    """Looked at every second or so, in one process on one boot."""

    def __init__(self) -> None:
        self._apart_ms: "int | None" = None  # UTC less the monotonic clock, when it was last told
        self._good: "tuple[int, int] | None" = None  # (mono_ms, error_ms) of the last time that was synced

    def look(self, now: TimeNow) -> Look:
        step_ms = self._step(now.utc_ms - now.mono_ms)
        if now.synced and now.error_ms <= HOLDOVER_MOST_MS:
            self._good = (now.mono_ms, now.error_ms)
            state = SYNCED if now.error_ms <= SYNCED_MOST_MS else HOLDOVER
            return Look(now, ClockState(state, now.error_ms), step_ms)
        if now.synced or step_ms:
            self._good = None  # given up, or set by someone who is not the time service
        if self._good is None:
            return Look(now, ClockState(UNKNOWN, None), step_ms)
        since_ms, error_ms = self._good
        bound_ms = error_ms + -(-(now.mono_ms - since_ms) * HOLDOVER_PPM // 1_000_000)
        if bound_ms > HOLDOVER_MOST_MS:
            return Look(now, ClockState(UNKNOWN, None), step_ms)
        return Look(now, ClockState(HOLDOVER, bound_ms), step_ms)

    def _step(self, apart_ms: int) -> int:
        if self._apart_ms is None:
            self._apart_ms = apart_ms
        by_ms = apart_ms - self._apart_ms
        if abs(by_ms) <= STEP_MS:
            return 0
        self._apart_ms = apart_ms
        return by_ms
