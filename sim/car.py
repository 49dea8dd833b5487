"""A car on a wallbox: the cable, the battery in it, and the slow obedience of its charger (IEC 61851-1).

The wallbox says what it allows on each of its conductors (`offer`): that is the pilot's current and which
contactors are closed. The car follows `lag_ms` later and a little below the offer, stops within 3 s below
6 A, tapers towards full, and draws on as many of the first conductors as its charger has. When a conductor
comes or goes under way, the contactor has opened or closed under load: the car lets go at once and takes
its time before it begins anew.
"""

from collections import namedtuple

from hal.values import ZERO, placed, w_of_ma
from sim.part import DAY_MS, WH_MWS, Lag, Part, toward
from sim.rng import Rng

MIN_MA = 6_000  # IEC 61851-1: no lower current can be offered
_LAG_MS = (5_000, 9_000)  # the box moves its pilot at most every 5 s, the car follows within 5 s (IEC 61851-1)
_STOP_MS = (1_000, 3_000)  # IEC 61851-1: S2 opens within 3 s after the pilot stops
_REST_MS = 5_000  # current-free time before another set of contactors may close
_RAISE_MA_S = 2_000  # onboard chargers raise their current by about this each second
_LOWER_MA_S = 10_000
_TAKE_PERMILLE = (950, 1_000)  # of the offer; chargers stay a little below
_EFFICIENCY_PERMILLE = 900  # wall to battery
_TAPER_PERMILLE = 950  # above this state of charge the battery takes less and less
_DEPARTURES = 16  # remembered


class Session(namedtuple("Session", ("from_ms", "to_ms", "soc_permille"))):
    """Local time of day between which the car is plugged, and what is left in it when it comes."""

    __slots__ = ()
    from_ms: int
    to_ms: int
    soc_permille: int


class Departure(namedtuple("Departure", ("t_ms", "energy_wh", "soc_permille"))):
    """What the car had taken since it came."""

    __slots__ = ()
    t_ms: int
    energy_wh: int
    soc_permille: int


