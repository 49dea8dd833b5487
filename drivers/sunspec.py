"""SunSpec: finding a device's models, and reading points together with their scale factors.

Source: SunSpec Device Information Model Specification; offsets count from a model's ID register as in the
model files. Absolute addresses are never assumed: integer and float variants shift everything behind them.
A scale factor may change while the device runs, so it comes in the same request as its value.
"""

from collections import namedtuple

from hal.faults import FRAME, RANGE, REFUSED, DeviceError
from hal.ports import Bus
from hal.registers import Reg, numbers, width

BASES = (40_000, 50_000, 0)  # where the marker may stand, in this order
MARKER = (0x5375, 0x6E53)  # "SunS"
END = 0xFFFF  # ID of the model behind the last
HEADER = 2  # ID and length stand before a model's body
NONE = -1  # a point without a scale factor
_MOST_MODELS = 64
_SCALES = range(-10, 11)  # sunssf is bounded to this


class Model(namedtuple("Model", ("id", "address", "length"))):
    """Where one model stands: the address of its ID register, the registers of its body."""

    __slots__ = ()
    id: int
    address: int
    length: int


class Point(namedtuple("Point", ("field", "offset", "kind", "count", "num", "den", "scale"))):
    """One quantity of a model; value = raw * 10 ** (factor at `scale`) * num / den."""

    __slots__ = ()
    field: str
    offset: int
    kind: str
    count: int
    num: int
    den: int
    scale: int  # offset of its scale factor, or NONE

    def words(self) -> int:
        """How many registers it takes."""
        return width(self.kind) * self.count

    def reg(self, model: Model, factor: int, function: int = 3) -> Reg:
        """The point as a register of this device, at this scale factor."""
        up, down = (10 ** factor, 1) if factor >= 0 else (1, 10 ** -factor)
        return Reg(self.field, function, model.address + self.offset, self.kind, self.count,
                   self.num * up, self.den * down)


def scan(bus: Bus, unit: int) -> "tuple[Model, ...]":
    """Every model the device has, in its order; DeviceError(FRAME) when it does not speak SunSpec."""
    address = _base(bus, unit) + len(MARKER)
    models: "list[Model]" = []
    while len(models) < _MOST_MODELS and address < 0xFFFF:
        number, length = bus.read(unit, 3, address, HEADER)
        if number == END:
            return tuple(models)
        models.append(Model(number, address, length))
        address += HEADER + length
    raise DeviceError(FRAME, "the chain of SunSpec models has no end")


def _base(bus: Bus, unit: int) -> int:
    for base in BASES:
        try:
            if tuple(bus.read(unit, 3, base, len(MARKER))) == MARKER:
                return base
        except DeviceError as error:
            if error.kind != REFUSED:
                raise
    raise DeviceError(FRAME, "no SunSpec marker")


def find(models: "tuple[Model, ...]", *numbers: int) -> Model:
    """The first model with one of these numbers; DeviceError(REFUSED) when there is none."""
    for model in models:
        if model.id in numbers:
            return model
    raise DeviceError(REFUSED, "no SunSpec model %s" % " or ".join(str(number) for number in numbers))


def fetch(
    bus: Bus, unit: int, model: Model, points: "tuple[Point, ...]",
) -> "dict[str, tuple[int | None, ...]]":
    """Field -> values, all of one request."""
    first, words = _words(bus, unit, model, points)
    out: "dict[str, tuple[int | None, ...]]" = {}
    for point in points:
        factor = _factor(point, first, words)
        if factor is None:
            out[point.field] = (None,) * point.count
            continue
        start = point.offset - first
        up, down = (10 ** factor, 1) if factor >= 0 else (1, 10 ** -factor)
        out[point.field] = numbers(point.kind, words[start:start + point.words()], point.num * up, point.den * down)
        if point.scale != NONE:
            out[scale_of(point.field)] = (factor,)
    return out


def scale_of(field: str) -> str:
    """The name under which `fetch` leaves the scale factor of a field."""
    return field + "_sf"


def _words(
    bus: Bus, unit: int, model: Model, points: "tuple[Point, ...]",
) -> "tuple[int, tuple[int, ...]]":
    first = min(point.offset for point in points)
    last = max(max(point.offset + point.words() - 1, point.scale) for point in points)
    if last >= HEADER + model.length:
        raise DeviceError(FRAME, "SunSpec model %d has only %d registers" % (model.id, model.length))
    return first, bus.read(unit, 3, model.address + first, last - first + 1)


def _factor(point: Point, first: int, words: "tuple[int, ...]") -> "int | None":
    if point.scale == NONE:
        return 0
    start = point.scale - first
    factor = numbers("s16", words[start:start + 1], 1, 1)[0]
    if factor is not None and factor not in _SCALES:
        raise DeviceError(RANGE, "%s: scale factor %d" % (point.field, factor))
    return factor
