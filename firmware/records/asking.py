"""Readings asked for in JSON; over MQTT to hutschiene/<site>/records/set/event, the answer to .../result.

{"meter": "grid", "what": "reading", "register": "import", "text": "", "external": "", "source": "", "group": "",
"transaction": ""}; all but `meter` may be left out. `what`: reading, begin or end of a transaction; `register`: import
(OBIS 1.8.0), export (2.8.0) or both.
"""

import json
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from drivers.mqtt_courier import Courier
from firmware.config_tables import MqttTable, access
from firmware.records.events import READING, Answer, Ask
from firmware.said import german

Short = Annotated[str, Meta(max_length=64)]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    meter: Short
    what: Short = READING
    text: Annotated[str, Meta(max_length=200)] = ""
    external: Short = ""
    source: Short = ""
    group: Short = ""
    transaction: Short = ""
    register: Short = ""


def ask_of(said: "bytes | str | dict[str, Any]", now_ms: int) -> Ask:
    """Raises ValueError, in words."""
    try:
        one = msgspec.convert(said, Asked) if isinstance(said, dict) else msgspec.json.decode(said, type=Asked)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return Ask(one.what, one.meter, now_ms, one.source, one.text, one.external, one.group, one.transaction,
               one.register)


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
        while (text := self._courier.heard()) is not None:
            try:
                return ask_of(text, now_ms)
            except ValueError as error:
                self._courier.tell(self._result, json.dumps({"ok": False, "why": str(error)}), False)
        return None

    def refuse(self, ask: Ask, why: str) -> None:
        self.answer(Answer(ask, None, why), False)

    def answer(self, answer: Answer, kept: bool) -> None:
        self._courier.tell(self._result, json.dumps(told(answer, kept), separators=(",", ":")), False)
