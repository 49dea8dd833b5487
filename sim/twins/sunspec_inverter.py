"""Twin of an inverter that speaks SunSpec: models 1, 103 (or 101, 111, 113), 120, 121 and 123; or 1, 701, 702 and 704.

The timer starts when the limit or its switch is written. A restart clears all three, and makes nothing for a minute.
"""

from drivers.sunspec import Model, Point
from drivers.sunspec_inverter import (
    AFTER,
    AFTER_ENABLED,
    DER,
    DER_POINTS,
    DER_SIZE,
    ENABLED,
    FLOAT_ENERGY,
    FLOAT_STATE,
    FULL_PPM,
    LIMIT,
    RATING,
    REVERT,
    SIZE,
    STATE,
)
from drivers.sunspec_inverter import ENERGY as ENERGY_POINT
from drivers.sunspec_storage import FLOAT_POINTS, FLOATS, ONE_PHASE, POINTS
from hal.faults import TIMEOUT, DeviceError
from sim.bank import ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refused, Registers
from sim.pv import Inverter
from sim.twins import RegisterTwin, own_ma, own_mv, wired
from sim.twins.sunspec_map import BASE, lay_out, put

LENGTHS = {1: 66, 101: 50, 103: 50, 111: 60, 113: 60, 120: 26, 121: 30, 123: 24, 701: 153, 702: 50, DER: 65}
FACTORS = {"current_ma": -2, "voltage_mv": -1, "produced_w": 0, "temperature_mdegc": -1, "wmax_w": 1, "limit_ppm": -2,
           "after_ppm": -2, "export_wh": 0}
CABINET_MDEGC = 31_500
SLEEPING, MPPT, THROTTLED = 2, 4, 5


class InverterTwin(RegisterTwin):
    """`night`: off without sun, so that nobody answers."""

    def __init__(self, registers: Registers, part: Inverter, phases: "tuple[int, ...]", inverter: int = 103,
                 base: int = BASE) -> None:
        super().__init__(registers)
        self._part = part
        self._phases = phases
        self._number = inverter
        self.night = False
        self.single = False  # takes one register at once, by function 6
        self.kept = True  # has a timer
        self.factors = dict(FACTORS)
        self._der = inverter == 701
        self._limiter = DER if self._der else 123
        numbers = (1, 701, 702, DER) if self._der else (1, inverter, 120, 121, 123)
        self._models = lay_out(registers, base, numbers, LENGTHS)
        self._forget()

    def power_cycle(self) -> None:
        self._part.restart()
        self._forget()

    def _forget(self) -> None:
        self.told = {"limit_ppm": FULL_PPM, "enabled": 0, "revert_s": 0, "after_ppm": FULL_PPM, "after_enabled": 0}
        self.heard_ms = self.now_ms
        self._show()

    def tick(self, now_ms: int) -> None:
        if self.now_ms == 0:
            self.heard_ms = now_ms
        super().tick(now_ms)

    def _live(self) -> None:
        told = self.told
        if told["enabled"] and told["revert_s"] and self.now_ms - self.heard_ms >= told["revert_s"] * 1000:
            told["enabled"], told["limit_ppm"] = told["after_enabled"], told["after_ppm"]
        limit_w = self._part.max_w * told["limit_ppm"] // FULL_PPM if told["enabled"] else self._part.max_w
        self._part.limit(limit_w)

    def _show(self) -> None:
        part, model = self._part, self._models[self._number]
        conductors = 1 if self._number in ONE_PHASE else 3
        made_w = -part.power_w.total()
        throttled = part.could_w > made_w
        state = (THROTTLED if throttled else MPPT) if made_w else SLEEPING
        values = {"current_ma": tuple([abs(ma) for ma in own_ma(part, self._phases)]),
                  "voltage_mv": own_mv(part, self._phases), "produced_w": (made_w,),
                  "temperature_mdegc": (CABINET_MDEGC,), "export_wh": (part.export_wh,),
                  "state": (state - 1 if self._der else state,)}
        for point in self._points():
            self._put(model, point, values[point.field][:conductors])
        if self._der:
            self._put(self._models[702], DER_SIZE, (part.max_w,))
        else:
            self._put(self._models[121], SIZE, (part.max_w,))
            self._put(self._models[120], RATING, (part.max_w,))
        for point in self._orders():
            self._put(self._models[self._limiter], point, (self.told[point.field],))

    def _points(self) -> "tuple[Point, ...]":
        if self._der:
            return DER_POINTS
        if self._number in FLOATS:
            return FLOAT_POINTS + (FLOAT_STATE, FLOAT_ENERGY)
        return POINTS + (STATE, ENERGY_POINT)

    def _orders(self) -> "tuple[Point, ...]":
        number = self._limiter
        return (LIMIT[number], REVERT[number], ENABLED[number]) + ((AFTER, AFTER_ENABLED) if self._der else ())

    def _put(self, model: Model, point: Point, values: "tuple[int, ...]") -> None:
        put(self.registers, model, point, values, self.factors.get(point.field, 0))

    def _asked(self, function: int, address: int, count: int) -> None:
        if self.night and self._part.could_w == 0:
            raise DeviceError(TIMEOUT, "asleep")
        super()._asked(function, address, count)

    def _told_at(self, address: int) -> "tuple[Point, int] | None":
        for point in self._orders():
            offset = address - self._models[self._limiter].address - point.offset
            if 0 <= offset < point.words():
                return point, offset
        return None

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        if self.single and (function != 6 or len(values) > 1):
            raise Refused(ILLEGAL_FUNCTION)
        super()._told(function, address, values)

    def _take(self, address: int, value: int) -> None:
        found = self._told_at(address)
        if found is None:
            return super()._take(address, value)
        point, offset = found
        if point.words() == 2 and offset == 0:
            if value:
                raise Refused(ILLEGAL_VALUE)
            return None
        reg = point.reg(self._models[self._limiter], self.factors.get(point.field, 0) if point.scale >= 0 else 0)
        told = value * reg.num // reg.den
        if point.field.endswith("_ppm") and told > FULL_PPM:
            raise Refused(ILLEGAL_VALUE)
        if point.field == "revert_s" and not self.kept:
            raise Refused(ILLEGAL_VALUE)
        self.told[point.field] = told
        if point.field in ("limit_ppm", "enabled"):
            self.heard_ms = self.now_ms
        return None


def build(registers: Registers, part: Inverter, options: "dict[str, object]") -> InverterTwin:
    twin = InverterTwin(registers, part, wired(options), inverter=103 if len(wired(options)) == 3 else 101)
    twin.single = options.get("writes") == "single"
    return twin
