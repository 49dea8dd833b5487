"""Sums and bounds of what flows: mA on L1, L2, L3, then W.

Written out by place: these are the innermost steps of a decision, reckoned for every load at every node.
"""

NOTHING = (0, 0, 0, 0)


def plus(a: "tuple[int, int, int, int]", b: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


def minus(a: "tuple[int, int, int, int]", b: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    return a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]


def negative(a: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    return -a[0], -a[1], -a[2], -a[3]


def most(a: "tuple[int, int, int, int]", b: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    """The larger of both at each place."""
    return (a[0] if a[0] > b[0] else b[0], a[1] if a[1] > b[1] else b[1], a[2] if a[2] > b[2] else b[2],
            a[3] if a[3] > b[3] else b[3])


def least(a: "tuple[int, int, int, int]", b: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    """The smaller of both at each place."""
    return (a[0] if a[0] < b[0] else b[0], a[1] if a[1] < b[1] else b[1], a[2] if a[2] < b[2] else b[2],
            a[3] if a[3] < b[3] else b[3])


def positive(a: "tuple[int, int, int, int]") -> "tuple[int, int, int, int]":
    return (a[0] if a[0] > 0 else 0, a[1] if a[1] > 0 else 0, a[2] if a[2] > 0 else 0, a[3] if a[3] > 0 else 0)


def add(sums: "list[list[int]]", path: "tuple[int, ...]", use: "tuple[int, int, int, int]") -> None:
    """Adds what a load uses to the sum of every node on its path."""
    l1_ma, l2_ma, l3_ma, power_w = use
    for node in path:
        here = sums[node]
        here[0] += l1_ma
        here[1] += l2_ma
        here[2] += l3_ma
        here[3] += power_w
