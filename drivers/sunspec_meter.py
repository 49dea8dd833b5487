"""SunSpec meters: models 201 to 204 (integers with scale factors) and 211 to 214 (floats), found by scanning.

Source: SunSpec model files; single phase, split phase, wye and delta have the same offsets. One request fetches values
and scale factors of one instant, since scale factors may move while the meter runs. In the integer models a counter
of 0 means "not counted" (acc32), and power factor is in percent; in the floats it is a plain factor.
Sign: makers differ; `positive` says what a positive power is. The counters say which is which by themselves.
"""

from drivers.given import is_reversed, phases, whole, word
from drivers.meter_facts import STANDARD, Facts
from drivers.meter_reading import meter_reading
from drivers.meter_table import MEASURES_ONLY, MOUNTING, ROLE
from drivers.passport import Passport, passport, text
from drivers.sunspec import HEADER, NONE, Model, Point, fetch, find, scan
from hal.faults import RANGE, DeviceError
from hal.options import choice
from hal.ports import Bus, Meter
from hal.values import Ability, Reading
from hal.values import ability as able

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = MEASURES_ONLY
METER = Facts("SunSpec meters, models 201 to 204 and 211 to 214", "U, I, P, power factor per phase; import, export; "
              "frequency; passport", STANDARD)
OPTIONS = (
    ROLE, MOUNTING,
    choice("positive", "import", ("import", "export"), 'what a positive power means; "export" for SolarEdge'),
)

INTEGERS = (201, 202, 203, 204)
FLOATS = (211, 212, 213, 214)
CONDUCTORS = (1, 2, 3, 3)  # of either row
DELTAS = (204, 214)  # need not have voltages to neutral

POINTS = (
    #     field        offset kind  n   num  den scale
    Point("current_ma", 3, "s16", 3, 1000, 1, 6),
    Point("voltage_mv", 8, "s16", 3, 1000, 1, 15),
    Point("frequency_mhz", 16, "s16", 1, 1000, 1, 17),
    Point("power_w", 19, "s16", 3, 1, 1, 22),
    Point("power_factor_permille", 34, "s16", 3, 10, 1, 37),
    Point("export_wh", 38, "u32", 1, 1, 1, 54),
    Point("import_wh", 46, "u32", 1, 1, 1, 54),
)
FLOAT_POINTS = (
    Point("current_ma", 4, "f32", 3, 1000, 1, NONE),
    Point("voltage_mv", 12, "f32", 3, 1000, 1, NONE),
    Point("frequency_mhz", 26, "f32", 1, 1000, 1, NONE),
    Point("power_w", 30, "f32", 3, 1, 1, NONE),
    Point("power_factor_permille", 54, "f32", 3, 1000, 1, NONE),
    Point("export_wh", 60, "f32", 1, 1, 1, NONE),
    Point("import_wh", 68, "f32", 1, 1, 1, NONE),
)
COMMON = 1
TELLS = (("maker", 2, 16), ("model", 18, 16), ("firmware", 42, 8), ("serial", 50, 16))  # of the common model


class SunspecMeter(Meter):
    def __init__(self, bus: Bus, unit: int, wired: "tuple[int, ...]", sign: int, positive: int) -> None:
        """`sign`: -1 mounted reversed; `positive`: -1 when a positive power is an export."""
        self._bus = bus
        self._unit = unit
        self._phases = wired
        self._sign = sign
        self._positive = positive
        self._model: "Model | None" = None

    def read(self, now_ms: int) -> Reading:
        model = self._model or self._find()
        try:
            values = fetch(self._bus, self._unit, model, FLOAT_POINTS if model.id in FLOATS else POINTS)
        except DeviceError:
            self._model = None  # it may be another one when it is back
            raise
        if model.id in INTEGERS:
            for field in ("import_wh", "export_wh"):
                values[field] = (values[field][0] or None,)
        values["power_w"] = tuple([None if w is None else self._positive * w for w in values["power_w"]])
        return meter_reading(now_ms, values, self._phases, self._sign, has_voltage=model.id not in DELTAS)

    def passport(self) -> Passport:
        common = find(scan(self._bus, self._unit), COMMON)
        words = self._bus.read(self._unit, 3, common.address, HEADER + common.length)
        return passport({field: text(words[offset:offset + count]) for field, offset, count in TELLS})

    def _find(self) -> Model:
        model = find(scan(self._bus, self._unit), *(INTEGERS + FLOATS))
        conductors = CONDUCTORS[model.id % 10 - 1]
        if len(self._phases) > conductors:
            raise DeviceError(RANGE, "SunSpec model %d measures %d of %d phases" % (
                model.id, conductors, len(self._phases)))
        self._model = model
        return model


def ability(options: "dict[str, object]") -> Ability:
    return able(word(options, "role"))


def build(port: Bus, options: "dict[str, object]") -> SunspecMeter:
    return SunspecMeter(port, whole(options, "unit"), phases(options),
                        -1 if is_reversed(options) else 1,
                        -1 if word(options, "positive") == "export" else 1)
