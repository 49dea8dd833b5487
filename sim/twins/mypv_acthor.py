"""Twin of a my-PV AC THOR: forgets our power after its time-out; says what it draws as if its rod were its own."""

from drivers.mypv_acthor import NOMINAL_W, POWER, READS, STANDBY_W, VOLTS
from hal.registers import Reg
from sim.bank import Registers
from sim.tank import Tank
from sim.twins import wired
from sim.twins.register_heater import HeaterTwin


class AcThorTwin(HeaterTwin):
    def __init__(self, registers: Registers, part: Tank, phases: "tuple[int, ...]", nominal_w: int, rod_w: int,
                 timeout_ms: int) -> None:
        self._nominal_w = nominal_w
        self._rod_w = rod_w
        volts = tuple([Reg("voltage_mv", 3, at, "s16", 1, 1000, 1) for at in VOLTS[:len(phases)]])
        super().__init__(registers, part, phases, READS + volts, (POWER,), timeout_ms)

    def asked_w(self) -> int:
        return min(self.told["total_w"], self._nominal_w) * self._rod_w // self._nominal_w

    def fields(self) -> "dict[str, int]":
        drawn_w = self.drawn_w
        return {"told_w": drawn_w * self._nominal_w // self._rod_w or STANDBY_W, "status": 9 if drawn_w else 0}


def build(registers: Registers, part: Tank, options: "dict[str, object]") -> AcThorTwin:
    nominal_w, rod_w, timeout_s = NOMINAL_W[str(options["model"])], options["rod_w"], options["timeout_s"]
    assert isinstance(rod_w, int)
    assert isinstance(timeout_s, int)
    return AcThorTwin(registers, part, wired(options), nominal_w, rod_w or nominal_w, 1000 * timeout_s)
