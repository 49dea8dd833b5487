"""Twin of an Askoma ASKOHEAT+: it takes the nearest of its seven steps, and stops after its time, if one is set."""

from drivers.askoma_askoheat import ENABLED, POWER, READS, SETTING, STEPS
from sim.bank import Registers
from sim.tank import Tank
from sim.twins import wired
from sim.twins.register_heater import HeaterTwin


class AskoheatTwin(HeaterTwin):
    setting = ENABLED

    def __init__(self, registers: Registers, part: Tank, phases: "tuple[int, ...]", rod_w: int,
                 timeout_ms: int) -> None:
        self._step_w = rod_w // STEPS
        super().__init__(registers, part, phases, READS + (SETTING,), (POWER,), timeout_ms)

    def asked_w(self) -> int:
        return min((self.told["setpoint_w"] + self._step_w // 2) // self._step_w, STEPS) * self._step_w

    def fields(self) -> "dict[str, int]":
        return {"setting": self.setting}


def build(registers: Registers, part: Tank, options: "dict[str, object]") -> AskoheatTwin:
    rod_w, timeout_s = options["rod_w"], options["timeout_s"]
    assert isinstance(rod_w, int)
    assert isinstance(timeout_s, int)
    return AskoheatTwin(registers, part, wired(options), rod_w, 1000 * timeout_s)
