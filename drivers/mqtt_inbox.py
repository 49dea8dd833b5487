"""The MQTT broker as an inbox of meters.

A retained message is left alone, for nobody knows when it was sent, unless its topic is kept. Nothing is queued for us
while we are away.
"""

import contextlib
import threading
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.inbox import Letters
from drivers.mqtt_link import Access, connect, link
from hal.faults import TIMEOUT, DeviceError

FIRST_S = 2.0
TAKEN_S = 1.0


class MqttInbox(Letters):
    """What meters publish. Connects at the first topic that is watched, by itself and for ever."""

    def __init__(self, access: Access) -> None:
        """Raises ValueError when a file of certificates cannot be used."""
        super().__init__()
        self.connected = False
        self._access = access
        self._topics: list[str] = []
        self._started = threading.Lock()
        self._was_connected = threading.Event()  # once
        self._client = link(access, "")
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def watch(self, name: str) -> None:
        super().watch(name)
        with self._started:
            self._topics.append(name)
            if len(self._topics) == 1:
                connect(self._client, self._access)
            elif self.connected:
                self._client.subscribe(name, 0)

    def publish(self, topic: str, payload: str) -> None:
        """Once, to whoever listens now; for simulated meters."""
        self._client.publish(topic, payload, 0, retain=False)

    def tell(self, name: str, message: str) -> None:
        """Waits for the first connection, at most FIRST_S: who releases a device has just begun."""
        self._was_connected.wait(FIRST_S)
        if not self.connected:
            raise DeviceError(TIMEOUT, "no broker")
        info = self._client.publish(name, message, 1, retain=False)
        with contextlib.suppress(RuntimeError):  # the connection is gone
            info.wait_for_publish(TAKEN_S)
        if not info.is_published():
            raise DeviceError(TIMEOUT, "the broker does not take %s" % name)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _client: Client, _: Any, _flags: ConnectFlags, code: ReasonCode,
                    _properties: Properties | None) -> None:
        self.connected = not code.is_failure
        if self.connected:
            self._was_connected.set()
            self._client.subscribe([(topic, 0) for topic in self._topics])

    def _on_disconnect(self, _client: Client, _: Any, _flags: DisconnectFlags, _code: ReasonCode,
                       _properties: Properties | None) -> None:
        self.connected = False

    def _on_message(self, _client: Client, _: Any, message: MQTTMessage) -> None:
        (self.put_kept if message.retain else self.put)(message.topic, bytes(message.payload))
