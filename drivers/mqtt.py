"""The MQTT broker as an outbox (QoS 1, retained, with a last will), and as an inbox of meters. Home of paho.

What is kept is the newest payload of each topic, and which of them the broker does not have yet. So an outage of any
length costs no memory, and after every connect the whole state is sent again: a broker that forgot its retained
messages is right again at once. paho itself never holds more than IN_FLIGHT messages.
"""

import threading
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.inbox import Letters
from hal.ports import Outbox

IN_FLIGHT = 20  # sent and not yet acknowledged; brokers take at least this many (mosquitto's default)
MOST_TOPICS = 2_000
KEEPALIVE_S = 30
CONNECT_S = 3.0
BACKOFF_S = (1, 30)  # first and longest wait between two attempts
OFFLINE_S = 1.0  # how long `close` waits for the broker to take our "offline"
CLOSE_S = 3.0


class Mqtt(Outbox):
    """Connects by itself, for ever. `fault` says in words why there is no connection, "" while there is one."""

    def __init__(
        self, host: str, port: int, site_slug: str, user: str = "", password: str = "", ca: str = "", tls: bool = False,
    ) -> None:
        """`ca`, a file of certificates, switches TLS on by itself; `tls` alone trusts the system's.

        Raises OSError or ValueError when the file cannot be used.
        """
        self.connected = False
        self.fault = "not yet connected"
        self.dropped = 0  # pairs refused: a topic beyond MOST_TOPICS, or one no broker would take
        self._status = f"hutschiene/{site_slug}/status"
        self._latest = {self._status: "online"}
        self._dirty: dict[str, None] = {}  # topics the broker does not have yet, oldest first
        self._in_flight = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._client = self._configured(host, port, f"hutschiene-{site_slug}")
        if user:
            self._client.username_pw_set(user, password)
        if tls or ca:
            self._client.tls_set(ca_certs=ca or None)

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

    def _configured(self, host: str, port: int, client_id: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv311)
        client.will_set(self._status, "offline", qos=1, retain=True)
        client.reconnect_delay_set(*BACKOFF_S)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(IN_FLIGHT)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.connect_async(host, port, KEEPALIVE_S)
        return client

    def _run(self) -> None:
        """Only this thread hands messages to paho, so that two of one topic can never change places."""
        self._client.loop_start()
        pair = self._next()
        while pair is not None:
            self._send(*pair)
            pair = self._next()
        if self.connected:
            info = self._client.publish(self._status, "offline", qos=1, retain=True)
            if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                info.wait_for_publish(OFFLINE_S)
        self._client.disconnect()
        self._client.loop_stop()
        self.connected = False

    def _next(self) -> tuple[str, str] | None:
        with self._changed:
            self._changed.wait_for(self._may_go_on)
            if self._stopping:
                return None
            topic = next(iter(self._dirty))
            del self._dirty[topic]
            self._in_flight += 1
            return topic, self._latest[topic]

    def _may_go_on(self) -> bool:
        return self._stopping or (self.connected and bool(self._dirty) and self._in_flight < IN_FLIGHT)

    def _send(self, topic: str, payload: str) -> None:
        # Not under our lock: paho calls _on_publish while it holds its own.
        try:
            taken = (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN)  # NO_CONN: kept by paho
            sent = self._client.publish(topic, payload, qos=1, retain=True).rc in taken
        except ValueError:  # wildcards in the topic, or too long
            sent = False
        if not sent:
            with self._changed:
                self._in_flight -= 1
                self.dropped += 1

    def _on_connect(self, _client: Client, _: Any, _flags: ConnectFlags, code: ReasonCode,
                    _properties: Properties | None) -> None:
        with self._changed:
            self.connected = not code.is_failure
            self.fault = "refused: " + str(code).lower() if code.is_failure else ""
            self._dirty = dict.fromkeys(self._latest)
            self._changed.notify()

    def _on_connect_fail(self, _client: Client, _: Any) -> None:
        self.fault = "no answer from the broker"

    def _on_disconnect(self, _client: Client, _: Any, _flags: DisconnectFlags, code: ReasonCode,
                       _properties: Properties | None) -> None:
        with self._changed:
            if self.connected:
                self.fault = "connection lost: " + str(code).lower()
            self.connected = False

    def _on_publish(self, _client: Client, _: Any, _mid: int, _code: ReasonCode, _properties: Properties) -> None:
        with self._changed:
            self._in_flight -= 1
            self._changed.notify()


class MqttInbox(Letters):
    """What meters publish. Connects at the first topic that is watched, by itself and for ever.

    A retained message is left alone: nobody knows when it was sent. Nothing is queued for us while we are away.
    """

    def __init__(
        self, host: str, port: int = 1883, user: str = "", password: str = "", tls: bool = False, ca: str = "",
    ) -> None:
        """Raises OSError or ValueError when the certificates cannot be used."""
        super().__init__()
        self.connected = False
        self._place = (host, port)
        self._topics: list[str] = []
        self._started = threading.Lock()
        self._client = Client(CallbackAPIVersion.VERSION2, "", protocol=MQTTv311)
        self._client.reconnect_delay_set(*BACKOFF_S)
        self._client.connect_timeout = CONNECT_S
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        if user:
            self._client.username_pw_set(user, password)
        if tls or ca:
            self._client.tls_set(ca_certs=ca or None)

    def watch(self, name: str) -> None:
        super().watch(name)
        with self._started:
            self._topics.append(name)
            if len(self._topics) == 1:
                self._client.connect_async(*self._place, KEEPALIVE_S)
                self._client.loop_start()
            elif self.connected:
                self._client.subscribe(name, 0)

    def publish(self, topic: str, payload: str) -> None:
        """Once, to whoever listens now; for simulated meters."""
        self._client.publish(topic, payload, 0, retain=False)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _client: Client, _: Any, _flags: ConnectFlags, code: ReasonCode,
                    _properties: Properties | None) -> None:
        self.connected = not code.is_failure
        if self.connected:
            self._client.subscribe([(topic, 0) for topic in self._topics])

    def _on_disconnect(self, _client: Client, _: Any, _flags: DisconnectFlags, _code: ReasonCode,
                       _properties: Properties | None) -> None:
        self.connected = False

    def _on_message(self, _client: Client, _: Any, message: MQTTMessage) -> None:
        if not message.retain:
            self.put(message.topic, bytes(message.payload))
