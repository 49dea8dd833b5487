"""The loads nobody controls, at each node and on each phase: what the meter says, less what our loads draw.

Both are read at different moments. A rise that a load of ours explains (it may draw up to what it holds) is taken
for the rest only when it lasts, or at once when the fuse is over its limit; so a car that follows its grant does
not lower it. A fall counts only when it has lasted and our loads were read together with the meter; so a car that
stopped between two readings frees nothing. PV behind the node stays inside the rest: the fuse feels only what flows.
"""

from collections import namedtuple

from control.claims import LOW_MV, Claim
from control.overload import bears_ma, heated, warmed
from control.values import NEVER, NONE, NodeState, Sense, Site
from control.vectors import NOTHING, least, minus, most, plus, positive
from control.wiring import Wiring

PATIENCE_MS = 8_000  # within the 13 s the whole chain has; beyond IEC 61851's 5 s and a reading every 3 s
FALL_MS = 5_000  # the rest falls to its highest value in a slice of this length
TOGETHER_MS = 2_000  # readings this near each other belong together

NEW_NODE = NodeState(NEVER, NOTHING, NOTHING, NEVER, (NEVER, NEVER, NEVER, NEVER), (0, 0, 0), 0, (0, 0, 0), NOTHING)


class Flow(namedtuple("Flow", ("measured", "believed", "lost", "rest", "export_ma", "bears_ma"))):
    """How a node stands. Vectors: mA on L1, L2, L3, then W."""

    __slots__ = ()
    measured: "tuple[int, int, int, int] | None"
    believed: bool  # measured now
    lost: bool  # has a meter that is not believed
    rest: "tuple[int, int, int, int]"
    export_ma: "tuple[int, int, int]"  # the most that may flow out while no load of ours draws
    bears_ma: "tuple[int, int, int]"  # what may flow on each phase now


NO_FLOW = Flow(None, False, False, (0, 0, 0, 0), (0, 0, 0), (0, 0, 0))


def rests(site: Site, wired: Wiring, states: "tuple[NodeState, ...]", senses: "tuple[Sense, ...]",
          claims: "tuple[Claim | None, ...]", now_ms: int) -> "tuple[tuple[Flow, ...], tuple[NodeState, ...]]":
    """By node; the leaves first, because a node without a meter has at least the rest of those below it."""
    count = len(site.nodes)
    flows = [NO_FLOW] * count
    out = list(states)
    for index in range(count - 1, -1, -1):
        meter = site.nodes[index].meter
        if meter == NONE or not senses[meter].believed:
            flows[index] = _unmeasured(site, wired, index, flows, states[index])
            continue
        sense = senses[meter]
        assert sense.good is not None
        drawn = _drawn(wired.behind[index], claims)
        flow = sense.flow if sense.phased else _guessed(wired, index, sense, senses, drawn)
        if sense.good.t_ms != states[index].used_ms:
            out[index] = _measured(site, wired, index, states[index], senses, claims, flow, drawn, now_ms)
        flows[index] = Flow(flow, True, False, out[index].rest, positive(minus(drawn, flow))[:3],
                            bears_ma(site.nodes[index], out[index], sense.phased))
    return tuple(flows), tuple(out)


def _unmeasured(site: Site, wired: Wiring, index: int, flows: "list[Flow]", state: NodeState) -> Flow:
    """Not less than what is assumed, than what was known or may have come, than what is known below."""
    below = NOTHING
    for child in wired.children[index]:
        below = plus(below, positive(flows[child].rest))
    rest = most(wired.assumed[index], below)
    if state.used_ms != NEVER:
        rest = most(rest, state.risen)
    node = site.nodes[index]
    return Flow(None, False, node.meter != NONE, rest, (0, 0, 0), bears_ma(node, state, False))


def _drawn(loads: "tuple[int, ...]", claims: "tuple[Claim | None, ...]") -> "tuple[int, int, int, int]":
    """By all of them together."""
    l1_ma, l2_ma, l3_ma, power_w = NOTHING
    for load in loads:
        claim = claims[load]
        assert claim is not None
        drawn = claim.drawn
        l1_ma, l2_ma, l3_ma, power_w = l1_ma + drawn[0], l2_ma + drawn[1], l3_ma + drawn[2], power_w + drawn[3]
    return l1_ma, l2_ma, l3_ma, power_w


