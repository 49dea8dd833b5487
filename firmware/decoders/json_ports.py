"""Where `decode json` hears messages: a broker or an HTTP device, as a stream of lines `TOPIC MESSAGE`."""

import argparse
import time
from collections import deque
from urllib.parse import urlsplit

from drivers import key_file
from drivers.http_web import HttpWeb
from drivers.mqtt_inbox import MqttInbox
from drivers.mqtt_link import Access
from hal.faults import TIMEOUT, DeviceError

HTTP, MQTT, MQTTS = "http:", "mqtt:", "mqtts:"
PORTS = {HTTP: 80, MQTT: 1883, MQTTS: 8883}
EVERY_S = 1.0
STEP_S = 0.02
FIRST_S = 5.0  # until a broker must have let us in
MOST_WAITING = 256  # messages


class Asked:
    """One path of an HTTP device, once a second."""

    def __init__(self, web: HttpWeb, path: str) -> None:
        self._web = web
        self._path = path
        self._due_s = 0.0

    def read(self, most: int, wait_ms: int) -> bytes:
        pause_s = self._due_s - time.monotonic()
        if pause_s > 0:
            time.sleep(min(pause_s, wait_ms / 1000))
            return b""
        self._due_s = time.monotonic() + EVERY_S
        return _line(self._path, self._web.get(self._path))

    def close(self) -> None:
        self._web.close()


class Broker(MqttInbox):
    """What is published on a topic, which may have wildcards. Retained messages are left alone, as by every driver."""

    def __init__(self, access: Access, topic: str) -> None:
        super().__init__(access)
        self._waiting: "deque[bytes]" = deque(maxlen=MOST_WAITING)
        self._until_s = time.monotonic() + FIRST_S
        self._place = f"{access.host}:{access.port}"
        self.watch(topic)

    def put(self, name: str, message: bytes) -> None:
        self._waiting.append(_line(name, message))

    def read(self, most: int, wait_ms: int) -> bytes:
        until_s = time.monotonic() + wait_ms / 1000
        while not self._waiting and time.monotonic() < until_s:
            if not self.connected and time.monotonic() > self._until_s:
                raise DeviceError(TIMEOUT, f"no broker at {self._place} lets us in: {self._client.why or 'no answer'}")
            self._until_s = time.monotonic() + FIRST_S if self.connected else self._until_s
            time.sleep(STEP_S)
        return self._waiting.popleft() if self._waiting else b""


def port(args: argparse.Namespace) -> "Asked | Broker":
    """Raises ValueError for what is no place of messages."""
    source: str = args.source
    kind = source.partition(":")[0] + ":"
    if kind not in PORTS:
        raise ValueError("allowed are recorded messages, mqtt://HOST/TOPIC, mqtts://HOST/TOPIC and http://HOST/PATH")
    rest = urlsplit(source)
    path = source.partition("//")[2].partition("/")[2]  # a topic may have a #
    if not rest.hostname or not path:
        raise ValueError(f"allowed is {kind}//HOST/{'PATH' if kind == HTTP else 'TOPIC'}")
    if rest.username is not None:
        raise ValueError("a password stands in no command line: put NAME USER PASSWORD into a file for --logins")
    number = rest.port or PORTS[kind]
    user, password = key_file.login(args.logins, args.login or "json") if args.logins else ("", "")
    if kind == HTTP:
        return Asked(HttpWeb(rest.hostname, number, user, password), "/" + path)
    return Broker(Access(rest.hostname, number, user, password, kind == MQTTS), path)


def _line(topic: str, message: bytes) -> bytes:
    """A blank in JSON is as good as the end of a line; a topic with blanks has them no more."""
    return topic.replace(" ", "_").encode() + b" " + message.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
