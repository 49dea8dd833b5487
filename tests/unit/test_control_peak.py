"""The peak of the quarter of an hour: what may be imported, and who comes down for it."""

import pytest

from control import reasons
from control.health import NEW_SENSE
from control.peak import NEW_SHAVE, QUARTER_MS, allowed_w, counted
from control.step import start, step
from control.values import (
    FAST,
    NONE,
    NOTHING_WRITTEN,
    SURPLUS,
    DeviceSpec,
    Grant,
    Heard,
    NodeSpec,
    Peak,
    Plan,
    Sense,
    Shave,
    Site,
    Snapshot,
    Written,
    store,
)
from hal.values import STOP, Phases, ability, ma_of_w, reading

CLOCK, SLIDING = Peak(20_000, False), Peak(20_000, True)
CAR = ability("wallbox", min_ma=6_000, max_ma=32_000, step_ma=100, settle_ms=1_000, failsafe_ms=15_000)
BATTERY = ability("storage", min_w=-10_000, max_w=10_000, settle_ms=1_000)
HOUR_MS = 3_600_000


def at(power_w: int) -> Sense:
    return Sense(*NEW_SENSE[:1], (0, 0, 0, power_w), *NEW_SENSE[2:8], True, None, None, None)


def lived(peak: Peak, powers_w: "tuple[tuple[int, int], ...]", day_ms: int = 0) -> "tuple[Shave, int]":
    """After these (seconds, W), second by second; and the time."""
    shave, now_ms = counted(peak, NEW_SHAVE, at(powers_w[0][1]), day_ms, 0), 0
    for seconds, power_w in powers_w:
        for _ in range(seconds):
            now_ms += 1_000
            shave = counted(peak, shave, at(power_w), day_ms + now_ms, now_ms)
    return shave, now_ms


def test_what_was_not_used_may_be_used_in_the_rest() -> None:
    shave, now_ms = lived(CLOCK, ((450, 10_000),))
    assert 29_000 <= allowed_w(CLOCK, shave, now_ms, now_ms) <= 29_300
    shave, now_ms = lived(CLOCK, ((450, 30_000),))
    assert 9_000 <= allowed_w(CLOCK, shave, now_ms, now_ms) <= 9_300


def test_a_quarter_of_the_clock_begins_anew_and_never_doubles_beyond() -> None:
    shave, now_ms = lived(CLOCK, ((900, 5_000),))
    assert 19_500 <= allowed_w(CLOCK, shave, now_ms, now_ms) <= 19_600
    shave, now_ms = lived(CLOCK, ((895, 0),))
    assert allowed_w(CLOCK, shave, now_ms, now_ms) == 40_000


def test_a_quarter_that_was_not_seen_counts_as_used_up() -> None:
    begun_ms = 12 * HOUR_MS + 600_000  # we come at ten past
    shave, now_ms = lived(CLOCK, ((1, 0),), begun_ms)
    assert allowed_w(CLOCK, shave, begun_ms + now_ms, now_ms) <= 20_000
    shave = counted(CLOCK, shave, at(0), begun_ms + 5 * HOUR_MS, 2_000)  # and then the clock is set
    assert allowed_w(CLOCK, shave, begun_ms + 5 * HOUR_MS, 2_000) <= 20_000


def test_without_the_time_of_day_no_more_than_the_peak_at_any_moment() -> None:
    shave, now_ms = lived(CLOCK, ((450, 0),), NONE)
    assert allowed_w(CLOCK, counted(CLOCK, shave, at(0), NONE, now_ms), NONE, now_ms) == 19_600


def test_a_sliding_quarter_forgets_slowly() -> None:
    shave, now_ms = lived(SLIDING, ((900, 10_000),))
    spare_w = allowed_w(SLIDING, shave, NONE, now_ms)
    assert 22_000 <= spare_w <= 30_000
    shave, now_ms = lived(SLIDING, ((900, 19_600),))
    assert 18_800 <= allowed_w(SLIDING, shave, NONE, now_ms) <= 20_400
    shave, now_ms = lived(SLIDING, ((1, 0),))
    assert allowed_w(SLIDING, shave, NONE, now_ms) <= 20_000  # what was before us counts as used


