"""Huawei SUN2000 with LUNA2000: battery power told on Modbus TCP by its forced mode, which ends by itself.

Source: two independent drivers that agree; forced discharging (47249) from one. A forced mode lasts two minutes and is
told anew meanwhile. To hold the battery at 0 W only a stored limit (47077) would do, and that is not cycled: told 0,
the forced mode ends and the inverter covers the house by itself. Grid charging needs 47087 = 1, set by its owner.
The first request after a connection may be lost, and it bears one connection only.
"""

from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.orders import EVERY_TIME, Order, order
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "the inverter ends the forced mode by itself after 2 minutes and regulates by itself"
LOAD = LoadFacts("Huawei SUN2000 with LUNA2000", "storage", "P of the battery, charge, energy",
                 "charge and discharge in W; 0 leaves it to its own regulation", "the power, again and again", DRIVERS)

OPTIONS = POWERS

MINUTES = 2
STOP, CHARGE, DISCHARGE = 0, 1, 2
BY_TIME = 0
COMMAND = order("command", 6, 47100)
PERIOD = order("period_min", 6, 47083)
END = order("end", 6, 47246)
CHARGE_W = order("charge_w", 16, 47247, "u32")
DISCHARGE_W = order("discharge_w", 16, 47249, "u32")

READS = (
    #   field           fn   addr   kind  n  num  den
    Reg("soc_permille", 3, 37760, "u16", 1, 1, 1),
    Reg("total_w", 3, 37765, "s32", 1, 1, 1),
)
SLOW = (Reg("import_wh", 3, 37780, "u32", 1, 10, 1), Reg("export_wh", 3, 37782, "u32", 1, 10, 1))


class Luna(RegisterStorage):
    refresh_ms = EVERY_TIME

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        if not power_w:
            return ((COMMAND, STOP),)
        told = (CHARGE_W, power_w) if power_w > 0 else (DISCHARGE_W, -power_w)
        return (END, BY_TIME), (PERIOD, MINUTES), told, (COMMAND, CHARGE if power_w > 0 else DISCHARGE)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return ((COMMAND, STOP),)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, 60_000 * MINUTES, step_w=50, settle_ms=5_000, pace_ms=5_000)


def build(port: Bus, options: "dict[str, object]") -> Luna:
    return Luna(port, options, ability(options), READS, SLOW)
