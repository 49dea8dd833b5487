"""Storage holds the grid point at zero, within its bands.

It takes what is left when all loads have drawn, and gives what is missing: also to a load that lives on surplus, for
the seconds it needs to follow a cloud, but never to one that shall draw from the grid. What it gives is no surplus, so
that load comes down all the same. Below the first band it leaves a little export standing, so that a growing surplus
can be seen.
"""

from control import reasons
from control.claims import Claim
from control.limits import Limits
from control.ramp import rise
from control.surplus import EXPORT_BIAS_W, Pool, drawn_w, has_priority
from control.values import FAST, MINIMUM, NEVER, OFF

AIM_W = 10  # a little export, so that what a step is too small for is not imported
SOC_GAP_PERMILLE = 10  # between leaving a band and entering it again


def buffered(claims: "tuple[Claim, ...]") -> bool:
    """Whether a storage takes and gives what the loads do not follow: then they need not follow each cloud."""
    return any([claim.kind == "storage" and claim.mode != OFF and not claim.silent and not claim.stuck
                and claim.sense.good is not None and claim.sense.good.soc_permille is not None
                and claim.device.bands_permille[0] + SOC_GAP_PERMILLE < claim.sense.good.soc_permille
                < (claim.device.bands_permille[2] or 1_000) - SOC_GAP_PERMILLE for claim in claims])


def storages(claims: "tuple[Claim, ...]", limits: Limits, pool: Pool, feed_in_w: int, now_ms: int) -> None:
    """One after the other, in the order of priority."""
    left_w, locked_w = pool.left_w, sum([_from_the_grid_w(claim, pool.t_ms) for claim in claims])
    if left_w is not None:
        left_w -= AIM_W + _coming_w(claims, left_w, now_ms)
    for claim in claims:
        if claim.kind != "storage":
            continue
        lost = [node for node in claim.path if limits.lost[node]]
        good = claim.sense.good
        if claim.mode == OFF:
            claim.ask(0, reasons.OFF)
        elif claim.silent:
            claim.ask(0, reasons.SILENT)
        elif lost or pool.t_ms == NEVER:
            claim.ask(0, reasons.METER_LOST, lost[0] if lost else 0)
        elif good is None or good.soc_permille is None:
            claim.ask(0, reasons.NO_CHARGE_LEVEL)
        elif left_w is None and claim.mode != FAST:
            _within_bands(claim, good.soc_permille, claim.state.level)
        else:
            _follow(claim, good.soc_permille, left_w or 0, locked_w, feed_in_w)
            left_w = (left_w or 0) - min(claim.level, claim.limit)
        claim.wanted = claim.level
        claim.wanted_w = claim.level
        claim.cap()


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


def _follow(claim: Claim, soc_permille: int, left_w: int, locked_w: int, feed_in_w: int) -> None:
    if claim.mode == FAST:
        _within_bands(claim, soc_permille, claim.top if claim.lease_w is None else claim.lease_w)
        return
    bias_w = 0
    if has_priority(claim):
        bias_w = EXPORT_BIAS_W if feed_in_w < 0 else min(EXPORT_BIAS_W, feed_in_w)
    if left_w > 0:
        _within_bands(claim, soc_permille, max(left_w - bias_w, 0))
    elif claim.keeps:
        claim.ask(0, reasons.KEEPS)
    else:
        _within_bands(claim, soc_permille, min(left_w + locked_w, 0))


def _within_bands(claim: Claim, soc_permille: int, level: int) -> None:
    """Asks for the level as far as the charge level allows it."""
    reserve, _, full = claim.device.bands_permille
    full = full or 1_000
    if level > 0:
        edge = full if claim.state.level > 0 else full - SOC_GAP_PERMILLE
        if soc_permille >= edge:
            claim.ask(0, reasons.CHARGED)
        else:
            claim.ask(claim.stepped(min(level, claim.top)), _why(claim))
        return
    edge = reserve if claim.state.level < 0 else reserve + SOC_GAP_PERMILLE
    if level < 0 and soc_permille <= edge:
        claim.ask(0, reasons.RESERVE)
        return
    step = max(claim.able.step_w, 1)
    claim.ask(-(min(-level, -min(claim.able.min_w, 0)) // step * step), _why(claim))


def _why(claim: Claim) -> int:
    if claim.mode != FAST:
        return reasons.ZERO_GRID
    return claim.driven or reasons.FULL if claim.lease_w is None else reasons.LEASE
