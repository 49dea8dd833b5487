"""Twin of an E3/DC S10: the power of its point on each of the registers it may be read for."""

from drivers.e3dc import READS
from sim.bank import Registers
from sim.part import Point
from sim.twins import RegisterTwin

SOC_PERMILLE = 500


class S10Twin(RegisterTwin):
    def __init__(self, registers: Registers, part: Point) -> None:
        super().__init__(registers)
        self._part = part
        self._show()

    def _show(self) -> None:
        total_w = self._part.power_w.total()
        for reg, value in zip(READS, (-total_w, total_w, total_w, SOC_PERMILLE)):
            self.registers.put(reg, (value,))


def build(registers: Registers, part: Point, options: "dict[str, object]") -> S10Twin:
    return S10Twin(registers, part)
