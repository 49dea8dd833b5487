"""What a fuse and a cabinet bear beyond their rating, and for how long.

A fuse that is overloaded stores heat: the square of its current above the square of what its curve holds for ever.
What has been stored says when loads come down to their least, and when they stop. A cabinet is slower: its terminals
feel the mean current of many minutes, so a cold one may carry up to its fuse for a while.
"""

from control.values import NEVER, NodeSpec, NodeState

# permille of its rating that a curve holds in conventional time: DIN VDE 0641-21, IEC 60269-1, IEC 60898-1
HOLDS_PERMILLE = (("sls-e", 1_050), ("gg", 1_250), ("mcb-b", 1_130), ("mcb-c", 1_130), ("mcb-d", 1_130))
CUT_PERMILLE, STOP_PERMILLE = 1_300, 1_800  # down to the least, stop, at once; a breaker at 2.55 may trip in a second
HEAT_CUT = 5_600  # permille squared / 1000, times s: an SLS-E at 1.5 stops all after 10 s, the chain has 13
HEAT_STOP = 2 * HEAT_CUT
HEAT_DRAIN = 100  # a second, below the rating: as cold as it was after two minutes
LONGEST_MS = 5_000  # between two readings; what was before them is not known
STEP_MA = 1_000  # what a cabinet bears falls in steps, so that a load need not follow each second
WARM_MS = 600_000  # time constant of a cabinet's terminals


def heated(state: NodeState, node: NodeSpec, flow: "tuple[int, int, int, int]",
           t_ms: int) -> "tuple[tuple[int, int, int], int]":
    """Inverse time: what the fuse has stored on each phase, and what follows (0 nothing, 1 the least, 2 stop)."""
    since_ms = _since(state, t_ms)
    holds = _holds(node.curve)
    heat, severity = [0, 0, 0], 0
    for p in range(3):
        permille = abs(flow[p]) * 1_000 // max(node.rated_ma, 1)
        over = min(permille, 10_000) ** 2 - holds ** 2
        gain = over // 1_000 if over > 0 else -HEAT_DRAIN if permille < 1_000 else 0
        heat[p] = min(max(state.heat[p] + gain * since_ms // 1_000, 0), HEAT_STOP)
        if permille > STOP_PERMILLE or heat[p] >= HEAT_STOP:
            severity = 2
        elif permille > CUT_PERMILLE or heat[p] >= HEAT_CUT:
            severity = max(severity, 1)
    return (heat[0], heat[1], heat[2]), severity


def warmed(state: NodeState, flow: "tuple[int, int, int, int]", t_ms: int) -> "tuple[int, int, int]":
    """The mean current of the last minutes on each phase, in mA, after one more reading."""
    since_ms, warm = _since(state, t_ms), [0, 0, 0]
    for p in range(3):
        # rounded up, so that it does reach what flows
        warm[p] = state.warm[p] - (state.warm[p] - abs(flow[p])) * since_ms // WARM_MS
    return warm[0], warm[1], warm[2]


def bears_ma(node: NodeSpec, state: NodeState, believed: bool) -> "tuple[int, int, int]":
    """What may flow on each phase now: the fuse, and what keeps the cabinet's mean at its continuous current."""
    rated_ma, lasting_ma = node.rated_ma, min(node.rated_ma, node.continuous_ma)
    if lasting_ma == rated_ma or not believed or state.used_ms == NEVER:
        return lasting_ma, lasting_ma, lasting_ma
    spare = [max(lasting_ma - state.warm[p], 0) // STEP_MA * STEP_MA for p in range(3)]
    return (min(rated_ma, lasting_ma + spare[0]), min(rated_ma, lasting_ma + spare[1]),
            min(rated_ma, lasting_ma + spare[2]))


def _since(state: NodeState, t_ms: int) -> int:
    return 0 if state.used_ms == NEVER else min(max(t_ms - state.used_ms, 0), LONGEST_MS)


def _holds(curve: str) -> int:
    for name, permille in HOLDS_PERMILLE:
        if name == curve:
            return permille
    return 1_000
