"""Somebody who watches a broker: every message under some topics, and now and then a word of his own.

Connects by itself and for ever; `fault` says why there is no connection. Nothing waits here: what comes is handed on at
once, what is said while there is no connection is not said.
"""

import secrets
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.mqtt_link import UNTRIED, Access, connect, link

MOST_BYTES = 262_144  # of a message; what is longer is none of ours


class MqttWatch:
    """`heard(topic, payload, retained)` and `turned()`, when the connection came or went, are called from a thread."""

    def __init__(self, access: Access, filters: "tuple[str, ...]", heard: "Callable[[str, bytes, bool], None]",
                 turned: "Callable[[], None]" = lambda: None) -> None:
        """Raises ValueError when a file of certificates cannot be used."""
        self.connected = False
        self.fault = UNTRIED
        self._access, self._filters, self._heard, self._turned = access, filters, heard, turned
        client = self._client = link(access, "hutschiene-watch-" + secrets.token_hex(8))
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message

    def start(self) -> None:
        connect(self._client, self._access)

    def say(self, topic: str, payload: bytes) -> bool:
        """Once, not retained; whether it is on its way."""
        if not self.connected:
            return False
        return self._client.publish(topic, payload, qos=1, retain=False).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, _: Any, _flags: ConnectFlags, code: ReasonCode,
                    _properties: "Properties | None") -> None:
        self.fault = "refused: " + str(code).lower() if code.is_failure else ""
        self.connected = not code.is_failure
        if self.connected and self._filters:
            client.subscribe([(one, 1) for one in self._filters])
        self._turned()

    def _on_connect_fail(self, _client: Client, _: Any) -> None:
        self.fault = self._client.why
        self._turned()

    def _on_disconnect(self, _client: Client, _: Any, _flags: DisconnectFlags, code: ReasonCode,
                       _properties: "Properties | None") -> None:
        if not self.fault.startswith("refused"):
            self.fault = "connection lost: " + str(code).lower()
        self.connected = False
        self._turned()

    def _on_subscribe(self, _client: Client, _: Any, _mid: int, codes: "list[ReasonCode]",
                      _properties: "Properties | None") -> None:
        if any(code.is_failure for code in codes):
            self.fault = "the broker does not let this account look"
            self._turned()

    def _on_message(self, _client: Client, _: Any, message: MQTTMessage) -> None:
        if len(message.payload) <= MOST_BYTES:
            self._heard(message.topic, bytes(message.payload), bool(message.retain))
