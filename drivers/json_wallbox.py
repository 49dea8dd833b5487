"""A wallbox that tells in JSON and is told in words: over HTTP (asked, told by a path or a form) or MQTT (topics).

A driver is its table (drivers.wallbox_table, with Places instead of registers) and its words. What is told here is seen
with a later reading only: after `lag_ms` the box has to stand there. One that never did is named as one that does not
do what it is told; one that did, and stands elsewhere again and again, has another master.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from drivers import json_fields
from drivers.cards import MOST_CHARACTERS
from drivers.given import clock
from drivers.orders import Order
from drivers.wallbox_load import IDLE_MA, WallboxLoad
from drivers.wallbox_table import Box, ability_of
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import LONG_AGO_MS, Clock, Inbox, Web
from hal.registers import Reg
from hal.values import Ability, Reading

SLOW_EVERY_MS = 10_000
LATE_MS = 1_500  # beyond the box's own period, over MQTT
STOPPED_MS = 30_000  # until a car that was told 0 has to have let go
MOST = Decimal(10) ** 12
GET, POST, PUT, TOPIC = "GET", "POST", "PUT", ""

Words = tuple[str, str, str]  # how, where (path or topic), what


class Place(NamedTuple):
    """Where one number stands: value = what is there * num / den; true is 1. With `word`: whether that is there."""

    field: str
    where: str  # path of the document, or topic
    path: "tuple[str, ...]"
    num: int = 1
    den: int = 1
    word: str = ""


def phases_at(field: str, where: str, path: "tuple[str, ...]", first: int, num: int,
              den: int = 1) -> "tuple[Place, ...]":
    """Three in a row of a list."""
    return tuple(Place(field, where, (*path, str(first + at)), num, den) for at in range(3))


def places(*each: Place) -> "tuple[Reg, ...]":
    """In the table of a box they stand where others have registers."""
    return each  # type: ignore[return-value]


def places_of(made: Box) -> "tuple[Place, ...]":
    return made.reads + made.slow  # type: ignore[return-value]


def named(field: str) -> Order:
    """What a box can be told, by its name; the driver has the words for it."""
    return Order(Reg(field, 0, 0, "s32", 1, 1, 1), None)


class Source:
    """Where its documents come from, and where its words go."""

    def documents(self, wheres: "tuple[str, ...]") -> "dict[str, Any]":
        raise NotImplementedError

    def say(self, how: str, where: str, what: str) -> object:
        """What it answers; None where it does not."""
        raise NotImplementedError


class Asked(Source):
    """Documents over HTTP."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def documents(self, wheres: "tuple[str, ...]") -> "dict[str, Any]":
        return {where: json_fields.document(self._web.get(where)) for where in wheres}

    def say(self, how: str, where: str, what: str) -> object:
        if how == GET:
            return json_fields.document(self._web.get(where))
        return json_fields.document((self._web.post if how == POST else self._web.put)(where, what))


class Heard(Source):
    """Topics over MQTT: each stands until it changes, while the box says anything at all within its period."""

    def __init__(self, inbox: Inbox, clock: Clock, wheres: "tuple[str, ...]", sends_ms: int) -> None:
        self._inbox = inbox
        self._clock = clock
        self._wheres = wheres
        self._answer_ms = sends_ms + LATE_MS
        self.heard_ms = 0
        for where in wheres:
            inbox.keep(where)

    def documents(self, wheres: "tuple[str, ...]") -> "dict[str, Any]":
        found = self._found()
        if not self._alive(found):
            first = self._wheres[0]
            self._inbox.newest(first, self._clock.now_ms() - self._answer_ms, LATE_MS)  # it may just begin
            found = self._found()
        if not self._alive(found):
            raise DeviceError(TIMEOUT, f"nothing of it for {self._answer_ms / 1000:g} s ({self._wheres[0]}, ...)")
        self.heard_ms = max(each[1] for each in found.values())
        return {where: json_fields.document(found[where][0]) for where in wheres if where in found}

    def say(self, how: str, where: str, what: str) -> object:
        self._inbox.tell(where, what)
        return None

    def _found(self) -> "dict[str, tuple[bytes, int]]":
        got = {where: self._inbox.newest(where, LONG_AGO_MS - 1, 0) for where in self._wheres}
        return {where: each for where, each in got.items() if each is not None}

    def _alive(self, found: "dict[str, tuple[bytes, int]]") -> bool:
        now_ms = self._clock.now_ms()
        return any(now_ms - t_ms <= self._answer_ms for _, t_ms in found.values())


