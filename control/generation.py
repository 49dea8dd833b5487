"""Generators that can be limited: no more is fed in than allowed, and nothing is thrown away that somebody can use.

What may be made is what may be fed in, what the house takes, and what storage could still take: it needs a moment to
follow a growing roof, and the limit must not stand in its way. Reckoned anew from each reading, not from the limit
before, so that a slow inverter does not swing. What a limited generator could make is not seen: it is remembered, and
slowly taken for more, so that loads try it.
"""

from collections import namedtuple

from control import reasons
from control.ramp import LONGEST_MS
from control.reserve import FOLLOWS_MS
from control.surplus import smooth
from control.values import NEVER, NONE, DeviceSpec, Feed, Generator, Grant, Sense, Site, Wish
from control.wiring import NO_LIMIT, SOURCES, Wiring
from hal.values import ZERO, Setpoint

MARGIN_W, MARGIN_PERMILLE = 20, 5  # below what is allowed: meters and inverters are no finer
RAISE_PERMILLE = 30  # of the rated power and second
STILL_PERMILLE = 10  # of the rated power: not lowered for less, while no more than allowed is fed in
CLOSE_W, CLOSE_PERMILLE = 20, 10  # so near its limit an inverter is held by it
NEED_MS = 10_000  # a house that takes less for so long is not waited for
OVER_W, OVER_PERMILLE = 30, 10  # above what is allowed
OVER_MS = 5_000  # storage that has not taken it by then will not ...
SHY_MS = 60_000  # ... and is not waited for again so soon
STEP_MS = 2_000  # a raise is for so long at most, however long nothing was raised
HIGH_MS = 30_000  # then it is an alarm
ASLEEP_W, ASLEEP_PERMILLE = 20, 20  # a generator that makes no more may be about to switch off
NIGHT_MS = 64_800_000  # 18 h: the longest it may be gone for that; a winter's night in Germany is 16 h
GUESS_MS = 1_800_000  # in which what a limited generator could make is thought to grow by its rated power

NO_FEED = Feed(NEVER, 0, NEVER, NEVER)


class Cap(namedtuple("Cap", ("power_w", "reason"))):
    """Highest feed-in, and why (control.reasons)."""

    __slots__ = ()
    power_w: int  # NONE = not limited
    reason: int


class View(namedtuple("View", ("site", "wired", "senses", "grid", "cap", "news", "since_ms", "now_ms"))):
    """What a step sees of roof and grid."""

    __slots__ = ()
    site: Site
    wired: Wiring
    senses: "tuple[Sense, ...]"
    grid: "Sense | None"  # of the house connection; None = it has no meter
    cap: Cap
    news: bool  # nothing was lost just now
    since_ms: int  # the last step
    now_ms: int

    def blind(self) -> bool:
        return self.grid is None or not self.grid.believed

    def exceeds(self) -> bool:
        """Whether more is fed in than allowed, by however little."""
        grid, cap_w = self.grid, self.cap.power_w
        return cap_w != NONE and grid is not None and grid.believed and -grid.flow[3] > cap_w


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


