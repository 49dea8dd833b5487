"""A device that is asked over MQTT as others are over HTTP: a path becomes a command, and its answer is waited for.

The drivers keep their paths; here stands what a Shelly (RPC) and a Tasmota make of them.
"""

import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.ports import LONG_AGO_MS, Clock, Inbox, Web

ANSWER_MS = 1_500
MOST_OTHERS = 32  # messages that are no answer while one is waited for


class MqttAsked(Web):
    """A subclass knows the words."""

    def __init__(self, inbox: Inbox, clock: Clock) -> None:
        self._inbox = inbox
        self._clock = clock

    def command(self, path: str) -> "tuple[str, str, str]":
        """(topic, message, topic of the answer)."""
        raise NotImplementedError

    def answer(self, path: str, said: "dict[str, Any]") -> "object | None":
        """What it answers to that; None where it is no answer to it. DeviceError(REFUSED) for a no."""
        raise NotImplementedError

    def get(self, path: str) -> bytes:
        topic, message, answers = self.command(path)
        before = self._inbox.newest(answers, LONG_AGO_MS, 0)
        after_ms = LONG_AGO_MS if before is None else before[1]
        self._inbox.tell(topic, message)
        until_ms = self._clock.now_ms() + ANSWER_MS
        for _ in range(MOST_OTHERS):
            got = self._inbox.newest(answers, after_ms, until_ms - self._clock.now_ms())
            if got is None:
                break
            after_ms = got[1]
            found = self._understood(path, got[0])
            if found is not None:
                return found
        raise DeviceError(TIMEOUT, f"no answer to {topic} {message}")

    def _understood(self, path: str, message: bytes) -> "bytes | None":
        try:
            said = json.loads(message)
        except (ValueError, RecursionError):
            return None
        found = self.answer(path, said) if isinstance(said, dict) else None
        return None if found is None else json.dumps(found).encode()


class ShellyRpc(MqttAsked):
    """Second generation and later: `prefix` is its MQTT prefix; "MQTT control" (RPC) has to be on in it."""

    def __init__(self, inbox: Inbox, clock: Clock, prefix: str) -> None:
        super().__init__(inbox, clock)
        self._prefix = prefix
        self._own = "hutschiene-" + secrets.token_hex(8)
        self._count = 0
        inbox.watch(self._own + "/rpc")

    def command(self, path: str) -> "tuple[str, str, str]":
        parts = urlsplit(path)
        params = {name: json.loads(value) for name, value in parse_qsl(parts.query)}
        self._count += 1
        asked = {"id": self._count, "src": self._own, "method": parts.path.rpartition("/")[2], "params": params}
        return self._prefix + "/rpc", json.dumps(asked), self._own + "/rpc"

    def answer(self, path: str, said: "dict[str, Any]") -> "object | None":
        if said.get("id") != self._count:
            return None
        if "error" in said:
            raise DeviceError(REFUSED, f"{path}: {str(said['error'])[:120]}")
        return said.get("result")


class TasmotaCommands(MqttAsked):
    """`topic` is the device's; full topics as they come from the maker: cmnd/TOPIC/..., stat/TOPIC/..."""

    def __init__(self, inbox: Inbox, clock: Clock, topic: str) -> None:
        super().__init__(inbox, clock)
        self._topic = topic
        for name in ("RESULT", "STATUS10"):
            inbox.watch(f"stat/{topic}/{name}")

    def command(self, path: str) -> "tuple[str, str, str]":
        name, _, value = unquote(path.partition("cmnd=")[2]).partition(" ")
        if not name:
            raise DeviceError(FRAME, path)
        told = "STATUS10" if (name, value) == ("Status", "10") else "RESULT"
        return f"cmnd/{self._topic}/{name}", value, f"stat/{self._topic}/{told}"

    def answer(self, path: str, said: "dict[str, Any]") -> "object | None":
        """The keys of an answer are the command; "POWER" may stand for "Power1"."""
        name = unquote(path.partition("cmnd=")[2]).partition(" ")[0].upper()
        if said.get("Command") == "Unknown":
            raise DeviceError(REFUSED, f"{path}: unknown command")
        fits = [key for key in said if key.upper() == name or (name.startswith("POWER") and key == name.rstrip("1"))]
        return said if fits or (name == "STATUS" and "StatusSNS" in said) else None

