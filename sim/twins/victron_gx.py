"""Twin of a Victron ESS: it keeps the power at its grid meter at the setpoint, and goes on doing so for ever."""

from drivers.victron_gx import READS, SETPOINT, SLOW
from sim.bank import Registers
from sim.battery import Battery
from sim.twins import wired
from sim.twins.register_storage import StoreTwin, kind


def wish(told: "dict[str, int]", part: Battery) -> "int | None":
    return None


class EssTwin(StoreTwin):
    dynamic = 0

    def _own_w(self) -> int:
        """What brings the grid to the setpoint."""
        if self.grid is None:
            return self.told["grid_w"][0]
        return self._part.power_w.total() - self.grid.power_w.total() + self.told["grid_w"][0]

    def _values(self) -> "dict[str, tuple[int, ...]]":
        out = super()._values()
        out["dynamic"] = (self.dynamic,)
        if self.grid is None:
            out["home_w"] = (self._part.power_w.total(), 0, 0)
        return out


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> EssTwin:
    return EssTwin(registers, part, READS + SLOW, kind((SETPOINT,), wish), wired(options))
