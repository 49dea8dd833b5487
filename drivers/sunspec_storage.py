"""Storage inverter by SunSpec: models 101/103 (or 111/113, floats) and 124, basic storage control.

Source: SunSpec model files 101..113 and 124; the recipe is the one known of Fronius inverters: rates are
percent of WChaMax, a negative rate forces the other direction, and a rate is written before the mode bit.
An exact power P (+ charge) is "charge at most P" together with "discharge at most -P", and the opposite
bounds for a discharge; percentages are rounded towards zero.
Sign: SunSpec's W is + while producing; it is turned here.
The inverter is coupled on the AC side. What a hybrid makes from its own DC-coupled PV would be counted as
battery power: such a one is not part of this.
InOutWRte_RvrtTms is the fail-safe. It is lost when the inverter restarts, so every `apply` looks at it.
"""

from drivers.given import most_w, phases, whole
from drivers.hybrid_roof import HybridRoof
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from drivers.register_device import needed, one, own_values, split
from drivers.rivals import WORDS, Rivals
from drivers.sunspec import NONE, Model, Point, fetch, find, scale_of, scan
from hal.faults import RANGE, REFUSED, DeviceError
from hal.options import integer
from hal.ports import Bus, Load
from hal.registers import decode, encode
from hal.values import Ability, Phases, Reading, Setpoint, placed, reading
from hal.values import ability as able

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = "the inverter returns to its own self-consumption revert_s after our last command"
LOAD = LoadFacts("Storage inverters with SunSpec models 103 and 124", "storage", "P, I, U, charge, temperature",
                 "charge and discharge in W", "the power, again and again", STANDARD)

OPTIONS = (
    integer("max_charge_w", None, 100, 30_000, "highest charging power at the AC side"),
    integer("max_discharge_w", None, 100, 30_000, "highest discharging power at the AC side"),
    integer("revert_s", 60, 15, 600, "silence after which the inverter regulates by itself again"),
)

ONE_PHASE = (101, 111)
INTEGERS = (101, 103)
FLOATS = (111, 113)
STORAGE_MODEL = 124

POINTS = (  # of models 101 and 103
    #     field               offset kind  n   num  den scale
    Point("current_ma", 3, "u16", 3, 1000, 1, 6),
    Point("voltage_mv", 10, "u16", 3, 1000, 1, 13),
    Point("produced_w", 14, "s16", 1, 1, 1, 15),
    Point("temperature_mdegc", 33, "s16", 1, 1000, 1, 37),
)
FLOAT_POINTS = (  # of models 111 and 113
    Point("current_ma", 4, "f32", 3, 1000, 1, NONE),
    Point("voltage_mv", 16, "f32", 3, 1000, 1, NONE),
    Point("produced_w", 22, "f32", 1, 1, 1, NONE),
    Point("temperature_mdegc", 40, "f32", 1, 1000, 1, NONE),
)

FULL_PPM = 1_000_000  # rates are kept in millionths of WChaMax
WCHAMAX = Point("wchamax_w", 2, "u16", 1, 1, 1, 18)
MODE = Point("mode", 5, "u16", 1, 1, 1, NONE)  # StorCtl_Mod: bit 0 limits charging, bit 1 discharging
SOC = Point("soc_permille", 8, "u16", 1, 10, 1, 22)
STATE = Point("state", 11, "u16", 1, 1, 1, NONE)
OUT_RATE = Point("out_ppm", 12, "s16", 1, 10_000, 1, 25)
IN_RATE = Point("in_ppm", 13, "s16", 1, 10_000, 1, 25)
REVERT = Point("revert_s", 15, "u16", 1, 1, 1, NONE)
FROM_GRID = Point("from_grid", 17, "u16", 1, 1, 1, NONE)  # ChaGriSet: 1 = may charge from the AC side
STORAGE_POINTS = (WCHAMAX, MODE, SOC, STATE, OUT_RATE, IN_RATE, REVERT, FROM_GRID)

WRITE = 16
AUTOMATIC = 0
BOTH_LIMITS = 3
STATES = ("off", "off", "empty", "discharging", "charging", "full", "holding", "testing")


