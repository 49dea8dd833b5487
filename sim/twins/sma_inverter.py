"""Twin of an SMA inverter: plant control with a fallback that its installer has set."""

from drivers.given import whole
from drivers.sma_inverter import LIMIT, READS, SLOW
from sim.bank import Registers
from sim.pv import Inverter
from sim.twins.register_inverter import LimitTwin


class SmaTwin(LimitTwin):
    orders = (LIMIT,)
    reads = READS + SLOW
    power_on = {"limit_pct": 100}
    limit = "limit_pct"

    def __init__(self, registers: Registers, part: Inverter, timeout_ms: int, fallback_w: int) -> None:
        self._timeout_ms = timeout_ms
        self._fallback_w = fallback_w
        super().__init__(registers, part)

    def silent_ms(self) -> int:
        return self._timeout_ms

    def share_w(self) -> int:
        return self._part.max_w * self.told["limit_pct"] // 100

    def left_alone_w(self) -> int:
        return self._fallback_w

    def fields(self) -> "dict[str, tuple[int, ...]]":
        return {"total_w": (self._part.power_w.total(),), "export_wh": (self._part.export_wh,)}


def build(registers: Registers, part: Inverter, options: "dict[str, object]") -> SmaTwin:
    return SmaTwin(registers, part, 1_000 * whole(options, "timeout_s"), whole(options, "fallback_w"))
