"""Down the tree: what each load may have of what it wants, under every limit above it.

First each load its least, in the order of priority, so that all are reduced before one is stopped; then the
rest in that order, to loads of one priority in equal parts. What a load may be drawing that does not answer or
obey is never given away.
"""

from control import reasons
from control.claims import Claim
from control.limits import Limits
from control.values import NONE
from control.vectors import NOTHING, add, minus, negative
from control.wiring import NO_LIMIT, kept

_UNEVEN = NONE - 1  # less the node: its imbalance binds


class Room:
    """What is left at each node while it is given away. Vectors: mA on L1, L2, L3, then W."""

    __slots__ = ("_export", "_limits", "_room", "_sums")

    def __init__(self, limits: Limits, claims: "tuple[Claim, ...]") -> None:
        self._limits = limits
        self._room = [list(room) for room in limits.room]
        self._export = [list(room) + [NO_LIMIT] for room in limits.export_ma]
        self._sums = [[0, 0, 0] for _ in limits.room]  # given on each phase, for the imbalance
        for claim in claims:
            if claim.stuck:
                self.take(claim, claim.held)
                if claim.stands_w < 0:
                    self.take(claim, negative(claim.usage(-claim.stands_w)))

    def take(self, claim: Claim, use: "tuple[int, int, int, int]") -> None:
        """What is sent out (-) takes from the way out and leaves the way in as it is."""
        l1_ma, l2_ma, l3_ma, power_w = use
        rooms = self._room if power_w >= 0 else self._export
        for node in claim.path:
            room, sums = rooms[node], self._sums[node]
            room[0] -= abs(l1_ma)
            room[1] -= abs(l2_ma)
            room[2] -= abs(l3_ma)
            if power_w > 0:
                room[3] -= power_w
            sums[0] += l1_ma
            sums[1] += l2_ma
            sums[2] += l3_ma

    def take_all(self, claims: "list[Claim]") -> bool:
        """Takes what all ask for, if it fits as it is."""
        sums = [[0, 0, 0, 0] for _ in self._room]
        for claim in claims:
            add(sums, claim.path, claim.usage(claim.level))
        for node, here in enumerate(sums):
            room, given, bound_ma = self._room[node], self._sums[node], self._limits.imbalance_ma[node]
            for k in range(4):
                if here[k] and here[k] > room[k]:
                    return False
            if bound_ma:
                spread = (here[0] + given[0], here[1] + given[1], here[2] + given[2])
                if max(spread) - min(spread) > bound_ma:
                    return False
        for node, here in enumerate(sums):
            room, given = self._room[node], self._sums[node]
            for k in range(4):
                room[k] -= here[k]
            for p in range(3):
                given[p] += here[p]
        return True

    def fit(self, claim: Claim, level: int, had: "tuple[int, int, int, int]",
            users: "list[list[int]] | None" = None) -> "tuple[int, int, int, int]":
        """(highest level not above `level`, and what binds it: reason, node, phase).

        `had` is what the claim has taken already; of the rest it sees its part where `users` share.
        """
        use = claim.usage(level)
        if users is None and self._passes(claim, minus(use, had)):
            return level, 0, NONE, NONE
        seen, where = self._seen(claim, self._room, had, users, 1)
        if use[0] <= seen[0] and use[1] <= seen[1] and use[2] <= seen[2] and use[3] <= seen[3]:
            return level, 0, NONE, NONE
        best, k = claim.within(seen)
        node = where[k]
        if node < NONE:
            return min(level, best), reasons.IMBALANCE, _UNEVEN - node, k
        reason = self._limits.names[node][0 if k < 3 else 1]
        return min(level, best), reason, node if reason != reasons.OPERATOR else NONE, k if k < 3 else NONE

    def fit_out(self, claim: Claim, level: int) -> "tuple[int, int, int, int]":
        """The same for a storage that discharges."""
        seen, where = self._seen(claim, self._export, NOTHING, None, -1)
        use = claim.usage(-level)
        if use[0] <= seen[0] and use[1] <= seen[1] and use[2] <= seen[2]:
            return level, 0, NONE, NONE
        best, k = claim.within(seen)
        node = where[k]
        if node < NONE:
            return -min(-level, best), reasons.IMBALANCE, _UNEVEN - node, k
        return -min(-level, best), reasons.EXPORT_FUSE, node, k

    def _seen(self, claim: Claim, rooms: "list[list[int]]", had: "tuple[int, int, int, int]",
              users: "list[list[int]] | None", sign: int) -> "tuple[list[int], list[int]]":
        """(room on the whole way, the node that binds each; _UNEVEN - node where its imbalance does)."""
        l1_ma, l2_ma, l3_ma, power_w = NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT
        where = [NONE, NONE, NONE, NONE]
        for node in claim.path:
            here = rooms[node] if users is None else _part(rooms[node], users[node])
            if here[0] + had[0] < l1_ma:
                l1_ma, where[0] = here[0] + had[0], node
            if here[1] + had[1] < l2_ma:
                l2_ma, where[1] = here[1] + had[1], node
            if here[2] + had[2] < l3_ma:
                l3_ma, where[2] = here[2] + had[2], node
            if here[3] + had[3] < power_w:
                power_w, where[3] = here[3] + had[3], node
        seen = [l1_ma, l2_ma, l3_ma, power_w]
        if len(claim.active) < 3:
            for node in claim.path:
                if self._limits.imbalance_ma[node]:
                    self._even(claim, node, had, sign, seen, where)
        return seen, where

    def _even(self, claim: Claim, node: int, had: "tuple[int, int, int, int]", sign: int, seen: "list[int]",
              where: "list[int]") -> None:
        """What the imbalance of a node leaves to a claim that is not on all phases."""
        sums, active = self._sums[node], claim.active
        most = self._limits.imbalance_ma[node] + min([sign * sums[p] for p in range(3) if p not in active])
        for p in active:
            left = most - sign * sums[p] + had[p]
            if left < seen[p]:
                seen[p], where[p] = left, _UNEVEN - node

    def _passes(self, claim: Claim, more: "tuple[int, int, int, int]") -> bool:
        """Whether so much more fits on the whole way, as far as that is quickly told."""
        l1_ma, l2_ma, l3_ma, power_w = more
        some = len(claim.active) < 3
        for node in claim.path:
            room, bound_ma = self._room[node], self._limits.imbalance_ma[node] if some else 0
            if l1_ma > room[0] or l2_ma > room[1] or l3_ma > room[2] or power_w > room[3]:
                return False
            if bound_ma:
                sums = self._sums[node]
                l1, l2, l3 = sums[0] + l1_ma, sums[1] + l2_ma, sums[2] + l3_ma
                if max(l1, l2, l3) - min(l1, l2, l3) > bound_ma:
                    return False
        return True


