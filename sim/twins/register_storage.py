"""Twin of a storage inverter that is a table: it keeps what it is told and moves its battery by it.

`Kind` says what the table cannot: the power it takes from what it was told (None: its own self-consumption; two
numbers: that within these bounds), fields made of others, what it holds after a power cut, and after which silence it
forgets what it was told.
"""

from collections import namedtuple

from drivers.orders import READ_BACK, Order
from hal.registers import Reg, decode
from sim.bank import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refused, Registers
from sim.battery import Battery
from sim.part import Point
from sim.twins import RegisterTwin, own_mv, three, wired

CELLS_MDEGC = 24_000


class Kind(namedtuple("Kind", ("orders", "wish", "fields", "power_on", "failsafe_ms", "failsafe_field", "renewed_by"))):
    """wish            (told, battery) -> power it takes, or None
    fields          (told, battery, power at the grid by phase) -> field -> values
    failsafe_ms     after this silence it is as after a power cut; failsafe_field: told in s; 0 and "": never
    renewed_by      the field whose writing counts; "" for any
    """

    __slots__ = ()
    orders: "tuple[Order, ...]"
    wish: "object"
    fields: "object"
    power_on: "dict[str, int]"
    failsafe_ms: int
    failsafe_field: str
    renewed_by: str


def kind(orders: "tuple[Order, ...]", wish: "object", fields: "object" = None, power_on: "dict[str, int] | None" = None,
         failsafe_ms: int = 0, failsafe_field: str = "", renewed_by: str = "") -> Kind:
    return Kind(orders, wish, fields, power_on or {}, failsafe_ms, failsafe_field, renewed_by)


class StoreTwin(RegisterTwin):
    def __init__(self, registers: Registers, part: Battery, reads: "tuple[Reg, ...]", made: Kind,
                 phases: "tuple[int, ...]") -> None:
        super().__init__(registers)
        self._part = part
        self._phases = phases
        self._reads = reads
        self.kind = made
        self.grid: "Point | None" = None  # where its own meter hangs
        self.told: "dict[str, tuple[int, ...]]" = {}
        self.writes = 0
        self.power_cycle()

    def power_cycle(self) -> None:
        for told in self.kind.orders:
            assert told.reg is not None
            self.told[told.reg.field] = (self.kind.power_on.get(told.reg.field, 0),) * told.reg.count
        self._heard_ms = self.now_ms
        self._show()

    @property
    def forgets_ms(self) -> int:
        field = self.kind.failsafe_field
        return 1000 * self.told[field][0] if field else self.kind.failsafe_ms

    @property
    def wish_w(self) -> "int | tuple[int, int] | None":
        """What it was told to take, None or bounds while it regulates by itself."""
        told = {field: values[0] if len(values) == 1 else values for field, values in self.told.items()}
        wish: "int | tuple[int, int] | None" = self.kind.wish(told, self._part)  # type: ignore[operator]
        return wish

    def _live(self) -> None:
        if self.forgets_ms and self.now_ms - self._heard_ms >= self.forgets_ms:
            self._forget()
        wish_w = self.wish_w
        if isinstance(wish_w, tuple):
            wish_w = max(wish_w[0], min(self._own_w(), wish_w[1]))
        self._part.target(self._own_w() if wish_w is None else wish_w)

    def _forget(self) -> None:
        """As after a power cut, but for what is stored: the time itself."""
        for field in self.told:
            if field != self.kind.failsafe_field:
                self.told[field] = (self.kind.power_on.get(field, 0),) * len(self.told[field])

    def _own_w(self) -> int:
        """What it would do by itself: it takes what would be exported, and gives what would be imported."""
        return self._part.power_w.total() - self.grid.power_w.total() if self.grid is not None else 0

    def _show(self) -> None:
        values = self._values()
        places = []
        for reg in self._reads:
            self.registers.put(reg, values[reg.field])
            places.append((reg.function, reg.address))
        for told in self.kind.orders:
            assert told.reg is not None
            if (READ_BACK[told.reg.function], told.reg.address) not in places:
                self.registers.put(told.reg, self.told[told.reg.field])

    def _values(self) -> "dict[str, tuple[int, ...]]":
        part = self._part
        total_w = part.power_w.total()
        grid = three(tuple(self.grid.power_w)) if self.grid is not None else (0, 0, 0)
        out = dict(self.told)
        out.update({
            "total_w": (total_w,), "soc_permille": (part.soc_permille,), "temperature_mdegc": (CELLS_MDEGC,),
            "import_wh": (part.import_wh,), "export_wh": (part.export_wh,), "charge_w": (max(total_w, 0),),
            "discharge_w": (max(-total_w, 0),), "home_w": grid, "voltage_mv": own_mv(part, self._phases),
        })
        for field in self.told:
            if field in ("charge_w", "discharge_w") and any(
                    told.reg is not None and told.reg.field == field for told in self.kind.orders):
                out[field] = self.told[field]
        if self.kind.fields is not None:
            out.update(self.kind.fields(self.told, part))  # type: ignore[operator]
        return out

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        regs = [told.reg for told in self.kind.orders if told.reg is not None and told.reg.address == address]
        if not regs:
            raise Refused(ILLEGAL_ADDRESS)
        reg = regs[0]
        if reg.function != function:
            raise Refused(ILLEGAL_FUNCTION)
        if reg.words() != len(values):
            raise Refused(ILLEGAL_VALUE)
        if self.refuse_writes or self.ignore_writes:
            super()._told(function, address, ())
            return
        found = tuple([value for value in decode(reg, values) if value is not None])
        if len(found) != reg.count:
            raise Refused(ILLEGAL_VALUE)
        self.told[reg.field] = found
        self.writes += 1
        if self.kind.renewed_by in ("", reg.field):
            self._heard_ms = self.now_ms
        self._shown = False


def build(registers: Registers, part: Battery, options: "dict[str, object]", reads: "tuple[Reg, ...]",
          made: Kind) -> StoreTwin:
    return StoreTwin(registers, part, reads, made, wired(options))
