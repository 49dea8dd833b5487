"""SMA Sunny Island: battery inverter, its power told on Modbus TCP (unit 3) while external control is on.

Source: maker's Modbus description and two independent drivers. It says and takes + for discharging; turned here.
"""

from drivers.given import whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import BOTH
from drivers.orders import EVERY_TIME, Order, blind
from drivers.register_storage import POWERS, RegisterStorage, ability_of, timeout
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "returns to its own regulation after the time set in it (timeout_s); with none set it stays as told"
LOAD = LoadFacts("SMA Sunny Island", "storage", "P, charge, temperature", "charge and discharge in W",
                 "the power, again and again", BOTH)

OPTIONS = POWERS + (timeout("time after which it regulates by itself, as set in it; 0 where none is set"),)

ACTIVE, INACTIVE = 802, 803
SETPOINT = blind("setpoint_w", 16, 40149, "s32", -1)
CONTROL = blind("control", 16, 40151, "u32")

READS = (
    #   field           fn   addr   kind  n  num  den
    Reg("total_w", 3, 30775, "s32", 1, -1, 1),
    Reg("soc_permille", 3, 30845, "u32", 1, 10, 1),
)
SLOW = (Reg("temperature_mdegc", 3, 30849, "s32", 1, 100, 1),)


class SunnyIsland(RegisterStorage):
    refresh_ms = EVERY_TIME

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return (SETPOINT, power_w), (CONTROL, ACTIVE)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return (SETPOINT, 0), (CONTROL, INACTIVE)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, 1000 * whole(options, "timeout_s"))


def build(port: Bus, options: "dict[str, object]") -> SunnyIsland:
    return SunnyIsland(port, options, ability(options), READS, SLOW)
