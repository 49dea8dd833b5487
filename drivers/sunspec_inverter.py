"""Inverter without a battery by SunSpec: models 101 to 113 with 123, or 701 with 704: how much it makes is limited.

Source: SunSpec model files. 123: WMaxLimPct in per cent of WMax (model 121, else the rating of 120), then WMaxLim_Ena;
with WMaxLimPct_RvrtTms it lifts the limit by itself. 704: the same, and what it falls back to can be told. Rounded
towards less. A restart forgets limit and timer: each `apply` looks at both, and enables anew even what is enabled, as
some start the timer only by that. A limit of all it can make is none: held, it would outrank what else limits a
Fronius (its own feed-in cap, a ripple-control receiver), where Modbus has the higher priority.
Sign: SunSpec's W is + while producing; it is turned here.
On a hybrid the limit is that of roof and battery together: beside a device that steers the battery of the same inverter
this one is its roof (drivers.hybrid_roof).
"""

from drivers.fronius_gen24 import Modules
from drivers.generator import FALLBACK, LEAST, RATED, ability_of, limit_w
from drivers.given import phases, whole, word
from drivers.hybrid_roof import HybridRoof, Limited
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from drivers.register_device import one, own_values, split
from drivers.sunspec import NONE, Model, Point, fetch, find, scale_of, scan
from drivers.sunspec_storage import FLOAT_POINTS, FLOATS, INTEGERS, ONE_PHASE, POINTS
from hal.faults import RANGE, REFUSED, DeviceError
from hal.options import choice, integer
from hal.ports import Bus
from hal.registers import Reg, encode
from hal.values import Ability, Phases, Reading, Setpoint, placed, reading

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = ("the inverter lifts the limit by itself revert_s after our last word, or goes to fallback_w (model 704); "
            "with revert_s = 0 it keeps it until it restarts")
LOAD = LoadFacts("Inverters with SunSpec models 101 to 113 and 123, or 701 and 704: Fronius (a GEN24 with its battery "
                 "too) and others", "inverter",
                 "P, I, U, energy, state", "how much it makes, in 0.01 % of its rated power",
                 "the limit, again and again", STANDARD)

OPTIONS = (
    RATED, LEAST, FALLBACK,
    integer("revert_s", 60, 0, 3_600, "silence after which it lifts the limit itself, from 15 on; 0: it has no timer"),
    choice("writes", "several", ("several", "single"), "single: takes one register at once (function 6), as Kostal"),
)
LEAST_REVERT_S = 15
BESIDE = ("fronius_gen24",)  # drivers of a battery on the same inverter, at the same address

SIZE = Point("wmax_w", 2, "u16", 1, 1, 1, 22)  # model 121
RATING = Point("wmax_w", 3, "u16", 1, 1, 1, 4)  # model 120
DER_SIZE = Point("wmax_w", 26, "u16", 1, 1, 1, 45)  # model 702
STATE = Point("state", 38, "u16", 1, 1, 1, NONE)
FLOAT_STATE = Point("state", 48, "u16", 1, 1, 1, NONE)
ENERGY = Point("export_wh", 24, "u32", 1, 1, 1, 26)
FLOAT_ENERGY = Point("export_wh", 32, "f32", 1, 1, 1, NONE)
DER_POINTS = (  # of model 701, whose phases stand far apart: each is taken for its share of the total
    Point("state", 4, "u16", 1, 1, 1, NONE),
    Point("produced_w", 10, "s16", 1, 1, 1, 116),
    Point("export_wh", 19, "u64", 1, 1, 1, 120),
)
STATES = ("", "off", "sleeping", "starting", "producing", "limited", "shutting-down", "fault", "standby")
DER_STATES = ("off", "sleeping", "starting", "producing", "limited", "shutting-down", "fault", "standby")
AT_REST = ("off", "sleeping", "standby")  # makes nothing, and may not say how much

