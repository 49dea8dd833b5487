"""What each load wants in its mode, before any limit: a level, and the reason it is not more.

Surplus starts a load after a minute above its least and stops it after three below, on smoothed watts; in
between it stays at its least. One that a load of higher priority displaces goes when that comes.
"""

from control import reasons
from control.claims import Claim
from control.limits import Limits
from control.surplus import plugged
from control.values import FAST, MINIMUM, NEVER, OFF

START_MS = 60_000
STOP_MS = 180_000
IDLE_MS = 120_000  # a car that takes nothing for so long is full or asleep
IDLE_MA = 1_000


def demand(claim: Claim, limits: Limits, now_ms: int) -> None:
    """Every load but storage."""
    lost = [node for node in claim.path if limits.lost[node]] if any(limits.lost) else []
    _idle(claim, now_ms)
    if claim.mode in (OFF, FAST) or not plugged(claim):
        claim.edge_ms = NEVER  # what was waited for in another mode, or by another car, is waited for anew
    if claim.mode == OFF:
        claim.ask(0, claim.driven or reasons.OFF)
    elif claim.silent:
        claim.ask(min(claim.state.level, fallback_level(claim)), reasons.SILENT)
    elif not plugged(claim):
        assert claim.sense.good is not None
        claim.ask(0, reasons.NO_CAR if claim.sense.good.state == "A" else reasons.DEVICE_FAULT)
    elif claim.mode == FAST:
        _drive(claim)
        if _idles(claim, now_ms):
            claim.bind(claim.floor, reasons.IDLE)
    else:
        _surplus(claim, now_ms)
    if claim.bar and claim.mode != OFF:
        claim.ask(claim.stepped(min(claim.level, claim.base)), claim.reason if claim.silent else claim.bar)
    if lost and claim.mode != OFF:
        _safe(claim, lost[0])
    claim.wanted = claim.level
    claim.wanted_w = claim.watts(claim.level)
    claim.cap()
    if claim.level == 0 and claim.reason in (reasons.WAITS_SURPLUS, reasons.STORAGE_FIRST, reasons.OTHERS_FIRST):
        claim.wanted_w = claim.slow_w


def _drive(claim: Claim) -> None:
    """All it can take, or what it has on lease."""
    if claim.lease_w is None:
        claim.ask(claim.stepped(claim.top), claim.driven or reasons.FULL)
    else:
        all_of_it = claim.lease_w >= claim.watts(claim.top)
        claim.ask(claim.stepped(claim.top) if all_of_it else claim.of_watts(max(claim.lease_w, 0)), reasons.LEASE)


def fallback_level(claim: Claim) -> int:
    """What the device goes to by itself."""
    fallback = claim.able.fallback
    return claim.stepped(max(fallback.current_ma) if claim.kind == "wallbox" else max(fallback.power_w, 0))


def _idle(claim: Claim, now_ms: int) -> None:
    """Since when a car takes nothing of what it may."""
    if claim.kind != "wallbox" or claim.silent or not claim.running or _takes(claim):
        claim.idle_ms = NEVER
    elif claim.idle_ms == NEVER:
        claim.idle_ms = now_ms


def _takes(claim: Claim) -> bool:
    flow = claim.drawn
    return max(flow[0], flow[1], flow[2]) >= IDLE_MA or flow[3] >= IDLE_MA * claim.volt_mv // 1_000_000


def _idles(claim: Claim, now_ms: int) -> bool:
    return claim.idle_ms != NEVER and now_ms - claim.idle_ms >= IDLE_MS


def _safe(claim: Claim, node: int) -> None:
    """A meter on the way to the grid is lost: charging goes on at its least, all else stops, nothing starts.

    What runs by itself when we are gone (a heat pump on its own thermostat) is left to that: its fallback is
    reckoned with at every fuse.
    """
    level = 0
    if claim.kind == "wallbox" and claim.running:
        level = min(claim.level, claim.state.level, max(fallback_level(claim), claim.floor))
    elif claim.kind == "stages" and claim.running:
        level = min(claim.level, claim.state.level, fallback_level(claim))
    if level < claim.level or not claim.running:
        claim.ask(level, reasons.METER_LOST, node)


def _surplus(claim: Claim, now_ms: int) -> None:
    if claim.kind == "heater" and not claim.able.min_on_ms:
        level = claim.of_watts(claim.quick_w)
        if not claim.running and level < reasons.HEAT_W:
            level = 0
        claim.ask(level, reasons.SURPLUS if level else claim.waits)
    elif claim.mode == MINIMUM:
        if claim.kind != "stages":
            claim.edge_ms = NEVER
        level = _follow(claim)
        claim.ask(max(level, claim.floor), reasons.SURPLUS if level > claim.floor else reasons.MINIMUM)
    elif claim.running:
        _running(claim, now_ms)
    else:
        _waiting(claim, now_ms)
    if claim.kind == "stages" and claim.running:
        _higher(claim, now_ms)


def _higher(claim: Claim, now_ms: int) -> None:
    """A stage more needs a minute since the last change; for a heat pump, that has to keep it, one of surplus too."""
    level = claim.level
    if level > claim.state.level and now_ms - claim.state.changed_ms < START_MS:
        claim.bind(claim.state.level, reasons.STARTS_SOON)
    if claim.base <= 0 or claim.mode != MINIMUM:
        return
    if level <= claim.state.level:
        claim.edge_ms = NEVER
    elif claim.edge_ms == NEVER:
        claim.edge_ms = now_ms
    if claim.edge_ms != NEVER and now_ms - claim.edge_ms < START_MS:
        claim.bind(claim.state.level, reasons.STARTS_SOON)


def _running(claim: Claim, now_ms: int) -> None:
    if claim.slow_w >= claim.least_w:
        claim.edge_ms = NEVER
        claim.ask(max(_follow(claim), claim.floor), reasons.SURPLUS)
        return
    if claim.edge_ms == NEVER:
        claim.edge_ms = now_ms
    displaced = claim.yields and claim.waits == reasons.OTHERS_FIRST
    if now_ms - claim.edge_ms < (START_MS if displaced else STOP_MS):
        claim.ask(claim.floor, reasons.STOPS_SOON)
        return
    claim.ask(0, claim.waits)


def _waiting(claim: Claim, now_ms: int) -> None:
    if claim.slow_w < claim.least_w:
        claim.edge_ms = NEVER
        claim.ask(0, claim.waits)
        return
    if claim.edge_ms == NEVER:
        claim.edge_ms = now_ms
    if now_ms - claim.edge_ms < START_MS or claim.quick_w < claim.least_w:
        claim.ask(0, reasons.STARTS_SOON)
        return
    claim.ask(max(_follow(claim), claim.floor), reasons.SURPLUS)


def _follow(claim: Claim) -> int:
    """A contactor follows minutes, a pilot signal or a thyristor seconds."""
    return claim.of_watts(claim.slow_w if claim.kind == "stages" else claim.quick_w)