class JsonWallbox(WallboxLoad):
    """A driver with a quirk subclasses this in its own file."""

    lag_ms = 3_000  # from telling to what is read

    def __init__(self, port: "Web | Inbox | Source", box: Box, options: "dict[str, object]",
                 words: "Callable[[str, int], tuple[Words, ...]]", sends_ms: int = 1_000,
                 able: "Ability | None" = None) -> None:
        super().__init__(box, options, ability_of(box, options) if able is None else able)
        every = wheres_of(places_of(box))
        self.said: Source = (Asked(port) if isinstance(port, Web) else
                             Heard(port, clock(options), every, sends_ms) if isinstance(port, Inbox) else port)
        self._words = words
        self._slow: "dict[str, Any]" = {}
        self._slow_ms: "int | None" = None
        self.documents: "dict[str, Any]" = {}  # as read last
        self._last_ma: "int | None" = None  # what it was to be told last
        self._seen = False  # it has stood where it was told last

    def read(self, now_ms: int) -> Reading:
        said = super().read(now_ms)
        return Reading(self.said.heard_ms, *said[1:]) if isinstance(self.said, Heard) else said

    def fetch(self, now_ms: int) -> "dict[str, tuple[int | None, ...]]":
        found = self.said.documents(wheres_of(self.box.reads))
        if self._slow_ms is None or not 0 <= now_ms - self._slow_ms < SLOW_EVERY_MS:
            self._slow = self.said.documents(tuple(set(wheres_of(self.box.slow)) - set(found)))
            self._slow_ms = now_ms
        self.documents = {**self._slow, **found}
        return values_of(places_of(self.box), self.documents)

    def card(self, values: "dict[str, tuple[int | None, ...]]") -> "str | None":
        if self.box.card is None or not self._cards:
            return super().card(values)
        place: Any = self.box.card.reg
        found = json_fields.stands(self.documents.get(place.where), place.path)
        return found.strip()[:MOST_CHARACTERS] or None if isinstance(found, str) else None

    def forget(self) -> None:
        self._slow_ms = None

    def tell(self, told: Order, value: int) -> None:
        for how, where, what in self._words(field_of(told), value):
            self.judge(self.said.say(how, where, what), where)

    def poke(self, told: Order, value: int) -> None:
        self.tell(told, value)

    def settle(self, told: Order, value: int) -> None:
        field = field_of(told)
        if self.fetch(self._now_ms).get(field) == (value,):
            return
        self.tell(told, value)
        self.forget()
        kept = self.fetch(self._now_ms).get(field, (None,))
        if kept != (value,):
            raise DeviceError(REFUSED, "%s: told %d, kept %s" % (field, value, kept[0]))

    def judge(self, answer: object, where: str) -> None:
        """Of what it answers to what it is told; DeviceError(REFUSED) for a no."""

    def stand(self, current_ma: int) -> None:
        if current_ma != self._last_ma:
            self._last_ma, self._seen = current_ma, False
        super().stand(current_ma)

    def _strange(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> bool:
        if now_ms - self._told_ms < self.lag_ms:
            return False
        flows = not self._told_ma and now_ms - self._offer_ms >= STOPPED_MS and _flows(values)
        strange = super()._strange(now_ms, values) or flows
        self._seen = self._seen or not strange
        return strange

    def _found_strange(self, now_ms: int, words: str) -> None:
        if self._seen:
            super()._found_strange(now_ms, words)
        else:
            self._complaint = words + ": it does not do what it is told"


def field_of(told: Order) -> str:
    assert told.reg is not None
    return str(told.reg.field)


def wheres_of(table: "tuple[Any, ...]") -> "tuple[str, ...]":
    """The documents they stand in, each once."""
    return tuple(dict.fromkeys(place.where for place in table))


def values_of(table: "tuple[Place, ...]", documents: "dict[str, Any]") -> "dict[str, tuple[int | None, ...]]":
    out: "dict[str, tuple[int | None, ...]]" = {}
    for place in table:
        out[place.field] = (*out.get(place.field, ()), _value(place, documents.get(place.where)))
    return out


def _value(place: Place, document: Any) -> "int | None":
    found = json_fields.stands(document, place.path)
    if place.word:
        return None if found is None else int(str(found) == place.word)
    if isinstance(found, bool):
        return int(found)
    number = json_fields.number_at(document, place.path)
    if number is None or abs(number) > MOST:
        return None
    return int((number * place.num / place.den).to_integral_value())


def _flows(values: "dict[str, tuple[int | None, ...]]") -> bool:
    return max([ma or 0 for ma in values.get("current_ma", (0,))]) > IDLE_MA
