"""The machine's time of day and what the kernel says of it (Linux: adjtimex, which only asks).

Whatever disciplines the clock (systemd-timesyncd, chrony, ntpd) tells the kernel; the kernel lets the error grow
by 500 ppm after each correction and gives the clock up (STA_UNSYNC) at 16 s. So one question serves every time service.
Source: adjtimex(2); RFC 5905 (MAXERROR, frequency tolerance 500 ppm).
"""

import ctypes
import time

from hal.ports import TimeService
from hal.times import TimeNow

TIME_ERROR = 5
STA_UNSYNC = 0x40
TRIES = 3  # both clocks are read one after the other; the quickest pair counts


class _Timex(ctypes.Structure):
    _fields_ = [
        ("modes", ctypes.c_int), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("rest", ctypes.c_long * 40),
    ]


class SystemTime(TimeService):
    def __init__(self) -> None:
        libc = ctypes.CDLL(None)
        self._adjtimex = getattr(libc, "adjtimex", None)

    def read(self) -> TimeNow:
        utc_ms, mono_ms = _together()
        if self._adjtimex is None:
            return TimeNow(utc_ms, mono_ms, False, 0)
        timex = _Timex()
        state = int(self._adjtimex(ctypes.byref(timex)))
        synced = state not in (-1, TIME_ERROR) and not timex.status & STA_UNSYNC
        return TimeNow(utc_ms, mono_ms, synced, -(-timex.maxerror // 1_000) if synced else 0)


def _together() -> "tuple[int, int]":
    pairs = []
    for _ in range(TRIES):
        before_ns = time.monotonic_ns()
        utc_ns = time.time_ns()
        after_ns = time.monotonic_ns()
        pairs.append((after_ns - before_ns, utc_ns // 1_000_000, before_ns // 1_000_000))
    _, utc_ms, mono_ms = min(pairs)
    return utc_ms, mono_ms