def _part(room: "list[int]", users: "list[int]") -> "list[int]":
    """What is left at a node, in equal parts."""
    l1, l2, l3, all_ = users
    return [room[0] // l1 if l1 > 1 else room[0], room[1] // l2 if l2 > 1 else room[1],
            room[2] // l3 if l3 > 1 else room[2], room[3] // all_ if all_ > 1 else room[3]]


def allocate(claims: "tuple[Claim, ...]", limits: Limits) -> None:
    """Lowers each claim to what fits."""
    if any(limits.severity):
        for claim in claims:
            _relieve(claim, limits)
    room = Room(limits, claims)
    asking = [claim for claim in claims if claim.level > 0 and not claim.stuck]
    if not room.take_all(asking):
        _divide(room, asking, len(limits.room))
    for claim in claims:
        if claim.level < 0 and not claim.stuck:
            level, reason, node, phase = room.fit_out(claim, claim.level)
            if level > claim.level:
                claim.ask(level, reason, node, phase)
            room.take(claim, negative(claim.usage(-claim.level)))


def _divide(room: Room, asking: "list[Claim]", nodes: int) -> None:
    """There is not enough for all."""
    served = []
    for first, last in _groups(asking):
        for running in (True, False):
            for claim in asking[first:last]:
                if claim.running == running and _least(room, claim):
                    served.append(claim)
    for first, last in _groups(served):
        _fill(room, served[first:last], nodes)


def _relieve(claim: Claim, limits: Limits) -> None:
    """An overloaded fuse sheds at once, without asking who caused it."""
    for node in claim.path:
        severity = limits.severity[node]
        if severity and claim.level > 0:
            claim.bind(0 if severity > 1 else min(claim.floor, claim.state.level), reasons.OVERLOAD, node)


def _groups(claims: "list[Claim]") -> "list[tuple[int, int]]":
    """(first, behind the last) of each run that is shed together."""
    out, first, order = [], 0, [kept(claim.device) for claim in claims]
    for index in range(1, len(claims) + 1):
        if index == len(claims) or order[index] != order[first]:
            out.append((first, index))
            first = index
    return out


def _least(room: Room, claim: Claim) -> bool:
    """Takes the least for the claim; without it the claim gets nothing."""
    least = min(claim.floor, claim.level)
    level, reason, node, phase = room.fit(claim, least, NOTHING)
    if level < least:
        claim.bind(level, reason, node, phase)
        return False
    room.take(claim, claim.usage(least))
    return True


def _fill(room: Room, group: "list[Claim]", nodes: int) -> None:
    """Between its least and what it wants: equal parts, and in a second round what the others left."""
    if len(group) == 1:
        _raise(room, group[0], group[0].level, min(group[0].floor, group[0].level), None)
        return
    group = sorted(group, key=_order)
    asked = [(claim.level, claim.reason) for claim in group]
    users = [[0, 0, 0, 0] for _ in range(nodes)]
    for claim in group:
        _count(users, claim, 1)
    for claim in group:
        _raise(room, claim, claim.level, min(claim.floor, claim.level), users)
        _count(users, claim, -1)
    for claim, (level, reason) in zip(group, asked):
        if claim.level < level:
            had = claim.level
            claim.ask(level, reason)
            _raise(room, claim, level, had, None)


def _raise(room: Room, claim: Claim, want: int, had: int, users: "list[list[int]] | None") -> None:
    if want == had:
        return
    had_use = claim.usage(had)
    level, reason, node, phase = room.fit(claim, want, had_use, users)
    claim.bind(max(level, had), reason, node, phase)
    if claim.level != had:
        room.take(claim, minus(claim.usage(claim.level), had_use))


def _order(claim: Claim) -> "tuple[int, int]":
    return claim.watts(claim.level), claim.index  # of equals the first: a board sorts without keeping their order


def _count(users: "list[list[int]]", claim: Claim, by: int) -> None:
    for node in claim.path:
        here = users[node]
        here[3] += by
        for p in claim.active:
            here[p] += by
