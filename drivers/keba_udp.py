"""KEBA KeContact P30 (c- and x-series) and P20 over UDP: 6 to 32 A in mA, on one or three phases with S10 at X2.

Source: maker's UDP programmers' guide V2.01; how phases are switched from independent drivers. It has to be switched on
in the box (DIP switch 1.3). It is stopped by a current of 0 (`currtime 0 1`): `ena 0` sends some cars into an error.
Only what it is told keeps its fail-safe from acting; that is kept over a power cut of the box, and written only where
another stands. Between two changes of phases it waits 300 s. "Max curr" is what rules, "Curr user" what it was told.
Answers have no number of the question: reports are known by their ID, all else by its first letters.
"""

import re
from collections.abc import Callable
from typing import Any

from drivers import json_fields
from drivers.cards import TEXT, Card
from drivers.given import word
from drivers.json_wallbox import SLOW_EVERY_MS, JsonWallbox, Place, Source, Words, named, places
from drivers.keba_p30_p40 import state
from drivers.meter_facts import BOTH
from drivers.orders import Order
from drivers.register_device import one
from drivers.wallbox_table import ability_of, box, fail_safe, options_of, switch
from hal.faults import REFUSED, DeviceError
from hal.options import text
from hal.ports import Talk
from hal.values import Ability

LINES = ("keba-udp",)
FAILSAFE = "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last current"

ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
REPORT, LIVE, SESSION = "report 2", "report 3", "report 100"
COOL_MS = 300_000  # between two changes of phases
BY_UDP = 4  # source of the phase switch
OK, NO = "TCH-OK", "TCH-ERR"

BOX = box(
    "KEBA KeContact P30, P20 (UDP)", BOTH,
    places(
        Place("state_code", REPORT, ("State",)), Place("cable", REPORT, ("Plug",)),
        Place("enabled_user", REPORT, ("Enable user",)),
        Place("limit_ma", REPORT, ("Max curr",)), Place("user_ma", REPORT, ("Curr user",)),
        Place("failsafe_ma", REPORT, ("Curr FS",)), Place("failsafe_s", REPORT, ("Tmo FS",)),
        Place("conductors", REPORT, ("X2 phaseSwitch",)), Place("phase_source", REPORT, ("X2 phaseSwitch source",)),
        *(Place("current_ma", LIVE, (f"I{at}",)) for at in (1, 2, 3)),
        *(Place("voltage_mv", LIVE, (f"U{at}",), 1_000) for at in (1, 2, 3)),
        Place("total_w", LIVE, ("P",), 1, 1_000), Place("import_wh", LIVE, ("E total",), 1, 10),
        Place("session_wh", LIVE, ("E pres",), 1, 10),
    ),
    state, named("limit_ma"), step_ma=1, effective=True, refresh_ms=8_000, settle_ms=15_000,
    switch=switch(named("conductors"), 0, 1, before=((named("phase_source"), BY_UDP),), rest_ms=10_000),
    failsafe=fail_safe(named("failsafe_ma"), named("failsafe_s"), least_s=20),
    card=Card(places(Place("card", SESSION, ("RFID tag",)))[0], TEXT),
)
OPTIONS = options_of(BOX, text("host", None, 7, 15, "its IPv4 address"))


class Reports(Source):
    def __init__(self, talk: Talk, host: str) -> None:
        self._talk = talk
        self._host = host

    def documents(self, wheres: "tuple[str, ...]") -> "dict[str, Any]":
        """What it has said by itself since it reported is newer than the report."""
        out: "dict[str, Any]" = {}
        self._talk.told(self._host)
        for where in wheres:
            out[where] = json_fields.document(self._talk.ask(self._host, where, _is_report(where)).encode())
        for note in self._talk.told(self._host):
            said = json_fields.document(note.encode())
            if isinstance(said, dict) and isinstance(out.get(REPORT), dict) and "ID" not in said:
                out[REPORT].update(said)
        return out

    def say(self, how: str, where: str, what: str) -> object:
        answer = self._talk.ask(self._host, what, _is_confirmation)
        if not answer.startswith(OK):
            raise DeviceError(REFUSED, f"{what}: {answer.strip()[:80]}")
        return None


def _is_report(where: str) -> "Callable[[str], bool]":
    return lambda answer: bool(re.search(r'"ID"\s*:\s*"?%s"?\s*[,}]' % where.split()[1], answer))


def _is_confirmation(answer: str) -> bool:
    return answer.startswith((OK, NO))


class KebaUdp(JsonWallbox):
    def __init__(self, talk: Talk, options: "dict[str, object]") -> None:
        super().__init__(Reports(talk, word(options, "host")), BOX, options, self._said)
        self._card_ms: "int | None" = None
        self._changed_ms: "int | None" = None  # its phases
        self._session: "dict[str, Any]" = {}

    def settings(self) -> "tuple[tuple[Order, int], ...]":
        return (*super().settings(), (named("enabled_user"), 1))

    def fetch(self, now_ms: int) -> "dict[str, tuple[int | None, ...]]":
        values = super().fetch(now_ms)
        if self._cards:
            if self._card_ms is None or now_ms - self._card_ms >= SLOW_EVERY_MS:
                self._card_ms, self._session = now_ms, self.said.documents((SESSION,))
            self.documents.update(self._session)
        return values

    def _strange(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> bool:
        user_ma = one(values, "user_ma")
        other = bool(self._told_ma) and user_ma not in (None, self._told_ma) and now_ms - self._told_ms >= self.lag_ms
        return super()._strange(now_ms, values) or other

    def may_move(self, now_ms: int) -> bool:
        return self._changed_ms is None or now_ms - self._changed_ms >= COOL_MS

    def move(self, conductors: int) -> None:
        super().move(conductors)
        self._changed_ms = self._now_ms

    def _said(self, field: str, value: int) -> "tuple[Words, ...]":
        stop = "currtime 0 1"
        words = {
            "limit_ma": ("curr %d" % value if value else stop,),
            "failsafe_ma": ("failsafe %d %d 1" % (self._failsafe_ms // 1_000, self._failsafe_ma),),
            "failsafe_s": ("failsafe %d %d 1" % (self._failsafe_ms // 1_000, self._failsafe_ma),),
            "enabled_user": (stop, "ena %d" % value),
            "phase_source": ("x2src %d" % value,), "conductors": ("x2 %d" % value,),
        }[field]
        return tuple(("", "", each) for each in words)


def ability(options: "dict[str, object]") -> Ability:
    if not ADDRESS.fullmatch(word(options, "host")):
        raise ValueError('host: allowed is an IPv4 address, like "192.168.1.40"')
    return ability_of(BOX, options)


def build(port: Talk, options: "dict[str, object]") -> KebaUdp:
    return KebaUdp(port, options)
