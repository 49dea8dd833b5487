"""In time: down at once, up slowly and after the last change has settled; shortest runs and rests."""

from control import reasons
from control.claims import Claim
from control.surplus import rest_ms

CHARGE_PERMILLE = 30  # of the range and second
STORAGE_PERMILLE = 50
LONGEST_MS = 10_000  # a longer quiet does not buy a larger step
STILL_W = 25  # storage and heaters do not follow less
KEEPS_RUNNING = (reasons.WAITS_SURPLUS, reasons.OTHERS_FIRST, reasons.STORAGE_FIRST)


def ramp(claim: Claim, news: bool, now_ms: int) -> None:
    """`news`: every meter on its way has answered since; without, nothing rises."""
    if claim.stuck and abs(claim.level) > abs(claim.state.level):
        claim.ask(claim.state.level if claim.level * claim.state.level > 0 else 0, reasons.SILENT)
    before, level = claim.state.level, claim.level
    on_ms = now_ms - claim.state.switched_ms
    if claim.kind == "storage":
        _storage(claim, before, news, now_ms)
    elif before == 0:
        if level > 0 and on_ms < rest_ms(claim):
            claim.bind(0, reasons.REST)
        elif level > 0 and not news:
            claim.bind(0, reasons.NEWS)
        elif level > 0:
            claim.bind(max(_first(claim), claim.floor), reasons.RAMP)
    elif level == 0:
        if claim.reason in KEEPS_RUNNING and on_ms < claim.able.min_on_ms:
            claim.ask(min(before, claim.floor), reasons.SHORTEST_RUN)
    elif claim.conductors != claim.state.conductors:
        claim.bind(claim.floor, reasons.RAMP)
    elif level > before:
        _raise(claim, before, news, now_ms)
    elif claim.kind == "heater" and claim.reason == reasons.SURPLUS and before - level < STILL_W:
        claim.level = before


def _first(claim: Claim) -> int:
    """How far a load starts: stages as they are, others at their least or one second's rise."""
    if claim.kind == "stages":
        return claim.level
    return claim.stepped(claim.top * CHARGE_PERMILLE // 1_000)


def _raise(claim: Claim, before: int, news: bool, now_ms: int) -> None:
    quiet_ms = now_ms - claim.state.changed_ms
    if not news:
        claim.bind(before, reasons.NEWS)
    elif quiet_ms < max(claim.able.settle_ms, claim.able.pace_ms):
        claim.bind(before, reasons.RAMP)
    elif claim.kind == "heater" and claim.level - before < STILL_W:
        claim.bind(before, claim.reason)
    elif claim.kind != "stages":
        most = before + _slope(claim.top, CHARGE_PERMILLE, quiet_ms)
        if claim.level > most:
            claim.bind(max(claim.stepped(most), before), reasons.RAMP)


def _storage(claim: Claim, before: int, news: bool, now_ms: int) -> None:
    """Towards zero at once, away from it slowly, through zero only after standing there."""
    level = claim.level
    if before * level < 0:
        claim.ask(0, reasons.RAMP)
        return
    if abs(level) <= abs(before):
        if claim.reason == reasons.ZERO_GRID and level and abs(before) - abs(level) < STILL_W:
            claim.level = before
        return
    quiet_ms = now_ms - claim.state.changed_ms
    span = claim.top if level > 0 else -claim.able.min_w
    most = abs(before) + _slope(span, STORAGE_PERMILLE, quiet_ms)
    if not news or abs(level) - abs(before) < STILL_W or quiet_ms < max(claim.able.settle_ms, claim.able.pace_ms):
        claim.ask(before, claim.reason if news else reasons.NEWS)
    elif abs(level) > most:
        step = max(claim.able.step_w, 1)
        most -= most % step
        claim.ask(most if level > 0 else -most, reasons.RAMP)


def _slope(span: int, permille: int, quiet_ms: int) -> int:
    return span * permille * min(quiet_ms, LONGEST_MS) // 1_000_000
