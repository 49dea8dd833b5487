"""The last word: adds up once more what every load may draw, at each node and on each phase, and only shrinks.

Two sums must fit. What is granted now, with what loads draw that do not obey: else loads come down, the lowest
priority first, all to their least before one is stopped. And what may flow until every lowered load has followed:
else nothing rises.
"""

from control import reasons
from control.claims import Claim
from control.limits import Limits
from control.values import NONE
from control.wiring import NO_LIMIT


class _Tally:
    """What each claim may draw, and the sums over the tree."""

    __slots__ = ("claims", "later", "room", "sums", "uses")

    def __init__(self, claims: "tuple[Claim, ...]", limits: Limits) -> None:
        self.claims = claims
        self.room = limits.room
        self.uses = [claim.held if claim.stuck else claim.usage(claim.level) for claim in claims]
        self.sums = [[0, 0, 0, 0] for _ in limits.room]  # under these grants
        self.later = [[0, 0, 0, 0] for _ in limits.room]  # until each has followed
        for claim, use in zip(claims, self.uses):
            _add(self.sums, claim, use, 1)
            _add(self.later, claim, _most(claim.held, use), 1)

    def excess(self, node: int, k: int) -> int:
        return self.sums[node][k] - self.room[node][k]

    def waits(self, node: int, k: int) -> bool:
        return self.later[node][k] > self.room[node][k]

    def changed(self, index: int) -> None:
        """Reckons the claim anew."""
        claim, use = self.claims[index], self.uses[index]
        self.uses[index] = new = claim.usage(claim.level)
        _add(self.sums, claim, use, -1)
        _add(self.sums, claim, new, 1)
        _add(self.later, claim, _most(claim.held, use), -1)
        _add(self.later, claim, _most(claim.held, new), 1)


def guard(claims: "tuple[Claim, ...]", limits: Limits) -> "list[list[int]]":
    """Shrinks the claims; returns by node what they may draw now, in mA on L1, L2, L3, then W."""
    before = [abs(claim.watts(claim.level)) for claim in claims]
    tally = _Tally(claims, limits)
    for node in range(len(limits.room)):
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
        if not tally.waits(node, k):
            return
        claim = tally.claims[index]
        if not claim.stuck and node in claim.path and tally.uses[index][k] > claim.granted[k]:
            # back to what was granted before; a change of phases is put off
            claim.set_conductors(claim.state.conductors)
            claim.ask(max(min(claim.level, claim.state.level), 0), reasons.OTHERS_LOWER,
                      node if node < len(tally.room) - 1 else NONE, k if k < 3 else NONE)
            tally.changed(index)


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


def _add(sums: "list[list[int]]", claim: Claim, use: "tuple[int, int, int, int]", sign: int) -> None:
    for node in claim.path:
        here = sums[node]
        here[0] += sign * use[0]
        here[1] += sign * use[1]
        here[2] += sign * use[2]
        here[3] += sign * use[3]


def _most(a: "tuple[int, int, int, int]", b: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    return (a[0] if a[0] > b[0] else b[0], a[1] if a[1] > b[1] else b[1], a[2] if a[2] > b[2] else b[2],
            a[3] if a[3] > b[3] else b[3])
