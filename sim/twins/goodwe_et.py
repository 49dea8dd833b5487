"""Twin of a GoodWe hybrid: it stays in the mode it was told."""

from drivers.goodwe_et import AUTO, CHARGE, MODE, POWER, READS, SLOW
from sim.bank import Registers
from sim.battery import Battery
from sim.twins.register_storage import StoreTwin, kind
from sim.twins.register_storage import build as build_twin


def wish(told: "dict[str, int]", part: Battery) -> "int | tuple[int, int] | None":
    if told["mode"] != CHARGE:
        return None
    return told["power_w"] or (0, part.max_w)  # with 0 W from the roof only


KIND = kind((MODE, POWER), wish, power_on={"mode": AUTO})


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StoreTwin:
    return build_twin(registers, part, options, READS + SLOW, KIND)
