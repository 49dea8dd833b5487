"""Storage holds the grid point at zero, within its bands.

It takes what is left when all loads have drawn, and gives what is missing: also to a load that lives on surplus, for
the seconds it needs to follow a cloud, but never to one that shall draw from the grid. What it gives is no surplus, so
that load comes down all the same. Below the first band it leaves a little export standing, so that a growing surplus
can be seen.

An inverter that regulates by itself (`Ability.own`) is left to that: two that follow the same grid point swing. It is
told only that it may give, that it shall give nothing, or to charge. A storage of ours beside it does what is
beyond it, reckoned from what all of them together have to do: what the other does at the moment is no part of that, so
neither follows the other.
"""

from control import reasons
from control.battery import GAP_PERMILLE
from control.claims import Claim
from control.limits import Limits
from control.ramp import rise
from control.reserve import FOLLOWS_MS
from control.surplus import EXPORT_BIAS_W, Pool, drawn_w, has_priority, plugged
from control.values import FAST, MINIMUM, NEVER, OFF, SURPLUS

SHORT_W = 100  # a storage that takes so much less than it may is at its own limit
FILL_PERMILLE = 800  # of what may still be imported, where it is filled from the grid for the next peak
AIM_W = 10  # a little export, so that what a step is too small for is not imported
REST_MS = 30_000  # an inverter that was too little asked for is not asked again before
LOCK_MS = 60_000  # one that knows modes only stays locked so long behind a load that shall not be fed


def buffered(claims: "tuple[Claim, ...]") -> bool:
    """Whether a storage takes and gives what the loads do not follow: then they need not follow each cloud."""
    for claim in claims:
        if claim.kind == "storage" and claim.mode != OFF and not claim.stuck and claim.soc is not None \
                and claim.keep + GAP_PERMILLE < claim.soc < claim.fill - GAP_PERMILLE and plugged(claim):
            return True
    return False


