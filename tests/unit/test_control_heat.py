"""A tank and what its owner asks of it: not too hot, warm by its time, hot against legionella, few starts."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from control import reasons
from control.claims import Claim
from control.heat import HOLD_MS, TRY_MS
from control.reserve import vector
from control.step import start, step
from control.surplus import share
from control.values import (
    FAST,
    MINIMUM,
    NONE,
    NOTHING_HEARD,
    NOTHING_WRITTEN,
    OFF,
    SURPLUS,
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
    Upkeep,
    Wish,
    Written,
)
from control.values import NO_WISH as NO
from control.wiring import levels
from hal.faults import TIMEOUT, Fault
from hal.heat import HeatRule
from hal.values import Ability, Phases, Setpoint, ability, ma_of_w, placed, reading

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MOST = HeatRule(NONE, 60_000, 3_000, None, 0, None, 0, 0, 3_500, 0)
LEGIONELLA = HeatRule(NONE, 60_000, 3_000, 65_000, 7 * DAY_MS, None, 0, 0, 3_500, 0)
WARM = HeatRule(NONE, 60_000, 3_000, None, 0, 45_000, 6 * HOUR_MS + HOUR_MS // 2, 300, 3_500, 0)
GRID, TANK, THERMOMETER = 0, 1, 2


def rod(rule: "HeatRule | None", max_w: int = 3_500) -> Ability:
    return ability("heater", max_w=max_w, heat=rule)


def elements(rule: "HeatRule | None", most_starts: int = 0, run_ms: int = 60_000) -> Ability:
    return ability("stages", stages=((0, 0, 0), (1_000, 1_000, 1_000)), measured=False, min_on_ms=run_ms,
                   min_off_ms=run_ms, most_starts=most_starts, heat=rule)


def pump(rule: "HeatRule | None", most_starts: int = 0) -> Ability:
    """By its contacts: locked, as it likes, more."""
    stages = ((0, 0, 0), (600, 700, 700), (1_000, 1_000, 1_000))
    own = Setpoint(placed(tuple(ma_of_w(power_w) for power_w in stages[1]), (0, 1, 2)), 2_000)
    return ability("stages", stages=stages, measured=False, fallback=own, min_on_ms=600_000, min_off_ms=600_000,
                   most_starts=most_starts, heat=rule)


class Cellar:
    """A well-mixed tank, the load that heats it, a meter of the house; `surplus_w` flows out while it does not."""

    def __init__(self, able: Ability, mode: str = SURPLUS, mdegc: "int | None" = 50_000, surplus_w: int = 0,
                 step_ms: int = 10_000, from_ms: int = 12 * HOUR_MS, rated_ma: int = 35_000) -> None:
        house = NodeSpec("house", NONE, GRID, rated_ma, rated_ma, "sls-e", 10_000, 0, 0)
        devices = (DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, OFF, 60_000, 0, None, NONE, ""),
                   DeviceSpec("tank", 0, (0, 1, 2), able, 10, mode, 60_000, 16_000, None, NONE, ""),
                   DeviceSpec("sensor", 0, (0, 1, 2), ability("sensor"), 0, OFF, 60_000, 0, None, NONE, ""))
        self.site = Site("cellar", (house,), devices, 1_000, NONE, None)
        self.able, self.mode, self.mdegc, self.step_ms, self.now_ms = able, mode, mdegc, step_ms, from_ms
        self.surplus_w: "Callable[[int], int]" = lambda now_ms: surplus_w
        self.cools_mk_h = 0
        self.litres = 300
        self.clock_set = True
        self.wish: "Wish | None" = None
        self.prices: "Prices | None" = None
        self.obligations: "tuple[Obligation, ...]" = ()
        self.base_ma = 0
        self.draws_w = self.thermostat_mdegc = 0
        self.warm_mws = 0
        self.mute: "set[int]" = set()
        self.written = Written(Setpoint(Phases(0, 0, 0), 0), from_ms, None, None)
        self.heard = [NOTHING_HEARD] * 3
        self.state = start(self.site, from_ms)
        self.plans: "list[Plan]" = []
        self.reasons: "list[int]" = []

    def run(self, hours: float, until: "Callable[[Cellar], bool]" = lambda cellar: False) -> "list[Grant]":
        """The grants, until that holds."""
        out = []
        for _ in range(int(hours * HOUR_MS / self.step_ms)):
            out.append(self.once())
            if until(self):
                break
        return out

    def once(self) -> Grant:
        self.now_ms += self.step_ms
        grid_w = self.draws_w - self.surplus_w(self.now_ms)
        share = grid_w * 1_000_000 // 690_000 + self.base_ma
        wobble = 230_000 + self.now_ms // self.step_ms % 997
        self._hear(GRID, reading(self.now_ms, total_w=grid_w, current_ma=Phases(share, share, share),
                                 voltage_mv=Phases(wobble, 230_000, 230_000)))
        current = ma_of_w(self.draws_w) // 3
        self._hear(TANK, reading(self.now_ms, total_w=self.draws_w, current_ma=Phases(current, current, current),
                                 temperature_mdegc=self.mdegc))
        self._hear(THERMOMETER, reading(self.now_ms, temperature_mdegc=self.mdegc))
        snapshot = Snapshot(self.now_ms, tuple(self.heard), (NOTHING_WRITTEN, self.written, NOTHING_WRITTEN),
                            (OFF, self.mode, OFF), self.obligations, (None, self.wish, None), self.prices,
                            self.now_ms % DAY_MS if self.clock_set else NONE)
        self.state, plan = step(self.site, self.state, snapshot)
        self.plans.append(plan)
        grant = plan.grants[TANK]
        assert grant is not None
        self.reasons.append(grant.reason)
        self.written = Written(grant.setpoint, self.now_ms, None, None)
        self._warm(grant.setpoint.power_w)
        return grant

    def _hear(self, index: int, new: object) -> None:
        fault = Fault(self.now_ms, TIMEOUT, "")
        self.heard[index] = Heard(self.heard[index].reading, fault) if index in self.mute else Heard(new, None)  # type: ignore[arg-type]

    def _warm(self, power_w: int) -> None:
        own = self.thermostat_mdegc and self.mdegc is not None and self.mdegc >= self.thermostat_mdegc
        self.draws_w = 0 if own else power_w
        if self.mdegc is not None:
            lost_w = self.cools_mk_h * self.litres * 4_186 // HOUR_MS
            self.warm_mws += (self.draws_w - lost_w) * self.step_ms
            warmer, self.warm_mws = divmod(self.warm_mws, self.litres * 4_186)
            self.mdegc += warmer

    @property
    def grant(self) -> Grant:
        grant = self.plans[-1].grants[TANK]
        assert grant is not None
        return grant

    @property
    def alarms(self) -> "list[int]":
        return [reason for reason, device in self.plans[-1].alarms if device == TANK]

    @property
    def upkeep(self) -> Upkeep:
        load = self.state.loads[TANK]
        assert load is not None
        assert load.upkeep is not None
        return load.upkeep

    def remember(self, **parts: object) -> None:
        """As if it had been running for long."""
        load = self.state.loads[TANK]
        assert load is not None
        loads = (None, LoadState(*load[:-1], self.upkeep._replace(**parts)), None)
        self.state = State(*self.state[:3], loads, *self.state[4:])


def starts(grants: "list[Grant]", above_w: int = 0) -> int:
    powers = [above_w, *(grant.setpoint.power_w for grant in grants)]
    return sum(before <= above_w < after for before, after in pairwise(powers))


def runs(grants: "list[Grant]", step_ms: int, above_w: int = 0) -> "list[tuple[bool, int, int]]":
    """(whether it ran, how long, why it was so at its end)"""
    out: "list[tuple[bool, int, int]]" = []
    for grant in grants:
        on = grant.setpoint.power_w > above_w
        if out and out[-1][0] == on:
            out[-1] = (on, out[-1][1] + step_ms, grant.reason)
        else:
            out.append((on, step_ms, grant.reason))
    return out


@pytest.mark.parametrize("mode", [SURPLUS, FAST])
@pytest.mark.parametrize("able", [rod(MOST), elements(MOST)])
def test_a_tank_is_heated_to_its_limit_and_again_when_it_has_cooled(able: Ability, mode: str) -> None:
    cellar = Cellar(able, mode, 58_000, 9_000)
    cellar.run(2, lambda cellar: cellar.grant.reason == reasons.HOT)
    assert cellar.grant.setpoint.power_w == 0
    assert 60_000 <= (cellar.mdegc or 0) <= 60_100
    cellar.cools_mk_h = 500
    while (cellar.mdegc or 0) > 57_000:
        assert cellar.once().setpoint.power_w == 0
    assert starts(cellar.run(0.5)) == 1


def test_a_lease_and_a_low_price_do_not_heat_a_tank_that_is_hot() -> None:
    cellar = Cellar(rod(MOST), SURPLUS, 60_500)
    cellar.wish = Wish(*NO[:2], 3_500, 1 << 40, *NO[4:])
    cellar.run(0.2)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (0, reasons.HOT)
    cellar.wish, cellar.prices = Wish(*NO[:4], 40_000, *NO[5:]), Prices(-5_000, -9_000, 1 << 40, ())
    cellar.run(0.2)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (0, reasons.HOT)


@pytest.mark.parametrize(("bar", "left_w"), [(0, 1_000), (reasons.HOT, 4_000)])
def test_a_hot_tank_leaves_the_surplus_to_others(bar: int, left_w: int) -> None:
    """Waiting for surplus it would keep what it needs to start."""
    first, second = Cellar(elements(MOST)), Cellar(rod(None))
    claims = []
    for cellar, rank in ((first, 9), (second, 1)):
        load = cellar.state.loads[TANK]
        assert load is not None
        claim = Claim(TANK, cellar.site.devices[TANK], (0,), levels(cellar.site.devices[TANK]), load,
                      cellar.state.senses[TANK], SURPLUS,
                      (230_000, 230_000, 230_000))
        claim.rank, claim.silent = rank, False
        claims.append(claim)
    claims[0].bar = bar
    share(tuple(claims), 4_000, 4_000, first.now_ms + 600_000)
    assert claims[1].slow_w == min(left_w, 3_500)


@pytest.mark.parametrize("thermometer", [NONE, THERMOMETER])
def test_without_a_temperature_a_tank_with_a_limit_is_not_heated_and_that_is_said(thermometer: int) -> None:
    cellar = Cellar(rod(HeatRule(thermometer, *MOST[1:])), FAST, 50_000)
    cellar.run(0.2)
    assert cellar.grant.setpoint.power_w == 3_500
    if thermometer == NONE:
        cellar.mdegc = None
    else:
        cellar.mute.add(THERMOMETER)
        cellar.run(0.015)
        assert cellar.grant.setpoint.power_w == 3_500  # not too old yet
    cellar.run(0.02)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (0, reasons.NO_TEMPERATURE)
    assert cellar.alarms == [reasons.NO_TEMPERATURE_KNOWN]


def test_a_heat_pump_that_is_hot_or_unknown_goes_on_by_itself_and_no_further() -> None:
    for mdegc, reason in ((62_000, reasons.HOT), (None, reasons.NO_TEMPERATURE)):
        cellar = Cellar(pump(MOST), MINIMUM, mdegc, 9_000)
        cellar.run(1)
        assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (2_000, reason)


def test_without_a_highest_temperature_none_is_needed_but_missing_it_is_said() -> None:
    cellar = Cellar(rod(HeatRule(NONE, None, 0, 60_000, 7 * DAY_MS, None, 0, 0, 3_500, 0)), FAST, None)
    cellar.run(0.2)
    assert (cellar.grant.setpoint.power_w, cellar.alarms) == (3_500, [reasons.NO_TEMPERATURE_KNOWN])


def test_a_winter_week_against_legionella_and_warm_every_morning() -> None:
    """A little sun at noon never makes it hot; the grid does, every seventh day, and each morning to 45 degrees."""
    rule = HeatRule(NONE, 60_000, 3_000, 65_000, 7 * DAY_MS, *WARM[5:])
    cellar = Cellar(rod(rule), SURPLUS, 50_000, step_ms=60_000, from_ms=0)
    cellar.surplus_w = lambda now_ms: 800 if 11 * HOUR_MS <= now_ms % DAY_MS < 14 * HOUR_MS else -300
    cellar.cools_mk_h = 600
    mornings, done, bought = [], [], set()
    for _ in range(16 * 1_440):
        before_ms = cellar.upkeep.hot_ms
        grant = cellar.once()
        if grant.setpoint.power_w > 1_000:
            bought.add(grant.reason)
        if cellar.now_ms % DAY_MS == WARM.warm_day_ms:
            mornings.append(cellar.mdegc or 0)
        if cellar.upkeep.hot_ms > before_ms + DAY_MS:
            done.append(cellar.now_ms)
    assert len(done) == 3
    assert done[0] <= DAY_MS + 6 * HOUR_MS
    assert all(later - sooner <= 7 * DAY_MS + 6 * HOUR_MS for sooner, later in pairwise(done))
    assert bought == {reasons.LEGIONELLA, reasons.TARGET, reasons.RAMP}
    assert min(mornings) >= 45_000
    assert max(mornings[3:7]) <= 46_200
    assert reasons.LEGIONELLA_LATE not in [reason for plan in cellar.plans for reason, _ in plan.alarms]


def test_the_sun_does_it_in_the_second_half_of_the_time_and_the_grid_has_nothing_to_do() -> None:
    cellar = Cellar(rod(LEGIONELLA), SURPLUS, 55_000, step_ms=60_000, from_ms=0)
    cellar.remember(hot_ms=0)
    cellar.surplus_w = lambda now_ms: 3_000 if 10 * HOUR_MS <= now_ms % DAY_MS < 16 * HOUR_MS else -300
    cellar.cools_mk_h = 300
    temperatures = []
    for _ in range(9 * 1_440):
        cellar.once()
        temperatures.append(cellar.mdegc or 0)
    highest = [max(temperatures[day * 1_440:(day + 1) * 1_440]) for day in range(9)]
    assert max(highest[:3]) < 60_200
    assert 65_000 <= max(highest[3:5]) <= 65_200
    assert reasons.LEGIONELLA not in cellar.reasons


def test_it_is_kept_so_hot_for_a_while() -> None:
    cellar = Cellar(rod(LEGIONELLA), SURPLUS, 64_000, from_ms=20 * HOUR_MS)
    cellar.run(0.01)
    cellar.remember(hot_ms=cellar.now_ms - 7 * DAY_MS)
    cellar.cools_mk_h = 3_000
    hot = []
    while cellar.upkeep.hot_ms != cellar.now_ms and len(hot) < 1_000:
        cellar.once()
        hot.append(cellar.mdegc or 0)
    assert cellar.upkeep.hot_ms == cellar.now_ms
    assert min(hot[-HOLD_MS // cellar.step_ms:]) >= 64_000
    cellar.run(0.1)
    assert cellar.grant.setpoint.power_w == 0


def test_a_tank_that_cannot_be_made_so_hot_is_tried_for_half_of_each_day_and_told() -> None:
    cellar = Cellar(rod(LEGIONELLA), SURPLUS, 55_000, step_ms=60_000)
    cellar.thermostat_mdegc = 58_000
    cellar.run(0.05)
    cellar.remember(hot_ms=cellar.now_ms - 7 * DAY_MS)
    tried = [reason == reasons.LEGIONELLA for reason in cellar.reasons[-1:]]
    before = len(cellar.reasons)
    cellar.run(48)
    tried = [reason in (reasons.LEGIONELLA, reasons.RAMP) for reason in cellar.reasons[before:]]
    assert abs(sum(tried) * cellar.step_ms - 2 * TRY_MS) <= 5 * cellar.step_ms
    assert cellar.alarms == [reasons.LEGIONELLA_LATE]


def test_after_a_restart_a_day_is_left_to_the_sun() -> None:
    cellar = Cellar(rod(LEGIONELLA), SURPLUS, 55_000, step_ms=60_000)
    cellar.run(23.9)
    assert reasons.LEGIONELLA not in cellar.reasons
    cellar.run(0.2)
    assert reasons.LEGIONELLA in cellar.reasons


def test_off_is_off_and_a_lease_comes_before_legionella() -> None:
    cellar = Cellar(rod(LEGIONELLA), OFF, 55_000)
    cellar.remember(hot_ms=cellar.now_ms - 9 * DAY_MS)
    cellar.run(0.2)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (0, reasons.OFF)
    assert cellar.alarms == [reasons.LEGIONELLA_LATE]
    cellar.mode, cellar.wish = SURPLUS, Wish(*NO[:2], 500, 1 << 40, *NO[4:])
    cellar.run(0.2)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (500, reasons.LEASE)


def test_export_that_pays_does_not_leave_a_tank_cold_in_the_morning() -> None:
    cellar = Cellar(rod(WARM), SURPLUS, 30_000, 5_000, from_ms=5 * HOUR_MS)
    cellar.wish, cellar.prices = Wish(*NO[:4], 1_000, *NO[5:]), Prices(30_000, 8_000, 1 << 40, ())
    cellar.run(0.3)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (3_500, reasons.TARGET)


def test_what_is_to_be_warm_by_a_time_is_begun_as_late_as_it_can_and_not_begun_twice() -> None:
    cellar = Cellar(rod(WARM), SURPLUS, 35_000, from_ms=0)
    begun = cellar.run(6.5)
    assert 45_000 <= (cellar.mdegc or 0) <= 46_100
    assert starts(begun) == 1
    first = next(index for index, grant in enumerate(begun) if grant.setpoint.power_w)
    assert (first + 1) * cellar.step_ms >= 5 * HOUR_MS  # it needs an hour, and half an hour is spare
    cellar.cools_mk_h = 2_000
    assert starts(cellar.run(6)) == 0  # cold at noon is no matter


def test_a_morning_that_was_missed_is_made_good_for_a_while() -> None:
    cellar = Cellar(rod(WARM), SURPLUS, 20_000, from_ms=5 * HOUR_MS + HOUR_MS // 2)
    cellar.run(1.5)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (3_500, reasons.TARGET)
    cellar.run(3)
    assert cellar.grant.setpoint.power_w == 0


def test_without_a_clock_nothing_is_begun_for_a_time_of_day() -> None:
    cellar = Cellar(rod(WARM), SURPLUS, 20_000, from_ms=0)
    cellar.clock_set = False
    cellar.run(7)
    assert starts([cellar.grant]) == 0
    assert reasons.TARGET not in cellar.reasons
    assert cellar.alarms == [reasons.NO_TIME]


def test_the_energy_of_a_day_is_bounded_and_begins_anew_at_midnight() -> None:
    cellar = Cellar(rod(HeatRule(*MOST[:1], 90_000, *MOST[2:9], 7_000)), FAST, 20_000, from_ms=18 * HOUR_MS)
    cellar.run(3)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (0, reasons.DAY_ENERGY)
    assert 7_000 <= cellar.upkeep.day_mws // 3_600_000 <= 7_020
    cellar.run(2.9)
    assert cellar.grant.setpoint.power_w == 0
    cellar.run(0.2)
    assert cellar.grant.setpoint.power_w > 0
    cellar.clock_set = False
    cellar.run(25)
    assert cellar.upkeep.day_mws // 3_600_000 <= 14_000


def clouds(now_ms: int) -> int:
    return 6_000 if now_ms // 480_000 % 2 else 0


@pytest.mark.parametrize("able", [elements(None, run_ms=600_000), ability("heater", min_w=800, max_w=2_000, step_w=100,
                                                                         min_on_ms=600_000, min_off_ms=600_000)])
def test_shortest_run_and_rest_hold_under_clouds(able: Ability) -> None:
    cellar = Cellar(able, SURPLUS, step_ms=1_000)
    cellar.surplus_w = clouds
    parts = runs(cellar.run(3), cellar.step_ms)
    assert len(parts) >= 6
    assert all(lasted_ms >= 600_000 for _, lasted_ms, _ in parts[1:-1])


def test_a_limit_ends_a_run_before_its_time_and_says_so() -> None:
    cellar = Cellar(elements(None, run_ms=600_000), FAST, step_ms=1_000)
    cellar.run(0.21)
    assert cellar.grant.setpoint.power_w == 3_000
    cellar.base_ma = 34_000
    cellar.run(0.002)
    assert cellar.grant.setpoint.power_w == 0
    assert cellar.grant.reason == reasons.FUSE
    cellar.base_ma = 0
    cellar.run(0.1)
    assert (cellar.grant.setpoint.power_w, cellar.grant.reason) == (0, reasons.REST)


def test_starts_in_a_day_are_counted_over_any_24_hours() -> None:
    cellar = Cellar(elements(None, most_starts=4, run_ms=60_000), SURPLUS, step_ms=30_000)
    cellar.surplus_w = lambda now_ms: 6_000 if now_ms // 900_000 % 2 else 0
    first = cellar.run(23)
    assert starts(first) == 4
    assert reasons.STARTS_USED in cellar.reasons
    assert starts(cellar.run(24)) == 4


def test_a_heat_pump_keeps_what_it_was_raised_to_and_then_rests_from_it() -> None:
    cellar = Cellar(pump(None, most_starts=3), MINIMUM, step_ms=5_000)
    cellar.surplus_w = clouds
    grants = cellar.run(4)
    assert min(grant.setpoint.power_w for grant in grants[6:]) == 2_000
    parts = runs(grants, cellar.step_ms, 2_000)
    assert len(parts) == 7
    assert all(lasted_ms >= 600_000 for _, lasted_ms, _ in parts[1:-1])
    assert cellar.grant.reason == reasons.STARTS_USED


def test_the_conductors_of_a_stage_take_turns() -> None:
    stages = ((0, 0, 0), (1_000, 0, 0), (0, 1_000, 0), (0, 0, 1_000), (1_000, 1_000, 0), (1_000, 0, 1_000),
              (0, 1_000, 1_000), (1_000, 1_000, 1_000))
    cellar = Cellar(ability("stages", stages=stages, measured=False, min_on_ms=60_000, min_off_ms=60_000),
                    step_ms=20_000)
    cellar.surplus_w = lambda now_ms: (1_200 if now_ms // 900_000 % 4 == 1 else 2_200) if now_ms // 900_000 % 2 else 0
    grants = cellar.run(24)
    used = cellar.upkeep.used_ms
    assert max(used) - min(used) <= 1_800_000
    assert min(used) >= 2 * HOUR_MS
    for before, after in pairwise(grants):
        if 0 < before.setpoint.power_w == after.setpoint.power_w:
            assert before.setpoint == after.setpoint  # none changes while it runs
        if 0 < before.setpoint.power_w < after.setpoint.power_w:
            assert all(a <= b for a, b in zip(before.setpoint.current_ma, after.setpoint.current_ma))


def test_what_was_told_on_other_conductors_stays_reserved_there() -> None:
    cellar = Cellar(ability("stages", stages=((0, 0, 0), (1_000, 0, 0), (0, 1_000, 0)), measured=False))
    cellar.remember(order=(1, 2, 0))
    load = cellar.state.loads[TANK]
    assert load is not None
    claim = Claim(TANK, cellar.site.devices[TANK], (0,), levels(cellar.site.devices[TANK]), load,
                  cellar.state.senses[TANK], SURPLUS,
                  (207_000, 230_000, 253_000))
    assert claim.setpoint(1_000).current_ma == Phases(0, 4_831, 0)
    assert vector(claim, Setpoint(Phases(4_831, 0, 0), 1_000)) == (4_831, 4_831, 0, 1_000)
