"""Huawei SUN2000 with LUNA2000: battery power told on Modbus TCP by its forced mode, which ends by itself.

Source: two independent drivers that agree; forced discharging (47249) from one. A forced mode lasts two minutes and is
told anew meanwhile. Left to itself it covers the house. Told to give nothing it needs a stored limit (47077): that is
taken when it was wanted for a minute, at the earliest `mode_s` after the last change and 48 times a day; until then it
covers the house by itself. Grid charging needs 47087 = 1, set by its owner. The first request after a connection may be
lost, and it bears one connection only.
"""

from drivers.given import whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.mode_budget import ModeBudget
from drivers.orders import EVERY_TIME, Order, order
from drivers.register_device import one
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint

LINES = ("modbus-tcp",)
FAILSAFE = ("the inverter ends the forced mode by itself after 2 minutes and regulates by itself; told to give nothing "
            "it stays so until we start, stop or the service's stop hook runs")
LOAD = LoadFacts("Huawei SUN2000 with LUNA2000", "storage", "P of the battery, charge, energy",
                 "charge and discharge in W, hold (seldom), or its own regulation", "the power, again and again",
                 DRIVERS)

OPTIONS = POWERS + (integer("mode_s", 900, 300, 86_400, "shortest time between two changes of what it stores"),)

MINUTES = 2
STOP, CHARGE, DISCHARGE = 0, 1, 2
BY_TIME = 0
HELD, FREE = "held", "free"
COMMAND = order("command", 6, 47100)
PERIOD = order("period_min", 6, 47083)
END = order("end", 6, 47246)
CHARGE_W = order("charge_w", 16, 47247, "u32")
DISCHARGE_W = order("discharge_w", 16, 47249, "u32")
MOST_DISCHARGE = order("most_discharge_w", 16, 47077, "u32")

READS = (
    #   field           fn   addr   kind  n  num  den
    Reg("soc_permille", 3, 37760, "u16", 1, 1, 1),
    Reg("total_w", 3, 37765, "s32", 1, 1, 1),
)
SLOW = (Reg("take_w", 3, 37046, "u32", 1, 1, 1), Reg("give_w", 3, 37048, "u32", 1, 1, 1),
        Reg("import_wh", 3, 37780, "u32", 1, 10, 1), Reg("export_wh", 3, 37782, "u32", 1, 10, 1))


class Luna(RegisterStorage):
    refresh_ms = EVERY_TIME

    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        super().__init__(bus, options, ability(options), READS, SLOW)
        self._budget = ModeBudget(1000 * whole(options, "mode_s"))
        self._stored = ""  # HELD, FREE; "" before it was looked at
        self._give_w = -self.min_w  # what 47077 may be at most

    def apply(self, setpoint: Setpoint) -> None:
        """A limit that stands is taken away at once when it shall give again."""
        wanted = HELD if setpoint.power_w == 0 else FREE
        may = self._budget.may(wanted, self._now_ms)
        if wanted == FREE and self._stored != FREE and setpoint.power_w < 0:
            self._limit(FREE)
        elif wanted == HELD and self._stored != HELD and may and not self._budget.spent(self._now_ms):
            self._limit(HELD)
        super().apply(setpoint)

    def release(self) -> None:
        if not self._neutral:
            self._limit(FREE)
        super().release()

    def _limit(self, stored: str) -> None:
        """Asked first: a register that stands right is not worn, and what its owner has set is left as it is."""
        self._stored = ""
        held = self._found(MOST_DISCHARGE) == 0
        if held != (stored == HELD):
            self.settle(MOST_DISCHARGE, self._give_w if held else 0)
            self._budget.changed(self._now_ms)
        self._stored = stored

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        """Less than all it can give is exact; all of it leaves the rest to its own regulation."""
        if power_w in (0, self.min_w):
            return ((COMMAND, STOP),)
        told = (CHARGE_W, power_w) if power_w > 0 else (DISCHARGE_W, -power_w)
        return (END, BY_TIME), (PERIOD, MINUTES), told, (COMMAND, CHARGE if power_w > 0 else DISCHARGE)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return ((COMMAND, STOP),)

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        bears_w = one(values, "give_w")
        if bears_w is not None:
            self._give_w = min(-self.min_w, bears_w)
        return super().say(now_ms, values)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, 60_000 * MINUTES, step_w=50, settle_ms=5_000, pace_ms=5_000, own="limit")


def build(port: Bus, options: "dict[str, object]") -> Luna:
    return Luna(port, options)
