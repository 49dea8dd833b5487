"""How a connector is told its limit: a profile with an end above a default profile without one.

The default profile, laid at the start, says what the station does without us. The limit lies above it (a higher stack
level) until its end and is renewed before. A station that knows one level only is told in the running transaction;
some, an ABB Terra AC with firmware 1.8 for one, say that they know more and take no level but 0.
Times are the station's: where its clock is behind ours they are earlier, so that no lease outlives itself.
"""

from typing import Any

from drivers.ocpp_desk import Connector, Desk
from drivers.ocpp_port import Stations
from drivers.ocpp_profiles import ALWAYS_MS, BEFORE_MS, DEFAULT, TX, Period, Profile, Skills
from hal.faults import REFUSED, DeviceError

BASE_ID, LEASE_ID = 7_100, 7_200  # and the connector's number
MOST_LEVEL = 8  # of the stack: high enough, and no more than a station may have room for
ENDS = ("validTo duration", "validTo", "duration")  # stations that refuse one of them take the other


class Lease:
    def __init__(self, port: Stations, desk: Desk, dialect: Any, skills: Skills, one: Connector, failsafe_ms: int,
                 says_phases: bool, count: int) -> None:
        self._port = port
        self._desk = desk
        self._dialect = dialect
        self._skills = skills
        self._one = one
        self._failsafe_ms = failsafe_ms
        self._says_phases = says_phases or skills.unit == "W"
        self._count = count
        self._connector = one.number
        self._way: "tuple[str, int, str] | None" = None  # purpose, level, ends
        self._waits = False  # for a transaction
        self.behind_ms = 0  # how far its clock was behind ours when it was told last
        self.said: "tuple[Period, ...] | None" = None  # the schedule that rules, as read back

    def lay(self, base_ma: int) -> None:
        """The default profile without an end. DeviceError(REFUSED) when the station takes none."""
        for connector in (self._one.number, 0) if self._skills.alone else (self._one.number,):
            self._connector = connector
            if self._told(self._profile(BASE_ID, DEFAULT, 0, base_ma, self._count, "", None)):
                return
        raise DeviceError(REFUSED, "it takes no default profile, which is its fail-safe")

    def clearing(self) -> "tuple[str, dict[str, Any]]":
        """What takes away all default profiles, those of others too; afterwards ours have to be laid anew."""
        asked: "tuple[str, dict[str, Any]]" = self._dialect.clear(self._connector, DEFAULT)
        return asked

    @property
    def in_transactions(self) -> bool:
        """It can be told only while a transaction runs."""
        return self._waits or (self._way is not None and self._way[0] == TX)

    def tell(self, current_ma: int, conductors: int) -> bool:
        """False when there is nothing it could be told in. DeviceError(REFUSED) when it does not take it."""
        self._waits = False
        for purpose, level, ends in (self._way,) if self._way else self._ways():
            transaction = self._one.transaction
            if purpose == TX and transaction is None:
                self._waits = True
                continue
            id = transaction.id if purpose == TX and transaction is not None else None
            if self._told(self._profile(LEASE_ID, purpose, level, current_ma, conductors, ends, id)):
                self._way = purpose, level, ends
                return True
        if self._waits:
            return False
        raise DeviceError(REFUSED, "it takes no profile of %d mA" % current_ma)

    def look(self) -> "tuple[Period, ...] | None":
        """The schedule that rules at the connector until after the lease; None where the station cannot say."""
        duration_s = (self._failsafe_ms + BEFORE_MS) // 1000
        said = self._ask(self._dialect.composite(self._one.number, duration_s, self._skills.unit))
        self.said = self._dialect.periods(said, self._count)
        return self.said

    def _ways(self) -> "tuple[tuple[str, int, str], ...]":
        top = 1 if self._skills.top is None else min(self._skills.top, MOST_LEVEL)
        above = [level for level in dict.fromkeys((top, 1)) if 0 < level <= top]
        return (*((DEFAULT, level, ends) for level in above for ends in ENDS),
                *((TX, level, ends) for level in dict.fromkeys((top, 0)) for ends in ENDS))

    def _profile(self, id: int, purpose: str, level: int, current_ma: int, conductors: int, ends: str,
                 transaction: "int | str | None") -> Profile:
        self.behind_ms = max(-self._desk.ahead_ms, 0)
        utc_ms = self._port.utc_ms() - self.behind_ms
        return Profile(self._one.number if purpose == TX else self._connector, id + self._one.number, level, purpose,
                       current_ma, self._skills.unit, conductors, self._says_phases,
                       utc_ms - BEFORE_MS if ends else ALWAYS_MS,
                       utc_ms + self._failsafe_ms if ends else None, ends, transaction)

    def _told(self, told: Profile) -> bool:
        return bool(self._dialect.taken(self._ask(self._dialect.profile(told))))

    def _ask(self, asked: "tuple[str, dict[str, Any]]") -> "dict[str, Any]":
        return self._port.ask(self._desk.station, *asked)
