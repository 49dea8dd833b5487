"""Storage holds the grid point at zero, within its bands.

It takes what is left when all loads have drawn, and gives what the house needs: never for a load of ours that
lives on surplus or on the grid. Below the first band it leaves a little export standing, so that a growing
surplus can be seen.
"""

from control import reasons
from control.claims import Claim
from control.limits import Limits
from control.surplus import EXPORT_BIAS_W, Pool, drawn_w, has_priority
from control.values import FAST, MINIMUM, NEVER, OFF

SOC_GAP_PERMILLE = 10  # between leaving a band and entering it again


def storages(claims: "tuple[Claim, ...]", limits: Limits, pool: Pool, feed_in_w: int) -> None:
    """One after the other, in the order of priority."""
    house_w, left_w = pool.now_w, pool.left_w
    if house_w is not None:
        house_w -= sum([_of_the_house_w(claim, pool.t_ms) for claim in claims])
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
        elif house_w is None or left_w is None:
            _within_bands(claim, good.soc_permille, claim.state.level)
        else:
            _follow(claim, good.soc_permille, house_w, left_w, feed_in_w)
            left_w -= claim.level
            house_w -= min(claim.level, 0)
        claim.wanted = claim.level
        claim.wanted_w = claim.level


def _of_the_house_w(claim: Claim, t_ms: int) -> int:
    """What an unmeasured load may have drawn for its own reasons: a heat pump's normal run is the house's need."""
    if claim.able.measured or claim.mode != MINIMUM:
        return 0
    return min(claim.least_w, drawn_w(claim, t_ms))


def _follow(claim: Claim, soc_permille: int, house_w: int, left_w: int, feed_in_w: int) -> None:
    if claim.mode == FAST:
        _within_bands(claim, soc_permille, claim.top)
        return
    bias_w = 0
    if has_priority(claim):
        bias_w = EXPORT_BIAS_W if feed_in_w < 0 else min(EXPORT_BIAS_W, feed_in_w)
    if left_w > 0:
        _within_bands(claim, soc_permille, max(left_w - bias_w, 0))
    else:
        _within_bands(claim, soc_permille, max(left_w, min(house_w, 0)))


def _within_bands(claim: Claim, soc_permille: int, level: int) -> None:
    """Asks for the level as far as the charge level allows it."""
    reserve, _, full = claim.device.bands_permille
    full = full or 1_000
    if level > 0:
        edge = full if claim.state.level > 0 else full - SOC_GAP_PERMILLE
        if soc_permille >= edge:
            claim.ask(0, reasons.CHARGED)
        else:
            claim.ask(claim.stepped(level), reasons.ZERO_GRID if claim.mode != FAST else reasons.FULL)
        return
    edge = reserve if claim.state.level < 0 else reserve + SOC_GAP_PERMILLE
    if level < 0 and soc_permille <= edge:
        claim.ask(0, reasons.RESERVE)
        return
    step = max(claim.able.step_w, 1)
    claim.ask(-(min(-level, -min(claim.able.min_w, 0)) // step * step), reasons.ZERO_GRID)