def takes_more_w(claims: "tuple[Claim, ...]", now_ms: int) -> int:
    """What storage could take beyond what it takes; nothing of one that takes less than it may, and had its time."""
    out_w = 0
    for claim in claims:
        if claim.kind != "storage" or claim.mode == OFF or claim.stuck or claim.soc is None or not plugged(claim):
            continue
        takes_w = max(claim.drawn[3], 0)
        room = claim.soc < claim.fill - GAP_PERMILLE
        moves = now_ms - claim.state.changed_ms < claim.able.settle_ms + FOLLOWS_MS
        if room and (moves or takes_w >= claim.state.level - SHORT_W - claim.state.level // 10):
            out_w += max(claim.take_w - takes_w, 0)
    return out_w


def serves_peaks(claim: Claim) -> bool:
    """Whether a storage can give something against a peak of the quarter of an hour."""
    if claim.kind != "storage" or claim.mode == OFF or claim.stuck or claim.soc is None or not plugged(claim):
        return False
    return claim.soc > (claim.low if claim.state.level < 0 else claim.low + GAP_PERMILLE)


def storages(claims: "tuple[Claim, ...]", limits: Limits, pool: Pool, feed_in_w: int, excess_w: int,
             now_ms: int) -> None:
    """One after the other, in the order of priority; those that regulate by themselves first, as they do anyhow.

    `excess_w`: what is imported beyond the peak of the quarter of an hour if storage stood still; negative: what may be
    imported still.
    """
    left_w, locked_w = pool.left_w, sum([_from_the_grid_w(claim, pool.t_ms) for claim in claims])
    if left_w is not None:
        left_w -= (AIM_W if feed_in_w < 0 else min(AIM_W, feed_in_w)) + _coming_w(claims, left_w, now_ms)
    stores = [claim for claim in claims if claim.kind == "storage"]
    for claim in [each for each in stores if each.able.own] + [each for each in stores if not each.able.own]:
        if _rests(claim, limits, pool):
            if claim.mode == OFF and claim.able.own and left_w is not None and claim.soc is not None:
                left_w -= _own_part_w(claim, left_w)  # it takes by itself what is left
        else:
            if claim.able.own and claim.mode != FAST:
                _by_itself(claim, left_w, locked_w, now_ms)
                left_w = left_w and left_w - _own_part_w(claim, left_w)
            elif left_w is None and claim.mode != FAST:
                _within_bands(claim, claim.state.level)
            else:
                _follow(claim, left_w or 0, locked_w, feed_in_w, now_ms)
                left_w = _left_by(claim, left_w or 0)
            excess_w += _against_peaks(claim, excess_w)
        claim.wanted = claim.level
        claim.wanted_w = claim.level
        claim.cap()


def _rests(claim: Claim, limits: Limits, pool: Pool) -> bool:
    """Whether it can do nothing now; asks for that."""
    lost = [node for node in claim.path if limits.lost[node]]
    if claim.mode == OFF:
        claim.ask(0, reasons.OFF)
    elif claim.silent:
        claim.ask(0, reasons.SILENT)
    elif not plugged(claim):
        assert claim.sense.good is not None
        claim.ask(0, reasons.NO_CAR if claim.sense.good.state == "A" else reasons.DEVICE_FAULT)
    elif lost or pool.t_ms == NEVER:
        claim.ask(0, reasons.METER_LOST, lost[0] if lost else 0)
    elif claim.soc is None:
        claim.ask(0, reasons.NO_CHARGE_LEVEL)
    else:
        return False
    return True


def _against_peaks(claim: Claim, excess_w: int) -> int:
    """Gives what is drawn beyond the peak, whatever else it is for; between peaks it is filled for the next one.
    Returns what it changes of the excess."""
    assert claim.store is not None
    if excess_w > 0 and serves_peaks(claim):
        if claim.level > -min(excess_w, claim.give_w):
            claim.ask(-min(excess_w, claim.give_w), reasons.PEAK)
        return claim.level
    edge = claim.store.peak_permille - (0 if claim.state.level > 0 else GAP_PERMILLE)
    if claim.soc is None or claim.mode != SURPLUS or claim.soc >= edge:
        return 0
    spare_w = claim.stepped(min(-excess_w * FILL_PERMILLE // 1_000, claim.take_w))
    if spare_w > claim.level:
        claim.ask(spare_w, reasons.PEAK_FILL)
    return max(claim.level, 0)


def _coming_w(claims: "tuple[Claim, ...]", left_w: int, now_ms: int) -> int:
    """What loads that run will draw more in a moment; only charging makes way for them."""
    coming_w = 0
    for claim in claims:
        rises = claim.running and not claim.stuck and claim.level > claim.state.level
        if rises and claim.kind != "storage" and claim.able.measured:
            coming_w += claim.watts(min(claim.level - claim.state.level, rise(claim, now_ms)))
    return max(min(coming_w, left_w), 0)


def _from_the_grid_w(claim: Claim, t_ms: int) -> int:
    """What a load draws that is none of the storage's business. An unmeasured heat pump's normal run is the house's."""
    if claim.mode == FAST and claim.kind != "storage":
        return max(drawn_w(claim, t_ms), 0)
    if claim.mode == MINIMUM and claim.able.measured:
        return min(claim.least_w, max(drawn_w(claim, t_ms), 0))
    return 0


def _follow(claim: Claim, left_w: int, locked_w: int, feed_in_w: int, now_ms: int) -> None:
    if claim.mode == FAST:
        _within_bands(claim, claim.top if claim.lease_w is None else claim.lease_w)
        return
    bias_w = 0
    if has_priority(claim):
        bias_w = EXPORT_BIAS_W if feed_in_w < 0 else min(EXPORT_BIAS_W, feed_in_w)
    if left_w > 0:
        _within_bands(claim, max(left_w - bias_w, 0))
    elif claim.keeps:
        claim.ask(0, reasons.KEEPS)
    else:
        _within_bands(claim, min(left_w + locked_w, 0))
        if locked_w and left_w + locked_w >= 0:
            claim.reason = reasons.LOCKED
    _worth_the_inverter(claim, now_ms)


def _worth_the_inverter(claim: Claim, now_ms: int) -> None:
    """Below its least power an inverter loses more than it moves; once off for that it stays off for a while."""
    assert claim.store is not None
    least_w = claim.store.least_w
    if not least_w or not claim.level:
        return
    resting = not claim.running and now_ms - claim.state.switched_ms < REST_MS
    if abs(claim.level) < least_w or resting:
        claim.ask(0, reasons.LEAST_POWER)


def _by_itself(claim: Claim, left_w: "int | None", locked_w: int, now_ms: int) -> None:
    """Left to its own regulation, unless it shall give nothing."""
    assert claim.soc is not None
    edge = claim.keep if claim.state.level < 0 else claim.keep + GAP_PERMILLE
    if claim.keeps:
        claim.ask(0, reasons.KEEPS)
    elif claim.soc <= edge:
        claim.ask(0, _empty(claim))
    elif not locked_w:
        locked = claim.edge_ms != NEVER and now_ms - claim.edge_ms < LOCK_MS
        claim.ask(0 if locked else -claim.give_w, reasons.LOCKED if locked else reasons.OWN_LOOP)
    elif claim.able.own == "mode":
        claim.edge_ms = now_ms
        claim.ask(0, reasons.LOCKED)
    elif left_w is None:
        claim.ask(max(claim.state.level, -claim.give_w), reasons.LOCKED)
    else:
        _within_bands(claim, min(left_w + locked_w, 0))
        claim.reason = reasons.LOCKED


def _left_by(claim: Claim, left_w: int) -> int:
    """What is left for the next; what one is told to give is nothing for another one to take."""
    if claim.level < 0:
        return min(left_w - claim.level, max(left_w, 0))
    return left_w - min(claim.level, claim.limit)


def _own_part_w(claim: Claim, left_w: int) -> int:
    """What of it the inverter takes or gives by itself."""
    assert claim.soc is not None
    full = claim.soc >= claim.fill
    return max(min(left_w, 0 if full else claim.take_w), claim.level)


def _within_bands(claim: Claim, level: int) -> None:
    """Asks for the level as far as the charge level allows it."""
    soc = claim.soc
    assert soc is not None
    if level > 0:
        edge = claim.fill if claim.state.level > 0 else claim.fill - GAP_PERMILLE
        if soc >= edge:
            claim.ask(0, reasons.CHARGED)
        else:
            claim.ask(claim.stepped(min(level, claim.take_w)), _why(claim, level > claim.take_w < claim.top))
        return
    edge = claim.keep if claim.state.level < 0 else claim.keep + GAP_PERMILLE
    if level < 0 and soc <= edge:
        claim.ask(0, _empty(claim))
        return
    step = max(claim.able.step_w, 1)
    claim.ask(-(min(-level, claim.give_w) // step * step),
              _why(claim, -level > claim.give_w < -claim.able.min_w))


def _empty(claim: Claim) -> int:
    """Why it gives nothing more."""
    return reasons.DEPARTURE if claim.goal == claim.keep > 0 else reasons.RESERVE


def _why(claim: Claim, curved: bool) -> int:
    if curved:
        return reasons.CURVE
    if claim.mode != FAST:
        return reasons.ZERO_GRID
    return claim.driven or reasons.FULL if claim.lease_w is None else reasons.LEASE
