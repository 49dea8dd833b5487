"""Local time of day, believed once a time service has set the clock."""

from zoneinfo import ZoneInfo

from control.values import NONE
from firmware.time_of_day import TimeOfDay
from hal.ports import TimeService
from hal.times import TimeNow

NOON_UTC_MS = 1_793_448_000_000  # 2026-10-31 12:00 UTC, in winter time


class Told(TimeService):
    def __init__(self) -> None:
        self.utc_ms, self.synced = NOON_UTC_MS, False

    def read(self) -> TimeNow:
        return TimeNow(self.utc_ms, 0, self.synced, 0)


def test_a_clock_that_nobody_has_set_tells_no_time_of_day() -> None:
    told = Told()
    time = TimeOfDay(ZoneInfo("Europe/Berlin"), told)
    assert time.now_ms() == NONE
    told.synced = True
    assert time.now_ms() == 13 * 3_600_000
    told.synced = False
    told.utc_ms += 60_000
    assert time.now_ms() == 13 * 3_600_000 + 60_000


def test_it_is_that_of_the_zone_in_summer_too_and_begins_anew_at_midnight() -> None:
    told = Told()
    told.synced = True
    berlin = TimeOfDay(ZoneInfo("Europe/Berlin"), told)
    told.utc_ms = NOON_UTC_MS - 100 * 86_400_000
    assert berlin.now_ms() == 14 * 3_600_000
    told.utc_ms = NOON_UTC_MS + 11 * 3_600_000 + 5
    assert berlin.now_ms() == 5
    assert TimeOfDay(ZoneInfo("America/New_York"), told).now_ms() == 19 * 3_600_000 + 5
