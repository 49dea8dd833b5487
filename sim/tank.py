"""A hot-water tank with a heating rod: one rod of any power, or elements behind contactors.

The water is one well-mixed mass. The electronics' thermostat takes the rod off at its temperature and
gives it back some degrees below; behind it stands a safety limiter (STB) that stays open once it has
tripped. What people draw is mixed down at the tap to what a hand bears; the mains refill it cold.
"""

from array import array

from hal.values import NOMINAL_MV, ZERO, Phases, placed
from sim.part import Lag, Part, shared
from sim.rng import Rng
from sim.trace import MINUTES

_HEAT_MWS = 4_186  # that warm 1 kg of water by 1 mK
_COLD_MDEGC = 10_000  # what the mains bring
_TAP_MDEGC = 45_000  # what leaves the tap
_ROOM_MDEGC = 18_000
_STB_MDEGC = 95_000  # a safety limiter opens before the water boils
_BACK_MDEGC = 3_000  # the thermostat closes this far below
_LOSS_MW_K = 1_700  # a well insulated tank of 300 l: 2 kWh a day at 65 degC
_LAG_MS = (500, 1_500)  # of the electronics that set a continuous rod


class Water:
    """A mass of water and the heat in it, above that of the mains."""

    def __init__(self, litres: int, temperature_mdegc: int) -> None:
        self._mass_mws = litres * _HEAT_MWS
        self.heat_mws = (temperature_mdegc - _COLD_MDEGC) * self._mass_mws

    @property
    def temperature_mdegc(self) -> int:
        return _COLD_MDEGC + self.heat_mws // self._mass_mws

    def add(self, energy_mws: int) -> None:
        """Negative cools; colder than the mains it does not get."""
        self.heat_mws = max(0, self.heat_mws + energy_mws)


class Tank(Part):
    kind = "tank"

    def __init__(
        self, phases: "tuple[int, ...]", seed: int, litres: int = 300, rod_w: int = 3_500,
        elements_w: "tuple[int, ...]" = (), draws_dl: "array[int] | None" = None,
        temperature_mdegc: int = 48_000, thermostat_mdegc: int = 65_000,
    ) -> None:
        """`elements_w`: nominal watts of the element on each conductor, instead of a continuous rod of `rod_w`."""
        super().__init__(phases)
        assert not elements_w or len(elements_w) == len(phases)
        assert draws_dl is None or len(draws_dl) == MINUTES
        self.water = Water(litres, temperature_mdegc)
        self.rod_w = sum(elements_w) or rod_w
        self.elements_w = elements_w
        self.thermostat_mdegc = thermostat_mdegc
        self._lag = Lag(Rng(seed).between(*_LAG_MS))
        self._draws_dl = draws_dl
        self._asked_w = 0
        self.closed = (False,) * len(elements_w)  # contactors
        self.hot = False  # the thermostat keeps the rod off
        self.tripped = False  # the safety limiter has opened for good
        self.starts = 0
        self.switchings = [0] * len(elements_w)  # of each contactor, closing only
        self.drawn_mws = 0  # heat that went to the taps
        self.lost_mws = 0  # heat that went into the room

    @property
    def temperature_mdegc(self) -> int:
        return self.water.temperature_mdegc

    def set_w(self, power_w: int) -> None:
        """Asks a continuous rod for this power."""
        assert not self.elements_w
        self._asked_w = max(0, min(power_w, self.rod_w))

    def set_elements(self, closed: "tuple[bool, ...]") -> None:
        """Moves the contactors, one an element."""
        assert len(closed) == len(self.elements_w)
        for i, now_closed in enumerate(closed):
            if now_closed and not self.closed[i]:
                self.switchings[i] += 1
        self.closed = closed

    def _live(self, now_ms: int, dt_ms: int) -> None:
        asked_w = self._lag.step(self._asked_w, now_ms, dt_ms)
        idle = self.power_w == ZERO
        self._watch_heat()
        if self.hot or self.tripped:
            self.power_w = ZERO
        elif self.elements_w:
            self.power_w = self._elements_w()
        else:
            self.power_w = shared(asked_w, self.phases) if asked_w else ZERO
        if idle and self.power_w != ZERO:
            self.starts += 1
        self._cool(now_ms, dt_ms)

    def _watch_heat(self) -> None:
        mdegc = self.water.temperature_mdegc
        if mdegc >= self.thermostat_mdegc:
            self.hot = True
        elif mdegc <= self.thermostat_mdegc - _BACK_MDEGC:
            self.hot = False
        if mdegc >= _STB_MDEGC:
            self.tripped = True

    def _elements_w(self) -> Phases:
        """Bare resistors: their power goes with the square of the voltage."""
        mv = self.voltage_mv
        return placed(tuple(
            nominal_w * mv[phase] * mv[phase] // (NOMINAL_MV * NOMINAL_MV) if closed else 0
            for nominal_w, closed, phase in zip(self.elements_w, self.closed, self.phases)
        ), self.phases)

    def _cool(self, now_ms: int, dt_ms: int) -> None:
        """Adds the rod's heat and takes away what the room and the taps get."""
        mdegc = self.water.temperature_mdegc
        lost_mws = max(0, mdegc - _ROOM_MDEGC) * _LOSS_MW_K * dt_ms // 1_000_000
        drawn_mws = 0
        if self._draws_dl is not None:
            draw_dl = self._draws_dl[(now_ms - dt_ms) // 60_000 % MINUTES]
            if draw_dl:
                warmer_mk = min(mdegc, _TAP_MDEGC) - _COLD_MDEGC
                drawn_mws = draw_dl * warmer_mk * _HEAT_MWS * dt_ms // 600_000
        self.lost_mws += lost_mws
        self.drawn_mws += drawn_mws
        self.water.add(self.power_w.total() * dt_ms - lost_mws - drawn_mws)
