"""Storage inverter by SunSpec's newer models (IEEE 1547): 701, 704 and, for its charge, 713 or 802.

Source: SunSpec model files; 704: "Set Active Power Level (may be negative for charging)". It is told a power in watts
(WSetMod 1, WSet), then enabled; rounded towards zero. Its own timer (WSetRvrtTms) disables that, WSetEnaRvrt being 0,
and it regulates by itself again. A restart forgets both: each `apply` looks at them, and enables anew even what is
enabled, as some start the timer only by that.
Sign: SunSpec's W and WSet are + while generating; they are turned here.
The inverter is coupled on the AC side: what a hybrid makes from its own roof would be counted as battery power.
"""

from drivers.given import most_w, phases, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from drivers.register_device import needed, one, split
from drivers.sunspec import NONE, Model, Point, fetch, find, scale_of, scan
from drivers.sunspec_inverter import DER, DER_STATES, encoded
from drivers.sunspec_storage import OPTIONS as STORAGE_OPTIONS
from hal.faults import RANGE, REFUSED, DeviceError
from hal.ports import Bus, Load
from hal.values import Ability, Reading, Setpoint, placed, reading
from hal.values import ability as able

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = "the inverter returns to its own regulation revert_s after our last command"
LOAD = LoadFacts("Storage inverters with SunSpec models 701, 704 and 713 or 802", "storage",
                 "P, energy, charge, state", "charge and discharge in W", "the power, again and again", STANDARD)
OPTIONS = STORAGE_OPTIONS

WIRING = Point("wiring", 2, "u16", 1, 1, 1, NONE)
STATE = Point("state", 4, "u16", 1, 1, 1, NONE)
POWER = Point("produced_w", 10, "s16", 1, 1, 1, 116)
INJECTED = Point("export_wh", 19, "u64", 1, 1, 1, 120)
ABSORBED = Point("import_wh", 23, "u64", 1, 1, 1, 120)
MEASURED = (WIRING, STATE, POWER, INJECTED, ABSORBED)  # of 701
CHARGE = {713: Point("soc_permille", 4, "u16", 1, 10, 1, 8), 802: Point("soc_permille", 11, "u16", 1, 10, 1, 56)}

ENABLED = Point("enabled", 22, "u16", 1, 1, 1, NONE)
UNIT = Point("mode", 23, "u16", 1, 1, 1, NONE)
SETPOINT = Point("set_w", 24, "s32", 1, 1, 1, 55)
AFTER = Point("after_enabled", 30, "u16", 1, 1, 1, NONE)
REVERT = Point("revert_s", 31, "u32", 1, 1, 1, NONE)
ORDERS = (ENABLED, UNIT, SETPOINT, AFTER, REVERT)  # of 704
WATTS = 1
SINGLE_PHASE, THREE_PHASE = 0, 2


class DerStorage(Load):
    def __init__(self, bus: Bus, options: "dict[str, object]", storage: Ability) -> None:
        self._bus = bus
        self._unit = whole(options, "unit")
        self._phases = phases(options)
        self._able = storage
        self._models: "tuple[Model, ...]" = ()

    def arm(self) -> None:
        """Looks at what it is anew; whether its wiring fits ours is asked before it is told anything."""
        self._models = ()
        count = {SINGLE_PHASE: 1, THREE_PHASE: 3}.get(needed(self._of(701, MEASURED), "wiring")[0])
        if count != len(self._phases):
            raise DeviceError(RANGE, "its wiring is of %s phases, here %d" % (count or "two", len(self._phases)))
        self._settle(self._of(DER, ORDERS))

    def read(self, now_ms: int) -> Reading:
        said, orders, charge = self._of(701, MEASURED), self._of(DER, ORDERS), self._charge()
        total_w = -needed(said, "produced_w")[0]
        code = one(said, "state")
        return reading(
            now_ms, total_w=total_w, power_w=placed(split(total_w, (1,) * len(self._phases)), self._phases),
            import_wh=one(said, "import_wh"), export_wh=one(said, "export_wh"), soc_permille=charge,
            state=DER_STATES[code] if code is not None and code < len(DER_STATES) else None,
            limit_w=_told_w(orders))

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(self._able.min_w, min(setpoint.power_w, self._able.max_w))
        stands = self._of(DER, ORDERS)
        self._settle(stands)
        factor = needed(stands, scale_of("set_w"))[0]
        step_w = 10 ** max(factor, 0)
        power_w = power_w // step_w * step_w if power_w > 0 else -(-power_w // step_w * step_w)
        self._put(SETPOINT, factor, -power_w)
        self._put(ENABLED, 0, 1)

    def release(self) -> None:
        self._put(ENABLED, 0, 0)

    def _settle(self, stands: "dict[str, tuple[int | None, ...]]") -> None:
        for point, value in ((UNIT, WATTS), (AFTER, 0), (REVERT, self._able.failsafe_ms // 1000)):
            if one(stands, point.field) != value:
                self._put(point, 0, value)

    def _charge(self) -> "int | None":
        self._found()
        number = find(self._models, *CHARGE).id
        found = one(self._of(number, (CHARGE[number],)), "soc_permille")
        if found is not None and not 0 <= found <= 1000:
            raise DeviceError(RANGE, "charge %d permille" % found)
        return found

    def _of(self, number: int, points: "tuple[Point, ...]") -> "dict[str, tuple[int | None, ...]]":
        self._found()
        return fetch(self._bus, self._unit, find(self._models, number), points)

    def _found(self) -> None:
        if not self._models:
            self._models = scan(self._bus, self._unit)

    def _put(self, point: Point, factor: int, value: int) -> None:
        """Writes and reads back."""
        self._found()
        model = find(self._models, DER)
        words = encoded(point.reg(model, factor), value)
        address = model.address + point.offset
        self._bus.write(self._unit, 16, address, words)
        kept = tuple(self._bus.read(self._unit, 3, address, len(words)))
        if kept != words:
            raise DeviceError(REFUSED, "%s: told %s, kept %s" % (point.field, words, kept))


def _told_w(orders: "dict[str, tuple[int | None, ...]]") -> "int | None":
    """The power that stands in it; None while it regulates by itself."""
    set_w = one(orders, "set_w")
    return -set_w if one(orders, "enabled") == 1 and set_w is not None else None


def ability(options: "dict[str, object]") -> Ability:
    cable_w = most_w(options)
    return able("storage", min_w=-min(whole(options, "max_discharge_w"), cable_w),
                max_w=min(whole(options, "max_charge_w"), cable_w),
                failsafe_ms=whole(options, "revert_s") * 1000, settle_ms=3_000)


def build(port: Bus, options: "dict[str, object]") -> DerStorage:
    return DerStorage(port, options, ability(options))
