"""Twin of an inverter that is a table: it keeps the share it is told, and falls back when nobody tells it any more."""

from drivers.orders import READ_BACK, Order
from hal.registers import Reg, decode
from sim.bank import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refused, Registers
from sim.pv import Inverter
from sim.twins import RegisterTwin


class LimitTwin(RegisterTwin):
    """A subclass says how much it may make by what it was told, and what it tells."""

    orders: "tuple[Order, ...]" = ()
    reads: "tuple[Reg, ...]" = ()
    power_on: "dict[str, int]" = {}
    limit = ""  # the field whose writing counts

    def __init__(self, registers: Registers, part: Inverter) -> None:
        super().__init__(registers)
        self._part = part
        self.told: "dict[str, int]" = {}
        self.writes = 0  # of what it stores
        self._first = True
        self._forget()

    def power_cycle(self) -> None:
        """What is stored stays."""
        self._part.restart()
        self._forget()

    def _forget(self) -> None:
        for told in self.orders:
            assert told.reg is not None
            self.told.setdefault(told.reg.field, self.power_on.get(told.reg.field, 0))
        self.told[self.limit] = self.power_on.get(self.limit, 0)
        self._told_ms = self.now_ms
        self._show()

    def silent_ms(self) -> int:
        """After which it falls back; 0 = never."""
        raise NotImplementedError

    def share_w(self) -> int:
        """What it may make while it is told."""
        raise NotImplementedError

    def left_alone_w(self) -> int:
        raise NotImplementedError

    def fields(self) -> "dict[str, tuple[int, ...]]":
        raise NotImplementedError

    def _live(self) -> None:
        if self._first:
            self._first, self._told_ms = False, self.now_ms
        silent = self.silent_ms() and self.now_ms - self._told_ms >= self.silent_ms()
        self._part.limit(self.left_alone_w() if silent else self.share_w())

    def _show(self) -> None:
        values = self.fields()
        for reg in self.reads:
            self.registers.put(reg, values[reg.field])
        for told in self.orders:
            assert told.reg is not None
            place = Reg(told.reg.field, READ_BACK[told.reg.function], told.reg.address, told.reg.kind, 1, told.reg.num,
                        told.reg.den)
            self.registers.put(place, (self.told[told.reg.field],))

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        regs = [told.reg for told in self.orders if told.reg is not None and told.reg.address == address]
        if not regs:
            raise Refused(ILLEGAL_ADDRESS)
        reg = regs[0]
        if reg.function != function:
            raise Refused(ILLEGAL_FUNCTION)
        if reg.words() != len(values):
            raise Refused(ILLEGAL_VALUE)
        if self.refuse_writes or self.ignore_writes:
            return super()._told(function, address, ())
        found = decode(reg, values)[0]
        if found is None:
            raise Refused(ILLEGAL_VALUE)
        self.told[reg.field] = found
        if reg.field == self.limit:
            self._told_ms = self.now_ms
        else:
            self.writes += 1
        self._shown = False
        return None
