"""How much may flow at each node: the fuse, the cabinet, the node's watts, and the grid operator's ceiling.

The ceiling of section 14a EnWG is one more node, above the loads it counts: BK6-22-300 gives them the ceiling and
what roof and storage have left over after all other loads. While that is not measured they get the ceiling alone.
"""

from collections import namedtuple

from control import reasons
from control.claims import Claim
from control.rest import Flow
from control.values import NodeSpec, Site
from control.wiring import NO_LIMIT, Wiring
from hal.values import NOMINAL_MV


class Limits(namedtuple("Limits", ("room", "export_ma", "lost", "severity", "imbalance_ma", "names"))):
    """By node, the grid operator's ceiling behind the last. Vectors: mA on L1, L2, L3, then W."""

    __slots__ = ()
    room: "tuple[tuple[int, int, int, int], ...]"  # for all loads behind it together
    export_ma: "tuple[tuple[int, int, int], ...]"  # what storage may send out
    lost: "tuple[bool, ...]"
    severity: "tuple[int, ...]"  # overload: 0 none, 1 down to the least, 2 stop
    imbalance_ma: "tuple[int, ...]"  # between phases; 0 = not limited
    names: "tuple[tuple[int, int], ...]"  # reasons: a phase that binds, the watts that bind


def limits(site: Site, wired: Wiring, flows: "tuple[Flow, ...]", severity: "tuple[int, ...]",
           claims: "tuple[Claim, ...]", ceiling_w: int, peak_w: int) -> Limits:
    """From what is measured now; one step later it is reckoned anew. `peak_w`: what the house may import for the mean
    of the quarter of an hour."""
    room, export = [], []
    for index, flow in enumerate(flows):
        cap, rest = wired.caps[index], flow.rest
        bears = flow.bears_ma
        room.append((bears[0] - rest[0], bears[1] - rest[1], bears[2] - rest[2], cap[3] - rest[3]))
        rated_ma, out = site.nodes[index].rated_ma, flow.export_ma
        export.append((rated_ma - out[0], rated_ma - out[1], rated_ma - out[2]))
    names = [_names(node, flow) for node, flow in zip(site.nodes, flows)]
    if peak_w < wired.caps[0][3]:
        room[0] = room[0][:3] + (peak_w - flows[0].rest[3],)
        names[0] = (names[0][0], reasons.PEAK)
    over = len(flows)
    room.append((NO_LIMIT, NO_LIMIT, NO_LIMIT, _operator_w(flows[0], over, claims, ceiling_w)))
    export.append((NO_LIMIT, NO_LIMIT, NO_LIMIT))
    return Limits(
        tuple(room), tuple(export), tuple(flow.lost for flow in flows) + (False,), severity + (0,),
        tuple(node.imbalance_va * 1_000_000 // NOMINAL_MV for node in site.nodes) + (0,),
        tuple(names) + ((reasons.OPERATOR, reasons.OPERATOR),),
    )


def _operator_w(house: Flow, over: int, claims: "tuple[Claim, ...]", ceiling_w: int) -> int:
    if ceiling_w < 0:
        return NO_LIMIT
    if not house.believed:
        return ceiling_w
    others_w = house.rest[3]
    for claim in claims:
        if claim.kind == "storage" and not claim.silent:
            others_w += min(max(claim.drawn[3], claim.state.level), 0)
        if over not in claim.path:
            others_w += claim.held[3]
    return ceiling_w + max(0, -others_w)


def _names(node: NodeSpec, flow: Flow) -> "tuple[int, int]":
    return (reasons.FUSE if min(flow.bears_ma) >= node.rated_ma else reasons.CONTINUOUS), reasons.NODE_POWER
