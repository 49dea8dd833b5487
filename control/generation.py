"""Generators that can be limited: no more is fed in than allowed, and nothing is thrown away that somebody can use.

What may be made is what may be fed in, what the house takes, and what storage could still take: it needs a moment to
follow a growing roof, and the limit must not stand in its way. Reckoned anew from each reading, not from the limit
before, so that a slow inverter does not swing. What a limited generator could make is not seen: it is remembered, and
slowly taken for more, so that loads try it.
"""

from collections import namedtuple

from control import reasons
from control.claims import Claim
from control.ramp import LONGEST_MS
from control.reserve import FOLLOWS_MS
from control.storage import takes_more_w
from control.surplus import smooth
from control.values import NEVER, NONE, Feed, Generator, Grant, Sense, Site
from control.wiring import NO_LIMIT, Wiring
from hal.values import ZERO, Setpoint

MARGIN_W = 20  # below what is allowed: meters and inverters are no finer
RAISE_PERMILLE = 30  # of the rated power and second
STILL_PERMILLE = 10  # of the rated power: not lowered for less, while no more than allowed is fed in
CLOSE_W, CLOSE_PERMILLE = 20, 10  # so near its limit an inverter is held by it
NEED_MS = 10_000  # a house that takes less for so long is not waited for
OVER_W, OVER_PERMILLE = 30, 10  # above what is allowed
OVER_MS = 5_000  # storage that has not taken it by then will not ...
SHY_MS = 60_000  # ... and is not waited for again so soon
STEP_MS = 2_000  # a raise is for so long at most, however long nothing was raised
HIGH_MS = 30_000  # then it is an alarm
GUESS_MS = 1_800_000  # in which what a limited generator could make is thought to grow by its rated power

NO_FEED = Feed(NEVER, 0, NEVER, NEVER)


class Cap(namedtuple("Cap", ("power_w", "reason"))):
    """Highest feed-in, and why (control.reasons)."""

    __slots__ = ()
    power_w: int  # NONE = not limited
    reason: int


