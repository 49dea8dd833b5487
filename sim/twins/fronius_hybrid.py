"""Twin of a Fronius GEN24 that two masters' devices stand for: its battery (fronius_gen24), and its roof, limited by
model 123 (sunspec_inverter).

The limit is one of its AC side. What the roof could make beyond it goes into the battery, as far as that was told to
take it; a discharge has what room the roof leaves. The limit's timer starts when it or its switch is written. A restart
clears both, and the roof makes nothing for a minute; the battery can be told at once.
"""

from drivers.sunspec import Point
from drivers.sunspec_inverter import ENABLED, ENERGY, LIMIT, REVERT, SIZE, STATE
from drivers.sunspec_storage import FULL_PPM
from sim.bank import ILLEGAL_VALUE, Refused, Registers
from sim.battery import Battery
from sim.part import Point as Clamp
from sim.pv import Inverter
from sim.twins import Twin
from sim.twins.fronius_gen24 import Gen24Twin
from sim.twins.sunspec_inverter import MPPT, SLEEPING, THROTTLED

LIMITER, SIZE_MODEL = 123, 121
ORDERS = (LIMIT[LIMITER], REVERT[LIMITER], ENABLED[LIMITER])
MORE_FACTORS = {"wmax_w": 1, "limit_ppm": -2, "export_wh": 0}


class HybridTwin(Gen24Twin):
    def __init__(self, registers: Registers, roof: Inverter, battery: Battery, phases: "tuple[int, ...]",
                 inverter: int = 103) -> None:
        self.roof = roof
        roof.battery = battery
        self.told: "dict[str, int]" = {}
        self._limited_ms = 0
        super().__init__(registers, battery, phases, inverter, {SIZE_MODEL: 30, LIMITER: 24})

    def power_cycle(self) -> None:
        if self.told:
            self.roof.restart()
        self.told = {"limit_ppm": FULL_PPM, "enabled": 0, "revert_s": 0}
        self._limited_ms = self.now_ms
        super().power_cycle()

    @property
    def flow_w(self) -> int:
        """What flows out on the AC side."""
        return -self.roof.power_w.total() - self._part.power_w.total()

    def _roof_w(self) -> int:
        return -self.roof.power_w.total()

    def tick(self, now_ms: int) -> None:
        if self.now_ms == 0:
            self._limited_ms = now_ms
        super().tick(now_ms)

    def _live(self) -> None:
        told = self.told
        if told["enabled"] and told["revert_s"] and self.now_ms - self._limited_ms >= told["revert_s"] * 1000:
            told["enabled"], told["limit_ppm"] = 0, FULL_PPM
        self.roof.limit(self.roof.max_w * told["limit_ppm"] // FULL_PPM if told["enabled"] else self.roof.max_w)
        super()._live()

    def _wanted_w(self) -> int:
        return max(super()._wanted_w(), -max(self.roof.most_w - min(self.roof.could_w, self.roof.most_w), 0))

    def _flows(self) -> Clamp:
        out = Clamp()
        out.power_w = self.roof.power_w.plus(self._part.power_w)
        out.voltage_mv = self._part.voltage_mv
        return out

    def _show(self) -> None:
        super()._show()
        throttled = self.roof.could_w > self._roof_w()
        state = (THROTTLED if throttled else MPPT) if self.flow_w else SLEEPING
        self.factors.update(MORE_FACTORS)
        inverter = self._models[self._inverter_id]
        self._put(inverter, STATE, (state,))
        self._put(inverter, ENERGY, (self.roof.export_wh,))
        self._put(self._models[SIZE_MODEL], SIZE, (self.roof.max_w,))
        for point in ORDERS:
            self._put(self._models[LIMITER], point, (self.told[point.field],))

    def _order_at(self, address: int) -> "Point | None":
        offset = address - self._models[LIMITER].address
        found = [point for point in ORDERS if point.offset == offset]
        return found[0] if found else None

    def _take(self, address: int, value: int) -> None:
        point = self._order_at(address)
        if point is None:
            return super()._take(address, value)
        factor = self.factors[point.field] if point.scale >= 0 else 0
        reg = point.reg(self._models[LIMITER], factor)
        told = value * reg.num // reg.den
        if point.field == "limit_ppm" and told > FULL_PPM:
            raise Refused(ILLEGAL_VALUE)
        self.told[point.field] = told
        if point.field != "revert_s":
            self._limited_ms = self.now_ms
        return None


class RoofTwin(Twin):
    """The roof as a device of its own: all it does the twin of its inverter does."""

    def __init__(self, hybrid: HybridTwin) -> None:
        self.hybrid = hybrid

    def tick(self, now_ms: int) -> None:
        pass

    def power_cycle(self) -> None:
        self.hybrid.power_cycle()
