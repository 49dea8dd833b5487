"""SMA Tripower Smart Energy, Sunny Boy Storage: battery power told on Modbus TCP (unit 3).

Source: maker's Modbus description and an independent driver. 40236 and 40793 to 40801 may be written again and again
(stored parameters may not, and are not touched). Least and most power are told alike, so the power is exact; all
bounds come in one request, before the mode. Forecast-based charging in the portal has to be off. What it does
without us, its installer sets; timeout_s repeats that time.
"""

from drivers.given import whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import BOTH
from drivers.orders import EVERY_TIME, Order, blind
from drivers.register_device import one
from drivers.register_storage import POWERS, RegisterStorage, ability_of, timeout
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading

LINES = ("modbus-tcp",)
FAILSAFE = "returns to its own regulation after the time set in it (timeout_s); with none set it stays as told"
LOAD = LoadFacts("SMA Tripower Smart Energy, Sunny Boy Storage", "storage", "P of the battery, charge, temperature, "
                 "energy", "charge and discharge in W", "the power, again and again", BOTH)

OPTIONS = POWERS + (timeout("time after which it regulates by itself, as set in it; 0 where none is set"),)

CHARGE, DISCHARGE, DEFAULT = 2289, 2290, 2424
MODE = blind("mode", 16, 40236, "u32")
BOUNDS = Order(Reg("bounds_w", 16, 40793, "u32", 5, 1, 1), None)  # charge least, most, discharge least, most, grid

READS = (
    #   field           fn   addr   kind  n  num  den
    Reg("soc_permille", 3, 30845, "u32", 1, 10, 1),
    Reg("charge_w", 3, 31393, "u32", 1, 1, 1),
    Reg("discharge_w", 3, 31395, "u32", 1, 1, 1),
)
SLOW = (Reg("temperature_mdegc", 3, 30849, "s32", 1, 100, 1), Reg("import_wh", 3, 31397, "u64", 1, 1, 1),
        Reg("export_wh", 3, 31401, "u64", 1, 1, 1))


class SmaBattery(RegisterStorage):
    refresh_ms = EVERY_TIME

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        if power_w > 0:
            return (BOUNDS, (power_w, power_w, 0, 0, 0)), (MODE, CHARGE)
        if power_w < 0:
            return (BOUNDS, (0, 0, -power_w, -power_w, 0)), (MODE, DISCHARGE)
        return (BOUNDS, (0, 0, 0, 0, 0)), (MODE, DEFAULT)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return (BOUNDS, (0, self.max_w, 0, -self.min_w, 0)), (MODE, DEFAULT)

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        charge_w, discharge_w = one(values, "charge_w"), one(values, "discharge_w")
        if charge_w is not None and discharge_w is not None:
            values["total_w"] = (charge_w - discharge_w,)
        return super().say(now_ms, values)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, 1000 * whole(options, "timeout_s"))


def build(port: Bus, options: "dict[str, object]") -> SmaBattery:
    return SmaBattery(port, options, ability(options), READS, SLOW)
