"""A charge point that speaks OCPP 1.6J or 2.0.1: wallbox, 6 to 80 A on one or three phases, as its station allows.

It calls us; what it tells is kept (drivers.ocpp_desk), a limit is a profile with an end (drivers.ocpp_lease). The limit
is read back as the schedule that rules while it charges, where the station can say that, and by what it draws. Between
one and three phases it is switched only after nothing has flowed for 5 s, and only if the station says that it can.
What it tells late, what it refuses and who else tells it something is its fault, and named.
"""

import sys
from typing import Any

from drivers import ocpp_16, ocpp_201
from drivers.given import clock, phases, whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from drivers.ocpp_cards import ANY, LISTED, WAYS, Cards
from drivers.ocpp_chores import Chores
from drivers.ocpp_door import LETTERS, MOST_ID
from drivers.ocpp_lease import Lease
from drivers.ocpp_port import Stations
from drivers.ocpp_reading import reading_of
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.options import choice, integer, text
from hal.ports import Load
from hal.values import Ability, Phases, Reading, Setpoint, placed, unplaced, w_of_ma
from hal.values import ability as able

LINES = ("ocpp",)
FAILSAFE = ("the station itself goes to failsafe_a (0: it pauses) failsafe_s after our last profile, by a default "
            "profile without an end laid into it at the start; one that forgets its profiles: as its installer has set")
LOAD = LoadFacts("Charge points with OCPP 1.6J or 2.0.1", "wallbox", "state, I, U, P, energy, card",
                 "6 to 80 A in steps of 1 A (0.1 A), 1p/3p", "its profile, twice in failsafe_s", STANDARD)
OPTIONS = (
    text("station", None, 1, MOST_ID, "its id, as it calls itself at the end of the address"),
    integer("connector", 1, 1, 16, "which of its connectors (2.0.1: EVSE)"),
    choice("authorisation", ANY, WAYS, "any: whoever has a card; listed: whose card is in cards; free: no card needed"),
    text("cards", "", 0, 255, "file of the cards, mode 0600: one a line"),
    integer("failsafe_a", 0, 0, 80, "current it falls back to: 6 and more, or 0 to pause"),
    integer("failsafe_s", 120, 60, 3_600, "until its limit ends when nobody renews it, in s"),
    integer("every_s", 10, 5, 60, "how often it tells its values while it charges, in s"),
    integer("phase_switch", 0, 0, 1, "true: it can switch between one and three phases, and shall"),
    integer("step_ma", 1_000, 100, 1_000, "the steps it counts its current in; some round tenths of an ampere up"),
)

DIALECTS = {module.VERSION: module for module in (ocpp_16, ocpp_201)}
MIN_MA = 6_000  # IEC 61851-1: lowest offered current
IDLE_MS = 5_000  # current-free before contactors may move
IDLE_MA, IDLE_W = 500, 100
SETTLE_MS = 15_000  # of station and car; later it has not done what it was told
LOOK_SOON_MS, LOOK_MS = 3_000, 30_000  # how often the schedule is read back: until it is right, and afterwards
LOOSE_MA = 300  # of a schedule, read back in watts
OVER_MA = 1_000  # a car may draw so much more than it is offered: chargers and meters are no finer
MASTERS, MASTERS_MS = 3, 60_000  # so many strange schedules within this time are another master
CLOCK_MS = 20_000  # its clock turned out to be so far from where it was taken to be: told anew
MOST_BLIND = 3  # answers without a schedule; then it cannot say


