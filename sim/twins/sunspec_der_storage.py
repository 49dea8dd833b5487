"""Twin of a storage inverter with SunSpec's models 701, 704 and 713 (or 802).

Left alone it rests, or with `grid` given covers the house. Told a power it keeps it until its timer ends, which starts
with each write of setpoint or switch. A restart forgets all it was told.
"""

from drivers.sunspec import Point
from drivers.sunspec_der_storage import (
    AFTER,
    CHARGE,
    ENABLED,
    MEASURED,
    ORDERS,
    REVERT,
    SETPOINT,
    SINGLE_PHASE,
    THREE_PHASE,
    UNIT,
    WATTS,
)
from drivers.sunspec_inverter import DER
from sim.bank import ILLEGAL_VALUE, Refused, Registers
from sim.battery import Battery
from sim.part import Point as Clamp
from sim.twins import RegisterTwin, wired
from sim.twins.sunspec_map import BASE, lay_out, put

LENGTHS = {1: 66, 701: 153, 702: 50, DER: 65, 713: 7, 802: 62}  # of the SunSpec model files
RUNNING, STANDBY = 3, 7
RESTING_W = 30


class DerStorageTwin(RegisterTwin):
    def __init__(self, registers: Registers, part: Battery, phases: "tuple[int, ...]", charge: int = 713) -> None:
        super().__init__(registers)
        self._part = part
        self._phases = phases
        self._charge = charge
        self.grid: "Clamp | None" = None
        self.factors = {"set_w": 0, "soc_permille": -1}
        self._models = lay_out(registers, BASE, (1, 701, 702, DER, charge), LENGTHS)
        self.power_cycle()

    def power_cycle(self) -> None:
        self.told = {ENABLED.field: 0, UNIT.field: 0, SETPOINT.field: 0, AFTER.field: 0, REVERT.field: 0}
        self._high = 0
        self._told_ms = self.now_ms
        self._show()

    def _live(self) -> None:
        told = self.told
        if told["enabled"] and told["revert_s"] and self.now_ms - self._told_ms >= told["revert_s"] * 1000:
            told["enabled"] = told["after_enabled"]
        if told["enabled"] and told["mode"] == WATTS:
            self._part.target(-told["set_w"])
        else:
            self._part.target(self._part.power_w.total() - self.grid.power_w.total() if self.grid is not None else 0)

    def _show(self) -> None:
        total_w = self._part.power_w.total()
        values = {"wiring": SINGLE_PHASE if len(self._phases) == 1 else THREE_PHASE,
                  "state": RUNNING if abs(total_w) > RESTING_W else STANDBY, "produced_w": -total_w,
                  "export_wh": self._part.export_wh, "import_wh": self._part.import_wh}
        for point in MEASURED:
            self._put(701, point, values[point.field])
        for point in ORDERS:
            self._put(DER, point, self.told[point.field])
        self._put(self._charge, CHARGE[self._charge], self._part.soc_permille)

    def _put(self, number: int, point: Point, value: int) -> None:
        put(self.registers, self._models[number], point, (value,), self.factors.get(point.field, 0))

    def _take(self, address: int, value: int) -> None:
        """Double registers come high word first, in one request."""
        for point in ORDERS:
            offset = address - self._models[DER].address - point.offset
            if offset == 0 and point.words() == 2:
                self._high = value
                return None
            if 0 <= offset < point.words():
                return self._keep(point, value if offset == 0 else self._high << 16 | value)
        return super()._take(address, value)

    def _keep(self, point: Point, raw: int) -> None:
        if point.field in ("enabled", "mode", "after_enabled") and raw > 1:
            raise Refused(ILLEGAL_VALUE)
        if point is SETPOINT:
            reg = point.reg(self._models[DER], self.factors["set_w"])
            raw = (raw - (1 << 32) if raw >> 31 else raw) * reg.num // reg.den
            if abs(raw) > self._part.max_w:
                raise Refused(ILLEGAL_VALUE)
        self.told[point.field] = raw
        if point in (SETPOINT, ENABLED):
            self._told_ms = self.now_ms


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> DerStorageTwin:
    return DerStorageTwin(registers, part, wired(options))
