"""A device that is a table of registers, said as one Reading.

`reads` is asked for every time, in as few requests as the device allows. `slow` (energies, settings) comes
round-robin, at most one request a reading, so that a 9600-baud line keeps its grid reading each second; a
slow value has its own age, and one that has missed three rounds is no value. What fails in a slow request
costs that value only; a slow request that is refused is asked in its parts from then on, so that a register
this model has not got costs no other. Values stand on grid phases here and nowhere below.
"""

from hal.faults import RANGE, REFUSED, DeviceError
from hal.ports import Bus, Meter
from hal.registers import Reg, blocks, decode, encode
from hal.values import Phases, Reading, placed, reading

SLOW_EVERY_MS = 10_000
MOST_WORDS = 125  # Modbus Application Protocol 1.1b3, 6.3
_ROUNDS = 3  # a slow value older than so many rounds is no value


class Block:
    """One request and the quantities in its answer."""

    def __init__(self, request: "tuple[int, int, int]", table: "tuple[Reg, ...]") -> None:
        self.function, self.address, self.count = request
        end = self.address + self.count
        self.regs = tuple(reg for reg in table
                          if reg.function == self.function and self.address <= reg.address < end)
        self.asked_ms: "int | None" = None
        self.heard_ms = 0
        self.values: "dict[str, tuple[int | None, ...]]" = {}

    def fetch(self, bus: Bus, unit: int) -> "dict[str, tuple[int | None, ...]]":
        words = bus.read(unit, self.function, self.address, self.count)
        out: "dict[str, tuple[int | None, ...]]" = {}
        for reg in self.regs:
            start = reg.address - self.address
            out[reg.field] = out.get(reg.field, ()) + decode(reg, words[start:start + reg.words()])
        return out

    def nothing(self) -> "dict[str, tuple[int | None, ...]]":
        """Its quantities, none with a value."""
        out: "dict[str, tuple[int | None, ...]]" = {}
        for reg in self.regs:
            out[reg.field] = out.get(reg.field, ()) + (None,) * reg.count
        return out

    def parts(self) -> "tuple[Block, ...]":
        """A request for each of its quantities."""
        return tuple(Block((reg.function, reg.address, reg.words()), (reg,)) for reg in self.regs)


