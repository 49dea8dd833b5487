"""What a load that starts and stops wears: its starts in a day, its conductors in turn, its energy of the day.

Starts are counted as granted; firmware/upkeep.py keeps what is remembered here over restarts.
"""

from control import reasons
from control.claims import Claim
from control.values import NEVER, DeviceSpec, Upkeep
from hal.values import Ability

DAY_MS = 86_400_000
LONGEST_MS = 10_000  # beyond it nobody looked


def new_upkeep(device: DeviceSpec, now_ms: int) -> "Upkeep | None":
    """None for a load without such rules. That it was hot enough within all but the last day is hoped: a day is left to
    the sun, then it is made so."""
    able = device.ability
    if able.heat is None and not able.most_starts and not _has_ways(able):
        return None
    left_ms = max(able.heat.hot_every_ms - DAY_MS, 0) if able.heat is not None else 0
    count = len(device.phases)
    return Upkeep(now_ms, False, NEVER, now_ms - left_ms, (), (0,) * count, tuple(range(count)), now_ms, 0)


def _has_ways(able: Ability) -> bool:
    """Whether a stage can be reached on other conductors too."""
    totals = [sum(stage) for stage in able.stages]
    return any([totals[i] == totals[i + 1] for i in range(len(totals) - 1)])


def starts_left(claim: Claim, upkeep: Upkeep, now_ms: int) -> bool:
    """Whether it may start once more; while it runs it may."""
    most = claim.able.most_starts
    if not most or claim.state.level > claim.base or len(upkeep.starts) < most:
        return True
    return now_ms - upkeep.starts[-most] >= DAY_MS


def kept(claim: Claim, now_ms: int, time_of_day_ms: int) -> "Upkeep | None":
    """The upkeep after this step's decision."""
    was = claim.state.upkeep
    if was is None:
        return None
    since_ms = min(max(now_ms - was.t_ms, 0), LONGEST_MS)
    began_ms, day_mws = _day(was, now_ms, time_of_day_ms)
    starts, used_ms = was.starts, was.used_ms
    before = claim.state.level
    if claim.level > before and (before == 0 or before <= claim.base < claim.level):
        starts = (starts + (now_ms,))[-max(claim.able.most_starts, 1):]
    if before and claim.kind == "stages":
        stage = claim.stage(before)
        used_ms = tuple([used + (since_ms if watts else 0) for used, watts in zip(used_ms, stage)])
    order = was.order if claim.level or not before else least_used(used_ms)
    full, reached_ms, hot_ms = claim.tank or (was.full, was.reached_ms, was.hot_ms)
    return Upkeep(now_ms, full, reached_ms, hot_ms, starts, used_ms, order, began_ms,
                  day_mws + max(claim.drawn[3], 0) * since_ms)


def least_used(used_ms: "tuple[int, ...]") -> "tuple[int, ...]":
    return tuple(sorted(range(len(used_ms)), key=lambda conductor: (used_ms[conductor], conductor)))


def _day(was: Upkeep, now_ms: int, time_of_day_ms: int) -> "tuple[int, int]":
    """(when this day began, what was taken in it); 24 hours while the time of day is not known."""
    lasted_ms = now_ms - was.day_ms
    if time_of_day_ms < 0:
        return (now_ms, 0) if lasted_ms >= DAY_MS else (was.day_ms, was.day_mws)
    return (now_ms - time_of_day_ms, 0) if lasted_ms > time_of_day_ms else (was.day_ms, was.day_mws)


def spent(claim: Claim, upkeep: Upkeep) -> bool:
    """Whether the energy of its day is used up."""
    heat = claim.able.heat
    return heat is not None and heat.day_wh > 0 and upkeep.day_mws >= heat.day_wh * 3_600_000


def bar(claim: Claim, now_ms: int) -> None:
    """Keeps a load from starting, or from taking more, that has had its part of the day."""
    upkeep = claim.state.upkeep
    if upkeep is None or claim.bar:
        return
    if claim.driven != reasons.LEGIONELLA and spent(claim, upkeep):
        claim.bar = reasons.DAY_ENERGY
    elif not starts_left(claim, upkeep, now_ms):
        claim.bar = reasons.STARTS_USED
