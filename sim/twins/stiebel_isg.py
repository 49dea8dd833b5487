"""Twin of a Stiebel ISG: two stored inputs, of which one alone locks the pump, and the state it makes of them."""

from drivers.sg_ready import CONTACTS
from drivers.stiebel_isg import ENABLE, INPUTS, READS, SLOW
from sim.bank import Refused, Registers
from sim.heatpump import HeatPump
from sim.twins import RegisterTwin

SG = {0: 1, 1: 2, 2: 3, 3: 4}  # state of the contacts -> 5000


class IsgTwin(RegisterTwin):
    def __init__(self, registers: Registers, part: HeatPump, lock_input: int) -> None:
        super().__init__(registers)
        self._part = part
        self._lock = lock_input - 1  # which of both
        self.inputs = [0, 0]
        self.enabled = 0
        self._show()

    @property
    def state(self) -> int:
        return CONTACTS.index((self.inputs[self._lock] == 1, self.inputs[1 - self._lock] == 1))

    def _live(self) -> None:
        self._part.sg(SG[self.state] if self.enabled else 2)

    def _show(self) -> None:
        self.registers.poke(3, ENABLE, (self.enabled, self.inputs[0], self.inputs[1]))
        self.registers.put(READS[0], (SG[self.state],))
        self.registers.put(SLOW[0], (self._part.temperature_mdegc,))

    def _take(self, address: int, value: int) -> None:
        if value not in (0, 1):
            raise Refused(3)
        if address == ENABLE:
            self.enabled = value
        elif address in INPUTS:
            self.inputs[address - INPUTS[0]] = value
        else:
            super()._take(address, value)


def build(registers: Registers, part: HeatPump, options: "dict[str, object]") -> IsgTwin:
    return IsgTwin(registers, part, 1 if options["lock_input"] == "1" else 2)
