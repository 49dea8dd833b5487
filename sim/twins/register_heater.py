"""Twin of a heater or a heat pump that is told a power: it keeps it for its time, and its tank draws it."""

from drivers.orders import READ_BACK, Order
from hal.registers import Reg, decode
from sim.bank import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, Refused, Registers
from sim.tank import Tank
from sim.twins import RegisterTwin, own_mv, own_w


class HeaterTwin(RegisterTwin):
    """A subclass says what stands in its registers, and what power it makes of what it was told."""

    def __init__(self, registers: Registers, part: Tank, phases: "tuple[int, ...]", reads: "tuple[Reg, ...]",
                 orders: "tuple[Order, ...]", timeout_ms: int = 0) -> None:
        super().__init__(registers)
        self._part = part
        self._phases = phases
        self._reads = reads
        self._orders = orders
        self._timeout_ms = timeout_ms
        self._told_ms = 0
        self.writes = 0
        self.told: "dict[str, int]" = {}
        self.power_cycle()

    def power_cycle(self) -> None:
        for each in self._orders:
            assert each.reg is not None
            self.told[each.reg.field] = 0
        self._show()

    def asked_w(self) -> int:
        raise NotImplementedError

    def fields(self) -> "dict[str, int]":
        """Beside drawn_w, temperature_mdegc and what it was told."""
        return {}

    @property
    def drawn_w(self) -> int:
        return sum(own_w(self._part, self._phases))

    def _live(self) -> None:
        if self._timeout_ms and self.now_ms - self._told_ms >= self._timeout_ms:
            for field in self.told:
                self.told[field] = 0
        self._part.set_w(self.asked_w())

    def _show(self) -> None:
        values: "dict[str, tuple[int, ...]]" = {
            "total_w": (self.drawn_w,), "temperature_mdegc": (self._part.temperature_mdegc,),
            "import_wh": (self._part.import_wh,)}
        values.update({field: (value,) for field, value in self.told.items()})
        values.update({field: (value,) for field, value in self.fields().items()})
        volts = list(own_mv(self._part, self._phases))
        places = []
        for reg in self._reads:
            self.registers.put(reg, (volts.pop(0),) if reg.field == "voltage_mv" else values[reg.field])
            places.append((reg.function, reg.address))
        for each in self._orders:
            assert each.reg is not None
            if (READ_BACK[each.reg.function], each.reg.address) not in places:
                self.registers.put(each.reg, (self.told[each.reg.field],))

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        regs = [each.reg for each in self._orders if each.reg is not None and each.reg.address == address]
        if not regs:
            raise Refused(ILLEGAL_ADDRESS)
        if regs[0].function != function:
            raise Refused(ILLEGAL_FUNCTION)
        if self.refuse_writes or self.ignore_writes:
            super()._told(function, address, ())
            return
        self.told[regs[0].field] = decode(regs[0], values)[0] or 0
        self._told_ms = self.now_ms
        self.writes += 1
        self._shown = False
