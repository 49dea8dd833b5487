"""Who hangs behind what: read from the Site once, so that a step need not search.

`wiring` remembers the one site it was last asked for. That is no state of the decision: the answer follows
from the site alone.
"""

from collections import namedtuple

from control.values import NONE, DeviceSpec, NodeSpec, Site
from hal.values import NOMINAL_MV, w_of_ma

CONTROLLABLE_ABOVE_W = 4_200  # BK6-22-300, annex 1, 2.4: a controllable consumption device takes more than this
NO_LIMIT = 1 << 29  # mA or W; far above any house, and a small integer on a 32-bit board
LOADS = ("wallbox", "heater", "stages", "storage")
SOURCES = ("source", "inverter")
SUMMED = ("b", "c")  # groups of section 14a whose devices count together
METER_STALE_MS = 10_000  # a node's reading is never trusted longer, whatever is configured
MOST_OF_RATED = 4  # a current beyond this multiple would have tripped the fuse at once (IEC 60898: 3..5 In)
MOST_MV = 300_000


class Levels(namedtuple("Levels", ("floor", "top", "step", "base", "stages", "forms"))):
    """What a load can be set to: mA per conductor for a wallbox, W for all others."""

    __slots__ = ()
    floor: int  # the least above nothing
    top: int  # the most
    step: int
    base: int  # what it takes by itself
    stages: "tuple[int, ...]"  # W, ascending; of a load in stages
    forms: "tuple[tuple[tuple[int, ...], tuple[int, int, int]], ...]"  # by conductors in use: the grid phases they
    #                                                                    are on, how many of them on each


class Wiring(namedtuple("Wiring", ("loads", "paths", "behind", "sources", "witnesses", "measured", "children", "caps",
                                   "assumed", "inverters", "signals", "meters", "credible", "stale_ms", "levels"))):
    """Vectors: mA on L1, L2, L3, then W. The grid operator's ceiling stands as one more node behind the last."""

    __slots__ = ()
    loads: "tuple[int, ...]"  # devices that take a setpoint, the one that is shed last first
    paths: "tuple[tuple[int, ...], ...]"  # by device: the limits it is under, its own node first
    behind: "tuple[tuple[int, ...], ...]"  # by node: loads, in any depth
    sources: "tuple[tuple[int, ...], ...]"  # by node: generators and their meters, in any depth
    witnesses: "tuple[tuple[int, ...], ...]"  # by node: whatever moves its meter when it moves
    measured: "tuple[tuple[int, ...], ...]"  # by node: what its flow goes on to and tells its own draw: loads, sources,
    #                                          and of nodes in any depth the meter instead of what is behind it
    children: "tuple[tuple[int, ...], ...]"  # by node: nodes right below
    caps: "tuple[tuple[int, int, int, int], ...]"  # by node: what it may carry
    assumed: "tuple[tuple[int, int, int, int], ...]"  # by node: rest while it is not measured
    inverters: "tuple[int, ...]"  # generators that can be limited
    signals: "tuple[int, ...]"  # contacts of the grid operator
    meters: "tuple[int, ...]"  # that measure a node
    credible: "tuple[tuple[int, int], ...]"  # by device: (mA, W) of a phase, a reading of more cannot be true
    stale_ms: "tuple[int, ...]"  # by device: a reading older than this is no reading
    levels: "tuple[Levels, ...]"  # by device


class _Memory:
    """The site last asked for and its wiring."""

    def __init__(self) -> None:
        self.site: "Site | None" = None
        self.wiring: "Wiring | None" = None


_memory = _Memory()


def wiring(site: Site) -> Wiring:
    known = _memory.wiring
    if known is None or _memory.site is not site:
        known = _of(site)
        _memory.site, _memory.wiring = site, known
    return known


def is_load(device: DeviceSpec) -> bool:
    """Whether it draws what it is told."""
    return device.ability.kind in LOADS


def is_told(device: DeviceSpec) -> bool:
    """Whether it takes a setpoint: a load, or a generator that can be limited."""
    return device.ability.kind in LOADS or device.ability.kind == "inverter"


def kept(device: DeviceSpec) -> int:
    """Where there is not enough for all: a lower one is shed first."""
    return device.priority if device.keep == NONE else device.keep


def most_w(device: DeviceSpec) -> int:
    """The most a load can take from its node, at nominal voltage."""
    able = device.ability
    if able.kind == "wallbox":
        return able.max_ma * len(device.phases) * NOMINAL_MV // 1_000_000
    if able.kind == "stages":
        return max(sum(stage) for stage in able.stages) if able.stages else 0
    return able.max_w


