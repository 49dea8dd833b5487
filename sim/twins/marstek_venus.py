"""Twin of a Marstek Venus: it obeys while it is locked; else it does what its app says, here its own regulation."""

from drivers.marstek_venus import CHARGE, CHARGE_W, DISCHARGE, DISCHARGE_W, FORCE, LOCK, LOCKED, OPEN, READS, SLOW
from sim.bank import Registers
from sim.battery import Battery
from sim.twins.register_storage import StoreTwin, kind
from sim.twins.register_storage import build as build_twin


def wish(told: "dict[str, int]", part: Battery) -> "int | None":
    if told["lock"] != LOCKED:
        return None
    return {CHARGE: told["charge_w"], DISCHARGE: -told["discharge_w"]}.get(told["force"], 0)


KIND = kind((LOCK, FORCE, CHARGE_W, DISCHARGE_W), wish, power_on={"lock": OPEN})


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StoreTwin:
    return build_twin(registers, part, options, READS[str(options["generation"])] + SLOW, KIND)
