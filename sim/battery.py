"""A storage inverter with its battery, as seen from the grid: + charges. Or a car on a wallbox that works both ways.

It follows its target after a lag and no faster than a second for its full power, loses on the way in and
on the way out, needs a little itself, stops at its bounds of charge and slows down before it is full.
"""

from hal.values import ZERO
from sim.part import WH_MWS, Lag, Part, shared, toward
from sim.rng import Rng

_LAG_MS = (800, 1_500)  # from the command to the first change
_FULL_SWING_MS = 1_000
_TAPER_PERMILLE = 950  # above this it charges more and more slowly ...
_LEAST_PERMILLE = 100  # ... down to this share of its power


class Battery(Part):
    kind = "battery"

    def __init__(
        self, phases: "tuple[int, ...]", seed: int, capacity_wh: int = 10_000, max_w: int = 5_000,
        soc_permille: int = 300, least_permille: int = 50, efficiency_permille: int = 955, standby_w: int = 12,
        plugged: bool = True,
    ) -> None:
        """`least_permille`: the battery itself never goes below; `efficiency_permille`: of each way."""
        super().__init__(phases)
        self.capacity_wh = capacity_wh
        self.max_w = max_w
        self._full_mws = capacity_wh * WH_MWS
        self._least_mws = self._full_mws * least_permille // 1000
        self._stored_mws = max(self._full_mws * soc_permille // 1000, self._least_mws)
        self._efficiency_permille = efficiency_permille
        self._standby_w = standby_w
        self._lag = Lag(Rng(seed).between(*_LAG_MS))
        self._target_w = 0
        self._now_w = 0  # what it converts, without its own need
        self.cycled_mws = 0  # that went into the battery
        self.plugged = plugged

    @property
    def soc_permille(self) -> int:
        return self._stored_mws * 1000 // self._full_mws

    @property
    def stored_wh(self) -> int:
        return self._stored_mws // WH_MWS

    @property
    def state(self) -> str:
        """IEC 61851: A no car, B connected, C energy flows."""
        return "A" if not self.plugged else "C" if self._now_w else "B"

    @property
    def take_w(self) -> int:
        """The most it takes now, as its battery management says."""
        return min(self.max_w, self._taper_w()) if self.plugged else 0

    @property
    def give_w(self) -> int:
        return self.max_w if self.plugged and self._stored_mws > self._least_mws else 0

    def plug(self, soc_permille: "int | None" = None) -> None:
        """A car comes, `soc_permille` None: as it left."""
        if soc_permille is not None:
            self._stored_mws = max(self._full_mws * soc_permille // 1000, self._least_mws)
        self.plugged = True

    def unplug(self, now_ms: int = 0) -> None:
        self.plugged = False
        self._now_w = 0
        self.power_w = ZERO

    @property
    def target_w(self) -> int:
        return self._target_w

    def target(self, power_w: int) -> None:
        """+ charge, - discharge, at the grid side; more than it can is cut off."""
        self._target_w = max(-self.max_w, min(power_w, self.max_w))

    def _live(self, now_ms: int, dt_ms: int) -> None:
        if not self.plugged:
            return
        goal_w = self._lag.step(self._target_w, now_ms, dt_ms)
        wanted_w = toward(self._now_w, goal_w, max(1, self.max_w * dt_ms // _FULL_SWING_MS))
        self._now_w = self._possible_w(wanted_w, dt_ms)
        if self._now_w > 0:
            gain_mws = self._now_w * dt_ms * self._efficiency_permille // 1000
            gain_mws = min(gain_mws, self._full_mws - self._stored_mws)
            self._stored_mws += gain_mws
            self.cycled_mws += gain_mws
        elif self._now_w < 0:
            self._stored_mws -= -(self._now_w * dt_ms * 1000 // self._efficiency_permille)  # rounded up
        self.power_w = shared(self._now_w + self._standby_w, self.phases)

    def _possible_w(self, power_w: int, dt_ms: int) -> int:
        if power_w > 0:
            return min(power_w, self._taper_w(), self._room_w(dt_ms))
        if power_w < 0:
            left_mws = self._stored_mws - self._least_mws
            return max(power_w, -(left_mws * self._efficiency_permille // (1000 * dt_ms)))
        return 0

    def _room_w(self, dt_ms: int) -> int:
        """What fills it within this step, rounded up, so that it does become full."""
        return -((self._stored_mws - self._full_mws) * 1000 // (self._efficiency_permille * dt_ms))

    def _taper_w(self) -> int:
        left = max(0, 1000 - self.soc_permille) * (1000 - _LEAST_PERMILLE) // (1000 - _TAPER_PERMILLE)
        return self.max_w * min(1000, _LEAST_PERMILLE + left) // 1000
