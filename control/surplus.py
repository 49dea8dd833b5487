"""The watts that would be exported if no load of ours drew any, and each load's share of them.

Reckoned from the grid reading less what our loads drew at that very moment, so that what a load already
takes is not shared out twice; what was promised to one that is still on its way counts as taken. Shared in the
order of the owner's priorities; storage below its first band comes before all of them.
"""

from collections import namedtuple

from control import reasons
from control.claims import Claim
from control.values import FAST, MINIMUM, NEVER, OFF, Sense, State

QUICK_MS = 4_000  # a car answers within 5 s (IEC 61851-1): faster is only noise
SLOW_MS = 90_000  # for starts, stops and phases; 30 s switches more and gains nothing (benchmarks.pareto)
FLIGHT_MS = 10_000  # beyond its own settling: the car's answer and the next reading
SPARE_W = 150  # what a load may add to its draw before the surplus is shared anew
COMES_MS = 10_000  # a start counts as one for so long
REST_MS = 300_000  # after a stop of charging: cars take fast restarts for a fault
EXPORT_BIAS_W = 100  # what storage leaves so that more can be seen


class Pool(namedtuple("Pool", ("t_ms", "quick_mw", "slow_mw", "now_w", "left_w"))):
    """What there is to share, and what is left of it."""

    __slots__ = ()
    t_ms: int  # of the grid reading it was reckoned from; NEVER = the grid point is not believed
    quick_mw: int
    slow_mw: int
    now_w: "int | None"  # from this very reading; None when that was used in an earlier step
    left_w: "int | None"  # what flows out if storage stood still


def pool(state: State, grid: "Sense | None", claims: "tuple[Claim, ...]", hidden_w: int) -> Pool:
    """`hidden_w`: what generators that are limited could make more."""
    if grid is None or not grid.believed or grid.good is None:
        return Pool(NEVER, 0, 0, None, None)
    t_ms = grid.good.t_ms
    if t_ms == state.pool_ms:
        return Pool(t_ms, state.quick_mw, state.slow_mw, None, None)
    left_w = -grid.flow[3]
    now_w = left_w + hidden_w
    for claim in claims:
        power_w = drawn_w(claim, t_ms)
        now_w += power_w
        if claim.kind == "storage" and (claim.mode != OFF or claim.able.own):  # one that is off needs what it needs
            left_w += power_w
    if state.pool_ms == NEVER:
        return Pool(t_ms, now_w * 1_000, now_w * 1_000, now_w, left_w)
    since_ms = max(t_ms - state.pool_ms, 0)
    return Pool(t_ms, smooth(state.quick_mw, now_w, since_ms, QUICK_MS),
                smooth(state.slow_mw, now_w, since_ms, SLOW_MS), now_w, left_w)


def drawn_w(claim: Claim, t_ms: int) -> int:
    """What a load drew when the grid was read; storage that may be discharging unseen has done so."""
    sense = claim.sense
    if claim.silent:
        return claim.stands_w
    if not claim.able.measured:
        return max(claim.state.stood.power_w, 0) if claim.state.stood is not None else 0
    now_w, before_w = claim.drawn[3], sense.before[3]
    good = sense.good
    if good is None or t_ms >= good.t_ms or now_w == before_w:
        return now_w
    if t_ms <= sense.before_ms:
        return before_w
    return before_w + (now_w - before_w) * (t_ms - sense.before_ms) // (good.t_ms - sense.before_ms)


def share(claims: "tuple[Claim, ...]", quick_w: int, slow_w: int, now_ms: int) -> None:
    """Sets each claim's `quick_w` and `slow_w`."""
    fixed_w = 0
    for claim in claims:
        claim.expects_w = _expected_w(claim, now_ms)
        claim.shares = _shares(claim)
        fixed_w += _fixed_w(claim)
    all_w = slow_w
    quick_w, slow_w = quick_w - fixed_w, slow_w - fixed_w
    for claim in claims:
        if has_priority(claim):
            claim.quick_w, claim.slow_w = max(quick_w, 0), max(slow_w, 0)
            most_w = min(claim.take_w, claim.limit) + EXPORT_BIAS_W
            quick_w -= min(claim.quick_w, most_w)
            slow_w -= min(claim.slow_w, most_w)
    stored_w, first, comes = all_w - fixed_w - slow_w, 0, False
    ranked = sorted(claims, key=_rank)
    while first < len(ranked):
        last = first
        while last < len(ranked) and ranked[last].rank == ranked[first].rank:
            last += 1
        group = [claim for claim in ranked[first:last] if claim.shares]
        quick_w, slow_w = _equals(group, quick_w, slow_w, now_ms)
        for claim in group:
            claim.yields = comes
        comes = comes or any([_comes(claim, now_ms) for claim in group])
        first = last
    for claim in claims:
        if claim.slow_w < claim.least_w <= all_w:
            claim.waits = reasons.STORAGE_FIRST if claim.slow_w + stored_w >= claim.least_w else reasons.OTHERS_FIRST


