"""Twin of a Sungrow hybrid: forced, it stays forced; its power has no sign."""

from drivers.sungrow_sh import CHARGE, CHARGES, COMMAND, DISCHARGE, DISCHARGES, FORCED, MODE, POWER, READS, SLOW, STOP
from sim.bank import Registers
from sim.battery import Battery
from sim.twins.register_storage import StoreTwin, kind
from sim.twins.register_storage import build as build_twin


def wish(told: "dict[str, int]", part: Battery) -> "int | None":
    if told["mode"] != FORCED:
        return None
    return {CHARGE: told["power_w"], DISCHARGE: -told["power_w"]}.get(told["command"], 0)


def fields(told: "dict[str, tuple[int, ...]]", part: Battery) -> "dict[str, tuple[int, ...]]":
    total_w = part.power_w.total()
    return {"size_w": (abs(total_w),), "flow": (1 | (CHARGES if total_w > 0 else DISCHARGES if total_w < 0 else 0),)}


KIND = kind((MODE, COMMAND, POWER), wish, fields, {"command": STOP})


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StoreTwin:
    return build_twin(registers, part, options, READS + SLOW, KIND)
