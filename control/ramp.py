"""In time: down at once, up slowly and after the last change has settled; shortest runs and rests."""

from control import reasons
from control.claims import Claim
from control.surplus import rest_ms

CHARGE_PERMILLE = 30  # of the range and second
STORAGE_PERMILLE = 200  # while charging
TOGETHER_MS = 500  # readings this near each other are of one moment
LONGEST_MS = 10_000  # a longer quiet does not buy a larger step
STILL_W = 25  # heaters do not follow less
QUIET_W = 10  # nor does storage
KEEPS_RUNNING = (reasons.WAITS_SURPLUS, reasons.OTHERS_FIRST, reasons.STORAGE_FIRST, reasons.EXPORT_PAYS, reasons.LEASE,
                 reasons.DAY_ENERGY)


def ramp(claim: Claim, news: bool, grid_ms: int, now_ms: int) -> None:
    """`news`: every meter on its way has answered since; without, nothing rises. `grid_ms`: when the grid was read."""
    if claim.stuck and (abs(claim.level) > abs(claim.state.level) or claim.level * claim.state.level < 0):
        claim.ask(claim.state.level if claim.level * claim.state.level > 0 else 0, reasons.SILENT)
    if claim.kind == "storage":
        _storage(claim, claim.state.level, news, grid_ms, now_ms)
    elif claim.state.level == 0:
        _begin(claim, news, now_ms)
    elif claim.level == 0:
        if claim.state.level > claim.base > 0 and _holds(claim, now_ms):
            claim.ask(claim.state.level, reasons.SHORTEST_RUN)
        elif claim.reason in KEEPS_RUNNING and now_ms - claim.state.switched_ms < claim.able.min_on_ms:
            claim.ask(min(claim.state.level, claim.floor), reasons.SHORTEST_RUN)
    else:
        _go_on(claim, claim.state.level, news, now_ms)
    claim.cap()  # also what runs its shortest time


def _begin(claim: Claim, news: bool, now_ms: int) -> None:
    if claim.level == 0:
        return
    if now_ms - claim.state.switched_ms < rest_ms(claim):
        claim.bind(0, reasons.REST)
    elif not news:
        claim.bind(0, reasons.NEWS)
    else:
        claim.bind(max(_first(claim), claim.floor), reasons.RAMP)


def _go_on(claim: Claim, before: int, news: bool, now_ms: int) -> None:
    level = claim.level
    if claim.conductors != claim.state.conductors:
        claim.bind(claim.floor, reasons.RAMP)
    elif level > claim.base >= before and claim.base and now_ms - claim.state.changed_ms < claim.able.min_off_ms:
        claim.bind(before, reasons.REST)
    elif level > before:
        _raise(claim, before, news, now_ms)
    elif claim.base and claim.base <= level < before and _holds(claim, now_ms):
        claim.ask(before, reasons.SHORTEST_RUN)
    elif claim.kind == "heater" and claim.reason == reasons.SURPLUS and before - level < STILL_W:
        claim.level = before


def _holds(claim: Claim, now_ms: int) -> bool:
    """Whether a heat pump has to run on at what it was raised to: no limit asks it to come down."""
    soft = claim.reason in KEEPS_RUNNING or claim.reason in (reasons.SURPLUS, reasons.STOPS_SOON, reasons.MINIMUM)
    return soft and now_ms - claim.state.changed_ms < claim.able.min_on_ms


def _first(claim: Claim) -> int:
    """How far a load starts: stages as they are, others at their least, one of their steps or one second's rise."""
    if claim.kind == "stages":
        return claim.level
    step = claim.able.step_ma if claim.kind == "wallbox" else claim.able.step_w
    return claim.stepped(max(claim.top * CHARGE_PERMILLE // 1_000, step))


def _raise(claim: Claim, before: int, news: bool, now_ms: int) -> None:
    most = before + rise(claim, now_ms)
    if not news:
        claim.bind(before, reasons.NEWS)
    elif most == before:
        claim.bind(before, reasons.RAMP)
    elif claim.kind == "heater" and claim.level - before < STILL_W:
        claim.bind(before, claim.reason, claim.node, claim.phase)
    elif claim.level > most:
        claim.bind(max(claim.stepped(most), before), reasons.RAMP)


def rise(claim: Claim, now_ms: int) -> int:
    """How far its level may rise now; nothing before it has settled."""
    quiet_ms = now_ms - claim.state.changed_ms
    if quiet_ms < max(claim.able.settle_ms, claim.able.pace_ms):
        return 0
    return claim.top if claim.kind == "stages" else _slope(claim.top, CHARGE_PERMILLE, quiet_ms)


def _storage(claim: Claim, before: int, news: bool, grid_ms: int, now_ms: int) -> None:
    """Towards zero at once; away from it when it is known what it does now, discharging as fast as it can.

    What it has been told is no measure while it is on its way. Read together with the grid point its power is: then
    what the grid point lacks does not depend on it, and there is nothing to overshoot. Until then it stays as it is,
    unless a limit lowers it or the other way is called for: else what was asked of it would be taken back for what it
    has not done yet, over and over.
    """
    level = claim.level
    start = before if before * level > 0 else 0
    quiet_ms = now_ms - claim.state.changed_ms
    good = claim.sense.good
    known = good is not None and (abs(good.t_ms - grid_ms) <= TOGETHER_MS
                                  or good.t_ms - claim.state.changed_ms >= claim.able.settle_ms)
    if not known and before * level >= 0 and claim.reason == reasons.ZERO_GRID:
        claim.level = before
        return
    if abs(level) <= abs(start):
        if claim.reason == reasons.ZERO_GRID and level and abs(start) - abs(level) < QUIET_W:
            claim.level = before
        return
    if not news or not known or abs(level) - abs(start) < QUIET_W or quiet_ms < claim.able.pace_ms:
        claim.ask(start, claim.reason if news else reasons.NEWS)
    elif level > 0:
        most = start + _slope(claim.top, STORAGE_PERMILLE, quiet_ms)
        if level > most:
            claim.ask(most - most % max(claim.able.step_w, 1), reasons.RAMP)


def _slope(span: int, permille: int, quiet_ms: int) -> int:
    return span * permille * min(quiet_ms, LONGEST_MS) // 1_000_000
