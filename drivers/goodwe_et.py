"""GoodWe ET, EH, BT, BH: hybrid inverter, its battery told on Modbus (TCP by the LAN dongle, unit 247) by EMS modes.

Source: two independent drivers that agree; energies from one. Charging is told in watts; charging
with 0 W it takes from the roof only and gives nothing; told to discharge, it goes back to its own regulation, which
covers the house. No time-out is known: it stays as told when we die.
"""

from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.orders import Order, order
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = "none: it stays as told; started, stopped and by the service's stop hook it is left to itself"
LOAD = LoadFacts("GoodWe ET/EH/BT/BH", "storage", "P of the battery, charge, energy",
                 "charge in W, hold, or its own regulation", "none", DRIVERS)

OPTIONS = POWERS

AUTO, CHARGE = 1, 2
MODE = order("mode", 6, 47511)
POWER = order("power_w", 16, 47512)

READS = (
    #   field           fn   addr   kind  n  num  den
    Reg("total_w", 3, 35182, "s32", 1, -1, 1),
    Reg("soc_permille", 3, 37007, "u16", 1, 10, 1),
    Reg("mode", 3, 47511, "u16", 1, 1, 1),
)
SLOW = (Reg("import_wh", 3, 35206, "u32", 1, 100, 1), Reg("export_wh", 3, 35209, "u32", 1, 100, 1))


class GoodWe(RegisterStorage):
    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        """The power before the mode, so that it never begins with an old one."""
        if power_w < 0:
            return self.neutral()
        return (POWER, power_w), (MODE, CHARGE)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return (POWER, 0), (MODE, AUTO)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, step_w=100, settle_ms=5_000, pace_ms=30_000, own="mode")


def build(port: Bus, options: "dict[str, object]") -> GoodWe:
    return GoodWe(port, options, ability(options), READS, SLOW)