def hidden_w(wired: Wiring, generators: "tuple[Generator | None, ...]", senses: "tuple[Sense, ...]") -> int:
    """What limited generators could make more."""
    out_w = 0
    for index in wired.inverters:
        generator = generators[index]
        assert generator is not None
        if senses[index].believed:
            out_w += max(generator.could_mw // 1_000 - made_w(senses[index]), 0)
    return out_w


def made_w(sense: Sense) -> int:
    """What a generator makes, as a positive power."""
    return max(-sense.flow[3], 0)


def feed(wired: Wiring, before: Feed, senses: "tuple[Sense, ...]", grid: "Sense | None", cap: Cap) -> Feed:
    """After this step's reading of the grid."""
    if grid is None or not grid.believed or grid.good is None or grid.good.t_ms == before.used_ms:
        return before
    t_ms, need_mw = grid.good.t_ms, 1_000 * _need_w(wired, senses, grid)
    if before.used_ms != NEVER:
        need_mw = smooth(before.need_mw, need_mw // 1_000, max(t_ms - before.used_ms, 0), NEED_MS)
    over = cap.power_w != NONE and -grid.flow[3] > cap.power_w + OVER_W + cap.power_w * OVER_PERMILLE // 1_000
    over_ms = (t_ms if before.over_ms == NEVER else before.over_ms) if over else NEVER
    return Feed(t_ms, need_mw, over_ms, t_ms if over and t_ms - over_ms >= OVER_MS else before.shy_ms)


def feeds_too_much(fed: Feed, now_ms: int) -> bool:
    return fed.over_ms != NEVER and now_ms - fed.over_ms >= HIGH_MS


def limited(site: Site, wired: Wiring, before: "tuple[Generator | None, ...]", fed: Feed, senses: "tuple[Sense, ...]",
            claims: "tuple[Claim, ...]", grid: "Sense | None", cap: Cap, news: bool,
            since_ms: int, now_ms: int) -> "tuple[tuple[Generator | None, ...], tuple[tuple[int, Grant], ...]]":
    """What each generator may make: (device, grant). `news`: nothing was lost just now; `since_ms`: the last step."""
    if not wired.inverters:
        return before, ()
    blind = grid is None or not grid.believed
    spare_w = takes_more_w(claims, now_ms)
    shy = fed.shy_ms != NEVER and now_ms - fed.shy_ms < SHY_MS
    budget_w = _budget_w(wired, fed, senses, 0 if shy else spare_w, grid, cap)
    waits = spare_w > 0 and fed.over_ms != NEVER and now_ms - fed.over_ms < OVER_MS and not blind
    calm_w = 0 if blind or grid is None or fed.over_ms != NEVER else fed.need_mw // 1_000 - _need_w(wired, senses, grid)
    after, grants = list(before), []
    calm = dict(_shares(site, wired, before, budget_w + max(calm_w, 0)))
    for index, share_w in _shares(site, wired, before, budget_w):
        generator, rated_w = before[index], -site.devices[index].ability.min_w
        assert generator is not None
        could_mw = _could_mw(site, index, generator, senses[index], since_ms)
        if blind or not news:
            share_w = min(share_w, generator.limit_w)
        if share_w < generator.limit_w:  # a house that takes less for a moment is waited for
            share_w = generator.limit_w if waits else min(calm[index], generator.limit_w)
        limit_w = _ramped(site, index, generator, share_w, fed.over_ms != NEVER or blind, now_ms)
        after[index] = Generator(limit_w, generator.changed_ms if limit_w == generator.limit_w else now_ms, could_mw)
        reason = reasons.GENERATES
        if limit_w < rated_w:
            reason = reasons.METER_LOST if blind else cap.reason if share_w < rated_w else reasons.RAMP
        grants.append((index, Grant(Setpoint(ZERO, -limit_w), Setpoint(ZERO, -rated_w), reason,
                                    0 if reason == reasons.METER_LOST else NONE, NONE)))
    return tuple(after), tuple(grants)


def ignores(site: Site, index: int, generator: Generator, sense: Sense, now_ms: int) -> bool:
    """Whether it makes more than it was told, long after it was told."""
    able = site.devices[index].ability
    return (sense.believed and made_w(sense) > generator.limit_w + _close_w(-able.min_w)
            and now_ms - generator.changed_ms >= able.settle_ms + FOLLOWS_MS)


def _need_w(wired: Wiring, senses: "tuple[Sense, ...]", grid: Sense) -> int:
    """What the house takes from these generators and the grid. One that is not heard is part of it, as a load that
    gives, and so is one that cannot be limited."""
    return grid.flow[3] + sum([made_w(senses[index]) for index in wired.inverters if senses[index].believed])


def _budget_w(wired: Wiring, fed: Feed, senses: "tuple[Sense, ...]", spare_w: int, grid: "Sense | None",
              cap: Cap) -> int:
    """What all generators that can be limited may make together; `spare_w`: what storage could take more."""
    if cap.power_w == NONE:
        return NO_LIMIT
    if grid is None or not grid.believed:  # the house may take nothing, and others go on giving
        others_w = sum([made_w(senses[index]) for index in wired.sources[0]
                        if senses[index].believed and index not in wired.inverters])
        return max(cap.power_w - MARGIN_W - max(others_w, -(fed.need_mw // 1_000)), 0)
    return max(cap.power_w - MARGIN_W + _need_w(wired, senses, grid) + spare_w, 0)


def _shares(site: Site, wired: Wiring, generators: "tuple[Generator | None, ...]",
            budget_w: int) -> "list[tuple[int, int]]":
    """(device, what it may make), in proportion to the rated powers; what one cannot make the others may."""
    rated_w = [-site.devices[index].ability.min_w for index in wired.inverters]
    all_w = max(sum(rated_w), 1)
    even_w = [min(budget_w * each_w // all_w, each_w) for each_w in rated_w]
    used_w = [min(_could_w(generators[index]), each_w) for index, each_w in zip(wired.inverters, even_w)]
    left_w = budget_w - sum(used_w)
    return [(index, min(max(even_w[n], left_w + used_w[n]), rated_w[n])) for n, index in enumerate(wired.inverters)]


def _could_w(generator: "Generator | None") -> int:
    assert generator is not None
    return generator.could_mw // 1_000


def _could_mw(site: Site, index: int, generator: Generator, sense: Sense, since_ms: int) -> int:
    """What it could make: what it makes, unless its limit holds it."""
    able, good = site.devices[index].ability, sense.good
    if not sense.believed or good is None or good.t_ms - generator.changed_ms < able.settle_ms:
        return generator.could_mw
    rated_w, now_w = -able.min_w, made_w(sense)
    if now_w < generator.limit_w - _close_w(rated_w) or generator.limit_w >= rated_w:
        return 1_000 * now_w
    more_mw = rated_w * 1_000 * min(since_ms, LONGEST_MS) // GUESS_MS
    return min(max(generator.could_mw, 1_000 * now_w) + more_mw, 1_000 * rated_w)


def _close_w(rated_w: int) -> int:
    return CLOSE_W + rated_w * CLOSE_PERMILLE // 1_000


def _ramped(site: Site, index: int, generator: Generator, share_w: int, at_once: bool, now_ms: int) -> int:
    """Down at once, up slowly and when the last change has settled; in the device's steps."""
    able, before_w = site.devices[index].ability, generator.limit_w
    rated_w, quiet_ms = -able.min_w, now_ms - generator.changed_ms
    if share_w > before_w:
        if quiet_ms < max(able.settle_ms, able.pace_ms):
            return before_w
        over_ms = min(quiet_ms, max(STEP_MS, able.settle_ms, able.pace_ms))
        share_w = min(share_w, before_w + rated_w * RAISE_PERMILLE * over_ms // 1_000_000)
    elif before_w - share_w < rated_w * STILL_PERMILLE // 1_000 and not at_once:
        return before_w
    if share_w < rated_w:
        share_w -= share_w % max(able.step_w, 1)
    return max(share_w, -able.max_w)
