"""Twin of a Deye hybrid: all it is told is stored, so a power cut changes nothing."""

from drivers.deye_hybrid import ALWAYS, CHARGE_A, FROM_GRID, MAX_DISCHARGE, PROGRAM, SLOW_LOW, TARGET
from hal.registers import Reg
from sim.bank import Registers
from sim.battery import Battery
from sim.twins import wired
from sim.twins.register_storage import StoreTwin, kind

BATTERY_MV = 51_200


def wish(told: "dict[str, int]", part: Battery) -> "int | tuple[int, int] | None":
    if told["from_grid"]:
        return told["charge_a"] * BATTERY_MV // 1000
    return -told["discharge_a"] * BATTERY_MV // 1000, part.max_w


def fields(told: "dict[str, tuple[int, ...]]", part: Battery) -> "dict[str, tuple[int, ...]]":
    return {"battery_mv": (BATTERY_MV,), "raw_temperature": (1_240,)}


class DeyeTwin(StoreTwin):
    def power_cycle(self) -> None:
        if not self.told:
            super().power_cycle()


KIND = kind((MAX_DISCHARGE, TARGET, CHARGE_A, FROM_GRID, PROGRAM), wish, fields,
            {"discharge_a": 100, "target_pct": 20, "program": ALWAYS})
READS = (
    Reg("raw_temperature", 3, 586, "u16", 1, 1, 1), Reg("battery_mv", 3, 587, "u16", 1, 10, 1),
    Reg("soc_permille", 3, 588, "u16", 1, 10, 1), Reg("total_w", 3, 590, "s16", 1, -1, 1),
)


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StoreTwin:
    return DeyeTwin(registers, part, READS + SLOW_LOW, KIND, wired(options))
