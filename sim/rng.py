"""Chance from one seed: the same numbers on every interpreter and every board.

xorshift32 with the shifts 13, 17, 5 (Marsaglia, "Xorshift RNGs", 2003): period 2**32 - 1, enough to
shake a simulated day, of no use for secrets.
"""

_MASK = 0xFFFFFFFF


class Rng:
    """One stream of chance. Two parts that shall not disturb each other take two seeds (`fork`)."""

    def __init__(self, seed: int) -> None:
        """Any integer. Neighbouring seeds start far apart, as the seed is mixed first."""
        mixed = (seed ^ (seed >> 32)) & _MASK
        for factor in (0x85EBCA6B, 0xC2B2AE35):  # finalizer of MurmurHash3
            mixed = ((mixed ^ (mixed >> 16)) * factor) & _MASK
        self._state = (mixed ^ (mixed >> 16)) or 1

    def next(self) -> int:
        """32 bits, never 0."""
        x = self._state
        x ^= (x << 13) & _MASK
        x ^= x >> 17
        x ^= (x << 5) & _MASK
        self._state = x
        return x

    def below(self, n: int) -> int:
        """0 .. n - 1."""
        assert 0 < n <= _MASK
        return (self.next() * n) >> 32

    def between(self, least: int, most: int) -> int:
        """least .. most, both included."""
        return least + self.below(most - least + 1)

    def chance(self, permille: int) -> bool:
        """True in `permille` of 1000 cases."""
        return self.below(1000) < permille

    def fork(self) -> "Rng":
        """A stream of its own that depends on this one's seed only."""
        return Rng(self.next())