class Car(Part):
    kind = "car"

    def __init__(
        self, phases: "tuple[int, ...]", seed: int, used_phases: int = 3, max_ma: int = 16_000,
        capacity_wh: int = 60_000, soc_permille: int = 500, sessions: "tuple[Session, ...]" = (),
        lag_ms: "tuple[int, int]" = _LAG_MS,
    ) -> None:
        """`phases`: of the wallbox's conductors. Without sessions it is plugged and unplugged by hand only.
        `lag_ms`: (least, most) from the offer to what the car makes of it; the standard allows 5 s to box and car each.
        """
        super().__init__(phases)
        assert 1 <= used_phases <= 3
        assert max_ma >= MIN_MA
        rng = Rng(seed)
        self._used = min(used_phases, len(phases))
        self._max_ma = max_ma
        self.capacity_wh = capacity_wh
        self._full_mws = capacity_wh * WH_MWS
        self._stored_mws = self._full_mws * soc_permille // 1000
        self._sessions = sessions
        self._session: "Session | None" = None
        self._take_permille = rng.between(*_TAKE_PERMILLE)
        self._stop_ms = rng.between(*_STOP_MS)
        self._pilot = Lag(rng.between(*lag_ms))
        self._none = (0,) * len(phases)
        self._offer_ma = self._none
        self._each_ma = 0  # on every conductor in use
        self._conductors = 0  # in use now or last
        self._last_start = 0
        self._stop_at_ms = -1
        self._free_ms = 0  # not before this does it begin
        self._came_mws = 0
        self.plugged = False
        self.full = False
        self.state = "A"  # IEC 61851: A no car, B connected, C charging
        self.current_ma = self._none  # own conductors
        self.starts = 0
        self.phase_changes = 0
        self.hard_switches = 0  # contactors moved under load
        self.departures: "list[Departure]" = []

    @property
    def soc_permille(self) -> int:
        return self._stored_mws * 1000 // self._full_mws

    @property
    def session_wh(self) -> int:
        """Taken from the wall since it was plugged."""
        return (self.import_mws - self._came_mws) // WH_MWS

    def offer(self, current_ma: "tuple[int, ...]") -> None:
        """What pilot and contactors allow on each own conductor; 0 = open."""
        assert len(current_ma) == len(self.phases)
        self._offer_ma = current_ma

    def plug(self, soc_permille: "int | None" = None) -> None:
        """`soc_permille` None: it comes as it left."""
        if soc_permille is not None:
            self._stored_mws = self._full_mws * soc_permille // 1000
        self.plugged = True
        self.full = False
        self.state = "B"
        self._came_mws = self.import_mws

    def unplug(self, now_ms: int = 0) -> None:
        if self.plugged:
            self.departures = self.departures[1 - _DEPARTURES:]
            self.departures.append(Departure(now_ms, self.session_wh, self.soc_permille))
        self.plugged = False
        self._let_go()
        self.state = "A"

    def _live(self, now_ms: int, dt_ms: int) -> None:
        self._follow_schedule(now_ms, dt_ms)
        if not self.plugged:
            return
        closed = _closed(self._offer_ma, self._used)
        if self.state == "C" and closed not in (0, self._conductors):
            self.hard_switches += 1
            self._rest(now_ms)
        asked_ma = self._pilot.step(_pilot_ma(self._offer_ma), now_ms, dt_ms)
        if self.state == "C":
            self._obey(asked_ma, now_ms, dt_ms)
        elif asked_ma >= MIN_MA and closed and not self.full and now_ms >= self._free_ms:
            self._begin(closed)
        self._charge(dt_ms)

    def _follow_schedule(self, now_ms: int, dt_ms: int) -> None:
        if not self._sessions:
            return
        time_ms = (now_ms - dt_ms) % DAY_MS
        session = None
        for each in self._sessions:
            if each.from_ms <= time_ms < each.to_ms:
                session = each
        if session is not None and self._session is None:
            self.plug(session.soc_permille)
        elif session is None and self._session is not None:
            self.unplug(now_ms)
        self._session = session

    def _begin(self, closed: int) -> None:
        self.starts += 1
        if self._last_start not in (0, closed):
            self.phase_changes += 1
        self._conductors = self._last_start = closed
        self._each_ma = MIN_MA * self._take_permille // 1000
        self._stop_at_ms = -1
        self.state = "C"

    def _obey(self, asked_ma: int, now_ms: int, dt_ms: int) -> None:
        """Moves towards what the pilot said a while ago; a pilot that has stopped is obeyed sooner."""
        if _pilot_ma(self._offer_ma) >= MIN_MA:
            self._stop_at_ms = -1
        elif self._stop_at_ms < 0:
            self._stop_at_ms = now_ms - dt_ms + self._stop_ms
        if self.full or 0 <= self._stop_at_ms <= now_ms or asked_ma < MIN_MA:
            self._rest(now_ms)
            return
        goal_ma = min(asked_ma, self._max_ma, self._taper_ma()) * self._take_permille // 1000
        a_second_ma = _RAISE_MA_S if goal_ma > self._each_ma else _LOWER_MA_S
        self._each_ma = toward(self._each_ma, goal_ma, a_second_ma * dt_ms // 1000)

    def _rest(self, now_ms: int) -> None:
        self._let_go()
        self._free_ms = now_ms + _REST_MS

    def _let_go(self) -> None:
        self._pilot.reset(0)
        self._each_ma = 0
        self._stop_at_ms = -1
        self.power_w = ZERO
        self.current_ma = self._none
        self.state = "B"

    def _taper_ma(self) -> int:
        left_permille = 1000 - self.soc_permille
        span = 1000 - _TAPER_PERMILLE
        return MIN_MA + (self._max_ma - MIN_MA) * min(left_permille, span) // span

    def _charge(self, dt_ms: int) -> None:
        if self.state != "C":
            return
        each_ma, phases, mv = self._each_ma, self.phases, self.voltage_mv
        self.current_ma = (each_ma,) * self._conductors + (0,) * (len(phases) - self._conductors)
        self.power_w = placed(tuple(w_of_ma(each_ma, mv[p]) for p in phases[:self._conductors]), phases)
        self._stored_mws += self.power_w.total() * dt_ms * _EFFICIENCY_PERMILLE // 1000
        if self._stored_mws >= self._full_mws:
            self._stored_mws = self._full_mws
            self.full = True


def _pilot_ma(offer_ma: "tuple[int, ...]") -> int:
    """One pilot serves all conductors: the lowest current that is offered on any; below 6 A it is silent."""
    least_ma = 0
    for ma in offer_ma:
        if ma and (ma < least_ma or not least_ma):
            least_ma = ma
    return least_ma if least_ma >= MIN_MA else 0


def _closed(offer_ma: "tuple[int, ...]", used: int) -> int:
    """How many of the car's conductors are closed, counted from the first."""
    count = 0
    for ma in offer_ma[:used]:
        if ma == 0:
            break
        count += 1
    return count
