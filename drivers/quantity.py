"""An exact decimal as meters send it: an integer and a power of ten, no float anywhere."""

from collections import namedtuple


class Quantity(namedtuple("Quantity", ("value", "scaler"))):
    """Exactly value * 10**scaler."""

    __slots__ = ()
    value: int
    scaler: int

    def nearest(self, places: int) -> int:
        """In units of 10**-places, rounded to the nearest, halves away from zero."""
        shift = self.scaler + places
        if shift >= 0:
            return self.value * _ten(shift)
        size = (abs(self.value) * 2 + _ten(-shift)) // (2 * _ten(-shift))
        return -size if self.value < 0 else size

    def floor(self, places: int) -> int:
        """In units of 10**-places, rounded down: a counter that never falls stays one."""
        shift = self.scaler + places
        return self.value * _ten(shift) if shift >= 0 else self.value // _ten(-shift)

    def minus(self, other: "Quantity") -> "Quantity":
        return self.plus(Quantity(-other.value, other.scaler))

    def plus(self, other: "Quantity") -> "Quantity":
        scaler = min(self.scaler, other.scaler)
        return Quantity(self.nearest(-scaler) + other.nearest(-scaler), scaler)


def _ten(exponent: int) -> int:
    return int(10 ** exponent)


MOST_DIGITS = 24  # a 64-bit counter has 20


def decimal(text: str) -> "Quantity | None":
    """Of digits with a sign before and a point between them, as "-0012.50"; None for anything else."""
    digits = text.strip()
    negative = digits.startswith("-")
    if digits[:1] in ("-", "+"):
        digits = digits[1:]
    whole, _, part = digits.partition(".")
    if not 0 < len(whole + part) <= MOST_DIGITS or not all(letter in "0123456789" for letter in whole + part):
        return None
    value = int(whole + part)
    return Quantity(-value if negative else value, -len(part))