DER = 704
PPM = 10_000  # in 1 %
FULL_PPM = 1_000_000
# model 123: limit, timer, switch; 704 the same, and what follows when the timer ends
LIMIT = {123: Point("limit_ppm", 5, "u16", 1, PPM, 1, 23), DER: Point("limit_ppm", 15, "u16", 1, PPM, 1, 54)}
REVERT = {123: Point("revert_s", 7, "u16", 1, 1, 1, NONE), DER: Point("revert_s", 18, "u32", 1, 1, 1, NONE)}
ENABLED = {123: Point("enabled", 9, "u16", 1, 1, 1, NONE), DER: Point("enabled", 14, "u16", 1, 1, 1, NONE)}
AFTER = Point("after_ppm", 16, "u16", 1, PPM, 1, 54)
AFTER_ENABLED = Point("after_enabled", 17, "u16", 1, 1, 1, NONE)


class Inverter(Limited):
    def __init__(self, bus: Bus, options: "dict[str, object]", able: Ability) -> None:
        self._bus = bus
        self._unit = whole(options, "unit")
        self._phases = phases(options)
        self._able = able
        self._revert_s = whole(options, "revert_s")
        self._single = word(options, "writes") == "single"
        self._models: "tuple[Model, ...]" = ()
        self._wmax_w = 0

    def arm(self) -> None:
        self._models = ()
        model = self._limiter()
        fallback_w = -self._able.fallback.power_w
        if model.id == 123 and fallback_w < -self._able.min_w:
            raise DeviceError(RANGE, "left alone it makes all it can: fallback_w cannot be %d with model 123"
                              % fallback_w)
        stands = self._stands()
        if model.id == DER and self._revert_s:
            self._put(AFTER, stands, self._ppm(fallback_w))
            self._put(AFTER_ENABLED, stands, 1 if fallback_w < -self._able.min_w else 0)
        self._arm_timer(stands)

    def read(self, now_ms: int) -> Reading:
        values = self._measured()
        code = one(values, "state")
        states = DER_STATES if self._inverter().id == 701 else STATES
        state = states[code] if code is not None and code < len(states) else None
        produced_w = one(values, "produced_w")
        if produced_w is None and state in AT_REST:
            produced_w = 0
        total_w = None if produced_w is None else -produced_w
        size_ma = own_values(values, "current_ma", len(self._phases))
        power_w = None
        if total_w is not None:
            power_w = placed(split(total_w, size_ma or (1,) * len(self._phases)), self._phases)
        return reading(now_ms, total_w=total_w, power_w=power_w, current_ma=self._signed(size_ma, total_w),
                       voltage_mv=self._vector(values, "voltage_mv"), export_wh=one(values, "export_wh"),
                       state=state or None, temperature_mdegc=one(values, "temperature_mdegc"),
                       limit_w=self._stands_at())

    def apply(self, setpoint: Setpoint) -> None:
        self.limit_to(limit_w(setpoint, self._able))

    def limit_to(self, power_w: int) -> None:
        stands = self._stands()
        self._arm_timer(stands)
        limit_ppm = self._ppm(power_w)
        self._put(LIMIT[self._limiter().id], stands, limit_ppm)
        self._put(ENABLED[self._limiter().id], stands, 0 if limit_ppm == FULL_PPM else 1)

    def release(self) -> None:
        fallback_w, stands = -self._able.fallback.power_w, self._stands()
        self._put(LIMIT[self._limiter().id], stands, self._ppm(fallback_w))
        self._put(ENABLED[self._limiter().id], stands, 1 if fallback_w < -self._able.min_w else 0)

    def _measured(self) -> "dict[str, tuple[int | None, ...]]":
        model = self._inverter()
        if model.id == 701:
            return fetch(self._bus, self._unit, model, DER_POINTS)
        points = FLOAT_POINTS + (FLOAT_STATE, FLOAT_ENERGY) if model.id in FLOATS else POINTS + (STATE, ENERGY)
        return fetch(self._bus, self._unit, model, points)

    def _stands(self) -> "dict[str, tuple[int | None, ...]]":
        model = self._limiter()
        return fetch(self._bus, self._unit, model, (LIMIT[model.id], REVERT[model.id], ENABLED[model.id]))

    def _stands_at(self) -> "int | None":
        """The limit as it stands; None while there is none."""
        stands = self._stands()
        ppm = one(stands, "limit_ppm")
        if one(stands, "enabled") != 1 or ppm is None:
            return None
        return -(ppm * self._size_w() // FULL_PPM)

    def _arm_timer(self, stands: "dict[str, tuple[int | None, ...]]") -> None:
        if not self._revert_s or one(stands, "revert_s") == self._revert_s:
            return
        try:
            self._put(REVERT[self._limiter().id], stands, self._revert_s)
        except DeviceError as error:
            if error.kind != REFUSED:
                raise
            raise DeviceError(REFUSED, "it takes no time of its own (%s); if it has none, its owner has to say so: "
                              "revert_s = 0" % error.detail) from None

    def _ppm(self, power_w: int) -> int:
        return min(power_w * FULL_PPM // self._size_w(), FULL_PPM)

    def _put(self, point: Point, stands: "dict[str, tuple[int | None, ...]]", value: int) -> None:
        """Writes and reads back; a share at the scale factor of this moment."""
        factor = 0
        if point.scale != NONE:
            found = one(stands, scale_of("limit_ppm"))
            if found is None:
                raise DeviceError(RANGE, "WMaxLimPct has no scale factor")
            factor = found
        model = self._limiter()
        words = encoded(point.reg(model, factor), value)
        address = model.address + point.offset
        if self._single:
            for offset, each in enumerate(words):
                self._bus.write(self._unit, 6, address + offset, (each,))
        else:
            self._bus.write(self._unit, 16, address, words)
        kept = tuple(self._bus.read(self._unit, 3, address, len(words)))
        if kept != words:
            raise DeviceError(REFUSED, "%s: told %s, kept %s" % (point.field, words, kept))

    def _size_w(self) -> int:
        """What its percentages are of."""
        if not self._wmax_w:
            known = dict([(model.id, model) for model in self._models])
            points = {121: SIZE, 120: RATING, 702: DER_SIZE}
            order = (702,) if self._limiter().id == DER else (121, 120)
            for number in order:
                if number in known and not self._wmax_w:
                    self._wmax_w = one(fetch(self._bus, self._unit, known[number], (points[number],)), "wmax_w") or 0
            if self._wmax_w <= 0:
                raise DeviceError(RANGE, "it does not say what its limit is a share of (WMax)")
        return self._wmax_w

    def _inverter(self) -> Model:
        self._found()
        model = find(self._models, *(INTEGERS + FLOATS + (701,)))
        count = len(self._phases)
        if model.id != 701 and (count > 1) != (model.id not in ONE_PHASE):
            raise DeviceError(RANGE, "model %d on %d phases" % (model.id, count))
        return model

    def _limiter(self) -> Model:
        self._found()
        return find(self._models, 123) if 123 in [model.id for model in self._models] else find(self._models, DER)

    def _found(self) -> None:
        if not self._models:
            self._models, self._wmax_w = scan(self._bus, self._unit), 0

    def _signed(self, size_ma: "tuple[int, ...] | None", total_w: "int | None") -> "Phases | None":
        """The model's currents are magnitudes."""
        if size_ma is None or total_w is None:
            return None
        return placed(tuple([-ma if total_w < 0 else ma for ma in size_ma]), self._phases)

    def _vector(self, values: "dict[str, tuple[int | None, ...]]", field: str) -> "Phases | None":
        own = own_values(values, field, len(self._phases))
        return None if own is None else placed(own, self._phases)


def encoded(reg: Reg, value: int) -> "tuple[int, ...]":
    try:
        return encode(reg, (value,))
    except ValueError:
        pass  # at this scale factor
    raise DeviceError(RANGE, "%s: %d does not fit" % (reg.field, value))


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    revert_s = whole(options, "revert_s")
    if 0 < revert_s < LEAST_REVERT_S:
        raise ValueError("revert_s: allowed are 0 (none) and %d to 3600" % LEAST_REVERT_S)
    return ability_of(options, 1_000 * revert_s, settle_ms=4_000, stored_w=_of_battery(options, "max_charge_w"))


def _of_battery(options: "dict[str, object]", name: str) -> int:
    """A number of the device beside this one; 0 = there is none."""
    beside = options.get("beside")
    return whole(beside, name) if isinstance(beside, dict) else 0


def build(port: Bus, options: "dict[str, object]") -> "Inverter | HybridRoof":
    able, give_w = ability(options), _of_battery(options, "max_discharge_w")
    if not options.get("beside"):
        return Inverter(port, options, able)
    inverter = Inverter(port, options, ability_of(options, able.failsafe_ms, able.settle_ms))
    return HybridRoof(inverter, Modules(port, whole(options, "unit")), phases(options), able, give_w)