class OcppStation(Load):
    retry_ms = 2_000  # whether it has called again costs nothing to see

    def __init__(self, port: Stations, options: "dict[str, object]") -> None:
        self._port = port
        self._clock = clock(options)
        self._able = ability(options)
        self._phases = phases(options)
        self._desk = port.desk(word(options, "station"))
        self._one = self._desk.watch(whole(options, "connector"),
                                     Cards(word(options, "authorisation"), word(options, "cards")))
        self._every_ms = 1_000 * whole(options, "every_s")
        self._failsafe_ma = max(self._able.fallback.current_ma)
        self._chores = Chores(port, self._desk, self._one, self._every_ms)
        self._lease: "Lease | None" = None
        self._generation = -1  # it was armed in
        self._conductors: "int | None" = None if self._able.one_phase else len(self._phases)
        self._told: "int | None" = None  # the newest current it has confirmed
        self._told_ms = self._changed_ms = 0
        self._told_in: "int | str | None" = None  # transaction
        self._wish: "tuple[int, int] | None" = None  # (conductors, current) once nothing flows
        self._idle_ms: "int | None" = None
        self._look_ms = 0
        self._blind = 0
        self._over_ms = -1
        self._overs = 0
        self._strange_ms: "list[int]" = []
        self._complaint = ""
        self._endless = False  # said that it shows no end of its limit

    # what is told

    def arm(self) -> None:
        """Settings, and the default profile that is its fail-safe; read back where the station can say."""
        dialect, generation = self._here(), self._desk.generation
        skills = dialect.skills(self._optional(dialect.about()) or {"getVariableResult": ()})
        if self._able.one_phase and not skills.switches:
            raise DeviceError(RANGE, "it does not say that it can switch phases; leave phase_switch out")
        self._set_up(dialect)
        self._lease = Lease(self._port, self._desk, dialect, skills, self._one, self._able.failsafe_ms,
                            self._able.one_phase, len(self._phases))
        self._blind = 0
        before, self._told = self._told, None
        self._lay(self._lease, self._rounded(self._failsafe_ma) if before is None else before)
        self._check(self._lease)
        self._generation = generation

    def _set_up(self, dialect: Any) -> None:
        for ways in dialect.settings(self._every_ms // 1000):
            for asked in ways:
                said = self._optional(asked)
                if said is not None and dialect.taken(said):
                    break

    def _lay(self, lease: Lease, current_ma: int) -> None:
        """The default profile, and what stands above it."""
        lease.lay(self._failsafe_ma)
        self._told = None
        self._stand(current_ma)

    def _check(self, lease: Lease) -> None:
        """Reads back what rules, now and behind the lease; clears away what others have left in it.

        Without a transaction some stations leave default profiles out: then nothing is made of what they say.
        """
        for left in (1, 0):
            said, told = self._looked(lease), self._told
            if said is None or told is None or self._one.transaction is None:
                return
            behind_ma = said[-1].limit_ma if len(said) > 1 else 0
            if said[0].limit_ma <= told + LOOSE_MA and behind_ma <= max(told, self._failsafe_ma) + LOOSE_MA:
                return
            if left:
                self._optional(lease.clearing())
                self._lay(lease, told)
        raise DeviceError(REFUSED, "told %s mA with a fail-safe of %d mA, and %d mA rule%s" % (
            told, self._failsafe_ma, max(said[0].limit_ma, behind_ma), self._clock_words()))

    def apply(self, setpoint: Setpoint) -> None:
        """One pilot serves all conductors: the least of those in use, towards less."""
        own = tuple(max(ma, 0) for ma in unplaced(setpoint.current_ma, self._phases))
        conductors = len(own)
        if self._able.one_phase and own[0] and not any(own[1:]):
            conductors = 1
        current_ma = self._rounded(min(own[:conductors]))
        self._here()
        if not current_ma or conductors == self._conductors:
            self._wish = None
            self._stand(current_ma)
        else:
            if self._wish is None or self._wish[0] != conductors:
                self._idle_ms = None
            self._wish = conductors, current_ma
            self._stand(0)
        if self._complaint:
            words, self._complaint = self._complaint, ""
            raise DeviceError(REFUSED, words)

    def release(self) -> None:
        """To what the default profile would make of it; one that is not there falls back by itself."""
        self._here()
        if self._lease is None:
            self.arm()
        self._wish = None
        self._stand(self._rounded(self._failsafe_ma))

    def _rounded(self, current_ma: int) -> int:
        current_ma = min(current_ma, self._able.max_ma)
        current_ma -= current_ma % self._able.step_ma
        return current_ma if current_ma >= MIN_MA else 0

    def _stand(self, current_ma: int) -> None:
        lease, now_ms = self._lease, self._clock.now_ms()
        if lease is None:
            raise DeviceError(TIMEOUT, "not armed yet")
        session = self._one.transaction.id if self._one.transaction is not None else None
        moved = (lease.in_transactions and session != self._told_in) or (
            abs(lease.behind_ms - max(-self._desk.ahead_ms, 0)) > CLOCK_MS)
        if current_ma == self._told and not moved and now_ms - self._told_ms < self._able.failsafe_ms // 2:
            return
        before, self._told = self._told, None
        lease.tell(current_ma, self._conductors or len(self._phases))
        if current_ma != before:
            self._changed_ms, self._look_ms, self._overs = now_ms, now_ms + LOOK_SOON_MS, 0
        self._told, self._told_ms, self._told_in = current_ma, now_ms, session

    def _optional(self, asked: "tuple[str, dict[str, Any]]") -> "dict[str, Any] | None":
        """Its answer; None when it refuses."""
        try:
            return self._port.ask(self._desk.station, *asked)
        except DeviceError as error:
            if error.kind == TIMEOUT:
                raise
            return None

    # what is read

    def read(self, now_ms: int) -> Reading:
        dialect = self._here()
        if self._generation >= 0 and self._generation != self._desk.generation:
            self.arm()  # it has started, or called anew
        self._chores.do(now_ms, dialect)
        with self._desk.lock:
            heard_ms = self._desk.heard_ms
            said = reading_of(self._one, now_ms if heard_ms is None else min(heard_ms, now_ms), now_ms, self._every_ms,
                              self._phases, self._limit(), self._desk.strange)
        if self._generation >= 0:
            self._watch(now_ms, said)
            self._switch(now_ms, said)
        return said

    def _here(self) -> Any:
        self._port.open()
        version = self._desk.version
        if not version:
            raise DeviceError(TIMEOUT, self._desk.absent)
        return DIALECTS[version]

    def _limit(self) -> "Phases | None":
        if self._lease is None or not self._lease.said or self._one.transaction is None:
            return None
        count = self._conductors or len(self._phases)
        return placed((self._lease.said[0].limit_ma,) * count, self._phases)

    # what it must be held to

    def _watch(self, now_ms: int, said: Reading) -> None:
        if self._told is None or self._lease is None:
            return
        if self._lease.in_transactions and self._one.transaction is not None:
            self._stand(self._told)  # a transaction has begun
        settled = now_ms - self._changed_ms >= SETTLE_MS
        if self._one.transaction is not None and now_ms >= self._look_ms:
            self._look_ms = now_ms + LOOK_MS
            periods = self._looked(self._lease)
            if periods is not None and self._told is not None:
                self._see_end(len(periods))
                self._judge(now_ms, periods[0].limit_ma, periods[-1].limit_ma, settled)
        drawn_ma = max(said.current_ma) if said.current_ma is not None else 0
        if said.t_ms - self._changed_ms >= SETTLE_MS and said.t_ms != self._over_ms and self._told is not None:
            self._over_ms = said.t_ms
            self._overs = self._overs + 1 if drawn_ma > self._told + OVER_MA else 0
            if self._overs >= 2:
                self._complain("told %d mA, and it draws %d mA" % (self._told, drawn_ma))

    def _see_end(self, periods: int) -> None:
        """Some stations tell only what rules now; whether their limits end nobody but their owner can see then."""
        if periods == 1 and not self._endless and self._told is not None and self._told > self._failsafe_ma + LOOSE_MA:
            self._endless = True
            print("ocpp: station %r does not show that its limit ends; try once whether it falls back within %d s "
                  "when this program is stopped (kill -9)" % (self._desk.station, self._able.failsafe_ms // 1000),
                  file=sys.stderr, flush=True)

    def _looked(self, lease: Lease) -> Any:
        """The schedule as read back; None where it cannot say."""
        if self._blind >= MOST_BLIND:
            return None
        try:
            periods = lease.look()
        except DeviceError as error:
            if error.kind == TIMEOUT:
                raise
            periods = None
        self._blind = 0 if periods else self._blind + 1
        return periods or None

    def _judge(self, now_ms: int, rules_ma: int, behind_ma: int, settled: bool) -> None:
        assert self._told is not None
        if rules_ma > self._told + LOOSE_MA:
            self._look_ms = now_ms + LOOK_SOON_MS
            if settled:
                self._strange_ms = [then for then in self._strange_ms if now_ms - then < MASTERS_MS] + [now_ms]
                again = " again and again: another master?" if len(self._strange_ms) >= MASTERS else ""
                self._complain("told %d mA, and %d mA rule%s%s" % (self._told, rules_ma, again, self._clock_words()))
        elif behind_ma > max(self._failsafe_ma, self._told) + LOOSE_MA and self._lease is not None:
            self._lease.lay(self._failsafe_ma)  # its fail-safe is gone
            self._complain("its fail-safe was gone: %d mA stood there" % behind_ma)

    def _complain(self, words: str) -> None:
        """Said by the next who tells it something; and told anew then."""
        self._complaint, self._overs = words, 0
        before, self._told = self._told, None
        if before is not None:
            self._stand(before)

    def _clock_words(self) -> str:
        ahead_s = self._desk.ahead_ms // 1000
        return "; its clock is %d s ahead of ours" % ahead_s if ahead_s > 30 else ""

    def _switch(self, now_ms: int, said: Reading) -> None:
        """One step on the way to another number of phases."""
        flows = (said.current_ma is not None and max(said.current_ma) > IDLE_MA) or (
            said.current_ma is None and (said.total_w is None or said.total_w > IDLE_W))
        if flows or said.t_ms < self._changed_ms:
            self._idle_ms = None
        elif self._idle_ms is None:
            self._idle_ms = now_ms
        if self._wish is None or self._idle_ms is None or now_ms - self._idle_ms < IDLE_MS:
            return
        self._conductors, current_ma = self._wish
        self._wish = None
        self._told = None
        self._stand(current_ma)


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("option: what is allowed")."""
    wired, max_ma = phases(options), whole(options, "max_a") * 1_000
    if not all(letter in LETTERS for letter in word(options, "station")):
        raise ValueError("station: allowed are letters, digits and * - _ = + | @ .")
    if (word(options, "authorisation") == LISTED) != bool(word(options, "cards")):
        raise ValueError("cards, authorisation: the file of the cards belongs to authorisation = \"listed\"")
    one_phase = whole(options, "phase_switch") == 1
    if one_phase and len(wired) != 3:
        raise ValueError("phase_switch: it is wired to %d of three phases; leave it out" % len(wired))
    failsafe_ma = min(whole(options, "failsafe_a") * 1_000, max_ma)
    if 0 < failsafe_ma < MIN_MA:
        raise ValueError("failsafe_a: no car charges with less than 6; allowed are 0 and 6 to 80")
    fallback = Setpoint(placed((failsafe_ma,) * len(wired), wired), w_of_ma(failsafe_ma) * len(wired))
    return able("wallbox", min_ma=MIN_MA, max_ma=max_ma, step_ma=whole(options, "step_ma"), one_phase=one_phase,
                fallback=fallback, failsafe_ms=1_000 * whole(options, "failsafe_s"), settle_ms=10_000, pace_ms=10_000)


def build(port: Stations, options: "dict[str, object]") -> OcppStation:
    return OcppStation(port, options)
