"""What a station is asked beside its limit, at most one thing a reading: state, values, to start and to stop."""

from typing import Any

from drivers.ocpp_cards import OURS
from drivers.ocpp_desk import CONNECTED, Connector, Desk
from drivers.ocpp_port import Stations
from hal.faults import FRAME, REFUSED, DeviceError

STATUS_EVERY_MS = 10_000
IDLE_VALUES_MS = 300_000  # without a transaction only the register is of interest
START_AFTER_MS, START_EVERY_MS, MOST_STARTS = 2_000, 30_000, 5  # a car that was plugged in, where no card is needed
STOP_EVERY_MS, MOST_STOPS = 30_000, 3
MOST_REFUSALS = 3  # then it is not asked for values any more, until it calls anew


class Chores:
    def __init__(self, port: Stations, desk: Desk, one: Connector, every_ms: int) -> None:
        self._port = port
        self._desk = desk
        self._one = one
        self._every_ms = every_ms
        self._generation = 0
        self._anew()

    def _anew(self) -> None:
        self._status_ms = self._values_ms = self._start_ms = -STATUS_EVERY_MS * 100
        self._refusals = self._starts = 0
        self._sought = False  # whether it was asked for a transaction that began before we did

    def do(self, now_ms: int, dialect: Any) -> None:
        """Raises DeviceError for a station that does not answer; what it refuses is its right."""
        if self._generation != self._desk.generation:
            self._generation = self._desk.generation
            self._anew()
        if self._one.letter != CONNECTED or self._one.transaction is not None:
            self._starts = 0
        asked = self._due(now_ms, dialect)
        if asked is None:
            return
        try:
            said = self._port.ask(self._desk.station, *asked)
        except DeviceError as error:
            if error.kind not in (REFUSED, FRAME):
                raise
            said = {"status": "NotSupported"}
        if asked[1].get("requestedMessage") == "StatusNotification" and not dialect.taken(said):
            with self._desk.lock:
                if not self._one.letter:
                    self._one.recalls(now_ms)
        if asked[1].get("requestedMessage") == "MeterValues":
            self._refusals = 0 if dialect.taken(said) else self._refusals + 1

    def _due(self, now_ms: int, dialect: Any) -> Any:
        one, session = self._one, self._one.transaction
        if not one.letter:
            if now_ms - self._status_ms >= STATUS_EVERY_MS:
                self._status_ms = now_ms
                return dialect.trigger("StatusNotification", one.number)
        elif session is None and one.letter not in ("A", "F") and not self._sought:
            self._sought = True
            return dialect.transaction(self._desk, one.number)
        elif session is not None and not session.accepted:
            if session.stops_asked < MOST_STOPS and now_ms - session.asked_ms >= STOP_EVERY_MS * (
                    session.stops_asked > 0):
                session.stops_asked, session.asked_ms = session.stops_asked + 1, now_ms
                return dialect.stop(session.id)
        elif self._starts_due(now_ms):
            self._start_ms, self._starts = now_ms, self._starts + 1
            return dialect.start(one.number, OURS)
        return self._values_due(now_ms, dialect)

    def _starts_due(self, now_ms: int) -> bool:
        one = self._one
        waits = one.status.split(" ")[0] in ("Preparing", "Occupied") and (
            one.transaction is None or not (one.transaction.card or one.transaction.charging == "Charging"))
        return (one.cards.free and waits and self._starts < MOST_STARTS
                and now_ms - one.status_ms >= START_AFTER_MS and now_ms - self._start_ms >= START_EVERY_MS)

    def _values_due(self, now_ms: int, dialect: Any) -> Any:
        one = self._one
        every_ms = self._every_ms if one.transaction is not None or one.letter == "C" else IDLE_VALUES_MS
        stale = one.heard_ms is None or now_ms - one.heard_ms >= every_ms + self._every_ms // 2
        if self._refusals >= MOST_REFUSALS or not stale or now_ms - self._values_ms < self._every_ms:
            return None
        self._values_ms = now_ms
        return dialect.trigger("MeterValues", one.number)
