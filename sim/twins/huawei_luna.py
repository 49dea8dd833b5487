"""Twin of a Huawei inverter with a LUNA2000: a forced mode ends after its period."""

from drivers.huawei_luna import CHARGE, CHARGE_W, COMMAND, DISCHARGE, DISCHARGE_W, END, PERIOD, READS, SLOW
from sim.bank import Registers
from sim.battery import Battery
from sim.twins.register_storage import StoreTwin, kind
from sim.twins.register_storage import build as build_twin


def wish(told: "dict[str, int]", part: Battery) -> "int | None":
    if told["command"] == CHARGE:
        return told["charge_w"]
    return -told["discharge_w"] if told["command"] == DISCHARGE else None


KIND = kind((COMMAND, PERIOD, END, CHARGE_W, DISCHARGE_W), wish, failsafe_ms=120_000)


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StoreTwin:
    return build_twin(registers, part, options, READS + SLOW, KIND)
