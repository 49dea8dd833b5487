"""Twin of a SolarEdge inverter: its dynamic limit works once it is enabled and committed, and ends by itself."""

from drivers.solaredge_inverter import ADVANCED, AFTER, COMMIT, DYNAMIC, FULL_MPCT, LIMIT, READS, TIMEOUT
from sim.bank import Registers
from sim.pv import Inverter
from sim.twins.register_inverter import LimitTwin


class SolarEdgeTwin(LimitTwin):
    orders = (ADVANCED, COMMIT, DYNAMIC, TIMEOUT, AFTER, LIMIT)
    reads = READS
    power_on = {"limit_mpct": FULL_MPCT, "after_mpct": FULL_MPCT}
    limit = "limit_mpct"

    def silent_ms(self) -> int:
        return 1_000 * self.told["timeout_s"]

    def share_w(self) -> int:
        works = self.told["advanced"] and self.told["commit"] and self.told["dynamic"]
        return self._part.max_w * self.told["limit_mpct"] // FULL_MPCT if works else self._part.max_w

    def left_alone_w(self) -> int:
        return self._part.max_w * self.told["after_mpct"] // FULL_MPCT

    def fields(self) -> "dict[str, tuple[int, ...]]":
        return {"produced": (-self._part.power_w.total(),), "produced_sf": (0,), "energy": (self._part.export_wh,),
                "energy_sf": (0,)}


def build(registers: Registers, part: Inverter, options: "dict[str, object]") -> SolarEdgeTwin:
    return SolarEdgeTwin(registers, part)
