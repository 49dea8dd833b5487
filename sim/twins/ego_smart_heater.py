"""Twin of an E.G.O. Smart Heater: three elements, a minute's memory."""

from drivers.ego_smart_heater import ELEMENTS, IDENTITY, POWER, READS, STEP_W
from sim.bank import Registers
from sim.tank import Tank
from sim.twins import wired
from sim.twins.register_heater import HeaterTwin

WATTS = (500, 1_000, 2_000)


class SmartHeaterTwin(HeaterTwin):
    def __init__(self, registers: Registers, part: Tank, phases: "tuple[int, ...]", timeout_ms: int) -> None:
        for mark in IDENTITY:
            registers.poke(mark.function, mark.address, mark.values[0])
        super().__init__(registers, part, phases, READS + ELEMENTS, (POWER,), timeout_ms)

    def asked_w(self) -> int:
        return self.told["setpoint_w"] // STEP_W * STEP_W

    def fields(self) -> "dict[str, int]":
        out = {reg.field: watts for reg, watts in zip(ELEMENTS, WATTS)}
        out["closed"] = (self.drawn_w + STEP_W // 2) // STEP_W  # 0.5, 1 and 2 kW count like bits
        return out


def build(registers: Registers, part: Tank, options: "dict[str, object]") -> SmartHeaterTwin:
    timeout_s = options["timeout_s"]
    assert isinstance(timeout_s, int)
    return SmartHeaterTwin(registers, part, wired(options), 1000 * timeout_s)
