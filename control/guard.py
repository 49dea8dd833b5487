"""The last word: adds up once more what every load may draw, at each node and on each phase, and only shrinks.

Two sums must fit. What is granted now, with what loads draw that do not obey: else loads come down, the lowest
priority first, all to their least before one is stopped. And what may flow until every lowered load has followed:
else nothing rises.
"""

from control import reasons
from control.claims import Claim
from control.limits import Limits
from control.values import NONE
from control.vectors import add, minus, most
from control.wiring import NO_LIMIT


class _Tally:
    """What each claim may draw, and the sums over the tree."""

    __slots__ = ("claims", "later", "room", "sums", "uses")

    def __init__(self, claims: "tuple[Claim, ...]", limits: Limits) -> None:
        self.claims = claims
        self.room = limits.room
        self.uses = [claim.held if claim.stuck else claim.usage(claim.level) for claim in claims]
        self.sums = [[0, 0, 0, 0] for _ in limits.room]  # under these grants
        for claim, use in zip(claims, self.uses):
            add(self.sums, claim.path, use)
        self.later = [list(here) for here in self.sums]  # until each has followed
        for claim, use in zip(claims, self.uses):
            if claim.held != use:
                add(self.later, claim.path, _beyond(claim, use))

    def fits(self, node: int) -> bool:
        """Whether what may flow does, and so what is granted, which is never more."""
        later, room = self.later[node], self.room[node]
        return later[0] <= room[0] and later[1] <= room[1] and later[2] <= room[2] and later[3] <= room[3]

    def excess(self, node: int, k: int) -> int:
        return self.sums[node][k] - self.room[node][k]

    def waits(self, node: int, k: int) -> bool:
        return self.later[node][k] > self.room[node][k]

    def changed(self, index: int) -> None:
        """Reckons the claim anew."""
        claim, use = self.claims[index], self.uses[index]
        self.uses[index] = new = claim.usage(claim.level)
        add(self.sums, claim.path, minus(new, use))
        add(self.later, claim.path, minus(most(claim.held, new), most(claim.held, use)))


def guard(claims: "tuple[Claim, ...]", limits: Limits) -> "list[list[int]]":
    """Shrinks the claims; returns by node what they may draw now, in mA on L1, L2, L3, then W."""
    before = [abs(claim.watts(claim.level)) for claim in claims]
    tally = _Tally(claims, limits)
    for node in range(len(limits.room)):
        if tally.fits(node):
            continue
        for k in range(4):
            if tally.excess(node, k) > 0:
                _shed(tally, limits, node, k)
            if tally.excess(node, k) > 0:
                _tell(tally, limits, node, k)
            if tally.waits(node, k) and limits.names[node][k == 3] != reasons.PEAK:  # a mean waits for nobody
                _hold(tally, node, k)
    uneven = [node for node in range(len(limits.room)) if limits.imbalance_ma[node]]
    for _ in claims:  # what evens one node may upset another
        if not any([_even(tally, limits, node) for node in uneven]):
            break
    for claim, was_w in zip(claims, before):
        assert abs(claim.watts(claim.level)) <= was_w
    return tally.sums


def _shed(tally: _Tally, limits: Limits, node: int, k: int) -> None:
    """From the lowest priority up: all to their least, then off."""
    for stop in (False, True):
        for index in range(len(tally.claims) - 1, -1, -1):
            claim, use, excess = tally.claims[index], tally.uses[index], tally.excess(node, k)
            if excess <= 0:
                return
            if claim.stuck or use[k] <= 0 or node not in claim.path:
                continue
            room = list(use)
            room[k] = max(use[k] - excess, 0)
            level = claim.within(room)[0]
            if level < claim.floor:
                level = 0 if stop else claim.floor
            _bind(claim, level, limits, node, k)
            tally.changed(index)


def _bind(claim: Claim, level: int, limits: Limits, node: int, k: int) -> None:
    reason = limits.names[node][0 if k < 3 else 1]
    claim.bind(level, reason, node if reason != reasons.OPERATOR else NONE, k if k < 3 else NONE)


def _tell(tally: _Tally, limits: Limits, node: int, k: int) -> None:
    """Nothing else is left: those that do not obey are told what would fit, for when they do."""
    for claim in tally.claims:
        if claim.stuck and node in claim.path:
            room = [NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT]
            room[k] = max(claim.held[k] - tally.excess(node, k), 0)
            _bind(claim, claim.within(room)[0], limits, node, k)


def _hold(tally: _Tally, node: int, k: int) -> None:
    """Those that rise wait for those that come down, the lowest priority first."""
    for index in range(len(tally.claims) - 1, -1, -1):
        claim = tally.claims[index]
        if not claim.stuck and tally.uses[index][k] > claim.granted[k] and node in claim.path:
            # back to what was granted before; a change of phases is put off
            claim.set_conductors(claim.state.conductors)
            claim.ask(max(min(claim.level, claim.state.level), 0), reasons.OTHERS_LOWER,
                      node if node < len(tally.room) - 1 else NONE, k if k < 3 else NONE)
            tally.changed(index)
            if not tally.waits(node, k):
                return


def _even(tally: _Tally, limits: Limits, node: int) -> bool:
    """Loads on the fullest phase, not on the emptiest, come down until both are near enough; True if some did."""
    changed = False
    here = tally.sums[node]
    for index in range(len(tally.claims) - 1, -1, -1):
        claim, use = tally.claims[index], tally.uses[index]
        most, least = max(here[0], here[1], here[2]), min(here[0], here[1], here[2])
        excess = most - least - limits.imbalance_ma[node]
        if excess <= 0:
            break
        full, empty = here.index(most), here.index(least)
        if claim.stuck or node not in claim.path or use[full] <= use[empty]:
            continue
        room = list(use)
        room[full] = max(use[full] - excess, 0)
        claim.bind(claim.within(room)[0], reasons.IMBALANCE, node, full)
        tally.changed(index)
        changed = True
    return changed


def _beyond(claim: Claim, use: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    """What a claim may still be drawing above what it is granted."""
    return minus(most(claim.held, use), use)