class House:
    """A load of the house, a car and a storage, each a second late."""

    def __init__(self, peak: Peak, soc_permille: int = 500, kept_permille: int = 0, capacity_wh: int = 10_000) -> None:
        node = NodeSpec("house", NONE, 0, 100_000, 100_000, "gg", 20_000, 0, 0)
        battery = store(100, 100, 1_000, capacity_wh, peak_permille=kept_permille)
        self.site = Site("s", (node,), (
            DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, SURPLUS, 5_000, 0, None, NONE, ""),
            DeviceSpec("car", 0, (0, 1, 2), CAR, 5, FAST, 5_000, 32_000, None, NONE, "a"),
            DeviceSpec("battery", 0, (0, 1, 2), BATTERY, 1, SURPLUS, 5_000, 0, battery, NONE, "d")), 1_000, NONE, peak)
        self.state = start(self.site, 0)
        self.now_ms = 0
        self.house_w = 2_000
        self.plugged = True
        self.soc_mwh = soc_permille * capacity_wh
        self.capacity_wh = capacity_wh
        self.told = [STOP, STOP]
        self.plan: "Plan | None" = None
        self.imports: "list[int]" = []
        self.car_ma: "list[int]" = []

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now_ms += 1_000
            car_ma = max(self.told[0].current_ma) if self.plugged else 0
            battery_w = self.told[1].power_w
            self.soc_mwh += battery_w * 1_000 // 3_600
            total_w = self.house_w + 3 * car_ma * 230 // 1_000 + battery_w
            self.imports.append(max(total_w, 0))
            self.car_ma.append(car_ma)
            volts = Phases(230_000 + self.now_ms // 1_000 % 997, 230_000, 230_000)
            grid = reading(self.now_ms, total_w=total_w, current_ma=_even(total_w), voltage_mv=volts)
            car = reading(self.now_ms, total_w=3 * car_ma * 230 // 1_000, current_ma=Phases(car_ma, car_ma, car_ma),
                          state="C" if self.plugged else "A")
            battery = reading(self.now_ms, total_w=battery_w, current_ma=_even(battery_w),
                              soc_permille=self.soc_mwh // self.capacity_wh)
            written = tuple(Written(one, self.now_ms, None, None) for one in self.told)
            snapshot = Snapshot(self.now_ms, (Heard(grid, None), Heard(car, None), Heard(battery, None)),
                                (NOTHING_WRITTEN, *written), (SURPLUS, FAST, SURPLUS), (), (), None, self.now_ms)
            self.state, self.plan = step(self.site, self.state, snapshot)
            self.told = [self.grant(1).setpoint, self.grant(2).setpoint]

    def grant(self, index: int) -> Grant:
        assert self.plan is not None
        out = self.plan.grants[index]
        assert out is not None
        return out

    def highest_w(self, sliding: bool = False) -> int:
        """Highest mean of a quarter of an hour, of all that are whole."""
        step_s = 30 if sliding else 900
        return max(sum(self.imports[i:i + 900]) // 900 for i in range(0, len(self.imports) - 899, step_s))


def _even(total_w: int) -> Phases:
    share_ma = ma_of_w(total_w // 3)
    return Phases(share_ma, share_ma, share_ma)


@pytest.mark.parametrize("peak", [CLOCK, SLIDING])
def test_a_car_comes_down_so_that_no_quarter_is_above_the_peak(peak: Peak) -> None:
    house = House(peak, soc_permille=100)
    for house_w in (2_000, 15_000, 4_000, 17_000, 3_000, 12_000):
        house.house_w = house_w
        house.run(600)
    assert house.highest_w(peak.sliding) <= 20_000
    assert house.highest_w(peak.sliding) >= 17_000  # and it is not just left off
    assert sum(house.imports) // 3_600 >= 15_000


def test_the_load_names_the_peak_that_binds_it() -> None:
    house = House(CLOCK, soc_permille=100)
    house.house_w = 12_000
    house.run(300)
    assert house.grant(1).reason == reasons.PEAK


def test_storage_gives_first_and_the_car_keeps_its_current() -> None:
    house = House(CLOCK, soc_permille=900, kept_permille=500)
    house.house_w = 4_000
    house.run(800)
    house.house_w = 6_000
    house.run(300)
    assert house.grant(2).reason == reasons.PEAK
    assert max(house.grant(1).setpoint.current_ma) == 32_000
    assert house.highest_w() <= 20_000


def test_what_is_kept_for_peaks_serves_nothing_else() -> None:
    house = House(CLOCK, soc_permille=480, kept_permille=500)
    house.plugged = False
    house.house_w = 6_000
    house.run(30)
    assert house.grant(2).setpoint.power_w >= 0
    house.house_w = 45_000
    house.run(30)
    assert house.grant(2).setpoint.power_w == -10_000


def test_nothing_starts_on_what_is_kept_for_peaks() -> None:
    """Filled from the grid and emptied into a car that then stops, over and over."""
    house = House(CLOCK, soc_permille=300, kept_permille=500)
    house.house_w = 17_500  # it leaves less than a car needs
    house.run(30)  # its household is not yet known
    house.car_ma.clear()
    house.run(350)
    assert set(house.car_ma) == {0}
    assert house.soc_mwh // 10_000 > 305
    house.house_w = 4_000
    house.run(300)
    assert house.car_ma[-1] >= 20_000
    house.house_w = 17_500
    house.run(60)
    assert house.grant(2).reason == reasons.PEAK  # what runs it serves
    assert house.car_ma[-1] >= 6_000


def test_between_peaks_it_is_filled_from_the_grid_as_far_as_it_is_kept() -> None:
    house = House(CLOCK, soc_permille=200, kept_permille=500, capacity_wh=2_000)
    house.plugged = False
    house.run(60)
    assert house.grant(2).reason == reasons.PEAK_FILL
    house.run(1_200)
    assert 495 <= house.soc_mwh // 2_000 <= 510
    assert house.grant(2).setpoint.power_w == 0
    assert house.highest_w() <= 20_000


def test_without_a_peak_nothing_is_counted() -> None:
    assert counted(None, NEW_SHAVE, at(50_000), 0, 1_000) is NEW_SHAVE
    assert allowed_w(None, NEW_SHAVE, 0, 0) > 1_000_000
    assert QUARTER_MS == 900_000