class RegisterDevice(Meter):
    """A subclass with a quirk overrides `say`; one that obeys is a Load too and writes with `keep`."""

    def __init__(
        self, bus: Bus, unit: int, reads: "tuple[Reg, ...]", slow: "tuple[Reg, ...]" = (),
        slow_every_ms: int = SLOW_EVERY_MS, most_words: int = MOST_WORDS, phases: "tuple[int, ...]" = (0, 1, 2),
        gap: int = 0,
    ) -> None:
        """A field that stands in the table once for each phase is one vector, in the table's order."""
        self.bus = bus
        self.unit = unit
        self.phases = phases
        self._slow_every_ms = slow_every_ms
        self._fast = planned(reads, most_words, gap)
        self._slow = planned(slow, most_words, gap)

    def read(self, now_ms: int) -> Reading:
        return self.say(now_ms, self.fetch(now_ms))

    def fetch(self, now_ms: int) -> "dict[str, tuple[int | None, ...]]":
        """Field -> values on the device's own conductors; a slow field that is too old is None."""
        values: "dict[str, tuple[int | None, ...]]" = {}
        for block in self._fast:
            _add(values, block.fetch(self.bus, self.unit))
        self._renew(now_ms)
        for block in self._slow:
            known = block.values and now_ms - block.heard_ms <= _ROUNDS * self._slow_every_ms
            _add(values, block.values if known else block.nothing())
        return values

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        """The fields that a Reading has, taken as they are; the total is the sum where the device has none."""
        power_w = self.vector(values, "power_w")
        total_w = one(values, "total_w")
        return reading(
            now_ms,
            total_w=power_w.total() if total_w is None and power_w is not None else total_w,
            power_w=power_w,
            current_ma=self.vector(values, "current_ma"),
            voltage_mv=self.vector(values, "voltage_mv"),
            import_wh=one(values, "import_wh"),
            export_wh=one(values, "export_wh"),
            soc_permille=one(values, "soc_permille"),
            temperature_mdegc=one(values, "temperature_mdegc"),
            limit_w=one(values, "limit_w"),
            power_factor_permille=self.vector(values, "power_factor_permille"),
            frequency_mhz=one(values, "frequency_mhz"),
        )

    def vector(self, values: "dict[str, tuple[int | None, ...]]", field: str) -> "Phases | None":
        """The field on grid phases; None when one of the wired conductors has no value."""
        own = own_values(values, field, len(self.phases))
        return None if own is None else placed(own, self.phases)

    def forget(self) -> None:
        """Slow values are asked anew, from the next reading on."""
        for block in self._slow:
            block.asked_ms = None
            block.values = {}

    def keep(self, reg: Reg, values: "tuple[int, ...]") -> None:
        """Writes by `reg` and reads back; DeviceError(REFUSED) when the device did not keep it."""
        words = encode(reg, values)
        self.bus.write(self.unit, reg.function, reg.address, words)
        kept = tuple(self.bus.read(self.unit, 3, reg.address, len(words)))
        if kept != words:
            raise DeviceError(REFUSED, "%s: told %s, kept %s" % (reg.field, words, kept))

    def _renew(self, now_ms: int) -> None:
        due = [block for block in self._slow
               if block.asked_ms is None or now_ms - block.asked_ms >= self._slow_every_ms]
        if not due:
            return
        block = min(due, key=lambda block: -1 if block.asked_ms is None else block.asked_ms)
        block.asked_ms = now_ms
        try:
            block.values = block.fetch(self.bus, self.unit)
        except DeviceError as error:
            if error.kind == REFUSED and len(block.regs) > 1:
                self._slow = tuple(part for each in self._slow
                                   for part in (block.parts() if each is block else (each,)))
            return  # its age shows it
        block.heard_ms = now_ms


def planned(table: "tuple[Reg, ...]", most_words: int, gap: int = 0) -> "tuple[Block, ...]":
    """The requests that fetch a table, in its order, each of at most `most_words`, over at most `gap` unused ones."""
    made = [Block(request, table) for request in blocks(table, most_words, gap)]
    return tuple(sorted(made, key=lambda block: table.index(block.regs[0])))


def _add(values: "dict[str, tuple[int | None, ...]]", more: "dict[str, tuple[int | None, ...]]") -> None:
    for field in more:
        values[field] = values.get(field, ()) + more[field]


def one(values: "dict[str, tuple[int | None, ...]]", field: str) -> "int | None":
    """A quantity that has no phases."""
    return values[field][0] if field in values else None


def own_values(
    values: "dict[str, tuple[int | None, ...]]", field: str, conductors: int,
) -> "tuple[int, ...] | None":
    """The field on the wired conductors, or None when one of them has no value."""
    wired = values.get(field, (None,))[:conductors]
    whole = tuple(value for value in wired if value is not None)
    return whole if len(whole) == conductors else None


def needed(values: "dict[str, tuple[int | None, ...]]", field: str, conductors: int = 1) -> "tuple[int, ...]":
    """As own_values, for what the device always has: its absence is an impossible answer."""
    own = own_values(values, field, conductors)
    if own is None:
        raise DeviceError(RANGE, "%s: no value" % field)
    return own


def split(total: int, weights: "tuple[int, ...]") -> "tuple[int, ...]":
    """`total` in proportion to `weights` (evenly where all are 0); the parts sum up to it exactly."""
    if not sum(weights):
        weights = (1,) * len(weights)
    out: "list[int]" = []
    given = seen = 0
    for weight in weights:
        seen += weight
        until = total * seen // sum(weights)
        out.append(until - given)
        given = until
    return tuple(out)
