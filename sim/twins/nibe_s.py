"""Twin of a NIBE S-series heat pump: its stored mode, heeded once that is switched on; its power."""

from drivers.nibe_s import ENABLE, MODE, READS, SLOW
from sim.bank import ILLEGAL_VALUE, Refused, Registers
from sim.heatpump import HeatPump
from sim.twins import RegisterTwin

SG = {0: 1, 1: 2, 3: 3}


class NibeTwin(RegisterTwin):
    def __init__(self, registers: Registers, part: HeatPump) -> None:
        super().__init__(registers)
        self._part = part
        self.mode = 1
        self.enabled = 0
        self._show()

    def _live(self) -> None:
        self._part.sg(SG[self.mode] if self.enabled else 2)

    def _show(self) -> None:
        self.registers.poke(3, ENABLE, (self.enabled,))
        self.registers.poke(3, MODE, (self.mode,))
        self.registers.put(READS[0], (self._part.power_w.total(),))
        self.registers.put(SLOW[0], (self._part.import_wh,))
        self.registers.put(SLOW[1], (self._part.temperature_mdegc,))

    def _take(self, address: int, value: int) -> None:
        if address == ENABLE:
            self.enabled = value
        elif address == MODE and value in SG:
            self.mode = value
        elif address == MODE:
            raise Refused(ILLEGAL_VALUE)
        else:
            super()._take(address, value)


def build(registers: Registers, part: HeatPump, options: "dict[str, object]") -> NibeTwin:
    return NibeTwin(registers, part)
