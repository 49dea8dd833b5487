"""Meters that tell in JSON: pushed over MQTT, or asked for over HTTP.

The makers' drivers only name where each number is.

Age: a pushed message counts from when it came, what is asked for from when it was asked. The live numbers (power,
current, voltage) of several messages are as old as the oldest of them; a counter may be COUNTER_MS older.
"""

from drivers import json_fields
from drivers.json_fields import Field
from drivers.obis import WATT_HOUR
from drivers.obis_reading import reading_of
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.ports import Clock, Inbox, Meter, Web
from hal.values import Reading

LATE_MS = 1_500  # beyond the meter's own period
COUNTER_MS = 300_000
SENT = ("POST", "PUT")


class PushedJson(Meter):
    """Waits for the next message that tells something live; several devices of one broker share a line."""

    def __init__(self, inbox: Inbox, clock: Clock, wanted: "tuple[Field, ...]", wired: "tuple[int, ...]",
                 turned: bool, sends_ms: int) -> None:
        self._inbox = inbox
        self._clock = clock
        self._wanted = wanted
        self._wired = wired
        self._turned = turned
        self._answer_ms = sends_ms + LATE_MS
        self._live = _live(wanted)
        self.documents: "dict[str, object]" = {}  # as read last
        self._counters = tuple(topic for topic in json_fields.topics(wanted) if topic not in self._live)
        self._seen_ms = -1 << 62
        for topic in self._live + self._counters:
            inbox.watch(topic)

    def read(self, now_ms: int) -> Reading:
        """Returns within the meter's period and LATE_MS; TIMEOUT for silence, FRAME for what is no message of its."""
        until_ms = self._clock.now_ms() + self._answer_ms
        documents: "dict[str, object]" = {}
        oldest_ms = None
        for topic in self._live:
            got = self._inbox.newest(topic, self._seen_ms, until_ms - self._clock.now_ms())
            if got is None:
                raise DeviceError(TIMEOUT, f"nothing on {topic} for {self._answer_ms / 1000:g} s")
            documents[topic] = json_fields.document(got[0])
            self.judge(documents[topic])
            oldest_ms = got[1] if oldest_ms is None else min(oldest_ms, got[1])
        assert oldest_ms is not None
        self._seen_ms = oldest_ms
        for topic in self._counters:
            got = self._inbox.newest(topic, oldest_ms - COUNTER_MS, 0)
            documents[topic] = None if got is None else json_fields.document(got[0])
        self.documents = documents
        return _reading(self._wanted, documents, oldest_ms, self._wired, self._turned)

    def judge(self, document: object) -> None:
        """A maker whose messages say themselves that they are not to be believed raises DeviceError."""


class AskedJson(Meter):
    """Asks for each document in turn."""

    def __init__(self, web: Web, wanted: "tuple[Field, ...]", wired: "tuple[int, ...]", turned: bool) -> None:
        self.web = web
        self._wanted = wanted
        self._wired = wired
        self._turned = turned
        self.documents: "dict[str, object]" = {}  # as read last

    def read(self, now_ms: int) -> Reading:
        paths = json_fields.topics(self._wanted)
        self.documents = {path: json_fields.document(self.web.get(path)) for path in paths}
        for path in _live(self._wanted):
            self.judge(self.documents[path])
        return _reading(self._wanted, self.documents, now_ms, self._wired, self._turned)

    def judge(self, document: object) -> None:
        """As PushedJson has it."""


def tell(port: "Inbox | Web", words: str) -> None:
    """Over HTTP a path that is asked for, or POST or PUT, a path and what is sent; over MQTT a topic and a message."""
    first, _, rest = words.partition(" ")
    if not isinstance(port, Web):
        port.tell(first, rest)
    elif first in SENT:
        path, _, form = rest.partition(" ")
        (port.post if first == SENT[0] else port.put)(path, form)
    else:
        port.get(words)


def fitting(words: str) -> bool:
    """Whether it can be told so, over one or the other."""
    first, _, rest = words.partition(" ")
    return first.startswith("/") or (bool(rest) and (first not in SENT or rest.startswith("/")))


def _live(wanted: "tuple[Field, ...]") -> "tuple[str, ...]":
    """The messages that tell of this moment."""
    return json_fields.topics(tuple(field for field in wanted if field.unit != WATT_HOUR))


def _reading(wanted: "tuple[Field, ...]", documents: "dict[str, object]", t_ms: int, wired: "tuple[int, ...]",
             turned: bool) -> Reading:
    entries = json_fields.entries(wanted, documents)
    if not any(entry.unit != WATT_HOUR for entry in entries):
        raise DeviceError(FRAME, "none of the numbers that are asked for is in the messages")
    return reading_of(entries, t_ms, wired, turned)


def build(port: "Inbox | Web", clock: Clock, wanted: "tuple[Field, ...]", wired: "tuple[int, ...]", turned: bool,
          sends_ms: int) -> "AskedJson | PushedJson":
    """As the line is: MQTT pushes, HTTP is asked."""
    if isinstance(port, Web):
        return AskedJson(port, wanted, wired, turned)
    return PushedJson(port, clock, wanted, wired, turned, sends_ms)
