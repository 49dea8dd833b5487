"""Victron ESS behind a GX device (Cerbo, Venus): battery power by the setpoint at the grid, on Modbus TCP (unit 100).

Source: maker's register list and two independent drivers. ESS itself keeps the power at the grid at 2716, a volatile
override (2700 is stored, and not touched). So with each reading 2716 is told what the house takes without the battery,
plus what the battery shall take: the same, while the house stands still. Dynamic ESS has to be off; while it is on,
the device is at fault. When we die ESS keeps the last setpoint.
"""

from drivers.load_facts import LoadFacts
from drivers.meter_facts import BOTH
from drivers.orders import Order, order
from drivers.register_device import one
from drivers.register_storage import POWERS, RegisterStorage, ability_of
from hal.faults import RANGE, DeviceError
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint

LINES = ("modbus-tcp",)
FAILSAFE = "none: it keeps the grid at its last setpoint; stopped and by the service's stop hook that is set to 0 W"
LOAD = LoadFacts("Victron ESS (GX device)", "storage", "P of the battery, charge",
                 "charge and discharge in W", "the power, with each reading", BOTH)

OPTIONS = POWERS

SETPOINT = order("grid_w", 16, 2716, "s32")
STEP_W = 20  # ESS is no finer; less is not told

READS = (
    #   field           fn  addr kind  n  num  den
    Reg("home_w", 3, 820, "s16", 3, 1, 1),  # at the grid, by phase
    Reg("total_w", 3, 842, "s16", 1, 1, 1),
    Reg("soc_permille", 3, 843, "u16", 1, 10, 1),
    Reg("grid_w", 3, 2716, "s32", 1, 1, 1),
)
SLOW = (Reg("dynamic", 3, 5400, "u16", 1, 1, 1),)


class Ess(RegisterStorage):
    judged = False  # its own loop keeps the grid, and takes whatever the house does until it is told anew
    _wish_w: "int | None" = None
    _rest_w: "int | None" = None  # what the grid would carry without the battery

    def apply(self, setpoint: Setpoint) -> None:
        self._wish_w = max(self.min_w, min(setpoint.power_w, self.max_w))
        if self._rest_w is None:
            raise DeviceError(RANGE, "what the house takes is not known yet")
        super().apply(setpoint)

    def release(self) -> None:
        self._wish_w = None
        super().release()

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        assert self._rest_w is not None
        return ((SETPOINT, self._rest_w + power_w),)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return ((SETPOINT, 0),)

    def read(self, now_ms: int) -> Reading:
        said = super().read(now_ms)
        if self._armed and self._wish_w is not None and self._rest_w is not None:
            stands = self._stands.get("grid_w")
            wanted_w = self._rest_w + self._wish_w
            if not isinstance(stands, int) or abs(wanted_w - stands) >= STEP_W:
                self._tell_all(((SETPOINT, wanted_w),))
        return said

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        at_grid_w = [each for each in values.get("home_w", ()) if each is not None]
        battery_w = one(values, "total_w")
        self._rest_w = None if not at_grid_w or battery_w is None else sum(at_grid_w) - battery_w
        if one(values, "dynamic"):
            self._complaint = "Dynamic ESS is on: switch it off, or it fights what it is told"
        return super().say(now_ms, values)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, step_w=10, settle_ms=4_000)


def build(port: Bus, options: "dict[str, object]") -> Ess:
    return Ess(port, options, ability(options), READS, SLOW)
