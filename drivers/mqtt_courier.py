"""Messages that must arrive, over MQTT: QoS 1, one at a time, each known to have been taken by the broker.

drivers.mqtt sends the newest state of retained topics; here every message counts and none is retained. A message the
broker has not acknowledged is not sent a second time while paho still has it in hand.
"""

from collections import deque
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.mqtt_link import UNTRIED, Access, connect, link

MOST_HEARD = 16  # messages to us that wait
MOST_HEARD_BYTES = 1_024


class Courier:
    """Connects by itself, for ever. `fault` says why there is no connection, "" while there is one."""

    def __init__(self, access: Access, name: str, status: str, hears: str) -> None:
        """`status`: topic of "online" and, by last will, "offline"; `hears`: the topic to listen to.

        Raises ValueError when a file of certificates cannot be used.
        """
        self.connected = False
        self.fault = UNTRIED
        self._access = access
        self._status = status
        self._hears = hears
        self._heard: "deque[tuple[str, bool]]" = deque(maxlen=MOST_HEARD)
        self._in_hand: "tuple[str, MQTTMessageInfo] | None" = None
        client = self._client = link(access, name)
        client.will_set(status, "offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def start(self) -> None:
        connect(self._client, self._access)

    def close(self) -> None:
        if self.connected:
            self.tell(self._status, "offline", True)
        self._client.disconnect()
        self._client.loop_stop()

    def deliver(self, topic: str, payload: str, wait_s: float) -> bool:
        """Whether the broker has it now. After False call again with the same: it is waited for, not sent twice."""
        if self._in_hand is None or self._in_hand[0] != payload:
            if not self.connected:
                return False
            info = self._client.publish(topic, payload, qos=1)
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            self._in_hand = (payload, info)
        info = self._in_hand[1]
        try:
            info.wait_for_publish(wait_s)
        except (RuntimeError, ValueError):
            self._in_hand = None
            return False
        if not info.is_published():
            return False
        self._in_hand = None
        return True

    def tell(self, topic: str, payload: str, retain: bool) -> None:
        """Of no consequence when it gets lost."""
        if self.connected:
            self._client.publish(topic, payload, qos=1, retain=retain)

    def heard(self) -> "tuple[str, bool] | None":
        """The oldest message to us that waits, and whether it is retained: of an unknown time, and at each connect."""
        return self._heard.popleft() if self._heard else None

    def _on_connect(self, _client: Client, _: Any, _flags: ConnectFlags, code: ReasonCode,
                    _properties: "Properties | None") -> None:
        self.fault = "refused: " + str(code).lower() if code.is_failure else ""
        if not code.is_failure:
            self._client.subscribe(self._hears, qos=1)
            self._client.publish(self._status, "online", qos=1, retain=True)
            self.connected = True

    def _on_connect_fail(self, _client: Client, _: Any) -> None:
        self.fault = self._client.why

    def _on_disconnect(self, _client: Client, _: Any, _flags: DisconnectFlags, code: ReasonCode,
                       _properties: "Properties | None") -> None:
        self.connected = False
        self.fault = "connection lost: " + str(code).lower()

    def _on_message(self, _client: Client, _: Any, message: MQTTMessage) -> None:
        self._heard.append((message.payload[:MOST_HEARD_BYTES].decode("utf-8", "replace"), message.retain))
