"""Sine, cosine and square root in integers: the sun stands at the same place on every interpreter."""

ONE = 32_768  # 1.0
_SIN = (  # of 0..90 degrees
    0, 572, 1144, 1715, 2286, 2856, 3425, 3993, 4560, 5126, 5690, 6252, 6813, 7371, 7927, 8481, 9032, 9580,
    10126, 10668, 11207, 11743, 12275, 12803, 13328, 13848, 14365, 14876, 15384, 15886, 16384, 16877, 17364,
    17847, 18324, 18795, 19261, 19720, 20174, 20622, 21063, 21498, 21926, 22348, 22763, 23170, 23571, 23965,
    24351, 24730, 25102, 25466, 25822, 26170, 26510, 26842, 27166, 27482, 27789, 28088, 28378, 28660, 28932,
    29197, 29452, 29698, 29935, 30163, 30382, 30592, 30792, 30983, 31164, 31336, 31499, 31651, 31795, 31928,
    32052, 32166, 32270, 32365, 32449, 32524, 32588, 32643, 32688, 32723, 32748, 32763, 32768,
)


def sine(angle_mdeg: int) -> int:
    """In parts of ONE, straight between whole degrees (wrong by less than 2 parts)."""
    angle_mdeg %= 360_000
    if angle_mdeg >= 180_000:
        return -sine(angle_mdeg - 180_000)
    if angle_mdeg > 90_000:
        angle_mdeg = 180_000 - angle_mdeg
    return between(_SIN, angle_mdeg, 1000)


def cosine(angle_mdeg: int) -> int:
    return sine(angle_mdeg + 90_000)


def between(table: "tuple[int, ...]", at: int, spacing: int) -> int:
    """The value at `at` of a curve whose points stand `spacing` apart from 0; its ends hold beyond it."""
    i, part = divmod(max(at, 0), spacing)
    if i >= len(table) - 1:
        return table[-1]
    return table[i] + (table[i + 1] - table[i]) * part // spacing


def root(square: int) -> int:
    """Square root, rounded down."""
    assert square >= 0
    guess = square
    better = (guess + 1) // 2
    while better < guess:
        guess = better
        better = (guess + square // guess) // 2
    return guess
