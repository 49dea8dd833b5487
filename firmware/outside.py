"""All that faces the outside: state goes to the broker and the page, commands come from the broker."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from control.values import Plan, Snapshot
from drivers.mqtt import Message, Mqtt
from drivers.mqtt_link import UNTRIED
from firmware import topics, troubles
from firmware.ability import ability_pairs
from firmware.access import first
from firmware.access.accounts import Accounts
from firmware.access.door import Door
from firmware.broker_words import in_words
from firmware.checks.facts import setup
from firmware.commands import Commands
from firmware.config.file import SiteFile
from firmware.config.tables import access
from firmware.cycle import Cycle
from firmware.desk import Desk
from firmware.errors import UserError
from firmware.history import History
from firmware.home_assistant.discovery import ONLINE, HomeAssistant
from firmware.kept import Kept
from firmware.notices.teller import Teller
from firmware.said import said
from firmware.totals import KEEP_MS, Totals
from firmware.upkeep import KeptUpkeep
from firmware.version import VERSION
from firmware.web.page import Page, Place
from firmware.web.routes import House

if TYPE_CHECKING:
    from firmware.backup import Backup

PREFIX = "homeassistant"  # where announcements may stand from a time when they were wanted
_NONE = said("nothing of this name can be set")
NOT_OURS = json.dumps({"ok": False, "why": _NONE, "why_de": _NONE.de}, ensure_ascii=False)
RESEND_MS = 10_000  # Home Assistant is not answered more often


class Outside:
    """`wake` lets the next decision come at once. Nothing here blocks the cycle."""

    def __init__(self, file: SiteFile, now_ms: int, wake: "Callable[[], None]", any_page_port: bool = False,
                 tell: "Callable[[str], bool]" = first.console) -> None:
        """`tell` shows the first passwords, and says whether it could.

        Raises UserError when the broker's certificates cannot be used; a page that cannot listen is only told.
        """
        self._file = file
        self.ordered: "Callable[[str, bytes, str, str], None]" = lambda *said: None  # for the records
        self._kept: "dict[str, Kept]" = {}
        if file.state is not None:
            self._kept["totals"] = Kept(Path(file.state.folder) / "totals.json", KEEP_MS / 1_000)
            if file.commands is not None and file.commands.keep:
                self._kept["orders"] = Kept(Path(file.state.folder) / "orders.json")
            self._kept["upkeep"] = Kept(Path(file.state.folder) / "upkeep.json")
            if file.notify is not None:
                self._kept["notices"] = Kept(Path(file.state.folder) / "notices.json")
        self._upkeep = KeptUpkeep(file.site, self._kept["upkeep"], now_ms) if file.state is not None else None
        self._totals = Totals(file.site, self._kept.get("totals"), now_ms)
        events = file.records is not None and file.records.events
        self._commands = Commands(file.site, self._kept.get("orders"), now_ms, events=events) if file.commands else None
        for words in self._commands.left_out if self._commands else ():
            print(f"orders: left out: {words}", file=sys.stderr)
        self._teller: "Teller | None" = None
        self._discovery = HomeAssistant(file.site, file.mqtt.discovery or PREFIX, self._commands is not None, VERSION,
                                        now_ms, events) if file.mqtt else None
        self.mqtt = self._connected(wake)
        self._teller = self._telling(now_ms)
        self._history = _history(file)
        self._desk = Desk(wake)
        house = House(self._history, self._desk if self._commands else None, lambda: setup(file), lambda: _backup(file))
        self.page = _page(file, any_page_port, house, tell)
        self._outboxes = tuple(outbox for outbox in (self.mqtt, self.page) if outbox is not None)
        self._publisher = topics.Publisher(self._outboxes)
        self._ability = ability_pairs(file.site)
        self._swept = False
        self._resent_ms = now_ms - RESEND_MS
        self._told: "dict[str, str]" = {}  # the newest fault of each part that was written to the log

    def obey(self, cycle: Cycle, now_ms: int) -> None:
        """What was ordered since the last cycle is answered, and holds in the next snapshot."""
        if self._upkeep is not None:
            self._upkeep.obey(cycle, now_ms)
        if self.mqtt is not None:
            for message in self.mqtt.heard():
                if self._take(message, "mqtt", now_ms) is not None:
                    continue
                if message.payload == ONLINE and now_ms - self._resent_ms >= RESEND_MS:
                    self._resent_ms = now_ms
                    self.mqtt.resend()
        for order in self._desk.taken():
            answer = self._take(order.message, f"page {order.by}", now_ms)
            order.answer.set_result(answer or NOT_OURS)
            print(f"set by {order.by}: {order.message.topic} {order.message.payload.decode()}: {answer}",
                  file=sys.stderr, flush=True)
        if self._commands is not None:
            self._commands.apply(cycle, now_ms)

    def _take(self, message: Message, by: str, now_ms: int) -> "str | None":
        """The one way in, whoever orders: judged, answered to all that listen, and recorded."""
        answer = self._commands.take(message, now_ms) if self._commands else None
        if answer is None:
            return None
        if self.mqtt is not None:
            self.mqtt.answer(*answer)
        self.ordered(message.topic, message.payload, answer[1], by)
        return answer[1]

    def asks(self, asked: "Callable[[dict[str, Any]], str]") -> None:
        """Where readings that somebody wants are asked for; "" or why there will be none."""
        if self._commands is not None:
            self._commands.asked = asked

    def publish(self, snapshot: Snapshot, plan: Plan, health: "tuple[topics.LineHealth, ...]",
                more: topics.Pairs, faults: "dict[str, str]") -> None:
        """`more`: what others have to tell; `faults`: why a part does not work, "" while it does; of what there is."""
        site = self._file.site
        faults = {**faults, **self._faults()}
        self._log(faults)
        live = topics.live(site, snapshot, plan)
        self._totals.feed(snapshot, live)
        pairs = topics.pairs(site, snapshot, plan, health, faults.get("broker"),
                             faults.get("journal"))
        wrong = troubles.found(site, snapshot, plan, live, {
            name: fault for name, fault in faults.items() if fault != UNTRIED})
        pairs += more + self._ability + self._totals.pairs() + troubles.pairs(site, wrong)
        if self._commands is not None:
            self._commands.hear(snapshot)
            pairs += self._commands.pairs()
        if self._history is not None:
            self._history.add(pairs)
        self._publisher.send(pairs, snapshot.now_ms)
        if self._teller is not None:
            self._teller.hear(wrong, snapshot.now_ms)
        if self.mqtt is not None and self._discovery is not None:
            self._announce(self.mqtt, self._discovery, snapshot, more)

    def close(self) -> None:
        for outbox in self._outboxes:
            outbox.close()
        if self._history is not None:
            self._history.stop()
        if self._teller is not None:
            self._teller.sender.stop()
        self._totals.keep()
        for kept in self._kept.values():
            kept.close()

    def _announce(self, mqtt: Mqtt, discovery: HomeAssistant, snapshot: Snapshot, more: topics.Pairs) -> None:
        """And, once all that there is has been published, the removal of what is not."""
        wanted = self._file.mqtt is not None and self._file.mqtt.discovery
        if not self._swept:
            self._swept = True
            states, is_gone = topics.gone(self._file.site, [line.name for line in self._file.lines])
            announced, is_old = discovery.gone()
            mqtt.sweep(states + announced, lambda topic: is_gone(topic) or (
                not topic.startswith("hutschiene/") and (not wanted or is_old(topic))), discovery.stood)
        if wanted:
            for topic, payload in discovery.news(snapshot, self._totals.known(), more):
                mqtt.publish(topic, payload)

    def _connected(self, wake: "Callable[[], None]") -> "Mqtt | None":
        if self._file.mqtt is None or self._discovery is None:
            return None
        hears: "tuple[str, ...]" = (self._commands.topics,) if self._commands else ()
        if self._file.mqtt.discovery:
            hears += (self._discovery.birth,)
        try:
            mqtt = Mqtt(access(self._file.mqtt), topics.slug(self._file.site.name), hears, wake)
        except ValueError as error:
            raise UserError(f"mqtt.{error}") from error
        mqtt.start()
        return mqtt

    def _telling(self, now_ms: int) -> "Teller | None":
        if self._file.notify is None:
            return None
        try:
            teller = Teller(self._file, self._say, kept=self._kept.get("notices"), now_ms=now_ms)
        except ValueError as error:
            raise UserError(f"notify.services: {error}") from error
        teller.sender.start()
        return teller

    def _say(self, topic: str, payload: str) -> bool:
        if self.mqtt is None or not self.mqtt.connected:
            return False
        self.mqtt.answer(topic, payload)
        return True

    def _log(self, faults: "dict[str, str]") -> None:
        for name, fault in faults.items():
            if fault != self._told.get(name, "") and fault != UNTRIED:
                self._told[name] = fault
                print(f"{name}: {fault or 'well again'}", file=sys.stderr, flush=True)

    def _faults(self) -> "dict[str, str]":
        """Why a part that the decision can do without does not work, "" while it does; only of those configured."""
        out = {name: kept.fault for name, kept in self._kept.items()}
        if self.mqtt is not None:
            out["broker"] = in_words(self.mqtt.fault)
        if self._history is not None:
            out["history"] = self._history.fault
        if self._teller is not None:
            out["notify"] = self._teller.fault
        return out


def _history(file: SiteFile) -> "History | None":
    if file.history is None:
        return None
    table = file.history
    history = History(Path(table.folder), table.seconds_days, table.minutes_days, table.most_mb)
    history.start()
    return history


def _page(file: SiteFile, any_port: bool, house: House, tell: "Callable[[str], bool]") -> "Page | None":
    """None too when its address is taken: decisions do not wait for a page."""
    if file.page is None:
        return None
    table = file.page
    place = Place(table.host, table.port, any_port, table.cert, table.key)
    try:
        page = Page(place, {topics.slug(file.site.name): house}, _door(file, tell))
        page.start()
    except ValueError as error:
        raise UserError(f"page.{error}") from error
    except OSError as error:
        print(f"page.port = {table.port}: no page, {table.host} cannot be listened on there: {error.strerror}; "
              "everything else runs", file=sys.stderr)
        return None
    return page


def _backup(file: SiteFile) -> "Backup | None":
    from firmware.backup import Backup, Busy  # with what signs: only where one is wanted
    try:
        return Backup(file)
    except Busy:
        return None


def _door(file: SiteFile, tell: "Callable[[str], bool]") -> Door:
    if file.accounts is None:
        return Door()
    table, accounts = file.accounts, Accounts(Path(file.accounts.file))
    words = first.ensure(accounts, tell)
    if words:
        print(words, file=sys.stderr, flush=True)
    return Door(accounts, table.guests == "viewer", 60 * table.idle_min, 3_600 * table.longest_h)
