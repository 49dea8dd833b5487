"""The records of a running house: the cycle hands its snapshots over, a thread of its own keeps what is to be kept."""

import hashlib
import json
import os
import sqlite3
import threading
import traceback
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from control.values import Plan, Snapshot
from firmware import topics
from firmware.commands import declared
from firmware.config.file import SiteFile
from firmware.config.site import DeviceFile
from firmware.duties_kept import Open, open_duties
from firmware.records.asking import Asking, NotAsked, ask_of, told
from firmware.records.chain import CONSUMER, METROLOGY
from firmware.records.contacts import Contact, Watch
from firmware.records.events import ANSWER_MS, MOST_ASKED, Answer, Ask
from firmware.records.keeper import OBLIGATION, OBLIGATION_MINUTE, Keeper
from firmware.records.keys import configured
from firmware.records.legal_time import zone
from firmware.records.query import Query
from firmware.records.retention import RULES
from firmware.records.sampler import Seen
from firmware.said import said
from firmware.version import VERSION
from hal.measured import Measured
from hal.ports import Contacts, TimeService

MakeContacts = Callable[[tuple[int, ...], tuple[bool, ...]], Contacts]
TURN_S = 0.5
MOST_SEEN = 300  # snapshots, a minute at the quickest: longer than a disk should hang
MOST_COMMANDS = 100  # that wait for the next turn
MOST_TOLD = 8  # answers that stay on the topic
MOST_SAID = 1_024  # bytes of a command
MQTT = "mqtt"
MOST_OBLIGATIONS = 500  # looked through for what was in force at the end
STOP_S = 10.0  # for what is waiting to reach the disk


class Recorder:
    """`hear` never blocks and never raises; `start` and `stop` once."""

    def __init__(self, file: SiteFile, service: TimeService, contacts: "MakeContacts | None" = None) -> None:
        """`contacts`: makes the port of its contacts; None: the pins of this computer."""
        assert file.records is not None
        table = file.records
        days = {rule.log: rule.usual_days for rule in RULES} | {METROLOGY: table.keep_days, CONSUMER: table.keep_days}
        self._keeper = Keeper(file.site, Path(table.folder), zone(table.time_zone), about(file), days,
                              storage_wh=table.storage_wh, keys=configured(table))
        self._folder = Path(table.folder)
        self._service = service
        self._seen: "deque[Seen]" = deque(maxlen=MOST_SEEN)
        slug = topics.slug(file.site.name)
        self._commands: "deque[dict[str, str]]" = deque(maxlen=MOST_COMMANDS)
        self._obligations: "deque[dict[str, Any]]" = deque(maxlen=MOST_COMMANDS)
        self._topic = f"hutschiene/{slug}/records/state"
        self._broken = ""
        self._contacts = _watch(file, service, self.ask, contacts or _pins) if file.contacts else None
        self._state = self._told()
        self._events_topic = f"hutschiene/{slug}/records/events"
        self._events: "deque[dict[str, Any]]" = deque(maxlen=MOST_TOLD)
        self._asks: "deque[Ask]" = deque(maxlen=MOST_ASKED)
        self._asking = Asking(file.mqtt, slug) if table.events and file.mqtt else None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="records", daemon=True)

    @property
    def fault(self) -> str:
        return self._broken or self._keeper.fault or (self._contacts.fault if self._contacts else "")

    def start(self) -> None:
        if self._asking is not None:
            self._asking.start()
        if self._contacts is not None:
            self._contacts.start()
        self._thread.start()

    def stop(self) -> None:
        if self._contacts is not None:
            self._contacts.stop()
        self._stopping.set()
        self._thread.join(STOP_S)

    def hear(self, snapshot: Snapshot, plan: Plan, told: "dict[int, Sequence[Measured]] | None" = None) -> None:
        """`told`: what the telegrams of some devices said, unrounded."""
        doubted = frozenset(device for reason, device in plan.alarms if reason in topics.DOUBTS)
        self._seen.append(Seen(snapshot, doubted, told or {}))

    def obligations(self, events: "list[dict[str, Any]]") -> None:
        """What became of the grid operator's demands (firmware.duties)."""
        self._obligations.extend(events)

    def open_duties(self) -> "tuple[Open, ...]":
        """What the grid operator demanded when we ended, by the records, before `start`; () when none are read."""
        try:
            query = Query(self._folder)
            try:
                records = query.newest_ones(CONSUMER, OBLIGATION, MOST_OBLIGATIONS)
                minute = query.newest(CONSUMER, OBLIGATION_MINUTE)
                return open_duties(records, minute, self._service.read())
            finally:
                query.close()
        except (sqlite3.Error, ValueError, KeyError, TypeError, zlib.error):
            return ()  # the file is looked at, and told of, by who writes it

    def command(self, topic: str, payload: bytes, answer: str, by: str) -> None:
        """What somebody ordered, and how it was answered. `by`: "page NAME", or "mqtt": a broker does not say who, so
        beside it stands as `declared` what they call themselves."""
        name = declared(payload) if by == MQTT else ""
        self._commands.append({"by": by, "topic": topic, "payload": payload[:MOST_SAID].decode("utf-8", "replace"),
                               "answer": answer, **({"declared": name} if name else {})})

    def ask(self, ask: Ask) -> str:
        """A reading, whoever wants it; from any thread. Why there will be none; the answer is told with `pairs`."""
        if len(self._asks) == MOST_ASKED:
            return said("{} are waiting already", MOST_ASKED)
        self._asks.append(ask)
        return ""

    def ask_said(self, said: "dict[str, Any]") -> str:
        """The same of what was said in JSON."""
        try:
            return self.ask(ask_of(said, self._service.read().mono_ms))
        except NotAsked as error:
            return error.why

    def pairs(self) -> topics.Pairs:
        """The checkpoint, published: whoever keeps it can tell later whether what came before was changed.

        And the newest answers to who asked for a reading, the latest last.
        """
        events = list(self._events)
        told_ = ((self._events_topic, json.dumps({"events": events}, separators=(",", ":"))),) if events else ()
        return ((self._topic, self._state), *told_)

    def _run(self) -> None:
        """A mistake of ours costs the records, said aloud, and never the control of the house."""
        try:
            while not self._stopping.wait(TURN_S):
                self._turn()
            self._turn()
            self._keeper.close(self._service.read())
        except Exception as error:
            self._broken = f"ended by a mistake in the program, {type(error).__name__}: {error}"
            self._state = self._told()
            traceback.print_exc()
        if self._asking is not None:
            self._asking.close()

    def _turn(self) -> None:
        now = self._service.read()
        self._ask(now.mono_ms)
        seen = []
        while self._seen:
            seen.append(self._seen.popleft())
        while self._commands:
            self._keeper.command(self._commands.popleft())
        self._keeper.turn(now, seen)
        while self._obligations:
            self._keeper.obligation(self._obligations.popleft())
        self._state = self._told()
        for answer in self._keeper.answers():
            self._events.append(told(answer, not self._keeper.fault))
            if self._asking is not None:
                self._asking.answer(answer, not self._keeper.fault)

    def _ask(self, now_ms: int) -> None:
        early = []
        while self._asks:
            own = self._asks.popleft()
            if own.found and not self._keeper.keeps and now_ms - own.asked_ms <= ANSWER_MS:
                early.append(own)  # what was open is not read yet
                continue
            why = self._keeper.ask(own)
            if why:
                self._events.append(told(Answer(own, None, why), False))
        self._asks.extend(early)
        while self._asking is not None and (ask := self._asking.heard(now_ms)) is not None:
            why = self._keeper.ask(ask)
            if why:
                self._asking.refuse(ask, why)

    def _told(self) -> str:
        keeper = self._keeper
        return json.dumps({"clock": keeper.clock, "key": keeper.key, "heads": keeper.heads(), "fault": self.fault,
                           "calibrated": False}, separators=(",", ":"))


