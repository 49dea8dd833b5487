"""Loads of one priority, promised surplus and changes of mode: what holds whatever cars there are."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.yard.house import QUICK_MS, CarSpec, Plant, Yard
from control.allocate import allocate
from control.claims import Claim
from control.health import NEW_SENSE
from control.limits import Limits
from control.ramp import CHARGE_PERMILLE, LONGEST_MS
from control.values import FAST, MINIMUM, NEVER, NONE, OFF, SURPLUS, DeviceSpec, LoadState
from control.wiring import NO_LIMIT, levels
from firmware.cycle import Cycle
from hal.values import Phases, ability
from sim.appliance import Appliance
from sim.part import Part, shared

seeds = st.integers(0, 1 << 32)
ALL = (0, 1, 2)
WIRINGS = (ALL, (1, 2, 0), (2, 0, 1), (0,), (1,), (2,))
MIN_MA = 6_000


class Sun(Part):
    """A roof that makes what it is told."""

    made_w = 0

    def _live(self, now_ms: int, dt_ms: int) -> None:
        self.power_w = shared(-self.made_w, self.phases)


def any_claims(dice: Random, nodes: int) -> "tuple[Claim, ...]":
    """Cars of one priority that charge fast, each behind a way of nodes of its own."""
    out = []
    for index in range(dice.randint(2, 6)):
        phases, step_ma = dice.choice(WIRINGS), dice.choice((1, 1, 100, 1_000))
        able = ability("wallbox", min_ma=MIN_MA, max_ma=dice.choice((10_000, 16_000, 32_000)), step_ma=step_ma)
        device = DeviceSpec(f"car{index}", 0, phases, able, 5, FAST, 5_000, 16_000, None, NONE, "")
        load = LoadState(MIN_MA, len(phases), (0, 0, 0, 0), None, 0, 0, 0, NEVER, NEVER, NEVER, NEVER, 0, NEVER, 0, 0,
                         0, None)
        path = (0,) if nodes == 1 else (dice.randrange(1, nodes), 0)
        claim = Claim(index, device, path, levels(device), load, NEW_SENSE, FAST, (207_000, 230_000, 253_000))
        claim.stuck = False  # it answers
        claim.level = claim.stepped(dice.randint(MIN_MA, claim.top))
        out.append(claim)
    return tuple(out)


def plain_limits(room: "tuple[tuple[int, int, int], ...]") -> Limits:
    count = len(room)
    return Limits(tuple([(*each, NO_LIMIT) for each in room]), ((NO_LIMIT,) * 3,) * count, (False,) * count,
                  (0,) * count, (0,) * count, ((10, 12),) * count)


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_equals_share_a_fuse_to_the_last_step_and_nobody_has_more_than_another_who_wants_more(seed: int) -> None:
    dice = Random(seed)
    claims = [claim for claim in any_claims(dice, 1) if len(claim.device.phases) == 3]
    if not claims:
        return
    room_ma = dice.randint(len(claims) * MIN_MA, 120_000)
    wanted = [claim.level for claim in claims]
    allocate(tuple(claims), plain_limits(((room_ma,) * 3,)))
    left_ma = room_ma - sum(claim.level for claim in claims)
    assert left_ma >= 0
    coarsest_ma = max(claim.able.step_ma for claim in claims)
    for claim, most_ma in zip(claims, wanted):
        if claim.level < most_ma:
            assert left_ma < claim.able.step_ma, seed
            assert max(other.level for other in claims) - claim.level <= len(claims) * coarsest_ma, seed


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_what_one_leaves_is_spilt_over_to_who_can_use_it_on_any_phases(seed: int) -> None:
    """Who has less than it wants could not have a step more, on one of its phases at one of its nodes."""
    dice = Random(seed)
    nodes = dice.randint(1, 3)
    claims = any_claims(dice, nodes)
    room = tuple([(dice.randint(0, 90_000), dice.randint(0, 90_000), dice.randint(0, 90_000)) for _ in range(nodes)])
    wanted = [claim.level for claim in claims]
    allocate(claims, plain_limits(room))
    left = [[room[node][p] - sum(claim.usage(claim.level)[p] for claim in claims if node in claim.path) for p in ALL]
            for node in range(nodes)]
    assert all(left[node][p] >= 0 or not any(node in claim.path and claim.usage(claim.level)[p] for claim in claims)
               for node in range(nodes) for p in ALL)
    for claim, most_ma in zip(claims, wanted):
        more_ma = claim.able.step_ma if claim.level else MIN_MA
        if claim.level + more_ma <= most_ma:
            assert any(left[node][p] < more_ma for node in claim.path for p in claim.device.phases), seed


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_nobody_starts_on_a_surplus_that_is_promised_already(seed: int) -> None:
    """Under a steady sun: the least of all that have started never exceeds it, and who fits in order has started."""
    dice = Random(seed)
    cars = tuple(CarSpec(f"car{index}", len(phases), SURPLUS, phases, priority=dice.choice((1, 5, 5, 9)))
                 for index, phases in enumerate([dice.choice(WIRINGS) for _ in range(dice.randint(2, 4))]))
    sun = Sun(ALL)
    yard = Yard(Plant(cars, rated_ma=63_000, rest_ma=0), Cycle, seed, 0, 1_000, QUICK_MS, (sun,))
    sun.made_w = dice.randint(1_000, 14_000)
    least_w = [MIN_MA * len(car.phases) * 230 // 1_000 for car in cars]
    runs: "list[bool]" = []
    for _ in range(260):
        yard.second()
        assert yard.plan is not None
        runs = [grant is not None and max(grant.setpoint.current_ma) > 0 for grant in yard.plan.grants[1:]]
        promised_w = sum(watts for watts, run in zip(least_w, runs) if run)
        assert promised_w <= sun.made_w + 60 * len(cars), (seed, yard.now_s)  # as exact as its meters
    if sun.made_w >= min(least_w) + 100:
        assert any(runs), seed


@settings(max_examples=12, deadline=None)
@given(seeds)
def test_a_change_of_mode_is_no_jump(seed: int) -> None:
    """Between modes that charge, a car neither stops for the change nor rises faster than its ramp."""
    dice = Random(seed)
    sun = Sun(ALL)
    yard = Yard(Plant((CarSpec("car", mode=dice.choice((FAST, MINIMUM))),), rest_ma=0), Cycle, seed, 0, 1_000, QUICK_MS,
                (sun, Appliance(ALL, 500)))
    modes: "list[str]" = ["off", yard.controller.modes[1]]  # type: ignore[attr-defined]
    before, quiet_s, since_s = 0, 0, 0
    for second in range(240):
        if second > 40 and dice.random() < 0.05:
            modes[1], since_s = dice.choice((FAST, MINIMUM, SURPLUS)), second
            yard.controller.modes = tuple(modes)  # type: ignore[attr-defined]
        sun.made_w = max(0, min(sun.made_w + dice.choice((0, 0, -700, 700)), 9_000))
        yard.second()
        assert yard.plan is not None
        grant = yard.plan.grants[1]
        assert grant is not None
        now = max(grant.setpoint.current_ma)
        if before:
            assert now >= MIN_MA or second - since_s >= 170, (seed, second, modes[1])  # a stop has its three minutes
            slope_ma = 16_000 * CHARGE_PERMILLE * min(1_000 * quiet_s, LONGEST_MS) // 1_000_000
            assert now <= before + slope_ma, (seed, second, modes[1])
        quiet_s = quiet_s + 1 if now == before else 1
        before = now


@settings(max_examples=12, deadline=None)
@given(seeds)
def test_off_is_obeyed_at_once_from_any_mode(seed: int) -> None:
    dice = Random(seed)
    yard = Yard(Plant((CarSpec("car", mode=dice.choice((FAST, MINIMUM))),), rest_ma=0), Cycle, seed)
    for _ in range(dice.randint(5, 60)):
        yard.second()
    yard.controller.modes = ("off", OFF)  # type: ignore[attr-defined]
    yard.second()
    assert yard.plan is not None
    grant = yard.plan.grants[1]
    assert grant is not None
    assert grant.setpoint.current_ma == Phases(0, 0, 0)
