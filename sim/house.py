"""The house as physics: parts hang on nodes, nodes on nodes, and the grid is their sum on every phase.

Watts are the truth; they add up exactly. The voltage falls with what the house draws, as behind a real
cable, and wanders a little by itself, so that no two readings of a living meter are the same.
"""

from hal.values import NOMINAL_MV, Phases
from sim.part import NOMINAL, Part, Point
from sim.rng import Rng

NONE = -1  # parent of the first node

_MOHM = 240  # IEC 60725: reference impedance of the public low-voltage grid, real part, phase
_WANDER_MV = 1_500  # how far the grid itself strays
_WANDER_STEP_MV = 60  # in a second


class Node(Point):
    """A point of the tree that a meter can measure."""

    def carry(self, power_w: Phases, voltage_mv: Phases, dt_ms: int) -> None:
        self.power_w = power_w
        self.voltage_mv = voltage_mv
        self._count(dt_ms)


class House:
    def __init__(self, parents: "tuple[int, ...]", parts: "tuple[tuple[int, Part], ...]", seed: int = 0) -> None:
        """`parents[i]` is the node above node i and stands before it; `parts`: (node, part)."""
        assert parents[0] == NONE
        assert all(0 <= parent < i for i, parent in enumerate(parents) if i)
        assert all(0 <= node < len(parents) for node, _ in parts)
        self.parents = parents
        self.nodes = tuple(Node() for _ in parents)
        self.parts = tuple(part for _, part in parts)
        self.part_nodes = tuple(node for node, _ in parts)
        self._parts = parts
        self._rng = Rng(seed)
        self._strayed_mv = [0, 0, 0]
        self._next_mv = NOMINAL

    def hang(self, node: int, part: Part) -> None:
        """One more part from now on, as when somebody plugs in a kettle."""
        assert 0 <= node < len(self.parents)
        self.parts += (part,)
        self.part_nodes += (node,)
        self._parts += ((node, part),)

    @property
    def voltage_mv(self) -> Phases:
        """At the grid connection, in the step that has just passed."""
        return self.nodes[0].voltage_mv

    def step(self, now_ms: int, dt_ms: int) -> None:
        """Lives through the `dt_ms` (1..1000) that end at `now_ms`."""
        assert 0 < dt_ms <= 1000
        sums = [[0, 0, 0] for _ in self.parents]
        voltage_mv = self._next_mv
        for node, part in self._parts:
            part.voltage_mv = voltage_mv
            part.step(now_ms, dt_ms)
            w, total = part.power_w, sums[node]
            total[0] += w[0]
            total[1] += w[1]
            total[2] += w[2]
        for i in range(len(sums) - 1, -1, -1):
            w1, w2, w3 = sums[i]
            self.nodes[i].carry(Phases(w1, w2, w3), voltage_mv, dt_ms)
            if i:
                above = sums[self.parents[i]]
                above[0] += w1
                above[1] += w2
                above[2] += w3
        self._next_mv = self._sag(dt_ms)

    def node_w(self, node: int) -> Phases:
        """Power through a node; node 0 is the grid."""
        return self.nodes[node].power_w

    def node_ma(self, node: int) -> Phases:
        """Current through a node's fuse, signed like its power."""
        return self.nodes[node].flow_ma

    def import_wh(self, node: int) -> int:
        return self.nodes[node].import_wh

    def export_wh(self, node: int) -> int:
        return self.nodes[node].export_wh

    def _sag(self, dt_ms: int) -> Phases:
        flow_ma = self.nodes[0].flow_ma
        strayed_mv, most_mv = self._strayed_mv, _WANDER_STEP_MV * dt_ms // 1000
        for i in range(3):
            moved_mv = strayed_mv[i] + self._rng.between(-most_mv, most_mv)
            strayed_mv[i] = max(-_WANDER_MV, min(moved_mv, _WANDER_MV))
        return Phases(
            NOMINAL_MV + strayed_mv[0] - flow_ma[0] * _MOHM // 1000,
            NOMINAL_MV + strayed_mv[1] - flow_ma[1] * _MOHM // 1000,
            NOMINAL_MV + strayed_mv[2] - flow_ma[2] * _MOHM // 1000,
        )