def _pins(pins: "tuple[int, ...]", to_ground: "tuple[bool, ...]") -> Contacts:
    """Loads what knows of pins only where there are contacts."""
    from drivers.gpio import Pins
    return Pins().contacts(pins, to_ground)


def _watch(file: SiteFile, service: TimeService, tell: "Callable[[Ask], str]", made: MakeContacts) -> Watch:
    tables = [one.table for one in file.contacts]
    port = made(tuple(one.pin for one in tables), tuple(one.closes == "to-ground" for one in tables))
    watched = tuple(Contact(name, one.meter, one.what, one.hold_ms, one.source, one.text, one.external, one.group,
                            one.register)
                    for name, one in file.contacts)
    return Watch(watched, port, lambda: service.read().mono_ms, tell)


def about(file: SiteFile) -> "dict[str, Any]":
    """What a reader of the records has to know of the meters and the configuration; a change is a record itself.

    Of the configuration the hash alone, as this version has understood it: it names people and places. Who changed the
    file no program can tell; the account that started us is what is known.
    """
    meters = [_meter(device, file.site.devices[index].ability.kind) for index, device in enumerate(file.devices)]
    said = repr((file.site, file.lines, file.devices, file.records)).encode()
    return {
        "meters": {"meters": meters, "time_zone": file.records.time_zone if file.records else "",
                   "note": "not for legally metered billing"},
        "configuration": {"sha256": hashlib.sha256(said).hexdigest(), "uid": os.getuid(), "version": VERSION},
    }


def _meter(device: DeviceFile, kind: str) -> "dict[str, Any]":
    told = {key: value for key, value in device.plate._asdict().items() if value}
    reckoned = {"sum": device.options["sum"]} if device.driver == "virtual_meter" else {}
    return {"name": device.name, "driver": device.driver, "kind": kind, **told, **reckoned}
