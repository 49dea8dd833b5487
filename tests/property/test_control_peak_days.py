"""The peak of a quarter of an hour over random hours: what shedding can keep it below, it is kept below. One seed is
one house: its household, how fast its car and storage follow, the time of day it begins."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from control.step import start, step
from control.values import (
    FAST,
    NONE,
    NOTHING_WRITTEN,
    OFF,
    SURPLUS,
    DeviceSpec,
    Heard,
    NodeSpec,
    Peak,
    Site,
    Snapshot,
    Written,
    store,
)
from hal.values import STOP, Phases, ability, ma_of_w, reading

seeds = st.integers(0, 1 << 32)
ALL = (0, 1, 2)
PEAK_W, QUARTER_S = 20_000, 900
CAR = ability("wallbox", min_ma=6_000, max_ma=32_000, step_ma=100, settle_ms=1_000, failsafe_ms=15_000)
BATTERY = ability("storage", min_w=-5_000, max_w=5_000, settle_ms=1_000, failsafe_ms=15_000)
FOLLOWS_S = 15  # until what is shed is gone: eight seconds that a rise has to last (control.rest), the car's answer
PLANNED_S = range(330, 840)  # of a sliding quarter: by half minutes, the one at work no more (control.peak)
LOOSE_W = 30  # of rounding to amperes
CAPACITY_MWH = 8_000_000


class House:
    """Two cars that charge fast, a storage, and a household that jumps; cars follow after some seconds."""

    def __init__(self, seed: int, sliding: bool, most_w: int) -> None:
        self.dice = dice = Random(seed)
        kept = dice.choice((0, 500))
        node = NodeSpec("house", NONE, 0, 125_000, 125_000, "gg", 20_000, 0, 0)
        battery = store(100, 100, 1_000, CAPACITY_MWH // 1_000, peak_permille=kept)
        self.site = Site("s", (node,), (
            DeviceSpec("grid", 0, ALL, ability("meter"), 0, OFF, 5_000, 0, None, NONE, ""),
            DeviceSpec("left", 0, ALL, CAR, 5, FAST, 5_000, 32_000, None, NONE, "a"),
            DeviceSpec("right", 0, ALL, CAR, dice.choice((5, 9)), FAST, 5_000, 32_000, None, NONE, "a"),
            DeviceSpec("battery", 0, ALL, BATTERY, 1, SURPLUS, 5_000, 0, battery, NONE, "d")), 1_000, NONE,
            Peak(PEAK_W, sliding))
        self.most_w = most_w
        self.now_ms = dice.randrange(0, 1_000_000, 1_000)
        self.day_ms = dice.choice((0, 43_200_000, 85_500_000)) // 900_000 * 900_000
        self.began_ms = self.now_ms
        self.state = start(self.site, self.now_ms)
        self.house_w = 2_000
        self.soc_mwh = dice.choice((100, 300, 900)) * CAPACITY_MWH // 1_000
        self.told = [[STOP] * dice.randint(1, 4), [STOP] * dice.randint(1, 4), [STOP] * dice.randint(1, 2)]
        self.past: "list[tuple[int, int]]" = []  # import, household, in W

    def second(self) -> None:
        dice = self.dice
        self.now_ms += 1_000
        if dice.random() < 0.008:
            self.house_w = dice.choice((500, 2_000, self.most_w // 2, self.most_w, dice.randint(-8_000, self.most_w)))
        left, right, battery = [late[0] for late in self.told]
        battery_w = battery.power_w if 0 < self.soc_mwh < CAPACITY_MWH else 0
        self.soc_mwh += battery_w * 1_000 // 3_600
        flows = [_even(0), left.current_ma, right.current_ma, _even(battery_w)]
        powers = [0, 3 * left.current_ma.l1 * 230 // 1_000, 3 * right.current_ma.l1 * 230 // 1_000, battery_w]
        powers[0] = self.house_w + sum(powers)
        flows[0] = _even(powers[0])
        self.past.append((max(powers[0], 0), self.house_w))
        volts = Phases(230_000 + self.now_ms // 1_000 % 997, 230_000, 230_000)
        heard = [Heard(reading(self.now_ms, total_w=power_w, current_ma=flow, voltage_mv=volts, state="C",
                               soc_permille=self.soc_mwh * 1_000 // CAPACITY_MWH), None)
                 for flow, power_w in zip(flows, powers)]
        written = [Written(late[-1], self.now_ms - 500, None, None) for late in self.told]
        day_ms = (self.day_ms + self.now_ms - self.began_ms) % 86_400_000
        snapshot = Snapshot(self.now_ms, tuple(heard), (NOTHING_WRITTEN, *written), (OFF, FAST, FAST, SURPLUS), (), (),
                            None, day_ms)
        self.state, plan = step(self.site, self.state, snapshot)
        for late, grant in zip(self.told, plan.grants[1:]):
            assert grant is not None
            late.append(grant.setpoint)
            late.pop(0)

    def quarters(self, every_s: int) -> "list[list[tuple[int, int]]]":
        return [self.past[i:i + QUARTER_S] for i in range(0, len(self.past) - QUARTER_S + 1, every_s)]


def _even(total_w: int) -> Phases:
    share_ma = ma_of_w(total_w // 3)
    return Phases(share_ma, share_ma, share_ma)


def mean_w(quarter: "list[tuple[int, int]]") -> int:
    return sum(second[0] for second in quarter) // QUARTER_S


@settings(max_examples=5, deadline=None)
@given(seeds, st.booleans())
def test_no_quarter_is_above_the_peak_while_the_household_alone_is_not(seed: int, sliding: bool) -> None:
    house = House(seed, sliding, PEAK_W * 95 // 100)
    for _ in range(4 * QUARTER_S):
        house.second()
    means_w = [mean_w(quarter) for quarter in house.quarters(10 if sliding else QUARTER_S)]
    assert max(means_w) <= PEAK_W, seed
    assert max(means_w) >= PEAK_W * 8 // 10, seed  # and it is used


@settings(max_examples=5, deadline=None)
@given(seeds, st.booleans())
def test_a_quarter_is_above_it_only_by_what_the_household_draws_while_all_else_is_off(seed: int, sliding: bool) -> None:
    """From when it could be seen that the household would make it so, nothing is imported in it but for that."""
    house = House(seed, sliding, 2 * PEAK_W)
    for _ in range(4 * QUARTER_S):
        house.second()
    for quarter in house.quarters(30 if sliding else QUARTER_S):
        if mean_w(quarter) <= PEAK_W:
            continue
        used, seen = 0, 0
        for second, (import_w, house_w) in enumerate(quarter):
            seen = seen + 1 if house_w > 0 and used + house_w * (QUARTER_S - second) > PEAK_W * QUARTER_S else 0
            planned = not sliding or second in PLANNED_S
            assert seen <= FOLLOWS_S or not planned or import_w <= max(house_w, 0) + LOOSE_W, (seed, second)
            used += import_w
