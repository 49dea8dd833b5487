"""Deye SUN-xxK-SG 3-phase hybrid inverters (RTU, or a logger in between): three modes, changed seldom.

Source: two independent drivers that agree; the rest from one. All it can be told is stored in its flash, so there is
no power to follow: it gives nothing, charges from the grid with a current, or regulates by itself. A mode is
taken when it was wanted for a minute, at the earliest `mode_s` after the last change; but charging ends, and falls, at
once. After 48 changes within a day it is left to itself until the next. 32-bit values have their low word first.
"""

from drivers.given import whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.mode_budget import CHANGES, ModeBudget
from drivers.orders import Order, order
from drivers.register_device import one
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = "none: it stays in its last mode; started, stopped and by the service's stop hook it is left to itself"
LOAD = LoadFacts("Deye SUN-xxK-SG01/04/05 3-phase hybrid", "storage", "P of the battery, charge, temperature",
                 "hold, charge from the grid, or its own regulation; seldom", "none", DRIVERS)

OPTIONS = POWERS + (
    integer("discharge_a", None, 1, 400, "discharging current of the battery in normal operation, as set in it"),
    integer("least_soc_pct", 20, 0, 100, "charge it keeps in normal operation, as set in it"),
    integer("high_voltage", 0, 0, 1, "true for the models with a high-voltage battery"),
    integer("mode_s", 900, 300, 86_400, "shortest time between two changes of mode"),
)

OWN, HOLD, CHARGE = "own", "hold", "charge"
MAX_DISCHARGE = order("discharge_a", 16, 109)
TARGET = order("target_pct", 16, 127)
CHARGE_A = order("charge_a", 16, 128)
FROM_GRID = order("from_grid", 16, 130)
PROGRAM = order("program", 16, 146)
ALWAYS = 0x00FF

SLOW_LOW = (Reg("import_wh", 3, 516, "u32_le", 1, 100, 1), Reg("export_wh", 3, 518, "u32_le", 1, 100, 1))


class Deye(RegisterStorage):
    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        high = whole(options, "high_voltage") == 1
        reads = (
            #   field           fn addr kind  n  num  den
            Reg("raw_temperature", 3, 586, "u16", 1, 1, 1),
            Reg("battery_mv", 3, 587, "u16", 1, 100 if high else 10, 1),
            Reg("soc_permille", 3, 588, "u16", 1, 10, 1),
            Reg("total_w", 3, 590, "s16", 1, -10 if high else -1, 1),
        )
        super().__init__(bus, options, ability(options), reads, () if high else SLOW_LOW)
        self._discharge_a = whole(options, "discharge_a")
        self._least_pct = whole(options, "least_soc_pct")
        self._budget = ModeBudget(1000 * whole(options, "mode_s"))
        self._battery_mv: "int | None" = None
        self._mode = ""
        self._amperes = 0

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(self.min_w, min(setpoint.power_w, self.max_w))
        amperes = self._amperes_of(power_w) if power_w > 0 else 0
        mode = CHARGE if amperes else HOLD if power_w >= 0 else OWN
        if not self._mode:
            self._enter(OWN, 0)
        if mode == self._mode and (mode != CHARGE or amperes == self._amperes):
            return
        may = self._budget.may(mode, self._now_ms)
        if self._budget.spent(self._now_ms):
            self._enter(OWN, 0)
            self._complaint = "its mode was changed %d times within a day: left to itself" % CHANGES
        elif self._mode == CHARGE and (mode != CHARGE or amperes < self._amperes):
            self._change(mode if mode == CHARGE else OWN, amperes)
        elif may:
            self._change(mode, amperes)
        self.complain()

    def _change(self, mode: str, amperes: int) -> None:
        self._budget.changed(self._now_ms)
        self._enter(mode, amperes)

    def release(self) -> None:
        if not self._neutral:
            self._enter(OWN, 0)
            self._neutral = True

    def _enter(self, mode: str, amperes: int) -> None:
        self._mode = ""
        self._neutral = False
        if mode == CHARGE:
            orders = ((CHARGE_A, amperes), (TARGET, 100), (PROGRAM, 0), (FROM_GRID, 1))
        else:
            orders = ((FROM_GRID, 0), (TARGET, self._least_pct), (PROGRAM, ALWAYS),
                      (MAX_DISCHARGE, self._discharge_a if mode == OWN else 0))
        for told, value in orders:
            self.settle(told, value)  # asked first: a register that stands right is not worn
        self._mode, self._amperes = mode, amperes

    def _amperes_of(self, power_w: int) -> int:
        """Towards less; DeviceError(RANGE) before the voltage of the battery is known."""
        if not self._battery_mv:
            raise DeviceError(RANGE, "the voltage of the battery is not known")
        return 1000 * power_w // self._battery_mv

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return ()

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return ()

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        self._battery_mv = one(values, "battery_mv")
        raw = one(values, "raw_temperature")
        values["temperature_mdegc"] = (None if raw is None else 100 * raw - 100_000,)
        return super().say(now_ms, values)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, step_w=500, settle_ms=15_000, own="mode")


def build(port: Bus, options: "dict[str, object]") -> Deye:
    return Deye(port, options)
