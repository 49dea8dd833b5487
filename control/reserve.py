"""What each load may be drawing at this moment, whatever was decided.

A load stays at the highest of what was confirmed and what may have reached it since, until a lower value was
confirmed and its draw has followed, or its time to follow has gone. Only then may others have the difference. A
silent load is reckoned with the most of what it was told and what it falls back to.
"""

from control.claims import HIGH_MV, Claim
from control.values import Written
from control.vectors import least, most, positive
from hal.values import Setpoint, placed

FOLLOWS_MS = 10_000  # IEC 61851-1: a new pilot signal every 5 s, and 5 s for the car
FOLLOWED_MA = 500  # a draw is within its limit when not above it by more: meters and cars are no finer


def reserve(claim: Claim, written: Written, now_ms: int) -> None:
    """Sets what the claim holds, draws and may be giving, since when its confirmed setpoint stands, and whether it
    is stuck: told in vain, or not following."""
    state = claim.state
    claim.stood_ms = state.stood_ms if written.confirmed == state.stood else now_ms
    fell_back = lapsed(claim, written, now_ms)
    held, told = state.held, _told(claim, written, fell_back)
    if held != told:
        held = told if _followed(claim, written, told, fell_back, now_ms) else most(told, held)
    if claim.able.measured and not claim.silent:
        flow = claim.sense.flow
        claim.drawn = flow if claim.kind == "storage" or min(flow) >= 0 else positive(flow)
        if claim.able.own and min(claim.state.level, written.confirmed.power_w if written.confirmed else 0) <= 0:
            held = most(held, positive(flow))  # it takes by itself what would be exported
        elif claim.sense.phased and _above(flow, held):
            held = most(held, flow)
            claim.stuck = now_ms - claim.stood_ms >= claim.able.settle_ms + FOLLOWS_MS
    elif claim.able.measured and claim.kind != "storage" and claim.sense.phased:
        claim.drawn = least(positive(claim.sense.flow), held)  # as it was last heard; its rest would count it twice
    if written.fault is not None:
        claim.stuck = True
    claim.held = held
    if claim.kind == "storage":
        claim.stands_w = given_w = _discharge(claim, written)
        if claim.silent and given_w < 0:  # what it may give must not look like room
            use = claim.usage(-given_w)
            claim.drawn = (-use[0], -use[1], -use[2], given_w)


def vector(claim: Claim, setpoint: Setpoint) -> "tuple[int, int, int, int]":
    """The most a load draws under a setpoint."""
    l1_ma, l2_ma, l3_ma = setpoint.current_ma
    if claim.kind == "wallbox":
        return positive((l1_ma, l2_ma, l3_ma, (l1_ma + l2_ma + l3_ma) * HIGH_MV // 1_000_000))
    if claim.kind == "stages" and claim.state.upkeep is not None:  # on the conductors whose turn it was then
        return most(claim.usage(setpoint.power_w), positive((l1_ma, l2_ma, l3_ma, 0)))
    return claim.usage(setpoint.power_w)


def lapsed(claim: Claim, written: Written, now_ms: int) -> bool:
    """Whether a silent device has gone to its fallback by itself by now."""
    if not claim.silent:
        return False
    able, good = claim.able, claim.sense.good
    if not able.failsafe_ms:
        return False
    last_ms = max(written.t_ms, good.t_ms if good is not None else 0)
    return now_ms - last_ms > able.failsafe_ms + able.settle_ms


def _told(claim: Claim, written: Written, fell_back: bool) -> "tuple[int, int, int, int]":
    if fell_back:
        told = vector(claim, claim.able.fallback)
    elif written.confirmed is None:
        told = _unknown(claim)
    else:
        told = vector(claim, written.confirmed)
        if claim.silent or written.fault is not None:
            told = most(told, vector(claim, claim.able.fallback))
    if written.pending is not None:
        told = most(told, vector(claim, written.pending))
    return told if told == claim.granted or fell_back else most(told, claim.granted)


def _unknown(claim: Claim) -> "tuple[int, int, int, int]":
    phases = claim.device.phases
    ma = placed((claim.device.reserve_ma,) * len(phases), phases)
    return ma.l1, ma.l2, ma.l3, ma.total() * HIGH_MV // 1_000_000


def _followed(claim: Claim, written: Written, told: "tuple[int, int, int, int]", fell_back: bool,
              now_ms: int) -> bool:
    """Whether a load that was lowered has come down."""
    if written.pending is not None or written.confirmed is None:
        return False
    if written.t_ms < claim.state.changed_ms and not claim.silent:
        return False  # a write begun before our last change may still be under way
    if fell_back or now_ms - claim.stood_ms >= claim.able.settle_ms:
        return True
    sense = claim.sense
    if claim.silent or not sense.phased or sense.good is None or sense.good.t_ms < claim.stood_ms:
        return False
    return not _above(sense.flow, told)


def _above(flow: "tuple[int, int, int, int]", may: "tuple[int, int, int, int]") -> bool:
    """Whether a draw is beyond its limit on any phase."""
    return flow[0] > may[0] + FOLLOWED_MA or flow[1] > may[1] + FOLLOWED_MA or flow[2] > may[2] + FOLLOWED_MA


def _discharge(claim: Claim, written: Written) -> int:
    """The most a storage may be giving, as a negative power."""
    given_w = min(claim.sense.flow[3], 0)
    if claim.silent or written.confirmed is None:
        given_w = min(given_w, claim.able.fallback.power_w)
    for setpoint in (written.confirmed, written.pending):
        if setpoint is not None:
            given_w = min(given_w, setpoint.power_w)
    return given_w
