"""A heat pump with SG-Ready contacts, heating a house through its own buffer.

It decides itself by its buffer's temperature; the contacts only shift that: state 1 locks it (two hours at
most, by the label's definition), 2 is normal, 3 recommends (a warmer buffer), 4 commands a start and an even
warmer buffer. Compressors are protected by shortest runs and rests of their own, so a changed contact may
stay without effect for minutes: that is no fault.
"""

from sim.part import DAY_MS, Part, shared
from sim.tank import Water
from sim.trigonometry import ONE, cosine

LOCK, NORMAL, RECOMMEND, COMMAND = 1, 2, 3, 4

_LOCK_MS = 2 * 3_600_000  # SG-Ready: a lock lasts at most 2 h
_RUN_MS = 600_000  # shortest run
_START_MS = 1_200_000  # from start to start: compressors bear three starts an hour
_RAMP_MS = 60_000  # from standstill to full power
_BAND_MDEGC = 3_000  # it starts this far below its goal
_SHIFT_MDEGC = (0, 0, 0, 4_000, 8_000)  # of the goal, by state
_ROOM_MDEGC = 20_000  # inside
_COP_PERMILLE = 3_300


class HeatPump(Part):
    kind = "heatpump"

    def __init__(
        self, phases: "tuple[int, ...]", nominal_w: int = 2_200, litres: int = 1_500, goal_mdegc: int = 38_000,
        outside_mdegc: "tuple[int, int]" = (2_000, 4_000), loss_w_k: int = 180, standby_w: int = 10,
    ) -> None:
        """`outside_mdegc`: mean of the day and its swing; `loss_w_k`: of the house, its heating limit at 15 degC."""
        super().__init__(phases)
        self.nominal_w = nominal_w
        self.state = NORMAL
        self.running = False
        self.starts = 0
        self._goal_mdegc = goal_mdegc
        self._water = Water(litres, goal_mdegc)
        self._outside_mdegc = outside_mdegc
        self._loss_w_k = loss_w_k
        self._standby_w = standby_w
        self._started_ms = -_START_MS
        self._locked_ms = 0
        self._demand_w = 0
        self._minute = -1

    @property
    def temperature_mdegc(self) -> int:
        return self._water.temperature_mdegc

    def sg(self, state: int) -> None:
        """1 lock, 2 normal, 3 recommended, 4 command."""
        assert LOCK <= state <= COMMAND
        self.state = state

    def _live(self, now_ms: int, dt_ms: int) -> None:
        self._locked_ms = self._locked_ms + dt_ms if self.state == LOCK else 0
        began_ms = now_ms - dt_ms
        self._switch(began_ms)
        electric_w = 0
        if self.running:
            electric_w = self.nominal_w * min(began_ms - self._started_ms + dt_ms, _RAMP_MS) // _RAMP_MS
        minute = began_ms // 60_000
        if minute != self._minute:
            self._minute = minute
            self._demand_w = self._house_w(began_ms)
        self._water.add((electric_w * _COP_PERMILLE // 1000 - self._demand_w) * dt_ms)
        self.power_w = shared(electric_w + self._standby_w, self.phases)

    def _switch(self, now_ms: int) -> None:
        locked = self.state == LOCK and self._locked_ms <= _LOCK_MS
        goal_mdegc = self._goal_mdegc + _SHIFT_MDEGC[self.state]
        mdegc = self._water.temperature_mdegc
        if self.running:
            if locked or (mdegc >= goal_mdegc and now_ms - self._started_ms >= _RUN_MS):
                self.running = False
            return
        cold = mdegc <= goal_mdegc - (0 if self.state == COMMAND else _BAND_MDEGC)
        if cold and not locked and now_ms - self._started_ms >= _START_MS:
            self.running = True
            self.starts += 1
            self._started_ms = now_ms

    def _house_w(self, now_ms: int) -> int:
        """Heat the house needs: coldest at 4 in the morning, nothing above 15 degC."""
        mean_mdegc, swing_mdegc = self._outside_mdegc
        angle_mdeg = (now_ms - 4 * 3_600_000) % DAY_MS * 360 // (DAY_MS // 1000)
        outside_mdegc = mean_mdegc - swing_mdegc * cosine(angle_mdeg) // ONE
        if outside_mdegc >= 15_000:
            return 0
        return (_ROOM_MDEGC - outside_mdegc) * self._loss_w_k // 1000