def _measured(site: Site, wired: Wiring, index: int, state: NodeState, senses: "tuple[Sense, ...]",
              claims: "tuple[Claim | None, ...]", flow: "tuple[int, int, int, int]",
              drawn: "tuple[int, int, int, int]", now_ms: int) -> NodeState:
    """The node's state after one more reading of its meter; `drawn`: what all loads behind it draw."""
    node = site.nodes[index]
    sense = senses[node.meter]
    assert sense.good is not None
    t_ms = sense.good.t_ms
    low, held, together = _behind(wired.behind[index], claims, t_ms)
    heat, severity = NEW_NODE.heat, 0  # a guess by phase heats no fuse
    if sense.phased:
        heat, severity = heated(state, node, flow, t_ms)
    warm = warmed(state, flow, t_ms)
    if state.used_ms == NEVER:
        first = minus(flow, low)
        return NodeState(t_ms, first, first, now_ms, NEW_NODE.above_ms, heat, severity,
                         (abs(flow[0]), abs(flow[1]), abs(flow[2])), first)
    if not sense.phased and any(not senses[source].believed for source in wired.sources[index]):
        together = False  # what the roof hides on each phase is not known
    turn = together and now_ms - state.peak_ms >= FALL_MS
    cap = wired.caps[index]
    rest, peak, above = [0, 0, 0, 0], [0, 0, 0, 0], [NEVER, NEVER, NEVER, NEVER]
    for k in range(4):
        rest[k] = before = state.rest[k]
        now = flow[k] - drawn[k]
        if now > before:
            above[k] = now_ms if state.above_ms[k] == NEVER else state.above_ms[k]
            sure = flow[k] > cap[k] or now_ms - above[k] >= PATIENCE_MS
            rest[k] = now if sure else max(before, flow[k] - held[k])
        high = flow[k] - low[k] if together else before
        peak[k] = max(state.peak[k], min(high, rest[k]), rest[k] if rest[k] > before else state.peak[k])
        if turn:
            rest[k], peak[k] = min(rest[k], peak[k]), min(high, rest[k])
    is_now = (rest[0], rest[1], rest[2], rest[3])
    return NodeState(t_ms, is_now, (peak[0], peak[1], peak[2], peak[3]),
                     now_ms if turn else state.peak_ms, (above[0], above[1], above[2], above[3]), heat, severity,
                     warm, most(is_now, minus(flow, drawn)))


def _behind(loads: "tuple[int, ...]", claims: "tuple[Claim | None, ...]",
            t_ms: int) -> "tuple[tuple[int, int, int, int], tuple[int, int, int, int], bool]":
    """(the least that may have been drawn, the most, whether all were read together with the meter)."""
    low, held, together = NOTHING, NOTHING, True
    for load in loads:
        claim = claims[load]
        assert claim is not None
        now, sense = claim.drawn, claim.sense
        held = plus(held, most(claim.held, now))
        if claim.silent or not claim.able.measured:
            low = plus(low, now)
            if claim.silent and now[3] > 0:
                together = False  # whether it still draws so is not known
            continue
        low = plus(low, least(now, sense.before))
        if now[3] > 0 and sense.good is not None and abs(sense.good.t_ms - t_ms) > TOGETHER_MS:
            together = False
    return low, held, together


def _guessed(wired: Wiring, index: int, sense: Sense, senses: "tuple[Sense, ...]",
             drawn: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    """What may flow on each phase of a meter that tells only the total: all the rest on every one, none of it
    hidden by the roof."""
    assumed, total_w = wired.assumed[index], sense.flow[3] - drawn[3]
    for source in wired.sources[index]:
        total_w -= min(senses[source].flow[3], 0)
    rest_ma = max(total_w, 0) * 1_000_000 // LOW_MV
    return (max(assumed[0], rest_ma) + drawn[0], max(assumed[1], rest_ma) + drawn[1],
            max(assumed[2], rest_ma) + drawn[2], sense.flow[3])
