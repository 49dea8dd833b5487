"""One phase or all: how many conductors a wallbox that can choose shall use.

Decided on the surplus of a minute and a half, with a gap in watts between both directions, and not again before the
dwell is over: each change costs the contactor, and some cars give up after a few.
"""

from control.claims import Claim
from control.limits import Limits
from control.values import FAST, NEVER

DWELL_MS = 420_000  # KEBA's S10 forces 300 s; beyond it, so that a box never refuses
MORE_MS = 60_000
FEWER_MS = 180_000
GAP_W = 300  # either side of the least on all phases
MOST_TURNS = 24  # a day
DAY_MS = 86_400_000


def choose(claim: Claim, limits: Limits, now_ms: int) -> None:
    """Sets the claim's conductors."""
    every = len(claim.device.phases)
    if claim.kind != "wallbox" or not claim.able.one_phase or every == 1 or claim.silent:
        return
    if claim.uses == 1 < claim.conductors or any(limits.lost[node] for node in claim.path):
        claim.conductors_edge_ms = NEVER  # a car that charges on one phase anyway gains nothing
        return
    target = _target(claim, every)
    if target == claim.conductors or (target > claim.conductors and not _fits(claim, limits)):
        claim.conductors_edge_ms = NEVER
        return
    if claim.conductors_edge_ms == NEVER:
        claim.conductors_edge_ms = now_ms
    waited_ms = MORE_MS if target > claim.conductors else FEWER_MS
    if not claim.running or claim.mode == FAST:
        waited_ms = 0
    if turns(claim, now_ms) >= MOST_TURNS:
        return
    rested = claim.state.conductors_ms == NEVER or now_ms - claim.state.conductors_ms >= DWELL_MS
    if rested and now_ms - claim.conductors_edge_ms >= waited_ms:
        claim.set_conductors(target)
        claim.conductors_edge_ms = NEVER


def turns(claim: Claim, now_ms: int) -> int:
    """How often it has changed in this day."""
    return claim.state.turns if now_ms - claim.state.turns_ms < DAY_MS else 0


def dwells(claim: Claim) -> bool:
    """Whether another number of conductors is wanted."""
    return claim.conductors_edge_ms != NEVER


def _target(claim: Claim, every: int) -> int:
    if claim.mode == FAST:
        return every
    all_w = claim.floor * every * claim.volt_mv // 1_000_000
    if claim.slow_w >= all_w + GAP_W:
        return every
    if claim.slow_w < all_w - GAP_W:
        return 1
    return claim.conductors


def _fits(claim: Claim, limits: Limits) -> bool:
    """Whether the least on all phases fits where only one is in use; else it would be stopped."""
    for node in claim.path:
        room = limits.room[node]
        if any(room[p] < claim.floor for p in claim.device.phases):
            return False
        if room[3] < claim.floor * len(claim.device.phases) * claim.high_mv // 1_000_000:
            return False
    return True
