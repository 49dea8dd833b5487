"""The decision against a tiny house: cars that lag, a meter that is a second old, writes confirmed a second late."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from control import reasons
from control.step import start, step
from control.values import (
    CONSUME,
    FAST,
    MINIMUM,
    NO_WISH,
    NONE,
    NOTHING_HEARD,
    NOTHING_WRITTEN,
    SURPLUS,
    TARGET,
    DeviceSpec,
    Grant,
    Heard,
    LoadState,
    NodeSpec,
    Obligation,
    Plan,
    Prices,
    Site,
    Snapshot,
    State,
    Wish,
    Written,
    store,
)
from hal.faults import TIMEOUT, Fault
from hal.values import STOP, Ability, Phases, Reading, Setpoint, ability, ma_of_w, placed, reading

WALLBOX = ability("wallbox", min_ma=6_000, max_ma=16_000, step_ma=100, settle_ms=2_000, failsafe_ms=15_000)
SWITCHING = ability("wallbox", min_ma=6_000, max_ma=16_000, step_ma=100, one_phase=True, settle_ms=2_000)
ROD = ability("heater", max_w=3_500, settle_ms=2_000)
BATTERY = ability("storage", min_w=-5_000, max_w=5_000, settle_ms=2_000)
PUMP = ability("stages", stages=((0, 0, 0), (600, 700, 700), (1_000, 1_000, 1_000)), measured=False,
               fallback=Setpoint(Phases(2_609, 3_044, 3_044), 2_000), min_on_ms=600_000, min_off_ms=600_000)
METER = ability("meter")


class Car:
    """Follows its limit after `lag_ms`, by 2 A a second upwards."""

    def __init__(self, phases: "tuple[int, ...]", lag_ms: int = 5_000, plugged: bool = True, uses: int = 3) -> None:
        """`uses`: on how many of the phases it is offered it charges."""
        self.phases, self.lag_ms, self.plugged, self.uses = phases, lag_ms, plugged, uses
        self.full = False
        self.draws = 0
        self.used: "tuple[int, ...]" = ()
        self._limits = [(0, Setpoint(Phases(0, 0, 0), 0))]

    def apply(self, now_ms: int, setpoint: Setpoint) -> None:
        if setpoint != self._limits[-1][1]:
            self._limits.append((now_ms, setpoint))

    def tick(self, now_ms: int) -> None:
        standing = [setpoint for t_ms, setpoint in self._limits if now_ms - t_ms >= self.lag_ms or t_ms == 0][-1]
        newest = self._limits[-1][1]
        limit_ma = min(max(standing.current_ma), max(newest.current_ma)) if self.plugged and not self.full else 0
        self.used = tuple(p for p in self.phases if newest.current_ma[p])[:self.uses]
        self.draws = min(limit_ma, max(self.draws + 2_000, 6_000)) if limit_ma >= 6_000 else 0

    def current(self) -> Phases:
        return placed((self.draws,) * len(self.used), self.used)

    def read(self, t_ms: int) -> Reading:
        current = self.current()
        return reading(t_ms, total_w=current.total() * 230 // 1_000, current_ma=current,
                       state="A" if not self.plugged else "C" if self.draws else "B")


class Plain:
    """A rod or a battery: follows its power within two seconds."""

    def __init__(self, phases: "tuple[int, ...]", soc_permille: "int | None" = None) -> None:
        self.phases, self.soc_permille = phases, soc_permille
        self.power_w = self.target_w = 0

    def apply(self, now_ms: int, setpoint: Setpoint) -> None:
        self.target_w = setpoint.power_w

    def tick(self, now_ms: int) -> None:
        self.power_w += (self.target_w - self.power_w) // 2 if abs(self.target_w - self.power_w) > 20 else (
            self.target_w - self.power_w)

    def current(self) -> Phases:
        return placed((ma_of_w(self.power_w // len(self.phases)),) * len(self.phases), self.phases)

    def read(self, t_ms: int) -> Reading:
        return reading(t_ms, total_w=self.power_w, current_ma=self.current(), soc_permille=self.soc_permille)


class Pump(Plain):
    """A heat pump by its contacts: nobody measures what its own thermostat makes it draw."""

    runs = False

    def tick(self, now_ms: int) -> None:
        self.power_w = self.target_w if self.runs else 0

    def read(self, t_ms: int) -> Reading:
        return reading(t_ms, state="normal")


def newest(shown: "list[Reading]") -> Reading:
    return shown[-1]


def again(count: int, since: int) -> "Callable[[list[Reading]], Reading]":
    """The last `count` readings up to number `since`, over and over."""
    return lambda shown: shown[since - count + len(shown) % count]


def noisy(since: int) -> "Callable[[list[Reading]], Reading]":
    """Reading number `since`, with the noise of a meter that lives."""
    def say(shown: "list[Reading]") -> Reading:
        old, noise = shown[since - 1], len(shown) * 7 % 20 - 10
        assert old.current_ma is not None
        assert old.total_w is not None
        return reading(0, total_w=old.total_w + noise, voltage_mv=shown[-1].voltage_mv,
                       current_ma=old.current_ma.plus(Phases(noise * 4, -noise * 3, noise)))
    return say


class House:
    """Device 0 is the grid meter at node 0; loads follow."""

    def __init__(self, loads: "list[tuple[DeviceSpec, Car | Plain]]", rated_ma: int = 35_000,
                 nodes: "tuple[NodeSpec, ...]" = (), rest_ma: int = 10_000) -> None:
        house = NodeSpec("house", NONE, 0, rated_ma, rated_ma, "sls-e", rest_ma, 0, 0)
        grid = DeviceSpec("grid", 0, (0, 1, 2), METER, 0, SURPLUS, 5_000, 0, None, NONE, "")
        self.site = Site("test", (house, *nodes), (grid, *(device for device, _ in loads)), 1_000, NONE, None)
        self.parts = [part for _, part in loads]
        self.base: "Callable[[int], Phases]" = lambda now_ms: Phases(1_000, 1_000, 1_000)
        self.now_ms = 0
        self.obligations: "tuple[Obligation, ...]" = ()
        self.prices: "Prices | None" = None
        self.modes = [device.mode for device in self.site.devices]
        self.wishes = [NO_WISH] * len(self.modes)
        self.dead: "set[int]" = set()
        self.refuses: "set[int]" = set()
        self.shown: "list[Reading]" = []  # by the grid meter, while it lives
        self.stands: "Callable[[list[Reading]], Reading]" = newest  # and what it says of that
        self.state = start(self.site, 0)
        self.heard = [NOTHING_HEARD] * len(self.site.devices)
        self.written = [NOTHING_WRITTEN] + [Written(STOP, 0, None, None)] * len(loads)
        self.plans: "list[Plan]" = []
        self.grid: "list[Phases]" = []

    def flow(self) -> Phases:
        out = self.base(self.now_ms)
        for part in self.parts:
            out = out.plus(part.current())
        return out

    def run(self, seconds: int) -> "list[Plan]":
        first = len(self.plans)
        for _ in range(seconds):
            self.now_ms += 1_000
            for part in self.parts:
                part.tick(self.now_ms)
            plan = self._decide()
            self._write(plan)
            self.grid.append(self.flow())
            current = self.flow()
            wobble = Phases(230_000 + self.now_ms // 1_000 % 997, 230_000, 230_000)  # no two readings are the same
            self.shown.append(reading(self.now_ms, total_w=current.total() * 230 // 1_000, current_ma=current,
                                      voltage_mv=wobble))
            self._hear(0, Reading(self.now_ms, *self.stands(self.shown)[1:]))
            for index, part in enumerate(self.parts):
                if self.now_ms // 1_000 % 3 == index % 3:  # each load is asked every third second
                    self._hear(index + 1, part.read(self.now_ms))
        return self.plans[first:]

    def _hear(self, index: int, new: Reading) -> None:
        if index in self.dead:
            self.heard[index] = Heard(self.heard[index].reading, Fault(self.now_ms, TIMEOUT, ""))
        else:
            self.heard[index] = Heard(new, None)

    def _decide(self) -> Plan:
        snapshot = Snapshot(self.now_ms, tuple(self.heard), tuple(self.written), tuple(self.modes), self.obligations,
                            tuple(self.wishes), self.prices, self.now_ms % 86_400_000)
        self.state, plan = step(self.site, self.state, snapshot)
        self.plans.append(plan)
        return plan

    def _write(self, plan: Plan) -> None:
        for index, part in enumerate(self.parts):
            grant = plan.grants[index + 1]
            assert grant is not None
            if index + 1 in self.dead | self.refuses:
                before = self.written[index + 1]
                self.written[index + 1] = Written(before.confirmed, before.t_ms, grant.setpoint,
                                                  Fault(self.now_ms, TIMEOUT, ""))
            else:
                part.apply(self.now_ms, grant.setpoint)
                self.written[index + 1] = Written(grant.setpoint, self.now_ms, None, None)

    def grant(self, index: int) -> Grant:
        out = self.plans[-1].grants[index]
        assert out is not None
        return out

    def most_ma(self, seconds: int) -> int:
        return max(max(flow) for flow in self.grid[-seconds:])


def load(name: str, able: Ability, phases: "tuple[int, ...]" = (0, 1, 2), priority: int = 10, mode: str = FAST,
         bands: "tuple[int, int, int] | None" = None) -> DeviceSpec:
    return DeviceSpec(name, 0, phases, able, priority, mode, 10_000, 16_000,
                      store(*bands or ()) if able.kind == "storage" else None, NONE,
                      {"wallbox": "a", "storage": "d"}.get(able.kind, "b"))


def switches(plans: "list[Plan]", index: int) -> int:
    levels = [max(plan.grants[index].setpoint.current_ma) > 0 for plan in plans]  # type: ignore[union-attr]
    return sum(a != b for a, b in pairwise(levels))


def pv(power_w: int, house_ma: int = 1_000) -> "Callable[[int], Phases]":
    share = -(power_w * 1_000 // 690) + house_ma
    return lambda now_ms: Phases(share, share, share)


def test_two_fast_cars_share_a_fuse_and_a_kettle_does_not_push_it_over() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2))), (load("b", WALLBOX), Car((1, 2, 0)))])
    house.run(90)
    assert house.grant(1).setpoint.current_ma == Phases(16_000, 16_000, 16_000)
    assert house.grant(2).setpoint.current_ma == Phases(16_000, 16_000, 16_000)
    house.base = lambda now_ms: Phases(10_000, 1_000, 1_000)
    house.run(10)
    assert house.most_ma(10) <= 1_300 * 35
    house.run(30)
    assert house.most_ma(30) <= 35_000
    assert house.most_ma(1) >= 33_000  # no more was taken away than had to be
    assert house.grant(1).reason == reasons.FUSE
    assert house.grant(1).phase == 0
    assert abs(house.grant(1).setpoint.current_ma.l1 - house.grant(2).setpoint.current_ma.l1) <= 200
    assert switches(house.plans, 1) == switches(house.plans, 2) == 1


def test_a_car_that_follows_its_grant_is_no_rising_rest() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))], rated_ma=20_000)
    house.base = lambda now_ms: Phases(3_000, 3_000, 3_000)
    levels = [plan.grants[1].setpoint.current_ma.l1 for plan in house.run(90)]  # type: ignore[union-attr]
    assert levels == sorted(levels)  # it never went down on the way up
    assert levels[-1] == 16_000


def test_nothing_rises_while_the_meter_does_not_answer() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))])
    house.run(15)
    house.dead = {0}
    house.run(1)
    before_ma = house.grant(1).setpoint.current_ma.l1
    assert before_ma < 16_000
    plans = house.run(4)  # not yet lost
    assert house.plans[-1].nodes[0].believed
    assert {plan.grants[1].setpoint.current_ma.l1 for plan in plans} == {before_ma}  # type: ignore[union-attr]
    assert house.grant(1).reason == reasons.NEWS


def test_an_overload_sheds_to_the_least_at_once_and_beyond_it_all() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2))), (load("b", WALLBOX), Car((0, 1, 2)))])
    house.run(90)
    house.base = lambda now_ms: Phases(14_500, 1_000, 1_000)
    house.run(2)
    for index in (1, 2):
        assert house.grant(index).setpoint.current_ma.l1 == 6_000
        assert house.grant(index).reason == reasons.OVERLOAD
    house.base = lambda now_ms: Phases(64_000, 1_000, 1_000)
    house.run(2)
    assert house.grant(1).setpoint == house.grant(2).setpoint == STOP
    assert house.grant(1).reason == house.grant(2).reason == reasons.OVERLOAD


def test_phases_stay_even_between_single_phase_loads() -> None:
    node = NodeSpec("house", NONE, 0, 63_000, 63_000, "gg", 10_000, 0, 4_600)
    house = House([(load("a", WALLBOX, (0,)), Car((0,))), (load("b", WALLBOX, (0,)), Car((0,)))])
    house.site = Site("even", (node,), house.site.devices, 1_000, NONE, None)
    house.run(90)
    issued = house.plans[-1].nodes[0].issued_ma
    assert 18_000 <= issued.l1 <= 20_000
    assert reasons.IMBALANCE in (house.grant(1).reason, house.grant(2).reason)


def test_a_fuse_that_was_hot_keeps_loads_off_until_it_has_cooled() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))])
    house.base = lambda now_ms: Phases(40_000, 1_000, 1_000)
    house.run(130)  # 1.14 times its rating
    house.base = lambda now_ms: Phases(1_000, 1_000, 1_000)
    house.run(30)
    assert house.grant(1).setpoint == STOP
    assert house.grant(1).reason == reasons.OVERLOAD
    house.run(600)
    assert house.grant(1).setpoint.current_ma.l1 == 16_000


def test_a_car_that_is_full_is_offered_its_least() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2))), (load("b", WALLBOX), Car((0, 1, 2)))])
    house.base = lambda now_ms: Phases(15_000, 15_000, 15_000)
    house.run(90)
    assert house.grant(2).setpoint.current_ma.l1 == 10_000
    house.parts[0].full = True  # type: ignore[union-attr]
    house.run(180)
    assert house.grant(1).setpoint.current_ma.l1 == 6_000
    assert house.grant(1).reason == reasons.IDLE
    assert house.grant(2).setpoint.current_ma.l1 == 14_000


def test_storage_does_not_push_a_phase_over_its_fuse_on_the_way_out() -> None:
    house = House([(load("bat", BATTERY, mode=SURPLUS, bands=(100, 300, 950)), Plain((0, 1, 2), 500))])
    house.base = lambda now_ms: Phases(-30_000, 28_000, 28_000)
    house.run(60)
    assert -5_000 <= house.flow().l1 + 30_000 <= -4_000
    assert house.grant(1).reason == reasons.EXPORT_FUSE


def test_a_refusing_car_counts_with_what_it_draws() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2))), (load("b", WALLBOX, priority=20), Car((0, 1, 2)))])
    house.run(90)
    house.refuses = {1}
    house.base = lambda now_ms: Phases(10_000, 10_000, 10_000)
    house.run(30)
    assert house.parts[0].current().l1 == 16_000
    assert house.grant(2).setpoint.current_ma.l1 == 9_000  # it gives way though it comes first
    assert house.most_ma(10) <= 35_000
    assert (reasons.WRITE_FAULT, 1) in house.plans[-1].alarms


def test_a_lost_meter_leaves_charging_at_its_least() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2))), (load("rod", ROD), Plain((0, 1, 2)))])
    house.run(120)
    assert house.grant(1).setpoint.current_ma.l1 == 16_000
    house.dead = {0}
    house.run(12)
    assert house.grant(1).setpoint.current_ma == Phases(6_000, 6_000, 6_000)
    assert house.grant(1).reason == reasons.METER_LOST
    assert house.grant(2).setpoint == STOP
    assert house.plans[-1].surplus_w is None
    assert (reasons.STALE, 0) in house.plans[-1].alarms
    house.dead = set()
    house.run(60)
    assert house.grant(1).setpoint.current_ma.l1 == 16_000


@pytest.mark.parametrize("stands", [lambda n: again(1, n), lambda n: again(7, n), noisy])
def test_a_frozen_meter_is_noticed_when_the_car_moves(stands: "Callable[..., Any]") -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2), plugged=False))], rated_ma=25_000)
    house.run(30)
    house.stands = stands(len(house.shown))
    house.run(6)
    house.parts[0].plugged = True  # type: ignore[union-attr]
    house.run(25)
    for plan in house.run(300):
        assert (reasons.FROZEN, 0) in plan.alarms
        assert plan.nodes[0].measured_ma is None
    assert house.grant(1).setpoint.current_ma.l1 <= 6_000
    house.stands = newest
    house.run(60)
    assert house.plans[-1].alarms == ()
    assert house.grant(1).setpoint.current_ma.l1 == 16_000


@pytest.mark.parametrize("count", [1, 7])
def test_a_frozen_meter_is_noticed_though_nothing_moves(count: int) -> None:
    """And stays so until it says something new."""
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))], rated_ma=25_000)
    house.run(120)
    assert house.grant(1).setpoint.current_ma.l1 == 16_000
    house.stands = again(count, len(house.shown))
    house.run(1)
    house.base = lambda now_ms: Phases(13_000, 1_000, 1_000)  # an oven that nobody sees
    house.run(15)
    assert max(max(grid) for grid in house.grid[-2:]) <= 25_000
    for plan in house.run(300):
        assert (reasons.FROZEN, 0) in plan.alarms
    assert max(max(grid) for grid in house.grid[-300:]) <= 25_000
    house.stands = newest
    house.run(4)
    assert house.plans[-1].alarms == ()


def test_a_meter_that_hangs_while_its_noise_goes_on_is_asked_by_one_ampere() -> None:
    """In a quiet house nothing else tells it from one that lives; more is granted than there would be without it."""
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))], rated_ma=25_000)
    house.run(120)
    house.stands = noisy(len(house.shown))
    asked = [plan.grants[1].reason == reasons.PROBE for plan in house.run(420)]  # type: ignore[union-attr]
    assert not any(asked[:150])
    assert any(asked)
    assert (reasons.FROZEN, 0) in house.plans[-1].alarms
    assert house.grant(1).setpoint.current_ma.l1 <= 6_000


def test_a_meter_that_lives_in_a_quiet_house_follows_and_nothing_is_lost() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))], rated_ma=25_000)
    house.run(120)
    plans = house.run(900)
    assert 1 <= sum(plan.grants[1].reason == reasons.PROBE for plan in plans) <= 60  # type: ignore[union-attr]
    assert not any(plan.alarms for plan in plans)
    assert house.grant(1).setpoint.current_ma.l1 >= 14_000


def wired_wrongly(turned: bool = False, shift: int = 0) -> "Callable[[list[Reading]], Reading]":
    """The other direction, or L1 told as L2 and so on."""
    def say(shown: "list[Reading]") -> Reading:
        now = shown[-1]
        assert now.current_ma is not None
        assert now.total_w is not None
        sign = -1 if turned else 1
        told = [sign * now.current_ma[(p - shift) % 3] for p in range(3)]
        return reading(0, total_w=sign * now.total_w, voltage_mv=now.voltage_mv, current_ma=Phases(*told))
    return say


@pytest.mark.parametrize(("wiring", "phases", "alarm"), [
    (wired_wrongly(turned=True), (0, 1, 2), reasons.TURNED),
    (wired_wrongly(turned=True), (2,), reasons.TURNED),
    (wired_wrongly(shift=1), (0,), reasons.PHASES_MIXED),
    (wired_wrongly(shift=2), (0,), reasons.PHASES_MIXED),
])
def test_a_meter_that_is_wired_wrongly_is_found_out_by_what_charges_behind_it(
    wiring: "Callable[[list[Reading]], Reading]", phases: "tuple[int, ...]", alarm: int,
) -> None:
    car = Car(phases, lag_ms=2_000)
    house = House([(load("a", WALLBOX, phases), car)], rated_ma=25_000)
    house.stands = wiring
    for pause in range(6):
        car.full = pause % 2 == 1  # it pauses by itself now and then
        house.run(100)
    assert (alarm, 0) in house.plans[-1].alarms
    assert house.plans[-1].nodes[0].measured_ma is None
    house.stands = newest
    for pause in range(3):
        car.full = pause % 2 == 1
        house.run(100)
    assert house.plans[-1].alarms == ()


DISAGREES = (reasons.TURNED, reasons.PHASES_MIXED, reasons.SCALED, reasons.LEAPING)


def test_a_meter_that_is_wired_well_is_never_found_out() -> None:
    """Whatever the house switches on at the same time."""
    dice = Random(5)
    house = House([(load("a", WALLBOX, mode=SURPLUS), Car((0, 1, 2), lag_ms=2_000)), (load("rod", ROD), Plain((1,)))],
                  rated_ma=63_000)
    for _ in range(200):
        base = Phases(dice.randint(-15_000, 12_000), dice.randint(-15_000, 12_000), dice.randint(-15_000, 12_000))
        house.base = lambda now_ms, base=base: base  # type: ignore[misc]
        house.modes[1], house.modes[2] = dice.choice((FAST, SURPLUS, "off")), dice.choice((FAST, "off"))
        for plan in house.run(dice.randint(10, 60)):
            assert not [alarm for alarm in plan.alarms if alarm[0] in DISAGREES]


def scaled(permille: int) -> "Callable[[list[Reading]], Reading]":
    """A wrong transformer ratio."""
    def say(shown: "list[Reading]") -> Reading:
        now = shown[-1]
        assert now.current_ma is not None
        assert now.total_w is not None
        told = [now.current_ma[p] * permille // 1_000 for p in range(3)]
        return reading(0, total_w=now.total_w * permille // 1_000, voltage_mv=now.voltage_mv, current_ma=Phases(*told))
    return say


@pytest.mark.parametrize("permille", [250, 500, 2_000])
def test_a_meter_with_a_wrong_transformer_ratio_is_found_out_by_what_charges_behind_it(permille: int) -> None:
    car = Car((0, 1, 2), lag_ms=2_000)
    house = House([(load("a", WALLBOX), car)], rated_ma=63_000)
    house.stands = scaled(permille)
    for pause in range(8):
        car.full = pause % 2 == 1
        house.run(100)
    assert (reasons.SCALED, 0) in house.plans[-1].alarms
    assert house.plans[-1].nodes[0].measured_ma is None
    house.stands = newest
    for pause in range(3):
        car.full = pause % 2 == 1
        house.run(100)
    assert house.plans[-1].alarms == ()


def test_a_load_that_follows_a_roof_nobody_measures_is_no_reason_to_doubt_the_meter() -> None:
    house = House([(load("a", WALLBOX, mode=SURPLUS), Car((0, 1, 2), lag_ms=2_000))], rated_ma=63_000)
    house.base = lambda now_ms: Phases(*(-8_000 - 6_000 * (now_ms // 60_000 % 2),) * 3)
    for plan in house.run(3_600):
        assert not [alarm for alarm in plan.alarms if alarm[0] in DISAGREES]


def test_a_meter_that_leaps_up_and_down_is_not_believed_until_it_is_calm() -> None:
    """Two devices on one address: every other answer is another one's."""
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))])
    house.run(60)
    other = reading(0, total_w=-6_000, current_ma=Phases(-9_000, -9_000, -8_000),
                    voltage_mv=Phases(230_000, 230_000, 230_100))
    house.stands = lambda shown: other if len(shown) % 2 else shown[-1]
    house.run(12)
    assert (reasons.LEAPING, 0) in house.plans[-1].alarms
    assert house.most_ma(60) <= 35_000
    house.stands = newest
    house.run(25)
    assert (reasons.LEAPING, 0) in house.plans[-1].alarms
    house.run(15)
    assert house.plans[-1].alarms == ()


