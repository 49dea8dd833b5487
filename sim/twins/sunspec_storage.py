"""Twin of a SunSpec storage inverter: models 1, 103 (or 101, 111, 113), 120 and 124.

Automatic means self-consumption: with `grid` given (the point where its own meter hangs) it takes what would
be exported and delivers what would be imported; without it it rests. Rates bound what automatic may do, a
negative rate forces the other direction. The revert timer starts with each command; a restart clears rates,
mode and timer.
"""

from drivers.sunspec import Model, Point
from drivers.sunspec_storage import (
    AUTOMATIC,
    FLOAT_POINTS,
    FLOATS,
    FROM_GRID,
    FULL_PPM,
    IN_RATE,
    MODE,
    ONE_PHASE,
    OUT_RATE,
    POINTS,
    REVERT,
    SOC,
    STATE,
    STORAGE_MODEL,
    WCHAMAX,
)
from sim.bank import ILLEGAL_VALUE, Refused, Registers
from sim.battery import Battery
from sim.part import Point as Clamp
from sim.twins import RegisterTwin, own_ma, own_mv, wired
from sim.twins.sunspec_map import BASE, lay_out, put

LENGTHS = {1: 66, 101: 50, 103: 50, 111: 60, 113: 60, 120: 26, STORAGE_MODEL: 24}  # of the SunSpec model files
FACTORS = {"current_ma": -2, "voltage_mv": -1, "produced_w": 0, "temperature_mdegc": -1,
           "wchamax_w": 0, "soc_permille": -2, "out_ppm": -2, "in_ppm": -2}
CABINET_MDEGC = 28_500
EMPTY, DISCHARGING, CHARGING, FULL, HOLDING = 2, 3, 4, 5, 6
RESTING_W = 30  # its own need: less than this is neither charging nor discharging
LIMITS_CHARGE, LIMITS_DISCHARGE = 1, 2


class StorageTwin(RegisterTwin):
    def __init__(
        self, registers: Registers, part: Battery, phases: "tuple[int, ...]", base: int = BASE, inverter: int = 103,
        has_storage: bool = True, more: "dict[int, int] | None" = None,
    ) -> None:
        """`more`: lengths of further models, by number."""
        super().__init__(registers)
        self._part = part
        self._phases = phases
        self._inverter_id = inverter
        self.grid: "Clamp | None" = None
        self.factors = dict(FACTORS)
        lengths = dict(LENGTHS)
        lengths.update(more or {})
        numbers = (1, inverter, 120) + tuple(sorted(more or {})) + ((STORAGE_MODEL,) if has_storage else ())
        self._models = lay_out(registers, base, numbers, lengths)
        self._writable = tuple(self._storage.address + point.offset
                               for point in (MODE, OUT_RATE, IN_RATE, REVERT, FROM_GRID)) if has_storage else ()
        self.power_cycle()

    @property
    def _storage(self) -> Model:
        return self._models[STORAGE_MODEL]

    def power_cycle(self) -> None:
        self._mode = AUTOMATIC
        self._rates_ppm = {"in_ppm": FULL_PPM, "out_ppm": FULL_PPM}
        self._revert_s = 0
        self._from_grid = 0
        self._told_ms = self.now_ms
        self._show()

    @property
    def mode(self) -> int:
        return self._mode

    def _live(self) -> None:
        if self._revert_s and self.now_ms - self._told_ms >= self._revert_s * 1000:
            self._mode = AUTOMATIC
            self._rates_ppm = {"in_ppm": FULL_PPM, "out_ppm": FULL_PPM}
        self._part.target(self._wanted_w())

    def _wanted_w(self) -> int:
        most_w = self._bound_w("in_ppm", LIMITS_CHARGE)
        least_w = -self._bound_w("out_ppm", LIMITS_DISCHARGE)
        if not self._from_grid:
            least_w = min(least_w, 0)
        return max(least_w, min(self._own_w(), most_w))

    def _bound_w(self, rate: str, bit: int) -> int:
        ppm = self._rates_ppm[rate] if self._mode & bit else FULL_PPM
        return ppm * self._part.max_w // FULL_PPM if ppm >= 0 else -(-ppm * self._part.max_w // FULL_PPM)

    def _own_w(self) -> int:
        """What it would do by itself."""
        return self._part.power_w.total() - self.grid.power_w.total() if self.grid is not None else 0

    def _show(self) -> None:
        self._show_inverter()
        if STORAGE_MODEL not in self._models:
            return
        self._put(self._storage, WCHAMAX, (self._part.max_w,))
        self._put(self._storage, SOC, (self._part.soc_permille,))
        self._put(self._storage, STATE, (self._charge_state(),))
        self._put(self._storage, MODE, (self._mode,))
        self._put(self._storage, OUT_RATE, (self._rates_ppm["out_ppm"],))
        self._put(self._storage, IN_RATE, (self._rates_ppm["in_ppm"],))
        self._put(self._storage, REVERT, (self._revert_s,))
        self._put(self._storage, FROM_GRID, (self._from_grid,))

    def _show_inverter(self) -> None:
        model, part = self._models[self._inverter_id], self._flows()
        conductors = 1 if self._inverter_id in ONE_PHASE else 3
        size_ma = tuple(abs(ma) for ma in own_ma(part, self._phases))
        values = {"current_ma": size_ma, "voltage_mv": own_mv(part, self._phases),
                  "produced_w": (-part.power_w.total(),), "temperature_mdegc": (CABINET_MDEGC,)}
        for point in FLOAT_POINTS if self._inverter_id in FLOATS else POINTS:
            some = values[point.field][:conductors]
            self._put(model, point, some)

    def _flows(self) -> Clamp:
        """What flows on its AC side."""
        return self._part

    def _put(self, model: Model, point: Point, values: "tuple[int, ...]") -> None:
        put(self.registers, model, point, values, self.factors.get(point.field, 0))

    def _charge_state(self) -> int:
        power_w, soc_permille = self._part.power_w.total(), self._part.soc_permille
        if power_w > RESTING_W:
            return CHARGING
        if power_w < -RESTING_W:
            return DISCHARGING
        return FULL if soc_permille >= 1000 else EMPTY if soc_permille <= 50 else HOLDING

    def _take(self, address: int, value: int) -> None:
        if address not in self._writable:
            return super()._take(address, value)
        offset = address - self._storage.address
        self._told_ms = self.now_ms
        if offset == MODE.offset:
            self._mode = value & (LIMITS_CHARGE | LIMITS_DISCHARGE)
        elif offset == REVERT.offset:
            self._revert_s = value
        elif offset == FROM_GRID.offset:
            self._from_grid = value & 1
        else:
            self._take_rate(OUT_RATE if offset == OUT_RATE.offset else IN_RATE, value)

    def _take_rate(self, point: Point, value: int) -> None:
        raw = value - 0x10000 if value & 0x8000 else value
        reg = point.reg(self._storage, self.factors[point.field])
        ppm = raw * reg.num // reg.den
        if abs(ppm) > FULL_PPM:
            raise Refused(ILLEGAL_VALUE)
        self._rates_ppm[point.field] = ppm


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> StorageTwin:
    return StorageTwin(registers, part, wired(options), inverter=103 if len(wired(options)) == 3 else 101)
