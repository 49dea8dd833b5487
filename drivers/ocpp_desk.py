"""What one charge point has told, whichever OCPP it speaks: its connectors, their transactions and their values.

Its messages come in on a thread of their own and are looked at by the line's; `lock` is held by both. Times: `now_ms`
monotonic, `utc_ms` ours. A station tells late what happened while it was offline: such values count for the register
alone. How far its clock is ahead of ours its newest messages say.
"""

import threading
from collections import namedtuple
from typing import Any

from drivers.ocpp_cards import Cards
from drivers.ocpp_times import utc_ms
from drivers.ocpp_values import ENERGY, MOST, samples

CHARGING, CONNECTED, GONE, FAULT = "C", "B", "A", "F"  # IEC 61851
LATE_MS = 30_000  # behind its newest message: told from a queue
FUTURE_MS = 86_400_000  # a clock so far ahead is none
CLOCK_MS = 600_000  # how long an estimate of its clock stands against a lower one
MOST_BROKEN = 8  # messages of one station that are told about
MOST_CARD = 64  # letters of a card that are kept
MOST_TRANSACTIONS = 8  # remembered, of one station


class At(namedtuple("At", ("now_ms", "utc_ms"))):
    """When a message came, by both our clocks."""

    __slots__ = ()
    now_ms: int
    utc_ms: int


class Transaction:
    """A session as the station counts it."""

    def __init__(self, id: "int | str", card: str, accepted: bool) -> None:
        self.id = id
        self.card = card[:MOST_CARD]  # "" where it is not known: begun before we were
        self.accepted = accepted
        self.charging = ""  # 2.0.1: the word for its state
        self.begin_wh: "int | None" = None  # the register when it began; None: begun before we were
        self.stops_asked = 0
        self.asked_ms = 0


class Connector:
    def __init__(self, number: int, cards: Cards) -> None:
        self.number = number
        self.cards = cards
        self.status = ""  # the station's word; "" until it is known
        self.before = "", ""  # status and letter it told itself: before the connection was lost, before all is faulted
        self.status_ms = 0  # when that changed
        self.letter = ""  # IEC 61851
        self.transaction: "Transaction | None" = None
        self.card = ""  # of the session that is or was last, until the next car is there
        self.values: "dict[tuple[str, int | None], tuple[int, int]]" = {}  # (what, phase): (value, when it was heard)
        self.heard_ms: "int | None" = None  # values, of whatever kind
        self.import_wh: "int | None" = None
        self.begin_wh: "int | None" = None  # of the session that is or was last
        self._most_wh = 0
        self._counted_utc_ms = 0  # by the station's clock

    def stands(self, status: str, letter: str, now_ms: int) -> None:
        if self.letter == GONE and letter in (CONNECTED, CHARGING) and self.transaction is None:
            self.card = ""
        if letter != self.letter or not self.status:
            self.status_ms = now_ms
        self.status, self.letter = status, letter

    def tells(self, status: str, letter: str, now_ms: int) -> None:
        """The station, of this connector. Without a car no transaction goes on, whether or not its end was told."""
        if letter == GONE:
            self.transaction = None
        self.before = status, letter
        self.stands(status, letter, now_ms)

    def recalls(self, now_ms: int) -> None:
        """What it told last stands: it does not tell it anew, and would tell a change. One that bears a transaction
        and never told anything charges, as far as we know."""
        if self.before[1]:
            self.stands(*self.before, now_ms)
        elif self.transaction is not None:
            self.stands("Charging", CHARGING, now_ms)

    def begins(self, transaction: Transaction) -> None:
        if self.transaction is None or self.transaction.id != transaction.id:
            self.transaction, self.card, self.begin_wh = transaction, "", transaction.begin_wh
        if transaction.card and transaction.accepted:
            self.card = transaction.card

    def ends(self, id: "int | str") -> None:
        if self.transaction is not None and self.transaction.id == id:
            self.transaction = None

    def hears(self, entry: "dict[str, Any]", desk: "Desk", at: At) -> None:
        """One set of sampled values."""
        said_ms = utc_ms(entry.get("timestamp"))
        live = desk.dates(said_ms, at)
        for one in samples(entry):
            if one.what == ENERGY:
                if one.phase is None:
                    self.counts(one.value, at.utc_ms if said_ms is None else said_ms)
            elif live:
                self.values[one.what, one.phase] = one.value, at.now_ms
        if live:
            self.heard_ms = at.now_ms

    def counts(self, import_wh: int, said_ms: int) -> None:
        """The register never falls: lower and older is from a queue; lower and newer, none is known any more."""
        if not 0 <= import_wh <= MOST or (said_ms < self._counted_utc_ms and import_wh < self._most_wh):
            return
        self._most_wh = max(self._most_wh, import_wh)
        self._counted_utc_ms = max(said_ms, self._counted_utc_ms)
        self.import_wh = import_wh if import_wh == self._most_wh else None