def test_a_flow_heater_that_goes_on_and_off_is_no_leaping_meter() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2)))])
    house.base = lambda now_ms: Phases(*(26_000 if now_ms // 6_000 % 2 else 1_000,) * 3)
    for plan in house.run(300):
        assert not [alarm for alarm in plan.alarms if alarm[0] == reasons.LEAPING]


def test_a_higher_one_displaces_a_lower_one_within_one_start_delay() -> None:
    house = House([(load("low", WALLBOX, priority=1, mode=SURPLUS), Car((0, 1, 2))),
                   (load("high", WALLBOX, priority=9, mode=SURPLUS), Car((0, 1, 2), plugged=False))])
    house.base = pv(6_500, 0)
    house.run(200)
    assert house.grant(1).setpoint.current_ma.l1 >= 8_000
    high = house.parts[1]
    assert isinstance(high, Car)
    high.plugged = True
    house.run(70)
    assert house.grant(2).setpoint.current_ma.l1 >= 6_000
    assert house.grant(1).setpoint == STOP
    assert house.grant(1).reason == reasons.OTHERS_FIRST
    assert sum(max(flow.total(), 0) for flow in house.grid[-70:]) * 230 // 3_600_000 <= 40  # Wh from the grid


def test_one_that_waits_for_a_cloud_to_pass_is_not_displaced() -> None:
    house = House([(load("low", WALLBOX, priority=1, mode=SURPLUS), Car((0, 1, 2))),
                   (load("high", WALLBOX, priority=9, mode=SURPLUS), Car((0, 1, 2)))])
    house.base = pv(15_800, 0)
    house.run(300)
    assert house.grant(1).setpoint.current_ma.l1 >= 6_000
    house.base = pv(12_500, 0)
    house.run(100)
    assert house.grant(1).reason == reasons.STOPS_SOON


def test_surplus_starts_after_a_minute_and_stops_after_three() -> None:
    house = House([(load("a", WALLBOX, mode=SURPLUS), Car((0, 1, 2)))])
    house.base = pv(6_000, 0)
    house.run(55)
    assert house.grant(1).setpoint == STOP
    assert house.grant(1).reason == reasons.STARTS_SOON
    house.run(60)
    assert house.grant(1).reason == reasons.SURPLUS
    house.run(60)
    assert abs(house.flow().total()) <= 1_500  # all of it goes into the car
    house.base = pv(1_000, 0)
    house.run(60)
    assert house.grant(1).setpoint.current_ma.l1 == 6_000
    assert house.grant(1).reason == reasons.STOPS_SOON
    house.run(200)
    assert house.grant(1).setpoint == STOP
    assert house.grant(1).reason == reasons.WAITS_SURPLUS
    house.base = pv(6_000, 0)
    house.run(200)
    assert house.grant(1).reason == reasons.REST
    assert switches(house.plans, 1) == 2


def test_two_cars_do_not_start_on_one_surplus() -> None:
    house = House([(load("a", WALLBOX, mode=SURPLUS), Car((0, 1, 2))),
                   (load("b", WALLBOX, mode=SURPLUS), Car((0, 1, 2)))])
    house.base = pv(6_000, 0)
    house.run(400)
    assert house.grant(1).setpoint.current_ma.l1 > 8_000
    assert house.grant(2).setpoint == STOP
    assert switches(house.plans, 2) == 0


def test_storage_holds_the_grid_at_zero() -> None:
    house = House([(load("bat", BATTERY, mode=SURPLUS, bands=(100, 300, 950)), Plain((0, 1, 2), 500))])
    house.base = pv(-2_300)
    house.run(90)
    assert abs(house.flow().total()) <= 400
    house.base = pv(3_000)
    house.run(90)
    assert abs(house.flow().total()) <= 400
    assert house.grant(1).setpoint.power_w > 2_000
    house.parts[0].soc_permille = 960  # type: ignore[union-attr]
    house.run(6)
    assert house.grant(1).reason == reasons.CHARGED
    house.base = pv(-2_300)
    house.parts[0].soc_permille = 90  # type: ignore[union-attr]
    house.run(6)
    assert house.grant(1).setpoint.power_w == 0
    assert house.grant(1).reason == reasons.RESERVE


def test_storage_never_feeds_a_car() -> None:
    house = House([(load("bat", BATTERY, mode=SURPLUS, bands=(100, 300, 950)), Plain((0, 1, 2), 500)),
                   (load("a", WALLBOX, mode=FAST), Car((0, 1, 2)))])
    house.base = pv(-1_500, 0)
    house.run(120)
    assert -1_700 <= house.grant(1).setpoint.power_w <= -1_300


def test_storage_that_is_nearly_empty_comes_before_the_car() -> None:
    house = House([(load("bat", BATTERY, mode=SURPLUS, bands=(100, 300, 950)), Plain((0, 1, 2), 200)),
                   (load("a", WALLBOX, mode=SURPLUS), Car((0, 1, 2)))])
    house.base = pv(6_000, 0)
    house.run(150)
    assert house.grant(2).setpoint == STOP
    assert house.grant(1).setpoint.power_w > 4_500
    house.parts[0].soc_permille = 400  # type: ignore[union-attr]
    house.run(150)
    assert house.grant(2).setpoint.current_ma.l1 >= 8_000


def test_one_phase_until_there_is_enough_for_three() -> None:
    house = House([(load("a", SWITCHING, mode=SURPLUS), Car((0, 1, 2)))])
    house.base = pv(2_500, 0)
    house.run(180)
    assert house.grant(1).setpoint.current_ma.l1 > 9_000
    assert house.grant(1).setpoint.current_ma.l2 == 0
    house.base = pv(7_000, 0)
    house.run(200)
    assert house.grant(1).setpoint.current_ma.l2 == 0  # the dwell since the start on one phase is not over
    house.run(260)
    assert house.grant(1).setpoint.current_ma.l2 > 9_000
    house.base = pv(2_500, 0)
    house.run(200)
    assert house.grant(1).setpoint.current_ma.l2 == 6_000
    house.run(150)
    assert house.grant(1).setpoint.current_ma.l2 == 0
    assert house.grant(1).setpoint.current_ma.l1 > 9_000
    assert switches(house.plans, 1) == 1


def test_a_car_on_one_phase_of_three_needs_no_surplus_for_three() -> None:
    """Once it has been seen to charge so; what it may draw stays reserved on all three."""
    house = House([(load("a", WALLBOX, mode=SURPLUS), Car((1, 2, 0), uses=1))])
    house.base = pv(2_500)
    house.run(200)
    assert house.grant(1).reason == reasons.WAITS_SURPLUS
    house.modes[1] = FAST
    house.run(60)
    house.modes[1] = SURPLUS
    plans = house.run(600)
    assert switches(plans, 1) == 0
    assert 7_500 <= house.grant(1).setpoint.current_ma.l2 <= 8_000
    assert house.grant(1).setpoint.current_ma.l1 == house.grant(1).setpoint.current_ma.l2
    assert house.plans[-1].nodes[0].issued_ma.l1 == house.grant(1).setpoint.current_ma.l1
    house.parts[0].uses = 3  # type: ignore[union-attr]
    house.run(400)
    assert house.grant(1).setpoint.current_ma.l2 == 0  # another car: there is not enough for it


def test_a_rod_that_counts_in_large_steps_starts_and_rises_by_them() -> None:
    coarse = ability("heater", max_w=3_500, step_w=500, settle_ms=2_000)
    house = House([(load("rod", coarse, mode=SURPLUS), Plain((0, 1, 2)))])
    house.base = pv(2_600, 0)
    plans = house.run(300)
    levels = {plan.grants[1].setpoint.power_w for plan in plans}  # type: ignore[union-attr]
    assert levels == {0, 500, 1_000, 1_500, 2_000, 2_500}
    assert house.grant(1).setpoint.power_w == 2_500


def test_phases_are_not_changed_more_often_than_their_contactor_bears() -> None:
    house = House([(load("a", SWITCHING, mode=SURPLUS), Car((0, 1, 2)))])
    cloudy = pv(8_000, 0), pv(2_500, 0)
    house.base = lambda now_ms: cloudy[now_ms // 700_000 % 2](now_ms)

    def turns(seconds: int) -> int:
        plans = house.run(seconds)
        phases = [sum(ma > 0 for ma in plan.grants[1].setpoint.current_ma) for plan in plans]  # type: ignore[union-attr]
        return sum(a != b for a, b in pairwise([each for each in phases if each]))

    assert turns(4_200) >= 4
    kept = house.state.loads[1]
    assert kept is not None
    loads = (None, LoadState(*kept[:-4], 23, house.now_ms, 0, None))
    house.state = State(house.state.now_ms, house.state.senses, house.state.nodes, loads, *house.state[4:])
    assert turns(4_200) == 1


class Counted(Car):
    """Its wallbox counts what it takes."""

    taken_mwh = 0

    def tick(self, now_ms: int) -> None:
        super().tick(now_ms)
        self.taken_mwh += self.current().total() * 230 // 3_600

    def read(self, t_ms: int) -> Reading:
        said = super().read(t_ms)
        return Reading(*said[:5], self.taken_mwh // 1_000, *said[6:])


def test_a_target_takes_from_the_grid_as_late_as_it_can_and_is_met() -> None:
    car = Counted((0, 1, 2))
    house = House([(load("a", WALLBOX, mode=TARGET), car)])
    house.wishes[1] = Wish(5_000, 2 * 3_600_000, None, 0, None, None, None)  # half an hour's charging
    house.run(3_600)
    assert car.taken_mwh == 0
    assert house.grant(1).reason == reasons.WAITS_SURPLUS
    plans = house.run(3_600)
    assert switches(plans, 1) <= 2
    assert max(max(plan.grants[1].setpoint.current_ma) for plan in plans) == 16_000  # type: ignore[union-attr]
    assert reasons.TARGET in [plan.grants[1].reason for plan in plans]  # type: ignore[union-attr]
    assert 5_000_000 <= car.taken_mwh <= 5_500_000
    assert house.grant(1).setpoint == STOP  # it has what it was to have


def test_a_target_is_met_from_the_roof_when_that_is_enough() -> None:
    car = Counted((0, 1, 2))
    house = House([(load("a", WALLBOX, mode=TARGET), car)])
    house.base = pv(6_000, 0)
    house.wishes[1] = Wish(5_000, 3 * 3_600_000, None, 0, None, None, None)
    plans = house.run(2 * 3_600)
    assert reasons.TARGET not in [plan.grants[1].reason for plan in plans]  # type: ignore[union-attr]
    assert car.taken_mwh >= 5_000_000


def test_a_lease_rules_until_it_ends_and_never_over_the_fuse() -> None:
    house = House([(load("a", WALLBOX, mode=SURPLUS), Car((0, 1, 2))),
                   (load("battery", BATTERY, mode=SURPLUS), Plain((0, 1, 2), 500))], rated_ma=25_000)
    house.wishes[1] = Wish(None, 0, 7_000, 600_000, None, None, None)
    house.wishes[2] = Wish(None, 0, -2_000, 600_000, None, None, None)
    house.run(300)
    assert house.grant(1).setpoint.current_ma.l1 == 10_100
    assert house.grant(1).reason == reasons.LEASE
    assert house.grant(2).setpoint.power_w == -2_000
    house.wishes[1] = Wish(None, 0, 99_000, 600_000, None, None, None)
    house.run(60)
    assert house.grant(1).setpoint.current_ma.l1 == 16_000
    house.base = lambda now_ms: Phases(14_000, 1_000, 1_000)
    house.run(60)
    assert house.grant(1).reason == reasons.FUSE
    assert house.most_ma(30) <= 25_000
    house.run(600)
    assert house.grant(1).setpoint == STOP
    assert house.grant(2).reason == reasons.ZERO_GRID


def test_an_owners_limit_lowers_what_a_load_may_draw_and_leaves_the_rest_to_others() -> None:
    house = House([(load("a", WALLBOX, mode=FAST, priority=9), Car((0, 1, 2))),
                   (load("rod", ROD, mode=SURPLUS), Plain((0, 1, 2)))])
    house.run(120)
    assert house.grant(1).setpoint.current_ma.l1 == 16_000
    house.wishes[1] = Wish(None, 0, None, 0, None, 10_050, None)
    house.run(1)
    assert house.grant(1).setpoint.current_ma.l1 == 10_000  # in its own steps
    assert (house.grant(1).reason, house.grant(1).wanted.current_ma.l1) == (reasons.LIMIT, 16_000)
    house.wishes[1] = Wish(None, 0, None, 0, None, 5_999, None)  # less than it can charge with
    house.run(1)
    assert (house.grant(1).reason, house.grant(1).setpoint) == (reasons.LIMIT, STOP)
    house.base = pv(6_000, 0)
    house.wishes[2] = Wish(None, 0, None, 0, None, 800, None)
    house.run(300)
    assert (house.grant(2).reason, house.grant(2).setpoint.power_w) == (reasons.LIMIT, 800)
    house.wishes[1] = house.wishes[2] = None
    house.run(400)
    assert house.grant(1).setpoint.current_ma.l1 == 16_000


def test_a_limited_storage_charges_with_less_and_gives_as_before() -> None:
    house = House([(load("battery", BATTERY, mode=SURPLUS), Plain((0, 1, 2), 500))])
    house.wishes[1] = Wish(None, 0, None, 0, None, 0, None)
    house.base = pv(3_000, 0)
    house.run(60)
    assert (house.grant(1).reason, house.grant(1).setpoint.power_w) == (reasons.LIMIT, 0)
    house.base = lambda now_ms: Phases(3_000, 3_000, 3_000)
    house.run(60)
    assert house.grant(1).setpoint.power_w < -1_500


def test_a_limited_car_begins_earlier_to_be_ready_in_time() -> None:
    car = Counted((0, 1, 2))
    house = House([(load("a", WALLBOX, mode=TARGET), car)])
    house.wishes[1] = Wish(5_000, 2 * 3_600_000, None, 0, None, 6_000, None)
    house.run(7_200)
    assert car.taken_mwh >= 5_000_000


def test_worth_decides_who_is_served_and_whether_the_grid_is() -> None:
    rod, car = Plain((0, 1, 2)), Car((0, 1, 2))
    house = House([(load("car", WALLBOX, mode=SURPLUS, priority=10), car),
                   (load("rod", ROD, mode=SURPLUS, priority=5), rod)])
    house.base = pv(5_000, 0)
    house.run(200)
    assert house.grant(1).setpoint.power_w > 4_000
    house.wishes[1] = Wish(None, 0, None, 0, 15_000, None, None)
    house.wishes[2] = Wish(None, 0, None, 0, 16_000, None, None)
    house.run(1)
    assert house.grant(2).setpoint.power_w > 0  # within one cycle it comes first
    house.run(300)
    assert house.grant(2).setpoint.power_w == 3_500
    assert house.grant(1).reason == reasons.OTHERS_FIRST
    house.prices = Prices(14_000, 8_000, house.now_ms + 900_000, ())
    house.run(400)
    assert house.grant(1).reason == reasons.CHEAP
    assert house.grant(1).setpoint.current_ma.l1 == 16_000
    house.prices = Prices(40_000, 15_500, house.now_ms + 900_000, ())
    house.run(2)
    assert house.grant(1).reason == reasons.EXPORT_PAYS
    assert house.grant(1).setpoint == STOP
    assert house.grant(2).setpoint.power_w == 3_500
    house.run(900)
    assert house.grant(1).reason != reasons.EXPORT_PAYS  # prices are not believed beyond their time


def test_a_storage_is_charged_kept_and_used_by_its_worth() -> None:
    house = House([(load("battery", BATTERY, mode=SURPLUS), Plain((0, 1, 2), 500))])
    house.wishes[1] = Wish(None, 0, None, 0, 20_000, None, None)
    found = []
    for import_ in (15_000, 19_500, 30_000):
        house.prices = Prices(import_, 8_000, house.now_ms + 900_000, ())
        house.run(60)
        found.append((house.grant(1).reason, house.grant(1).setpoint.power_w))
    assert found[0] == (reasons.CHEAP, 5_000)
    assert found[1] == (reasons.KEEPS, 0)
    assert found[2][0] == reasons.ZERO_GRID
    assert -720 <= found[2][1] <= -650


def test_what_is_kept_longest_is_shed_last_whatever_its_priority() -> None:
    kept = load("kept", WALLBOX, priority=1)
    kept = DeviceSpec(*kept[:-2], 99, "a")
    house = House([(load("first", WALLBOX, priority=10), Car((0, 1, 2))), (kept, Car((0, 1, 2)))], rated_ma=25_000)
    house.run(120)
    house.base = lambda now_ms: Phases(15_000, 15_000, 15_000)
    house.run(60)
    assert house.grant(1).setpoint == STOP
    assert house.grant(2).setpoint.current_ma.l1 >= 6_000


def test_the_grid_operators_ceiling_holds_within_five_seconds() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2), lag_ms=2_000)),
                   (load("b", WALLBOX), Car((0, 1, 2), lag_ms=2_000))], rated_ma=63_000)
    house.run(90)
    assert house.flow().total() * 230 // 1_000 > 20_000
    house.obligations = (Obligation(CONSUME, 9_000, NONE, "test"),)
    house.run(5)
    assert sum(part.current().total() for part in house.parts) * 230 // 1_000 <= 9_000
    assert house.grant(1).reason == reasons.OPERATOR
    house.obligations = (Obligation(CONSUME, 4_200, NONE, "test"),)
    house.run(5)
    assert sum(part.current().total() for part in house.parts) * 230 // 1_000 <= 4_200
    house.obligations = ()
    house.run(400)
    assert house.flow().total() * 230 // 1_000 > 20_000


