"""Peak shaving: the mean import of a quarter of an hour stays below what the owner pays his grid fee for.

Measured is the import at the house connection, as the meter's counter sees it: what is fed in meanwhile does not make
up for it. Either the quarters of the clock count, as long as the time of day is known, or any quarter of an hour
(sliding). What of it was not used yet may be used in its rest, so a short peak costs nothing. What was not seen of it
counts as used up. Storage gives first, then loads come down in the order of shedding.
"""

from control import reasons
from control.claims import Claim
from control.storage import serves_peaks
from control.surplus import drawn_w
from control.values import NEVER, NONE, Peak, Sense, Shave
from control.wiring import NO_LIMIT

QUARTER_MS = 900_000
SLOT_MS = 30_000
SLOTS = 30  # of a sliding quarter
AHEAD = 20  # slots that what is left of a sliding quarter must last for: the house may draw more later
LAST_MS = 20_000  # a rest is never reckoned shorter: readings and loads lag
MARGIN_PERMILLE = 20  # kept free of it
MOST_TIMES = 2  # as much power at once, however little was used before

NEW_SHAVE = Shave(NEVER, 0, NONE, 0, (), 0)


def counted(peak: "Peak | None", before: Shave, grid: "Sense | None", day_ms: int, now_ms: int) -> Shave:
    """After the time since the last step, at the power that was read last."""
    if peak is None:
        return before
    first = before.t_ms == NEVER
    since_ms = 0 if first else now_ms - before.t_ms
    drawn = before.import_w * since_ms
    import_w = max(grid.flow[3], 0) if grid is not None and grid.believed else before.import_w
    quarter = NONE if day_ms == NONE else day_ms // QUARTER_MS
    used = before.used + drawn
    if quarter != before.quarter or first:
        into_ms = day_ms % QUARTER_MS
        seen_ms = min(into_ms, since_ms)
        used = before.import_w * seen_ms + peak.power_w * (into_ms - seen_ms)
    return Shave(now_ms, import_w, quarter, used, _slots(peak, before, drawn, now_ms), now_ms // SLOT_MS)


def _slots(peak: Peak, before: Shave, drawn: int, now_ms: int) -> "tuple[int, ...]":
    """Energy of the newest slots, the one at work first, in W ms."""
    if not peak.sliding:
        return ()
    if not before.slots:
        return (0,) + (peak.power_w * SLOT_MS,) * (SLOTS - 1)
    passed = min(now_ms // SLOT_MS - before.slot, SLOTS)
    return ((0,) * passed + (before.slots[0] + drawn,) + before.slots[1:])[:SLOTS]


def allowed_w(peak: "Peak | None", shave: Shave, day_ms: int, now_ms: int) -> int:
    """What may be imported now, if it stays so; NO_LIMIT where nothing is shaved."""
    if peak is None:
        return NO_LIMIT
    budget = peak.power_w * (QUARTER_MS - QUARTER_MS * MARGIN_PERMILLE // 1_000)
    most_w = MOST_TIMES * peak.power_w
    if not peak.sliding:
        if day_ms == NONE:
            return peak.power_w - peak.power_w * MARGIN_PERMILLE // 1_000
        left_ms, next_ms = QUARTER_MS - day_ms % QUARTER_MS, 0
        if left_ms < LAST_MS:  # its last seconds are one with the first of the next
            left_ms, next_ms = LAST_MS, LAST_MS - left_ms
        return max(min((budget - shave.used + budget * next_ms // QUARTER_MS) // left_ms, most_w), 0)
    spent, left_ms = sum(shave.slots), SLOT_MS - now_ms % SLOT_MS
    for ahead in range(1, AHEAD + 1):  # the slot at work was planned for while it was the next
        spent -= shave.slots[SLOTS - ahead]
        most_w = min(most_w, (budget - spent) // (left_ms + ahead * SLOT_MS))
    return max(most_w, 0)


def support_w(peak: "Peak | None", claims: "tuple[Claim, ...]") -> int:
    """What storage can give against a peak."""
    if peak is None:
        return 0
    return sum([claim.give_w for claim in claims if serves_peaks(claim)])


def not_on_storage(claims: "tuple[Claim, ...]", room_w: int) -> "list[int]":
    """Nothing starts nor rises on what storage gives against a peak: it would be emptied into a load that then stops.
    Returns which came down for that.

    `room_w`: what all loads may take without that; what fills the storage makes way for them.
    """
    over_w = sum([claim.held[3] if claim.stuck else claim.watts(claim.level) for claim in claims
                  if claim.kind != "storage"]) - room_w
    out: "list[int]" = []
    for index in range(len(claims) - 1, -1, -1):
        claim, was = claims[index], max(claims[index].state.level, 0)
        if over_w <= 0:
            break
        if claim.stuck or claim.kind == "storage" or claim.level <= was:
            continue
        before_w = claim.watts(claim.level)
        level = max(claim.of_watts(max(before_w - over_w, 0)), was)
        claim.bind(level if level >= claim.floor else was, reasons.PEAK, 0)
        over_w -= before_w - claim.watts(claim.level)
        out.append(index)
    return out


def excess_w(peak: "Peak | None", shave: Shave, may_w: int, claims: "tuple[Claim, ...]", t_ms: int) -> int:
    """What is imported beyond it if storage stood still; negative: what may be imported still."""
    if peak is None:
        return -NO_LIMIT
    return shave.import_w - may_w - sum([drawn_w(claim, t_ms) for claim in claims if claim.kind == "storage"])
