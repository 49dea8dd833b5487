"""A photovoltaic plant on its inverter."""

from sim.part import Lag, Part, shared, toward
from sim.rng import Rng
from sim.sun import Sun, facing

# Modules at 45 degC, wiring and inverter leave about this of what the flash test promised (typical performance ratio)
_YIELD_PERMILLE = 880
_START_MS = 60_000


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


class Inverter(Pv):
    """A plant that can be limited: after a lag, and not at once. Restarted, it makes nothing until the grid has been
    good for a minute (VDE-AR-N 4105, 8.3.1)."""

    def __init__(
        self, phases: "tuple[int, ...]", sun: Sun, seed: int, peak_w: int, max_w: int, tilt_deg: int = 30,
        azimuth_deg: int = 0, lag_ms: "tuple[int, int]" = (400, 1_500), ramp_permille: int = 250,
    ) -> None:
        """`lag_ms`: least and most; `ramp_permille`: of its power and second."""
        super().__init__(phases, sun, peak_w, max_w, tilt_deg, azimuth_deg)
        self._lag = Lag(Rng(seed).between(lag_ms[0], lag_ms[1]), max_w)
        self._ramp_permille = ramp_permille
        self._most_w = max_w
        self._off_ms = 0  # left of its restart
        self.max_w = max_w
        self.told_w = max_w
        self.could_w = 0  # what the sun would let it make
        self.curtailed_mws = 0
        self.battery: "Part | None" = None  # on the DC side of the same inverter: what it takes does not flow out

    def limit(self, power_w: int) -> None:
        self.told_w = max(0, min(power_w, self.max_w))

    def restart(self) -> None:
        self._off_ms = _START_MS

    @property
    def most_w(self) -> int:
        """The limit it has followed to by now."""
        return self._most_w

    @property
    def on(self) -> bool:
        return self._off_ms == 0 and self.could_w > 0

    def _live(self, now_ms: int, dt_ms: int) -> None:
        super()._live(now_ms, dt_ms)
        self.could_w = -self.power_w.total()
        self._off_ms = max(self._off_ms - dt_ms, 0)
        goal_w = self._lag.step(self.told_w, now_ms, dt_ms)
        self._most_w = toward(self._most_w, goal_w, max(1, self.max_w * self._ramp_permille * dt_ms // 1_000_000))
        stored_w = self.battery.power_w.total() if self.battery is not None else 0
        made_w = 0 if self._off_ms else max(min(self.could_w, self._most_w + stored_w), 0)
        self.curtailed_mws += (self.could_w - made_w) * dt_ms
        self.power_w = shared(-made_w, self.phases)
