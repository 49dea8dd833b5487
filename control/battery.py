"""What a battery can do at its charge, how far it may be emptied, and how long it takes to fill.

A charge level that is not known, or not known any more, lets a storage give nothing and take nothing.
"""

from control.claims import Claim
from control.values import NONE, TARGET, Store, Wish

GAP_PERMILLE = 10  # between leaving a band and entering it again
PIECE_PERMILLE = 25  # how finely the time to fill is reckoned
DAY_MS = 86_400_000


def measure(claim: Claim, wish: Wish, now_ms: int, day_ms: int) -> None:
    """Sets what the claim's battery takes and gives at most, how far it may be emptied, and what it shall reach."""
    store, good = claim.store, claim.sense.good
    assert store is not None
    claim.capacity_wh = store.capacity_wh
    if good is not None:
        claim.capacity_wh = good.capacity_wh or store.capacity_wh
        claim.soc = None if claim.silent else good.soc_permille
    if claim.mode == TARGET and wish.target_permille is not None:
        claim.goal, claim.goal_ms = wish.target_permille, wish.target_ms
    elif store.depart_permille:
        claim.goal = store.depart_permille
        if store.depart_ms != NONE and day_ms != NONE:
            claim.goal_ms = now_ms + (store.depart_ms - day_ms) % DAY_MS
    if claim.kind == "storage":
        claim.low = max(store.reserve_permille, claim.goal)
        claim.keep = max(claim.low, store.peak_permille)
        if claim.soc is not None and good is not None:
            claim.take_w = _least(at(store.take_curve, claim.soc, claim.able.max_w), good.take_w)
            claim.give_w = _least(at(store.give_curve, claim.soc, max(-claim.able.min_w, 0)), good.give_w)


def _least(power_w: int, told_w: "int | None") -> int:
    return power_w if told_w is None else max(min(power_w, told_w), 0)


def at(curve: "tuple[tuple[int, int], ...]", soc_permille: int, most_w: int) -> int:
    """The most at a charge: straight between the points, level beyond them."""
    if not curve:
        return most_w
    before = curve[0]
    for point in curve:
        if soc_permille <= point[0]:
            span = point[0] - before[0]
            if span <= 0:
                return min(point[1], most_w)
            return min(before[1] + (point[1] - before[1]) * (soc_permille - before[0]) // span, most_w)
        before = point
    return min(before[1], most_w)


def missing_wh(claim: Claim, to_permille: int) -> "int | None":
    """What it takes from its wires to get there, its losses included; None when that is not known."""
    if claim.soc is None or not claim.capacity_wh:
        return None
    return _wh(claim, max(to_permille - claim.soc, 0))


def filling_ms(claim: Claim, to_permille: int) -> "int | None":
    """How long that takes at the most it can take on the way; None when it is not known."""
    soc = claim.soc
    if soc is None or not claim.capacity_wh:
        return None
    curve = claim.store.take_curve if claim.store is not None and claim.kind == "storage" else ()
    if not curve:
        return _wh(claim, max(to_permille - soc, 0)) * 3_600_000 // max(claim.watts(min(claim.top, claim.limit)), 1)
    total_ms = 0
    while soc < to_permille:
        end = min(soc + PIECE_PERMILLE, to_permille)
        slower_w = min(at(curve, soc, claim.top), at(curve, end, claim.top), claim.limit)
        total_ms += _wh(claim, end - soc) * 3_600_000 // max(slower_w, 1)
        soc = end
    return total_ms


def _wh(claim: Claim, permille: int) -> int:
    """Half of what is lost is lost on the way in."""
    efficiency = claim.store.efficiency_permille if claim.store is not None else 1_000
    return permille * claim.capacity_wh * 2 // (1_000 + efficiency)


def of_store(store: "Store | None") -> "tuple[int, int, int]":
    """(reserve, before all loads below, full), in permille; zeros for what is no storage."""
    return (0, 0, 0) if store is None else (store.reserve_permille, store.first_permille, store.full_permille)