def _comes(claim: Claim, now_ms: int) -> bool:
    """Whether it is about to start, or has just done so."""
    if claim.running:
        return now_ms - claim.state.switched_ms < COMES_MS
    return _reserved(claim, now_ms) > 0


def _rank(claim: Claim) -> "tuple[int, int]":
    return -claim.rank, claim.index


def has_priority(claim: Claim) -> bool:
    """Whether a storage is so empty that it comes before every load."""
    if claim.kind != "storage" or claim.mode == OFF or claim.store is None or claim.soc is None:
        return False
    return claim.soc < claim.store.first_permille and plugged(claim)


def _shares(claim: Claim) -> bool:
    if claim.kind == "storage" or claim.mode == OFF or claim.mode == FAST or claim.bar:
        return False
    return claim.silent or plugged(claim)


def plugged(claim: Claim) -> bool:
    """Whether there is a car, for a wallbox; a storage that can be unplugged says so too."""
    good = claim.sense.good
    return good is None or good.state not in ("A", "E", "F") or claim.kind not in ("wallbox", "storage")


def _fixed_w(claim: Claim) -> int:
    """What is taken whatever the surplus is."""
    if claim.silent:
        return claim.held[3] if claim.kind == "storage" or not claim.shares else 0
    if claim.kind == "storage":
        return max(claim.drawn[3], claim.state.level, 0) if claim.mode == FAST else 0
    if claim.mode == OFF:
        return 0
    if claim.mode == FAST or not claim.shares:
        return claim.expects_w
    if claim.mode == MINIMUM:
        return min(claim.least_w, claim.expects_w)
    return 0


def _expected_w(claim: Claim, now_ms: int) -> int:
    """What a load draws, or will once it has followed its grant."""
    if claim.silent:
        return claim.held[3]
    if not claim.able.measured or now_ms - claim.state.changed_ms < claim.able.settle_ms + FLIGHT_MS:
        return max(claim.watts(claim.state.level), claim.drawn[3], 0)
    return claim.drawn[3]


def _equals(group: "list[Claim]", quick_w: int, slow_w: int, now_ms: int) -> "tuple[int, int]":
    """Shares among loads of one priority; returns what is left of both for the next.

    Those that wait reserve their least of the slow surplus as soon as there is enough for them; the quick one
    stays with those that run until they do start.
    """
    running = [claim for claim in group if claim.running]
    waiting = [claim for claim in group if not claim.running]
    served, need_w = len(running), sum([claim.least_w for claim in running])
    for claim in waiting:
        need_w += claim.least_w
        if need_w <= slow_w:
            served += 1
    slow_left, quick_left, start_w = served, len(running), quick_w
    for claim in running:
        own_w = min(claim.least_w, claim.expects_w) if claim.mode == MINIMUM else 0
        claim.quick_w = _part(quick_w + own_w, quick_left, claim)
        claim.slow_w = _part(slow_w + own_w, slow_left, claim)
        quick_w -= _taken(claim, claim.quick_w) - own_w
        slow_w -= _taken(claim, claim.slow_w) - own_w
        quick_left, slow_left = quick_left - 1, slow_left - 1
    for claim in waiting:
        claim.quick_w = _part(start_w, max(served, 1), claim)
        claim.slow_w = _part(slow_w, max(slow_left, 1), claim)
        quick_w -= claim.expects_w
        slow_w -= max(_reserved(claim, now_ms), claim.expects_w)
        slow_left -= 1
    return quick_w, slow_w


def _part(power_w: int, left: int, claim: Claim) -> int:
    """An equal part, but enough to run while there is enough."""
    part_w, least_w = power_w // left, min(power_w, claim.least_w)
    if part_w < least_w:
        part_w = least_w
    if part_w > claim.most_w:
        part_w = claim.most_w
    return part_w if part_w > 0 else 0


def _taken(claim: Claim, offer_w: int) -> int:
    """What of a running load's offer the next in order does not get."""
    expected = claim.expects_w
    if claim.silent:
        return max(expected, offer_w)
    taken_w, least_w = expected + expected // 8 + SPARE_W, min(expected, claim.least_w)
    if taken_w > offer_w:
        taken_w = offer_w
    return taken_w if taken_w > least_w else least_w


def _reserved(claim: Claim, now_ms: int) -> int:
    """What a waiting load keeps the next in order from starting on."""
    rested = now_ms - claim.state.switched_ms >= rest_ms(claim)
    return claim.least_w if rested and claim.slow_w >= claim.least_w else 0


def rest_ms(claim: Claim) -> int:
    """How long a load stays off after a stop."""
    return max(claim.able.min_off_ms, REST_MS) if claim.kind == "wallbox" else claim.able.min_off_ms


def smooth(value_mw: int, now_w: int, since_ms: int, over_ms: int) -> int:
    """A mean that forgets: in thousandths of a watt, so that small steps are not lost."""
    return value_mw + (now_w * 1_000 - value_mw) * min(since_ms, over_ms) // over_ms