def test_a_silent_car_keeps_its_current_reserved() -> None:
    house = House([(load("a", WALLBOX), Car((0, 1, 2))), (load("b", WALLBOX), Car((0, 1, 2)))])
    house.base = lambda now_ms: Phases(9_000, 9_000, 9_000)
    house.run(120)
    before_ma = house.grant(2).setpoint.current_ma.l1
    assert before_ma == house.grant(1).setpoint.current_ma.l1 == 13_000
    house.dead = {1}
    house.run(12)
    assert house.grant(1).reason == reasons.SILENT
    assert house.grant(2).setpoint.current_ma.l1 <= before_ma
    assert house.grant(2).setpoint.current_ma.l1 >= 6_000
    assert house.most_ma(10) <= 35_000


def test_a_heat_pump_is_not_locked_by_our_start_nor_by_a_lost_meter() -> None:
    house = House([(load("pump", PUMP, mode=MINIMUM), Pump((0, 1, 2)))])
    assert [plan.grants[1].setpoint.power_w for plan in house.run(30)] == [2_000] * 30  # type: ignore[union-attr]
    house.dead = {0}
    assert [plan.grants[1].setpoint.power_w for plan in house.run(60)] == [2_000] * 60  # type: ignore[union-attr]
    assert not house.plans[-1].nodes[0].believed


def test_a_locked_heat_pump_is_not_started_by_a_lost_meter() -> None:
    house = House([(load("pump", PUMP, mode=MINIMUM), Pump((0, 1, 2)))])
    house.modes[1] = "off"
    house.run(10)
    assert house.grant(1).setpoint.power_w == 0
    house.dead = {0}
    house.run(20)
    house.modes[1] = MINIMUM
    house.run(30)
    assert house.grant(1).setpoint.power_w == 0


def test_storage_gives_what_a_heat_pump_needs_whether_it_runs_or_not() -> None:
    pump = Pump((0, 1, 2))
    battery = load("battery", BATTERY, priority=5, mode=SURPLUS, bands=(100, 0, 1_000))
    house = House([(load("pump", PUMP, mode=MINIMUM), pump), (battery, Plain((0, 1, 2), soc_permille=500))])
    house.run(60)
    assert -800 < house.grant(2).setpoint.power_w < -550  # the house alone: 3 A
    pump.runs = True
    house.run(60)
    assert -2_800 < house.grant(2).setpoint.power_w < -2_550
    assert abs(house.flow().total()) < 300
