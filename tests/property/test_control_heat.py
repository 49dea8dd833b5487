"""What holds for any tank, heat pump and plug, whatever is read, written, wished and lost. One seed is one history."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from control import reasons
from control.step import start, step
from control.values import (
    CONSUME,
    MODES,
    NONE,
    NOTHING_HEARD,
    NOTHING_WRITTEN,
    OFF,
    DeviceSpec,
    Grant,
    Heard,
    NodeSpec,
    Obligation,
    Plan,
    Prices,
    Site,
    Snapshot,
    Wish,
    Written,
)
from hal.faults import TIMEOUT, Fault
from hal.heat import HeatRule
from hal.values import STOP, Ability, Phases, Reading, Setpoint, ability, reading

seeds = st.integers(0, 1 << 32)
DAY_MS = 86_400_000
GRID, SENSOR, FIRST = 0, 1, 2
# what ends a run before its time: a limit, the owner, the tank, what is not known
STOPS = (
    reasons.OFF, reasons.SILENT, reasons.FUSE, reasons.CONTINUOUS, reasons.NODE_POWER, reasons.IMBALANCE,
    reasons.OPERATOR, reasons.OVERLOAD, reasons.METER_LOST, reasons.LIMIT, reasons.HOT, reasons.NO_TEMPERATURE,
)


def any_rule(dice: Random) -> "HeatRule | None":
    most = dice.choice((None, 55_000, 60_000))
    warm = dice.choice((None, 40_000, 50_000))
    return dice.choice((None, HeatRule(
        dice.choice((NONE, NONE, SENSOR)), most, dice.choice((1_000, 3_000)), dice.choice((None, 58_000, 65_000)),
        dice.choice((1, 7)) * DAY_MS, warm, dice.randrange(DAY_MS), 200, 3_000, dice.choice((0, 100)))))


def any_heater(dice: Random) -> Ability:
    rule, starts = any_rule(dice), dice.choice((0, 1, 3))
    run_ms, rest_ms = dice.choice((0, 60_000, 600_000)), dice.choice((0, 60_000, 600_000))
    kind = dice.choice(("rod", "pump", "stages", "sg"))
    if kind == "rod":
        return ability("heater", max_w=3_500, heat=rule)
    if kind == "pump":
        return ability("heater", min_w=800, max_w=2_400, step_w=100, min_on_ms=max(run_ms, 60_000), min_off_ms=rest_ms,
                       most_starts=starts, heat=rule)
    stages: "tuple[tuple[int, ...], ...]" = ((0, 0, 0), (1_000, 0, 0), (0, 1_000, 0), (0, 0, 1_000),
                                             (1_000, 1_000, 1_000))
    fallback = STOP
    if kind == "sg":
        stages = ((0, 0, 0), (500, 500, 500), (1_000, 1_000, 1_000))
        fallback = Setpoint(Phases(2_200, 2_200, 2_200), 1_500)
    return ability("stages", stages=stages, measured=dice.random() < 0.5, fallback=fallback, min_on_ms=run_ms,
                   min_off_ms=rest_ms, most_starts=starts, heat=rule)


class History:
    """A fuse that is nearly full, a cloudy sky, thermometers that jump and fall silent."""

    def __init__(self, seed: int) -> None:
        self.dice = dice = Random(seed)
        house = NodeSpec("house", NONE, GRID, 25_000, 25_000, "sls-e", 8_000, 0, dice.choice((0, 4_600)))
        devices = [DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, OFF, 5_000, 0, None, NONE, ""),
                   DeviceSpec("sensor", 0, (0, 1, 2), ability("sensor"), 0, OFF, 20_000, 0, None, NONE, "")]
        for index in range(dice.randint(1, 3)):
            devices.append(DeviceSpec(f"heat{index}", 0, (0, 1, 2), any_heater(dice), dice.choice((5, 9)),
                                      dice.choice(MODES), 6_000, 8_000, None, NONE, ""))
        self.site = Site("any", (house,), tuple(devices), 1_000, NONE, None)
        self.now_ms = dice.choice((0, 1_000_000))
        self.state = start(self.site, self.now_ms)
        self.heard = [NOTHING_HEARD] * len(devices)
        self.written = [NOTHING_WRITTEN] * len(devices)
        self.modes = [device.mode for device in devices]
        self.mdegc = [dice.randint(15_000, 66_000) for _ in devices]
        self.surplus_w, self.base_ma = 0, 2_000
        self.obligations: "tuple[Obligation, ...]" = ()
        self.wishes: "list[Wish | None]" = [None] * len(devices)
        self.prices: "Prices | None" = None
        self.day_ms = dice.choice((NONE, dice.randrange(DAY_MS)))
        self.mute: "set[int]" = set()
        self.blind: "set[int]" = set()  # tell no temperature

    def snapshot(self) -> Snapshot:
        return Snapshot(self.now_ms, tuple(self.heard), tuple(self.written), tuple(self.modes), self.obligations,
                        tuple(self.wishes), self.prices, self.day_ms)

    def decide(self) -> Plan:
        self.state, plan = step(self.site, self.state, self.snapshot())
        return plan

    def live(self) -> None:
        dice = self.dice
        since_ms = dice.choice((1_000, 10_000, 30_000)) if dice.random() < 0.97 else 18_000_000
        self.now_ms += since_ms
        self.day_ms = self.day_ms if self.day_ms == NONE else (self.day_ms + since_ms) % DAY_MS
        if dice.random() < 0.1:
            self.surplus_w = dice.choice((0, 0, 500, 2_000, 9_000))
        if dice.random() < 0.02:
            self.base_ma = dice.choice((1_000, 12_000, 24_000))
        if dice.random() < 0.02:
            self.obligations = dice.choice(((), (), (Obligation(CONSUME, 4_200, NONE, "any"),)))
        if dice.random() < 0.02:
            self.prices = dice.choice((None, Prices(20_000, 8_000, self.now_ms + 600_000, ())))
        for index in range(FIRST, len(self.modes)):
            if dice.random() < 0.01:
                self.modes[index] = dice.choice(MODES)
            if dice.random() < 0.02:
                self.wishes[index] = dice.choice((None, self.any_wish()))
        for index in range(len(self.heard)):
            if dice.random() < 0.01:
                self.mute ^= {index}
            if dice.random() < 0.02:
                self.blind ^= {index}
            self.mdegc[index] += dice.choice((-300, -20, 0, 0, 50, 50, 700))
            self.mdegc[index] = min(max(self.mdegc[index], 10_000), 80_000)
            self.hear(index)

    def any_wish(self) -> Wish:
        dice = self.dice
        return Wish(None, 0, dice.choice((None, 0, 1_500)), self.now_ms + 300_000, dice.choice((None, 5_000, 25_000)),
                    dice.choice((None, None, 900)), None)

    def hear(self, index: int) -> None:
        device, old = self.site.devices[index], self.heard[index].reading
        if index in self.mute:
            self.heard[index] = Heard(old, Fault(self.now_ms, TIMEOUT, ""))
            return
        current = Phases(0, 0, 0)
        if index == GRID:
            share = self.base_ma - self.surplus_w * 1_000_000 // 690_000
            current = Phases(share, share, share)
        if index == GRID or device.ability.measured:
            for each in range(FIRST, len(self.heard)):
                told = self.written[each].confirmed
                if told is not None and index in (GRID, each):
                    current = current.plus(told.current_ma)
        self.heard[index] = Heard(reading(
            self.now_ms, total_w=current.total() * 230 // 1_000 if device.ability.measured else None,
            current_ma=current if device.ability.measured else None,
            voltage_mv=Phases(230_000, 230_000, 230_000 + self.now_ms // 1_000 % 997),
            temperature_mdegc=None if index in self.blind else self.mdegc[index]), None)

    def write(self, plan: Plan) -> None:
        for index, grant in enumerate(plan.grants):
            if grant is not None:
                self.written[index] = Written(grant.setpoint, self.now_ms, None, None)

    def temperature(self, index: int) -> "int | None":
        """As the decision may believe it."""
        rule = self.site.devices[index].ability.heat
        assert rule is not None
        at = index if rule.thermometer == NONE else rule.thermometer
        sense = self.state.senses[at]
        return sense.good.temperature_mdegc if sense.believed and sense.good is not None else None


def own_w(able: Ability) -> int:
    return able.fallback.power_w if able.kind == "stages" else 0


def grant_of(plan: Plan, index: int) -> Grant:
    grant = plan.grants[index]
    assert grant is not None
    return grant


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_no_grant_heats_a_tank_above_its_limit_nor_one_whose_temperature_is_not_known(seed: int) -> None:
    history = History(seed)
    for _ in range(150):
        history.live()
        plan = history.decide()
        for index in range(FIRST, len(history.site.devices)):
            able = history.site.devices[index].ability
            rule = able.heat
            if rule is None or rule.most_mdegc is None:
                continue
            mdegc, granted_w = history.temperature(index), grant_of(plan, index).setpoint.power_w
            highest = max(rule.most_mdegc, rule.hot_mdegc or 0)
            if mdegc is None or mdegc >= highest:
                assert granted_w <= own_w(able), (seed, index, history.now_ms, mdegc)
            load = history.state.loads[index]
            assert load is not None
            assert load.upkeep is not None
            early = rule.hot_mdegc is not None and (
                history.now_ms - load.upkeep.hot_ms >= rule.hot_every_ms // 2)
            if mdegc is not None and mdegc >= rule.most_mdegc and not early:
                assert granted_w <= own_w(able), (seed, index, history.now_ms, mdegc, "not for legionella")
        history.write(plan)


@settings(max_examples=80, deadline=None)
@given(seeds)
def test_runs_rests_and_starts_hold_but_for_a_limit_and_that_is_said(seed: int) -> None:
    history = History(seed)
    count = len(history.site.devices)
    before = [own_w(device.ability) for device in history.site.devices]
    turned = [history.now_ms] * count
    begun: "list[list[int]]" = [[] for _ in range(count)]
    first = True
    for _ in range(200):
        history.live()
        plan = history.decide()
        for index in range(FIRST, count):
            able = history.site.devices[index].ability
            grant, base_w = grant_of(plan, index), own_w(able)
            level, was = grant.setpoint.power_w, before[index]
            if (level > base_w) != (was > base_w):
                lasted_ms = history.now_ms - turned[index]
                if level > was:
                    assert first or lasted_ms >= able.min_off_ms, (seed, index, history.now_ms)
                    begun[index].append(history.now_ms)
                else:
                    assert lasted_ms >= able.min_on_ms or grant.reason in STOPS, (seed, index, history.now_ms, grant)
                turned[index] = history.now_ms
            before[index] = level
            if able.most_starts:
                newest = begun[index][-able.most_starts - 1:]
                assert len(newest) <= able.most_starts or newest[-1] - newest[0] >= DAY_MS, (seed, index)
        first = False
        history.write(plan)


@settings(max_examples=120, deadline=None)
@given(seeds)
def test_losing_a_temperature_or_the_clock_raises_no_grant(seed: int) -> None:
    history = History(seed)
    for _ in range(60):
        history.live()
        history.write(history.decide())
    history.live()
    _, full = step(history.site, history.state, history.snapshot())
    snapshot = history.snapshot()
    timeless = Snapshot(*snapshot[:-1], NONE)
    less = [(step(history.site, history.state, timeless)[1], "clock")]
    for index in range(1, len(history.site.devices)):
        heard = list(history.heard)
        told = heard[index].reading
        if told is None:
            continue
        heard[index] = Heard(Reading(*told[:8], None, *told[9:]), heard[index].fault)
        blind = Snapshot(snapshot.now_ms, tuple(heard), *snapshot[2:])
        less.append((step(history.site, history.state, blind)[1], f"temperature {index}"))
    for plan, what in less:
        for index in range(FIRST, len(history.site.devices)):
            granted_w = grant_of(plan, index).setpoint.power_w
            others = any(grant_of(plan, other).setpoint.power_w < grant_of(full, other).setpoint.power_w
                         for other in range(FIRST, len(history.site.devices)) if other != index)
            assert granted_w <= grant_of(full, index).setpoint.power_w or others, (seed, what, index)


def test_the_histories_have_in_them_what_they_are_for() -> None:
    found: "set[int]" = set()
    for seed in range(40):
        history = History(seed)
        for _ in range(120):
            history.live()
            plan = history.decide()
            found |= {grant.reason for grant in plan.grants if grant is not None}
            history.write(plan)
    assert {reasons.HOT, reasons.NO_TEMPERATURE, reasons.LEGIONELLA, reasons.TARGET, reasons.STARTS_USED,
            reasons.DAY_ENERGY, reasons.SHORTEST_RUN, reasons.REST, reasons.FUSE} <= found
