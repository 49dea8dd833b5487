"""What the grid operator demands at this moment, from whatever side it was told.

Obligations come from outside (a command, a control box on the network) and from contacts. Contacts that are not heard,
or say what they cannot, demand the least they ever may, but for those whose owner has said otherwise: lost input is
limited. So does one whose wire is broken, alone. Several may be in force; the lowest ceiling of a direction counts.
"""

from control import reasons
from control.claims import Claim
from control.generation import Cap
from control.health import doubt
from control.values import NONE, PRODUCE, Obeyed, Obligation, Prices, Sense, Site, Snapshot
from control.wiring import Wiring
from hal.values import Reading

FREE = "free"  # what contacts say while they demand nothing
BROKEN = "!"  # behind the word of one that has to be taken for demanding: it stands as it cannot


def obligations(site: Site, wired: Wiring, senses: "tuple[Sense, ...]", snapshot: Snapshot) -> "tuple[Obligation, ...]":
    """All that are in force."""
    out = [one for one in snapshot.obligations if one.until_ms == NONE or snapshot.now_ms < one.until_ms]
    for index in wired.signals:
        device = site.devices[index]
        for direction, ceiling_w in _told(device.ability.signals, senses[index]):
            out.append(Obligation(direction, ceiling_w, NONE, device.name))
    return tuple(out)


def ceiling_w(obliged: "tuple[Obligation, ...]", direction: str) -> int:
    """The lowest of a direction; NONE when there is none."""
    ceilings_w = [one.ceiling_w for one in obliged if one.direction == direction]
    return min(ceilings_w) if ceilings_w else NONE


def cap(site: Site, obliged: "tuple[Obligation, ...]", prices: "Prices | None", now_ms: int) -> Cap:
    """Highest feed-in; nothing while feeding in costs money."""
    power_w, reason = site.feed_in_w, reasons.FEED_IN
    told_w = ceiling_w(obliged, PRODUCE)
    if told_w != NONE and (power_w == NONE or told_w < power_w):
        power_w, reason = told_w, reasons.OPERATOR
    known = prices is not None and now_ms < prices.until_ms
    if power_w != 0 and prices is not None and known and prices.export is not None and prices.export < 0:
        power_w, reason = 0, reasons.EXPORT_COSTS
    return Cap(power_w, reason)


def obeyed(obliged: "tuple[Obligation, ...]", grid: "Sense | None", over: int, claims: "tuple[Claim, ...]") -> Obeyed:
    """`over`: the place of the operator's ceiling among the limits of a claim.

    BK6-22-300 does not say whose the current from the grid is when the roof feeds the house too: all of it is reckoned
    to the controllable loads, as far as they draw so much.
    """
    if grid is None or not grid.believed:
        return Obeyed(obliged, None, None)
    group_w = 0
    for claim in claims:
        if over in claim.path:
            if claim.silent or not claim.able.measured:
                group_w += claim.held[3]
            else:
                group_w += max(claim.drawn[3], 0)
    return Obeyed(obliged, min(max(grid.flow[3], 0), group_w), max(-grid.flow[3], 0))


def is_broken(sense: Sense) -> bool:
    """Whether one of its contacts stands as it cannot."""
    return sense.believed and any([word.endswith(BROKEN) for word in said(sense.good)])


def said(good: "Reading | None") -> "list[str]":
    """The words that contacts say; [] while they are not known."""
    return [] if good is None or good.state is None else good.state.split("+")


def _told(signals: "tuple[tuple[str, str, int, bool], ...]", sense: Sense) -> "list[tuple[str, int]]":
    words = said(sense.good)
    known = [word for word, _, _, _ in signals] + [FREE]
    lost = doubt(sense) != 0 or not words or any([word.rstrip(BROKEN) not in known for word in words])
    out: "list[tuple[str, int]]" = []
    for word, direction, watts, holds in signals:
        demanded = (lost or word + BROKEN in words) if holds else False
        if demanded or (word in words and not lost):
            out.append((direction, watts))
    return out
