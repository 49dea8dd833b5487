"""Readings asked for in JSON; over MQTT to hutschiene/<site>/records/set/event, the answer to .../result.

{"meter": "grid", "what": "reading", "register": "import", "text": "", "external": "", "source": "", "group": "",
"transaction": ""}; all but `meter` may be left out. `what`: reading, begin or end of a transaction; `register`: import
(OBIS 1.8.0), export (2.8.0) or both.
"""

import json
from typing import Any

from drivers.mqtt_courier import Courier
from firmware.config.tables import MqttTable, access
from firmware.records.events import READING, Answer, Ask
from firmware.said import german, said

LONGEST = {"meter": 64, "what": 64, "text": 200, "external": 64, "source": 64, "group": 64, "transaction": 64,
           "register": 64}


class NotAsked(ValueError):
    """What was said asks for nothing that can be had; `why` in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def ask_of(payload: "bytes | str | dict[str, Any]", now_ms: int) -> Ask:
    """Raises NotAsked."""
    try:
        found = payload if isinstance(payload, dict) else json.loads(payload)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotAsked(said("allowed is an object of JSON"))
    unknown = sorted(set(found) - set(LONGEST))
    if unknown:
        raise NotAsked(said("no such key: {}; allowed are {}", ", ".join(unknown)[:60], ", ".join(LONGEST)))
    for key, most in LONGEST.items():
        if not isinstance(found.get(key, ""), str) or len(found.get(key, "")) > most:
            raise NotAsked(said("{}: allowed is text of at most {} characters", key, most))
    if not found.get("meter"):
        raise NotAsked(said("meter: needed"))
    return Ask(found.get("what", READING), found["meter"], now_ms,
               **{key: found[key] for key in found if key not in ("meter", "what")})


def told(answer: Answer, kept: bool) -> "dict[str, Any]":
    """`kept`: it is on the disk by now."""
    if answer.event is None:
        return {"ok": False, "why": answer.why, "why_de": german(answer.why), "external": answer.ask.external}
    return {"ok": True, "kept": kept, "event": answer.event}


class Asking:
    """Connects by itself. Raises ValueError when a file of certificates cannot be used."""

    def __init__(self, mqtt: MqttTable, slug: str) -> None:
        root = f"hutschiene/{slug}/records/"
        self._result = root + "set/event/result"
        self._courier = Courier(access(mqtt), f"hutschiene-{slug}-records", root + "status", root + "set/event")

    def start(self) -> None:
        self._courier.start()

    def close(self) -> None:
        self._courier.close()

    def heard(self, now_ms: int) -> "Ask | None":
        """The next that can be understood; what cannot is answered here."""
        while (message := self._courier.heard()) is not None:
            text, retained = message
            try:
                if retained:
                    raise NotAsked(said("a retained command; send it without retain, and remove the retained one"))
                return ask_of(text, now_ms)
            except NotAsked as error:
                refused = {"ok": False, "why": error.why, "why_de": german(error.why)}
                self._courier.tell(self._result, json.dumps(refused, ensure_ascii=False), False)
        return None

    def refuse(self, ask: Ask, why: str) -> None:
        self.answer(Answer(ask, None, why), False)

    def answer(self, answer: Answer, kept: bool) -> None:
        self._courier.tell(self._result, json.dumps(told(answer, kept), separators=(",", ":")), False)
