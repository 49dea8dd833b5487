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
from control.wiring import Wiring

PATIENCE_MS = 8_000  # within the 13 s the whole chain has; beyond IEC 61851's 5 s and a reading every 3 s
FALL_MS = 5_000  # the rest falls to its highest value in a slice of this length
TOGETHER_MS = 2_000  # readings this near each other belong together

NEW_NODE = NodeState(NEVER, (0, 0, 0, 0), (0, 0, 0, 0), NEVER, (NEVER, NEVER, NEVER, NEVER), (0, 0, 0), 0, (0, 0, 0))


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
        flow = sense.flow if sense.phased else _guessed(wired, index, sense, senses, claims)
        if sense.good.t_ms != states[index].used_ms:
            out[index] = _measured(site, wired, index, states[index], senses, claims, now_ms)
        flows[index] = Flow(flow, True, False, out[index].rest, _export(flow, wired.behind[index], claims),
                            bears_ma(site.nodes[index], out[index], sense.phased))
    return tuple(flows), tuple(out)


def _unmeasured(site: Site, wired: Wiring, index: int, flows: "list[Flow]", state: NodeState) -> Flow:
    """Not less than what is assumed, than what was known, than what is known below."""
    assumed, known = wired.assumed[index], state.used_ms != NEVER
    rest = [0, 0, 0, 0]
    for k in range(4):
        below = sum(max(flows[child].rest[k], 0) for child in wired.children[index])
        rest[k] = max(assumed[k], below, state.rest[k] if known else 0)
    node = site.nodes[index]
    return Flow(None, False, node.meter != NONE, (rest[0], rest[1], rest[2], rest[3]), (0, 0, 0),
                bears_ma(node, state, False))


def _export(flow: "tuple[int, int, int, int]", loads: "tuple[int, ...]",
            claims: "tuple[Claim | None, ...]") -> "tuple[int, int, int]":
    out = [-flow[0], -flow[1], -flow[2]]
    for load in loads:
        claim = claims[load]
        assert claim is not None
        for p in range(3):
            out[p] += claim.drawn[p]
    return max(out[0], 0), max(out[1], 0), max(out[2], 0)


def _measured(site: Site, wired: Wiring, index: int, state: NodeState, senses: "tuple[Sense, ...]",
              claims: "tuple[Claim | None, ...]", now_ms: int) -> NodeState:
    """The node's state after one more reading of its meter."""
    node = site.nodes[index]
    sense = senses[node.meter]
    assert sense.good is not None
    t_ms = sense.good.t_ms
    flow = sense.flow if sense.phased else _guessed(wired, index, sense, senses, claims)
    drawn, least, held, together = _behind(wired.behind[index], claims, t_ms)
    heat, severity = NEW_NODE.heat, 0  # a guess by phase heats no fuse
    if sense.phased:
        heat, severity = heated(state, node, flow, t_ms)
    warm = warmed(state, flow, t_ms)
    if state.used_ms == NEVER:
        first = (flow[0] - least[0], flow[1] - least[1], flow[2] - least[2], flow[3] - least[3])
        return NodeState(t_ms, first, first, now_ms, NEW_NODE.above_ms, heat, severity,
                         (abs(flow[0]), abs(flow[1]), abs(flow[2])))
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
        high = flow[k] - least[k] if together else before
        peak[k] = max(state.peak[k], min(high, rest[k]), rest[k] if rest[k] > before else state.peak[k])
        if turn:
            rest[k], peak[k] = min(rest[k], peak[k]), min(high, rest[k])
    return NodeState(t_ms, (rest[0], rest[1], rest[2], rest[3]), (peak[0], peak[1], peak[2], peak[3]),
                     now_ms if turn else state.peak_ms, (above[0], above[1], above[2], above[3]), heat, severity,
                     warm)


def _behind(loads: "tuple[int, ...]", claims: "tuple[Claim | None, ...]",
            t_ms: int) -> "tuple[list[int], list[int], list[int], bool]":
    """(drawn, the least that may have been drawn, the most, whether all were read together with the meter)."""
    drawn, least, held, together = [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], True
    for load in loads:
        claim = claims[load]
        assert claim is not None
        now, most = claim.drawn, claim.held
        before = claim.sense.before
        known = claim.able.measured and not claim.silent
        for k in range(4):
            drawn[k] += now[k]
            least[k] += min(now[k], before[k]) if known else now[k]
            held[k] += max(most[k], now[k])
        if claim.silent and now[3] > 0:
            together = False  # whether it still draws so is not known
        if known and now[3] > 0 and claim.sense.good is not None and abs(claim.sense.good.t_ms - t_ms) > TOGETHER_MS:
            together = False
    return drawn, least, held, together


def _guessed(wired: Wiring, index: int, sense: Sense, senses: "tuple[Sense, ...]",
             claims: "tuple[Claim | None, ...]") -> "tuple[int, int, int, int]":
    """What may flow on each phase of a meter that tells only the total: all the rest on every one, none of it
    hidden by the roof."""
    assumed = wired.assumed[index]
    total_w, own = sense.flow[3], [0, 0, 0]
    for load in wired.behind[index]:
        claim = claims[load]
        assert claim is not None
        total_w -= claim.drawn[3]
        for p in range(3):
            own[p] += claim.drawn[p]
    for source in wired.sources[index]:
        total_w -= min(senses[source].flow[3], 0)
    rest_ma = max(total_w, 0) * 1_000_000 // LOW_MV
    return (max(assumed[0], rest_ma) + own[0], max(assumed[1], rest_ma) + own[1], max(assumed[2], rest_ma) + own[2],
            sense.flow[3])
