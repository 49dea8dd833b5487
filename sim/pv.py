"""A photovoltaic plant on its inverter."""

from sim.part import Part, shared
from sim.sun import Sun, facing

# Modules at 45 degC, wiring and inverter leave about this of what the flash test promised (typical performance ratio)
_YIELD_PERMILLE = 880


class Pv(Part):
    """- while producing. Inverters start at a hundredth of their power, as their own needs come first."""

    kind = "pv"

    def __init__(
        self, phases: "tuple[int, ...]", sun: Sun, peak_w: int, max_w: int, tilt_deg: int = 30, azimuth_deg: int = 0
    ) -> None:
        super().__init__(phases)
        self._sun = sun
        self._peak_w = peak_w
        self._max_w = max_w
        self._facing = facing(tilt_deg, azimuth_deg)
        self._moved = 0
        self._clear_w = 0

    def _live(self, now_ms: int, dt_ms: int) -> None:
        sun = self._sun
        sun.move(now_ms)
        if self._moved != sun.moved:
            self._moved = sun.moved
            self._clear_w = self._peak_w * sun.clear_w_m2(self._facing) // 1000 * _YIELD_PERMILLE // 1000
        power_w = min(self._clear_w * sun.through_permille(now_ms) // 1000, self._max_w)
        if power_w * 100 < self._max_w:
            power_w = 0
        self.power_w = shared(-power_w, self.phases)
