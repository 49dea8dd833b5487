"""Fronius GEN24, Verto with a battery: hybrid inverter by SunSpec, models 103 (or 113), 124 and 160.

Source: SunSpec's model files; that modules 3 and 4 of model 160 are the battery's charging and discharging, two
independent drivers. It is told as drivers.sunspec_storage tells; its power is that of the battery, for what it makes
from its own roof is no part of it. "Allow control" has to be on in its web page, and Solar.web's "Energy Cost
Assistant" off. InOutWRte_RvrtTms is armed, else the last command would stay until the inverter
restarts. A `sunspec_inverter` at the same address is its roof (drivers.hybrid_roof): the limit of its AC side holds
back a discharge, and no charging.
"""

from drivers.given import phases, whole
from drivers.hybrid_roof import Battery
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.register_device import needed, one
from drivers.sunspec import Model, Point, fetch, find, scan
from drivers.sunspec_storage import OPTIONS as STORAGE_OPTIONS
from drivers.sunspec_storage import StorageInverter, state_of, told_w
from drivers.sunspec_storage import ability as storage_ability
from hal.faults import RANGE, DeviceError
from hal.ports import Bus
from hal.values import Ability, Reading, reading

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = "the inverter returns to its own self-consumption revert_s after our last command"
LOAD = LoadFacts("Fronius GEN24, Verto", "storage", "P of the battery, charge", "charge and discharge in W",
                 "the power, again and again", DRIVERS)
OPTIONS = STORAGE_OPTIONS

MPPT_MODEL = 160
MODULES = Point("modules", 8, "u16", 1, 1, 1, -1)
CHARGING, DISCHARGING = 3, 4  # modules of the battery, from 1
FACTOR = Point("factor", 4, "s16", 1, 1, 1, -1)  # of all powers; asked with them


def module_w(number: int) -> Point:
    """The DC power of one module."""
    return Point("dc_w_%d" % number, 21 + 20 * (number - 1), "u16", 1, 1, 1, FACTOR.offset)


class Modules(Battery):
    """Model 160: what flows in and out on the DC side."""

    def __init__(self, bus: Bus, unit: int) -> None:
        self._bus = bus
        self._unit = unit
        self._mppt: "Model | None" = None

    def forget(self) -> None:
        self._mppt = None

    def battery_w(self) -> "int | None":
        """None at night, when a module says nothing."""
        if self._mppt is None:
            model = find(scan(self._bus, self._unit), MPPT_MODEL)
            count = needed(fetch(self._bus, self._unit, model, (MODULES,)), "modules")[0]
            if count < DISCHARGING:
                raise DeviceError(RANGE, "%d modules: no battery" % count)
            self._mppt = model
        points = (module_w(CHARGING), module_w(DISCHARGING))
        found = fetch(self._bus, self._unit, self._mppt, (FACTOR,) + points)
        charge_w, discharge_w = [one(found, point.field) for point in points]
        return None if charge_w is None or discharge_w is None else charge_w - discharge_w


class Gen24(StorageInverter):
    def __init__(self, bus: Bus, unit: int, wired: "tuple[int, ...]", storage: Ability) -> None:
        super().__init__(bus, unit, wired, storage)
        self._modules = Modules(bus, unit)

    def arm(self) -> None:
        super().arm()
        self._modules.forget()

    def read(self, now_ms: int) -> Reading:
        _, storage = self._models()
        stored = self.stored(now_ms, storage)
        return reading(now_ms, total_w=self._modules.battery_w(), soc_permille=one(stored, "soc_permille"),
                       state=state_of(one(stored, "state")), limit_w=told_w(stored))


def ability(options: "dict[str, object]") -> Ability:
    return storage_ability(options)


def build(port: Bus, options: "dict[str, object]") -> Gen24:
    return Gen24(port, whole(options, "unit"), phases(options), ability(options))
