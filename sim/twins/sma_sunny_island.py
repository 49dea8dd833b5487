"""Twin of an SMA Sunny Island: external control is on or off."""

from drivers.sma_sunny_island import ACTIVE, CONTROL, INACTIVE, READS, SETPOINT, SLOW
from sim.bank import Registers
from sim.battery import Battery
from sim.twins.register_storage import StoreTwin, kind
from sim.twins.register_storage import build as build_twin


def wish(told: "dict[str, int]", part: Battery) -> "int | None":
    return told["setpoint_w"] if told["control"] == ACTIVE else None


KIND = kind((SETPOINT, CONTROL), wish, power_on={"control": INACTIVE}, failsafe_ms=60_000)


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StoreTwin:
    return build_twin(registers, part, options, READS + SLOW, KIND)
