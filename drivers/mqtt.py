"""The MQTT broker as an outbox (QoS 1, retained, with a last will) that also hears commands.

What is kept is the newest payload of each topic, and which of them the broker does not have yet. So an outage of any
length costs no memory, and after every connect the whole state is sent again: a broker that forgot its retained
messages is right again at once. paho itself never holds more than IN_FLIGHT messages. What was said to us while we
were away is lost: a command is carried out when it comes, or never.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, topic_matches_sub
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.mqtt_link import UNTRIED, Access, connect, link
from hal.ports import Outbox

IN_FLIGHT = 20  # sent and not yet acknowledged; brokers take at least this many (mosquitto's default)
MOST_TOPICS = 2_000
MOST_HEARD = 32  # messages to us that wait; more are not heard
MOST_HEARD_BYTES = 4_096  # two days of prices; the rest of a longer one is cut off
MOST_ANSWERS = 64
OFFLINE_S = 1.0  # how long `close` waits for the broker to take our "offline"
CLOSE_S = 3.0
HANGS_UP = "the broker hangs up before it lets us in: does it want a certificate, or another port?"
TAKEN = (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN)  # NO_CONN: kept by paho


class Message(NamedTuple):
    topic: str
    payload: bytes
    retained: bool  # it was sent at an unknown time, and will come again at every connect


class Mqtt(Outbox):
    """Connects by itself, for ever. `fault` says in words why there is no connection or what the broker refuses."""

    def __init__(self, access: Access, site_slug: str, hears: tuple[str, ...] = (),
                 wake: Callable[[], None] = lambda: None) -> None:
        """`hears`: topics, + for any level, whose messages `heard` hands out; `wake` is called when one has come.

        Raises ValueError when a file of certificates cannot be used.
        """
        self.connected = False
        self.fault = UNTRIED
        self.dropped = 0  # pairs refused: a topic beyond MOST_TOPICS, or one no broker would take
        self._access = access
        self._hears = hears
        self._wake = wake
        self._status = f"hutschiene/{site_slug}/status"
        self._latest = {self._status: "online"}
        self._dirty: dict[str, None] = {}  # topics the broker does not have yet, oldest first
        self._gone: dict[str, None] = {}  # topics whose retained payload is to be removed
        self._answers: deque[tuple[str, str]] = deque(maxlen=MOST_ANSWERS)
        self._heard: deque[Message] = deque()
        self._sweeping: tuple[str, ...] = ()
        self._owned: Callable[[str], bool] = lambda topic: False
        self._stood: Callable[[str, bytes], None] = lambda topic, payload: None
        self._in_flight = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._client = self._configured(access, f"hutschiene-{site_slug}")

    def start(self) -> None:
        assert self._thread is None
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    def publish(self, topic: str, payload: str) -> None:
        with self._changed:
            if topic not in self._latest and len(self._latest) >= MOST_TOPICS:
                self.dropped += 1
                return
            self._latest[topic] = payload
            self._dirty[topic] = None
            self._changed.notify()

    def answer(self, topic: str, payload: str) -> None:
        """Once and not retained, to whoever listens now; lost while there is no connection."""
        with self._changed:
            if self.connected:
                self._answers.append((topic, payload))
                self._changed.notify()

    def heard(self) -> tuple[Message, ...]:
        """The messages that have come since the last call, oldest first."""
        with self._changed:
            messages = tuple(self._heard)
            self._heard.clear()
        return messages

    def resend(self) -> None:
        """The whole state once more, for a listener that has just come and keeps nothing."""
        with self._changed:
            self._dirty = dict.fromkeys(self._latest)
            self._changed.notify()

    def sweep(self, filters: tuple[str, ...], owned: Callable[[str], bool],
              stood: Callable[[str, bytes], None] = lambda topic, payload: None) -> None:
        """Removes what the broker still retains of ours though it has not been published by now: devices that are gone.

        `owned` says which of the topics that match `filters` are ours to remove; `stood` is told, from a thread, what
        the others held before it was published anew. Repeated after each connect.
        """
        with self._changed:
            self._sweeping, self._owned, self._stood = filters, owned, stood
            connected = self.connected
        if connected:
            self._client.subscribe([(one, 0) for one in filters])

    def waiting(self) -> int:
        """Topics whose newest payload the broker does not have yet."""
        with self._changed:
            return len(self._dirty) + self._in_flight

    def close(self) -> None:
        """Says "offline" if it can, and returns within CLOSE_S. What still waits is given up."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _configured(self, access: Access, client_id: str) -> Client:
        client = self._link = link(access, client_id)
        client.will_set(self._status, "offline", qos=1, retain=True)
        client.max_inflight_messages_set(IN_FLIGHT)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _run(self) -> None:
        """Only this thread hands messages to paho, so that two of one topic can never change places."""
        connect(self._link, self._access)
        told = self._next()
        while told is not None:
            self._send(*told)
            told = self._next()
        if self.connected:
            info = self._client.publish(self._status, "offline", qos=1, retain=True)
            if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                info.wait_for_publish(OFFLINE_S)
        self._client.disconnect()
        self._client.loop_stop()
        self.connected = False

    def _next(self) -> tuple[str, str, bool] | None:
        """(topic, payload, whether it is retained)."""
        with self._changed:
            self._changed.wait_for(self._may_go_on)
            if self._stopping:
                return None
            self._in_flight += 1
            if self._answers:
                return (*self._answers.popleft(), False)
            if self._gone:
                return self._gone.popitem()[0], "", True
            topic = next(iter(self._dirty))
            del self._dirty[topic]
            return topic, self._latest[topic], True

    def _may_go_on(self) -> bool:
        waits = bool(self._dirty or self._answers or self._gone)
        return self._stopping or (self.connected and waits and self._in_flight < IN_FLIGHT)

    def _send(self, topic: str, payload: str, retain: bool) -> None:
        # Not under our lock: paho calls _on_publish while it holds its own.
        try:
            sent = self._client.publish(topic, payload, qos=1, retain=retain).rc in TAKEN
        except ValueError:  # wildcards in the topic, or too long
            sent = False
        if not sent:
            with self._changed:
                self._in_flight -= 1
                self.dropped += 1

    def _on_connect(self, client: Client, _: Any, _flags: ConnectFlags, code: ReasonCode,
                    _properties: Properties | None) -> None:
        filters = [(one, 1) for one in self._hears] + [(one, 0) for one in self._sweeping]
        if filters and not code.is_failure:
            client.subscribe(filters)  # before anything is published: what stands there is heard first
        with self._changed:
            self.connected = not code.is_failure
            self.fault = "refused: " + str(code).lower() if code.is_failure else ""
            self._dirty = dict.fromkeys(self._latest)
            self._changed.notify()

    def _on_connect_fail(self, _client: Client, _: Any) -> None:
        self.fault = self._link.why

    def _on_disconnect(self, _client: Client, _: Any, _flags: DisconnectFlags, code: ReasonCode,
                       _properties: Properties | None) -> None:
        with self._changed:
            if self.connected:
                self.fault = "connection lost: " + str(code).lower()
            elif not self.fault.startswith("refused"):
                self.fault = HANGS_UP
            self.connected = False
            self._answers.clear()

    def _on_publish(self, _client: Client, _: Any, _mid: int, code: ReasonCode, _properties: Properties) -> None:
        with self._changed:
            self._in_flight -= 1
            if code.is_failure:  # MQTT 5 only: before, a broker drops what it does not allow without a word
                self.fault = f"the broker refuses what is published: {str(code).lower()}"
            self._changed.notify()

    def _on_subscribe(self, _client: Client, _: Any, _mid: int, codes: list[ReasonCode],
                      _properties: Properties | None) -> None:
        if any(code.is_failure for code in codes):
            self.fault = "the broker does not let commands be heard"

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        if _matches(self._hears, message.topic):
            with self._changed:
                if len(self._heard) < MOST_HEARD:
                    payload = bytes(message.payload[:MOST_HEARD_BYTES + 1])
                    self._heard.append(Message(message.topic, payload, message.retain))
            self._wake()
        elif not message.retain:  # an echo: what was retained has all come before it
            if self._sweeping:
                client.unsubscribe(list(self._sweeping))
        elif message.payload and _matches(self._sweeping, message.topic):
            if not self._owned(message.topic):
                self._stood(message.topic, bytes(message.payload))
                return
            with self._changed:
                if message.topic not in self._latest and len(self._gone) < MOST_TOPICS:
                    self._gone[message.topic] = None
                    self._changed.notify()


def _matches(filters: tuple[str, ...], topic: str) -> bool:
    return any(topic_matches_sub(one, topic) for one in filters)