class Desk:
    """One charge point. It is there while `version` is not ""."""

    def __init__(self, station: str) -> None:
        self.station = station
        self.lock = threading.RLock()
        self.version = ""
        self.generation = 0  # one more with each connection and each start of the station
        self.heard_ms: "int | None" = None  # anything at all
        self.absent = "has not called yet"  # why it is not there
        self.about: "dict[str, str]" = {}  # vendor, model, serial, firmware: as it says
        self.connectors: "dict[int, Connector]" = {}
        self.strange = ""  # its newest message that broke the standard
        self._broken: "list[str]" = []  # all of them that were said
        self.ahead_ms = 0  # its clock, of ours
        self._ahead_at_ms: "int | None" = None
        self.triggered = 0  # connector that was asked to tell of its transaction
        self.known: "dict[int | str, int]" = {}  # transaction: connector

    def watch(self, number: int, cards: Cards) -> Connector:
        with self.lock:
            assert number not in self.connectors
            self.connectors[number] = Connector(number, cards)
            return self.connectors[number]

    def joins(self, version: str, now_ms: int) -> None:
        with self.lock:
            self.version, self.heard_ms, self.absent, self.strange = version, now_ms, "", ""
            self.generation += 1
            for connector in self.connectors.values():
                connector.status, connector.letter, connector.values = "", "", {}

    def leaves(self, why: str) -> None:
        with self.lock:
            self.version, self.absent = "", why

    def alive(self, now_ms: int) -> None:
        with self.lock:
            self.heard_ms = now_ms

    def breaks(self, words: str) -> bool:
        """A message broke the standard; whether that is worth a line: new, and not the hundredth."""
        with self.lock:
            self.strange = words
            if words in self._broken or len(self._broken) >= MOST_BROKEN:
                return False
            self._broken.append(words)
            return True

    def boots(self, about: "dict[str, object]") -> None:
        """It has started: what it was told may be gone."""
        self.about = {name: str(value)[:50] for name, value in about.items() if value}
        self.generation += 1
        for connector in self.connectors.values():
            connector.before = "", ""

    def accepts(self, card: str, number: int = 0) -> bool:
        """Whether it may charge at this connector; 0: at any."""
        return any(one.cards.accepts(card) for one in self.connectors.values() if number in (0, one.number))

    def dates(self, said_ms: "int | None", at: At) -> bool:
        """Whether a value of this time of the station's is of now; learns how far its clock is ahead.

        Not asked of a status: some stations date it by when it began.
        """
        if said_ms is None or said_ms - at.utc_ms > FUTURE_MS:
            return True
        ahead_ms, since_ms = said_ms - at.utc_ms, self._ahead_at_ms
        if since_ms is None or ahead_ms >= self.ahead_ms or at.now_ms - since_ms > CLOCK_MS:
            self.ahead_ms, self._ahead_at_ms = ahead_ms, at.now_ms
        return ahead_ms >= self.ahead_ms - LATE_MS

    def remembers(self, id: "int | str", number: int) -> None:
        if len(self.known) >= MOST_TRANSACTIONS and id not in self.known:
            del self.known[next(iter(self.known))]
        self.known[id] = number
