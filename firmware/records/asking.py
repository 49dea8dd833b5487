"""Readings asked for over MQTT: a JSON object to hutschiene/<site>/records/set/event, its answer to .../result.

{"meter": "grid", "what": "reading", "text": "", "external": "", "source": "", "group": "", "transaction": ""}; all but
`meter` may be left out. `what`: reading, begin or end of a transaction.
"""

import json
from collections import deque
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from drivers.mqtt_courier import Courier
from firmware.config_tables import MqttTable, access
from firmware.records.events import READING, Answer, Ask

Short = Annotated[str, Meta(max_length=64)]
MOST_AN_HOUR = 600  # so that nobody fills the disk from afar


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    meter: Short
    what: Short = READING
    text: Annotated[str, Meta(max_length=200)] = ""
    external: Short = ""
    source: Short = ""
    group: Short = ""
    transaction: Short = ""


class Asking:
    """Connects by itself. Raises ValueError when a file of certificates cannot be used."""

    def __init__(self, mqtt: MqttTable, slug: str) -> None:
        root = f"hutschiene/{slug}/records/"
        self._result = root + "set/event/result"
        self._courier = Courier(access(mqtt), f"hutschiene-{slug}-records", root + "status", root + "set/event")
        self._times_ms: "deque[int]" = deque(maxlen=MOST_AN_HOUR)

    def start(self) -> None:
        self._courier.start()

    def close(self) -> None:
        self._courier.close()

    def heard(self, now_ms: int) -> "Ask | None":
        """The next that can be understood; what cannot is answered here."""
        while (text := self._courier.heard()) is not None:
            full = len(self._times_ms) == MOST_AN_HOUR and now_ms - self._times_ms[0] < 3_600_000
            try:
                one = msgspec.json.decode(text, type=Asked)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                self._tell({"ok": False, "why": str(error)})
                continue
            if full:
                self._tell({"ok": False, "why": f"allowed are {MOST_AN_HOUR} an hour", "external": one.external})
                continue
            self._times_ms.append(now_ms)
            return Ask(one.what, one.meter, now_ms, one.source, one.text, one.external, one.group, one.transaction)
        return None

    def refuse(self, ask: Ask, why: str) -> None:
        self._tell({"ok": False, "why": why, "external": ask.external})

    def answer(self, answer: Answer, kept: bool) -> None:
        """`kept`: it is on the disk by now."""
        if answer.event is None:
            self.refuse(answer.ask, answer.why)
        else:
            self._tell({"ok": True, "kept": kept, "event": answer.event})

    def _tell(self, what: "dict[str, object]") -> None:
        self._courier.tell(self._result, json.dumps(what, separators=(",", ":")), False)
