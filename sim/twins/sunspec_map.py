"""What twins that speak SunSpec have in common: models laid out in a row, and points by the factor of the moment."""

from drivers.sunspec import END, MARKER, Model, Point
from sim.bank import Registers

BASE = 40_000
NOT_THERE = 0xFFFF  # what an unused register reads


def lay_out(registers: Registers, base: int, numbers: "tuple[int, ...]", lengths: "dict[int, int]",
            ) -> "dict[int, Model]":
    """Marker, models, end: every register there, unused ones with the pattern for no value."""
    registers.poke(3, base, MARKER)
    address = base + len(MARKER)
    models = {}
    for number in numbers:
        models[number] = Model(number, address, lengths[number])
        registers.poke(3, address, (number, lengths[number]) + (NOT_THERE,) * lengths[number])
        address += 2 + lengths[number]
    registers.poke(3, address, (END, 0))
    return models


def put(registers: Registers, model: Model, point: Point, values: "tuple[int, ...]", factor: int) -> None:
    """The first conductors of a point; `factor` counts, and is shown, where the point has one."""
    if point.scale < 0:
        factor = 0
    if len(values) != point.count:
        point = Point(point.field, point.offset, point.kind, len(values), point.num, point.den, point.scale)
    registers.put(point.reg(model, factor), values)
    if point.scale >= 0:
        registers.poke(3, model.address + point.scale, (factor & 0xFFFF,))