class StorageInverter(Load):
    roof: "HybridRoof | None" = None  # of the same inverter, where that is limited too

    def __init__(self, bus: Bus, unit: int, wired: "tuple[int, ...]", storage: Ability) -> None:
        self._bus = bus
        self._unit = unit
        self._phases = wired
        self._min_w = storage.min_w
        self._max_w = storage.max_w
        self._revert_s = storage.failsafe_ms // 1000
        self._rivals = Rivals()
        self._told_ppm: "int | None" = None  # what stands in it, as it counts
        self._complaint = ""
        self._inverter: "Model | None" = None
        self._storage: "Model | None" = None

    def arm(self) -> None:
        self._find_models()
        self._keep(REVERT, self._revert_s)

    def read(self, now_ms: int) -> Reading:
        inverter, storage = self._models()
        points = FLOAT_POINTS if inverter.id in FLOATS else POINTS
        flow = fetch(self._bus, self._unit, inverter, points)
        stored = self.stored(now_ms, storage)
        total_w = -needed(flow, "produced_w")[0]
        size_ma = own_values(flow, "current_ma", len(self._phases))
        return reading(
            now_ms, total_w=total_w, power_w=placed(split(total_w, size_ma or (1,) * len(self._phases)), self._phases),
            current_ma=self._signed(size_ma, total_w), voltage_mv=self._vector(flow, "voltage_mv"),
            soc_permille=one(stored, "soc_permille"), temperature_mdegc=one(flow, "temperature_mdegc"),
            state=state_of(one(stored, "state")), limit_w=told_w(stored),
        )

    def stored(self, now_ms: int, storage: Model) -> "dict[str, tuple[int | None, ...]]":
        """What its storage model says; who finds something else there than was told again and again has a rival."""
        out = fetch(self._bus, self._unit, storage, STORAGE_POINTS)
        stands = one(out, "in_ppm") if one(out, "mode") == BOTH_LIMITS else None
        if self._told_ppm is not None and stands != self._told_ppm and self._rivals.found(now_ms):
            self._complaint = "InWRte: told %d ppm, and it stands at %s" % (self._told_ppm, stands) + WORDS
        return out

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(self._min_w, min(setpoint.power_w, self._max_w))
        _, storage = self._models()
        stands = fetch(self._bus, self._unit, storage, STORAGE_POINTS)
        wchamax_w = needed(stands, "wchamax_w")[0]
        if wchamax_w <= 0:
            raise DeviceError(RANGE, "WChaMax is 0")
        ppm = _towards_zero(power_w * FULL_PPM, wchamax_w)
        ppm = max(-FULL_PPM, min(ppm, FULL_PPM))
        if one(stands, "revert_s") != self._revert_s:
            self._keep(REVERT, self._revert_s)
        if power_w > 0 and one(stands, "from_grid") == 0:
            self._keep(FROM_GRID, 1)
        if self.roof is not None:
            self.roof.makes_room(power_w)
        self._write_rates(stands, ppm, -ppm)
        self._keep(MODE, BOTH_LIMITS)  # even if it stands there: some restart the revert timer only by this
        if self._complaint:
            words, self._complaint = self._complaint, ""
            raise DeviceError(REFUSED, words)

    def release(self) -> None:
        """Automatic, with rates that limit nothing."""
        if self.roof is not None:
            self.roof.makes_room(None)
        _, storage = self._models()
        self._write_rates(fetch(self._bus, self._unit, storage, STORAGE_POINTS), FULL_PPM, FULL_PPM)
        self._told_ppm = None
        self._keep(MODE, AUTOMATIC)

    def _write_rates(self, stands: "dict[str, tuple[int | None, ...]]", in_ppm: int, out_ppm: int) -> None:
        """Both in one request, so that they never contradict each other."""
        _, storage = self._models()
        factor = needed(stands, scale_of("in_ppm"))[0]
        reg, self._told_ppm = IN_RATE.reg(storage, factor), None
        words = encode(OUT_RATE.reg(storage, factor), (out_ppm,)) + encode(reg, (in_ppm,))
        self._keep_words(storage.address + OUT_RATE.offset, words)
        self._told_ppm = decode(reg, words[1:])[0]

    def _keep(self, point: Point, value: int) -> None:
        _, storage = self._models()
        self._keep_words(storage.address + point.offset, encode(point.reg(storage, 0), (value,)))

    def _keep_words(self, address: int, words: "tuple[int, ...]") -> None:
        self._bus.write(self._unit, WRITE, address, words)
        kept = tuple(self._bus.read(self._unit, 3, address, len(words)))
        if kept != words:
            raise DeviceError(REFUSED, "register %d: told %s, kept %s" % (address, words, kept))

    def _models(self) -> "tuple[Model, Model]":
        if self._inverter is None or self._storage is None:
            return self._find_models()
        return self._inverter, self._storage

    def _find_models(self) -> "tuple[Model, Model]":
        models = scan(self._bus, self._unit)
        inverter = find(models, *(INTEGERS + FLOATS))
        if len(self._phases) > 1 and inverter.id in ONE_PHASE:
            raise DeviceError(RANGE, "a single-phase inverter on %d phases" % len(self._phases))
        if len(self._phases) != 3 and inverter.id not in ONE_PHASE:
            raise DeviceError(RANGE, "a three-phase inverter on %d phases" % len(self._phases))
        self._inverter, self._storage = inverter, find(models, STORAGE_MODEL)
        return self._inverter, self._storage

    def _signed(self, size_ma: "tuple[int, ...] | None", total_w: int) -> "Phases | None":
        """The model's currents are magnitudes."""
        if size_ma is None:
            return None
        return placed(tuple(-ma if total_w < 0 else ma for ma in size_ma), self._phases)

    def _vector(self, values: "dict[str, tuple[int | None, ...]]", field: str) -> "Phases | None":
        own = own_values(values, field, len(self._phases))
        return None if own is None else placed(own, self._phases)


def state_of(code: "int | None") -> "str | None":
    return None if code is None or code >= len(STATES) else STATES[code]


def told_w(stored: "dict[str, tuple[int | None, ...]]") -> "int | None":
    """The power that stands in the inverter; None while it regulates by itself."""
    in_ppm, wchamax_w = one(stored, "in_ppm"), one(stored, "wchamax_w")
    if one(stored, "mode") != BOTH_LIMITS or in_ppm is None or wchamax_w is None:
        return None
    return _towards_zero(in_ppm * wchamax_w, FULL_PPM)


def _towards_zero(top: int, bottom: int) -> int:
    return top // bottom if top >= 0 else -(-top // bottom)


def ability(options: "dict[str, object]") -> Ability:
    """Its fallback is its own regulation, which takes only what would otherwise be exported."""
    cable_w = most_w(options)
    return able("storage", min_w=-min(whole(options, "max_discharge_w"), cable_w),
                max_w=min(whole(options, "max_charge_w"), cable_w),
                failsafe_ms=whole(options, "revert_s") * 1000, settle_ms=3_000)


def build(port: Bus, options: "dict[str, object]") -> StorageInverter:
    return StorageInverter(port, whole(options, "unit"), phases(options), ability(options))