def _of(site: Site) -> Wiring:
    devices, nodes = site.devices, site.nodes
    ways = tuple(_way(nodes, device.node) for device in devices)
    paths = []
    for device, way in zip(devices, ways):
        paths.append(way + (len(nodes),) if is_controllable(devices, device) else way)
    loads = sorted((i for i in range(len(devices)) if is_load(devices[i])), key=lambda i: (-kept(devices[i]), i))
    within = tuple(tuple(i for i in range(len(devices)) if n in ways[i]) for n in range(len(nodes)))
    return Wiring(
        tuple(loads), tuple(paths),
        tuple(tuple(i for i in inside if is_load(devices[i])) for inside in within),
        tuple(tuple(i for i in inside if devices[i].ability.kind in SOURCES) for inside in within),
        tuple(tuple(i for i in within[n] if devices[i].ability.measured and i != nodes[n].meter
                    and devices[i].ability.kind != "signal"
                    and (devices[i].ability.kind != "meter" or devices[i].node != n)) for n in range(len(nodes))),
        tuple(_measured(site, ways, n, within[n]) for n in range(len(nodes))),
        tuple(tuple(c for c in range(len(nodes)) if nodes[c].parent == n) for n in range(len(nodes))),
        tuple(_cap(node) for node in nodes), tuple(_assumed(node) for node in nodes),
        tuple(i for i in range(len(devices)) if devices[i].ability.kind == "inverter"),
        tuple(i for i in range(len(devices)) if devices[i].ability.kind == "signal"),
        tuple(node.meter for node in nodes if node.meter != NONE),
        tuple(_credible(nodes[device.node]) for device in devices),
        tuple(min(device.stale_ms, METER_STALE_MS) if device.ability.kind == "meter" else device.stale_ms
              for device in devices),
        tuple(levels(device) for device in devices),
    )


def levels(device: DeviceSpec) -> Levels:
    able, phases = device.ability, device.phases
    used = [phases[:count] for count in range(len(phases) + 1)]
    forms = tuple((each, (each.count(0), each.count(1), each.count(2))) for each in used)
    if able.kind == "wallbox":
        return Levels(able.min_ma, able.max_ma, max(able.step_ma, 1), 0, (), forms)
    if able.kind == "stages":
        stages = tuple(sum(stage) for stage in able.stages)
        return Levels(stages[1] if len(stages) > 1 else 0, stages[-1] if stages else 0, max(able.step_w, 1),
                      max(able.fallback.power_w, 0), stages, forms)
    return Levels(max(able.min_w, 0), able.max_w, max(able.step_w, 1), 0, (), forms)


def _measured(site: Site, ways: "tuple[tuple[int, ...], ...]", node: int,
              inside: "tuple[int, ...]") -> "tuple[int, ...]":
    out = []
    for index in inside:
        able, way = site.devices[index].ability, ways[index]
        between = [n for n in way[:way.index(node)] if site.nodes[n].meter != NONE]  # measured nodes on the way there
        own = site.nodes[site.devices[index].node].meter == index
        if able.kind == "meter":
            goes_on = own and len(between) == 1
        else:
            goes_on = able.kind in LOADS + SOURCES and not between
        if able.measured and goes_on:
            out.append(index)
    return tuple(out)


def is_controllable(devices: "tuple[DeviceSpec, ...]", device: DeviceSpec) -> bool:
    """Whether section 14a EnWG counts it: heat pumps together, and cooling together, every other by itself."""
    if not is_load(device) or not device.group:
        return False
    same = [each for each in devices if each.group == device.group] if device.group in SUMMED else [device]
    return sum([most_w(each) for each in same]) > CONTROLLABLE_ABOVE_W


def _way(nodes: "tuple[NodeSpec, ...]", node: int) -> "tuple[int, ...]":
    way = [node]
    while nodes[way[-1]].parent != NONE:
        way.append(nodes[way[-1]].parent)
    return tuple(way)


def _credible(node: NodeSpec) -> "tuple[int, int]":
    most_ma = MOST_OF_RATED * node.rated_ma
    return most_ma, w_of_ma(most_ma, MOST_MV)


def _cap(node: NodeSpec) -> "tuple[int, int, int, int]":
    """The cabinet's continuous current is kept by the sum of all, which is more than is asked and never less."""
    bears_ma = min(node.rated_ma, node.continuous_ma)
    return bears_ma, bears_ma, bears_ma, node.max_w or NO_LIMIT


def _assumed(node: NodeSpec) -> "tuple[int, int, int, int]":
    return node.rest_ma, node.rest_ma, node.rest_ma, 3 * node.rest_ma * NOMINAL_MV // 1_000_000
