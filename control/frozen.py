"""Whether a meter stands still although it answers.

A living meter never says the same twice for long: voltages wander by tenths of a volt every second. Readings that were
all said before, one after the other for some seconds, come from a device or a gateway that repeats itself. A meter
that tells no fine voltage may repeat itself in a quiet house; the longest it has done so while it lived says how long
it may. And any meter is found out by the others: what is measured behind it has moved and it has not.
"""

from control.values import NEVER, Still
from hal.values import Reading

MARKS = 32  # readings remembered
ALONE_MS = 8_000  # of repeated readings and nothing else to go by: with the car's answer it fits a fuse at 1.5 In
ALONE_SAME = 6
QUIET_TIMES = 2  # a meter that may repeat itself: times the longest it did so while it lived
QUIET_MOST_MS = 300_000
FORGETS = 600  # a quiet minute is forgotten in ten hours
IDLE_W = 100  # nothing flows: nothing can change, but for voltages
WHOLE_MV = 1_000  # a meter that tells whole volts only may well repeat them
NEAR_W, NEAR_MA, NEAR_PERMILLE = 30, 150, 5  # the noise of a meter, that may go on while its measurement stands still
FROZEN_MOVE_W = 300  # the least the others must have moved when every reading is the same
NEAR_MOVE_W = 450  # and when it is only near
FROZEN_SAME = 3
FROZEN_MS = 5_000  # and for how long, so that a late answer is no frozen one
LATE_MS = 2_000  # the others may tell so late of what the meter has shown already
PRIME = 16_777_213  # below 2 ** 24

NEW_STILL = Still((), 0, NEVER, 0, (0, 0, 0, 0), NEVER, None, NEVER, False)


def heard(still: Still, reading: Reading, flow: "tuple[int, int, int, int]", since_ms: int) -> Still:
    """After one more reading that can be true; `since_ms` is when the one before it was read."""
    mark = _mark(reading, flow)
    repeated = mark in still.marks
    same = still.same + 1 if repeated else 0
    first_ms = (since_ms if still.first_ms == NEVER else still.first_ms) if repeated else NEVER
    quiet_ms = max(still.quiet_ms - (reading.t_ms - since_ms) // FORGETS, 0)
    if not repeated and still.first_ms != NEVER:
        quiet_ms = max(quiet_ms, min(since_ms - still.first_ms, QUIET_MOST_MS))
    near = still.anchor_ms != NEVER and _near(still.anchor, flow)
    stuck = still.stuck and (repeated or (near and not still.same))
    return Still((mark,) + still.marks[:MARKS - 1], same, first_ms, quiet_ms, still.anchor if near else flow,
                 still.anchor_ms if near else reading.t_ms, still.mark_w if near else None,
                 still.moved_ms if near else NEVER, stuck)


def judged(still: Still, reading: Reading, flow: "tuple[int, int, int, int]", others_w: int, told_ms: int,
           now_ms: int) -> Still:
    """Whether it stands still, when the others behind it draw `others_w`, each heard at `told_ms` or later."""
    mark_w, moved_ms = still.mark_w, NEVER
    if mark_w is None or told_ms == NEVER:
        mark_w = others_w if told_ms >= still.anchor_ms + LATE_MS else None
    elif abs(others_w - mark_w) > (FROZEN_MOVE_W if still.same >= FROZEN_SAME else NEAR_MOVE_W):
        moved_ms = now_ms if still.moved_ms == NEVER else still.moved_ms
    stuck = (still.stuck or _alone(still, reading, flow)
             or (moved_ms != NEVER and now_ms - moved_ms >= FROZEN_MS and reading.t_ms >= moved_ms))
    if still.mark_w == mark_w and still.moved_ms == moved_ms and still.stuck == stuck:
        return still
    return Still(still.marks, still.same, still.first_ms, still.quiet_ms, still.anchor, still.anchor_ms, mark_w,
                 moved_ms, stuck)


def _alone(still: Still, reading: Reading, flow: "tuple[int, int, int, int]") -> bool:
    """By its own words only."""
    if still.same < ALONE_SAME:
        return False
    lasted_ms = reading.t_ms - still.first_ms
    if _fine(reading):
        return lasted_ms >= ALONE_MS
    return abs(flow[3]) >= IDLE_W and lasted_ms >= max(ALONE_MS, QUIET_TIMES * still.quiet_ms)


def _fine(reading: Reading) -> bool:
    volts = reading.voltage_mv
    return volts is not None and any([mv % WHOLE_MV for mv in volts])


def _near(anchor: "tuple[int, int, int, int]", flow: "tuple[int, int, int, int]") -> bool:
    for k in range(4):
        if abs(flow[k] - anchor[k]) > (NEAR_MA if k < 3 else NEAR_W) + abs(anchor[k]) * NEAR_PERMILLE // 1_000:
            return False
    return True


def _mark(reading: Reading, flow: "tuple[int, int, int, int]") -> int:
    """A number for all it says of this moment: equal ones are taken for the same reading."""
    mark = 0
    for number in flow:
        mark = (mark * 31 + number) % PRIME
    for vector in (reading.voltage_mv, reading.power_w):
        if vector is not None:
            for number in vector:
                mark = (mark * 31 + number) % PRIME
    return mark