def feed(view: View, before: Feed) -> Feed:
    """After this step's reading of the grid."""
    grid, cap_w = view.grid, view.cap.power_w
    if cap_w == NONE and not view.wired.inverters:
        return NO_FEED
    if grid is None or not grid.believed or grid.good is None or grid.good.t_ms == before.used_ms:
        return before
    t_ms, need_mw = grid.good.t_ms, 1_000 * _need_w(view, grid)
    if before.used_ms != NEVER:
        need_mw = smooth(before.need_mw, need_mw // 1_000, max(t_ms - before.used_ms, 0), NEED_MS)
    over = cap_w != NONE and -grid.flow[3] > cap_w + OVER_W + cap_w * OVER_PERMILLE // 1_000
    over_ms = (t_ms if before.over_ms == NEVER else before.over_ms) if over else NEVER
    return Feed(t_ms, need_mw, over_ms, t_ms if over and t_ms - over_ms >= OVER_MS else before.shy_ms)


def feeds_too_much(fed: Feed, now_ms: int) -> bool:
    return fed.over_ms != NEVER and now_ms - fed.over_ms >= HIGH_MS


def limited(view: View, before: "tuple[Generator | None, ...]", fed: Feed, spare_w: int,
            wishes: "tuple[Wish | None, ...]") -> "tuple[tuple[Generator | None, ...], tuple[tuple[int, Grant], ...]]":
    """What each generator may make: (device, grant). `spare_w`: what storage could still take."""
    if not view.wired.inverters:
        return before, ()
    now_ms, over = view.now_ms, fed.over_ms != NEVER
    shy = fed.shy_ms != NEVER and now_ms - fed.shy_ms < SHY_MS
    waits = spare_w > 0 and over and now_ms - fed.over_ms < OVER_MS and not view.blind()
    budget_w = _budget_w(view, fed, 0 if shy else spare_w)
    calm = dict(_shares(view, before, budget_w + (0 if view.exceeds() else _calm_w(view, fed))))
    after, grants = list(before), []
    for index, share_w in _shares(view, before, budget_w):
        generator, wish = before[index], wishes[index] if wishes else None
        assert generator is not None
        could_mw = _could_mw(view, index, generator)
        if view.blind() or not view.news:
            share_w = min(share_w, generator.limit_w)
        if share_w < generator.limit_w:  # a house that takes less for a moment is waited for
            share_w = generator.limit_w if waits else min(calm[index], generator.limit_w)
        reason = _reason(view, index, share_w)
        if wish is not None and wish.limit is not None and wish.limit < share_w:
            share_w, reason = wish.limit, reasons.LIMIT
        limit_w = _ramped(view, index, generator, share_w, view.exceeds() or view.blind())
        after[index] = Generator(limit_w, generator.changed_ms if limit_w == generator.limit_w else now_ms, could_mw)
        rated_w = -view.site.devices[index].ability.min_w
        if limit_w == rated_w:
            reason = reasons.GENERATES
        elif share_w == rated_w:
            reason = reasons.RAMP
        grants.append((index, Grant(Setpoint(ZERO, -limit_w), Setpoint(ZERO, -rated_w), reason,
                                    0 if reason == reasons.METER_LOST else NONE, NONE)))
    return tuple(after), tuple(grants)


def ignores(view: View, index: int, generator: Generator) -> bool:
    """Whether it makes more than it was told, long after it was told."""
    able, sense = view.site.devices[index].ability, view.senses[index]
    return (sense.believed and made_w(sense) > generator.limit_w + _close_w(-able.min_w)
            and view.now_ms - generator.changed_ms >= able.settle_ms + FOLLOWS_MS)


def asleep(device: DeviceSpec, sense: Sense, now_ms: int) -> bool:
    """Whether a generator that does not answer made nothing when it last did: at night many switch off altogether."""
    good = sense.good
    if device.ability.kind not in SOURCES or good is None or sense.verdict != reasons.STALE:
        return False
    dim_w = max(ASLEEP_W, -device.ability.min_w * ASLEEP_PERMILLE // 1_000)
    return made_w(sense) <= dim_w and now_ms - good.t_ms <= NIGHT_MS


def _calm_w(view: View, fed: Feed) -> int:
    """How much more the house took in the mean than it takes just now."""
    if view.blind() or view.grid is None:
        return 0
    return max(fed.need_mw // 1_000 - _need_w(view, view.grid), 0)


def _need_w(view: View, grid: Sense) -> int:
    """What the house takes from these generators and the grid. One that is not heard is part of it, as a load that
    gives, and so is one that cannot be limited."""
    made = [made_w(view.senses[index]) for index in view.wired.inverters if view.senses[index].believed]
    return grid.flow[3] + sum(made)


def _budget_w(view: View, fed: Feed, spare_w: int) -> int:
    """What all generators that can be limited may make together; `spare_w`: what storage could take more."""
    cap_w, senses, inverters = view.cap.power_w, view.senses, view.wired.inverters
    if cap_w == NONE:
        return NO_LIMIT
    cap_w -= MARGIN_W + cap_w * MARGIN_PERMILLE // 1_000
    if view.blind() or view.grid is None:  # the house may take nothing, others go on giving as last heard
        others_w = sum([made_w(senses[index]) for index in view.wired.sources[0] if index not in inverters])
        return max(cap_w - max(others_w, -(fed.need_mw // 1_000)), 0)
    return max(cap_w + _need_w(view, view.grid) + spare_w, 0)


def _reason(view: View, index: int, share_w: int) -> int:
    """Why it has no larger share; GENERATES when it may make all it can."""
    if view.blind():
        return reasons.METER_LOST
    return view.cap.reason if share_w < -view.site.devices[index].ability.min_w else reasons.GENERATES


def _shares(view: View, generators: "tuple[Generator | None, ...]", budget_w: int) -> "list[tuple[int, int]]":
    """(device, what it may make), in proportion to the rated powers; what one cannot make the others may."""
    inverters = view.wired.inverters
    rated_w = [-view.site.devices[index].ability.min_w for index in inverters]
    all_w = max(sum(rated_w), 1)
    even_w = [min(budget_w * each_w // all_w, each_w) for each_w in rated_w]
    used_w = [min(_could_w(generators[index]), each_w) for index, each_w in zip(inverters, even_w)]
    left_w = budget_w - sum(used_w)
    return [(index, min(max(even_w[n], left_w + used_w[n]), rated_w[n])) for n, index in enumerate(inverters)]


def _could_w(generator: "Generator | None") -> int:
    assert generator is not None
    return generator.could_mw // 1_000


def _could_mw(view: View, index: int, generator: Generator) -> int:
    """What it could make: what it makes, unless its limit holds it."""
    able, sense = view.site.devices[index].ability, view.senses[index]
    good = sense.good
    if not sense.believed or good is None or good.t_ms - generator.changed_ms < able.settle_ms:
        return generator.could_mw
    rated_w, now_w = -able.min_w, made_w(sense)
    if now_w < generator.limit_w - _close_w(rated_w) or generator.limit_w >= rated_w:
        return 1_000 * now_w
    more_mw = rated_w * 1_000 * min(view.since_ms, LONGEST_MS) // GUESS_MS
    return min(max(generator.could_mw, 1_000 * now_w) + more_mw, 1_000 * rated_w)


def _close_w(rated_w: int) -> int:
    return CLOSE_W + rated_w * CLOSE_PERMILLE // 1_000


def _ramped(view: View, index: int, generator: Generator, share_w: int, at_once: bool) -> int:
    """Down at once, up slowly and when the last change has settled; in the device's steps.

    What it was told last may still be on its way: then only a further fall that counts is told.
    """
    able, before_w = view.site.devices[index].ability, generator.limit_w
    rated_w, quiet_ms = -able.min_w, view.now_ms - generator.changed_ms
    if share_w > before_w:
        if quiet_ms < max(able.settle_ms, able.pace_ms):
            return before_w
        over_ms = min(quiet_ms, max(STEP_MS, able.settle_ms, able.pace_ms))
        share_w = min(share_w, before_w + rated_w * RAISE_PERMILLE * over_ms // 1_000_000)
    elif before_w - share_w < rated_w * STILL_PERMILLE // 1_000 and not (at_once and quiet_ms >= able.settle_ms):
        return before_w
    if share_w < rated_w:
        share_w -= share_w % max(able.step_w, 1)
    return max(share_w, -able.max_w)
