"""How a device is told from all others by its registers, and which settings change what its numbers mean.

A driver whose device can be recognised says so in a tuple IDENTITY of Mark (a meter that is a table: in its Table).
"""

from collections import namedtuple

from hal.faults import REFUSED, DeviceError
from hal.ports import Bus


class Mark(namedtuple("Mark", ("function", "address", "values", "why"))):
    """What must stand in certain registers: one of `values` (each a tuple of words); else `why`, with what stands."""

    __slots__ = ()
    function: int
    address: int
    values: "tuple[tuple[int, ...], ...]"
    why: str


def stands(bus: Bus, unit: int, mark: Mark) -> "tuple[int, ...] | None":
    """The words where `mark` looks; None when this device has no such registers."""
    try:
        return tuple(bus.read(unit, mark.function, mark.address, len(mark.values[0])))
    except DeviceError as error:
        if error.kind != REFUSED:
            raise
        return None


def missed(bus: Bus, unit: int, marks: "tuple[Mark, ...]") -> str:
    """The words of the first setting that stands otherwise; "" when all are right or not there."""
    for mark in marks:
        found = stands(bus, unit, mark)
        if found is not None and found not in mark.values:
            return str(mark.why % found)
    return ""
