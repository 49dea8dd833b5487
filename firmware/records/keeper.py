"""What becomes a record, and that it reaches the disk: one thread, no waiting but for the disk.

A disk that is full, slow or broken costs records at worst, never the decision: what cannot be written waits in memory,
up to MOST_WAITING records; beyond that the oldest are lost, which is a record itself once the disk is back.
"""

import itertools
import secrets
import sqlite3
from collections import deque
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from control.values import Site
from drivers.signing import Signer, SignerGone
from firmware.records import chain, changes, retention
from firmware.records.chain import CONSUMER, LOGS, METROLOGY, SYSTEM, Draft, Stamp
from firmware.records.clock import UNKNOWN, ClockWatch, Look
from firmware.records.events import READING, Answer, Ask, Desk, Sessions
from firmware.records.keys import Keys
from firmware.records.legal_time import offset_s
from firmware.records.mixing import Mixing
from firmware.records.sampler import Quarter, Sampler, Seen, Value
from firmware.records.store import NAME, Store, TooNew
from firmware.said import said
from firmware.transaction import is_damage
from hal.times import TimeNow

MOST_WAITING = 1_000  # records: ten days of quarter hours
RETRY_MS = 30_000
FULL = "disk is full"  # SQLite's words for SQLITE_FULL
MOST_QUARTERS = 96  # looked back at start for what each meter said last
ONLY_READ = f'"what":"{READING}",'  # an event that begins and ends nothing, as its line has it
CLEAN_MS = 3_600_000
MOST_CLEANED = 1_000  # records at a time; an hour makes far fewer
MOST_ASKED_AN_HOUR = 600  # so that nobody fills the disk from afar
MOST_OBLIGED_AN_HOUR = 600  # one a minute, and what else becomes of the grid operator's demands
IN_FORCE = ((CONSUMER, "configuration"), (METROLOGY, "meters"))  # until the next of its kind
OBLIGATION, OBLIGATION_MINUTE = "obligation", "obligation-minute"
MOST_SAID_AN_HOUR = 240  # a flapping alarm, or an order a second, shall not fill the disk


class Keeper:
    """`turn` about once a second, with all snapshots since; `fault` is for the owner, "" while all is well."""

    def __init__(self, site: Site, folder: Path, zone: ZoneInfo, about: "dict[str, Any]", days: "dict[str, int]",
                 connect: "type[sqlite3.Connection]" = sqlite3.Connection, storage_wh: "int | None" = None,
                 keys: "Keys | None" = None) -> None:
        """`about`: `meters` and `configuration`, recorded when they have changed; `days`: how long each log is kept."""
        self._site = site
        self._folder = folder
        self._zone = zone
        self._about = about
        self._days = days
        self._connect = connect
        self._keys = Keys(folder) if keys is None else keys
        self._run = secrets.token_hex(4)
        self._watch = ClockWatch()
        self._look: "Look | None" = None
        self._store: "Store | None" = None
        self._signer: "Signer | None" = None
        self._sampler = Sampler(site)
        self._doubted = False  # the file has said that it is damaged
        self._changes = changes.Changes(site)
        self._mixing = Mixing(site, storage_wh) if storage_wh else None
        self._desk = Desk(site)
        self._sessions = Sessions(site)
        self._answers: "list[Answer]" = []
        self._asked_ms: "deque[int]" = deque(maxlen=MOST_ASKED_AN_HOUR)
        self._waiting: "deque[Draft]" = deque()
        self._lost = 0
        self._retry_ms = 0
        self._clean_ms = 0
        self._hours: "dict[str, tuple[int, int]]" = {}
        self.fault = ""

    def turn(self, now: TimeNow, seen: "list[Seen]") -> None:
        """Never raises but for a programmer's mistake."""
        before = self._look
        look = self._look = self._watch.look(now)
        if self._store is None and now.mono_ms >= self._retry_ms:
            self._begin(look)
        self._clock(before, look)
        for one in seen:
            self._see(one, look)
        self._quarter(look)
        self._clean(look)
        self._flush(look)

    def close(self, now: TimeNow) -> None:
        look = self._watch.look(now)
        self._quarter(look, ends=True)
        self._add(SYSTEM, "stop", look, {})
        self._retry_ms = 0
        self._flush(look)
        if self._store is not None:
            self._store.close()
        self._keys.close()

    @property
    def keeps(self) -> bool:
        return self._store is not None

    def ask(self, ask: Ask) -> str:
        """Asks for a reading; why there will be none, or "" and it comes with `answers`."""
        if self._store is None:
            return said("nothing is kept just now")
        if ask.found and self._desk.stands(ask):
            return ""
        times_ms = self._asked_ms
        if len(times_ms) == MOST_ASKED_AN_HOUR and ask.asked_ms - times_ms[0] < 3_600_000:
            return said("allowed are {} an hour", MOST_ASKED_AN_HOUR)
        times_ms.append(ask.asked_ms)
        return self._desk.ask(ask)

    def command(self, data: "dict[str, str]") -> None:
        """What somebody ordered, for the consumer's log."""
        if self._look is not None and self._may_speak(self._look, f"commands by {data['by']}"):
            self._add(CONSUMER, "command", self._look, data)

    def obligation(self, data: "dict[str, Any]") -> None:
        """What became of a demand of the grid operator, for the consumer's log."""
        if self._look is not None and self._may_speak(self._look, "obligations", MOST_OBLIGED_AN_HOUR):
            self._add(CONSUMER, OBLIGATION_MINUTE if data["state"] == "minute" else OBLIGATION, self._look, data)

    def answers(self) -> "list[Answer]":
        """Those since the last call, charging sessions too; they are on the disk when `fault` is ""."""
        found, self._answers = self._answers, []
        return found

    def heads(self) -> "dict[str, dict[str, Any]]":
        """The checkpoint: number and hash of the newest record of each log."""
        store = self._store
        return {} if store is None else {log: store.head(log)._asdict() for log in LOGS}

    @property
    def clock(self) -> str:
        return UNKNOWN if self._look is None else self._look.clock.state

    @property
    def key(self) -> str:
        """The fingerprint of the key that signs."""
        return "" if self._signer is None else chain.key_id(self._signer.public)

    def _begin(self, look: Look) -> None:
        """Opens what is there, or begins it; tried again later when the disk does not let us."""
        store = None
        try:
            store = Store(self._folder, self._connect, self._doubted)
            signer, new = self._follow(store, *self._keys.current(), look)
            kept_s = self._resume(store, look)
            first = self._first(store, signer, new, kept_s, look)
        except (OSError, ValueError, KeyError, sqlite3.Error, TooNew, SignerGone) as error:
            self._keys.close()
            if store is not None:
                store.close()
            self._doubt(error)
            self._fail(look, error)
            return
        self._store, self._signer, self._doubted = store, signer, False
        if self._waiting:  # a chain does not go back in time
            first = [draft._replace(stamp=self._waiting[0].stamp) for draft in first]
        self._waiting.extendleft(reversed(first))

    def _resume(self, store: Store, look: Look) -> int:
        """Takes up what the newest records tell; the newest quarter hour that is kept, 0 when there is none."""
        known = [chain.opened(line) for line in store.each(METROLOGY, "meters")]
        swapped_s = changes.swapped_s([(record["utc_ms"] // 1_000, record["data"]) for record in known]
                                      + [(look.now.utc_ms // 1_000, self._about["meters"])])
        lines = reversed(store.newest(METROLOGY, "readings", MOST_QUARTERS))
        kept = [quarter_of(chain.opened(line)) for line in lines]
        self._sampler.resume(kept, swapped_s)
        mixed = store.newest(METROLOGY, "flows", 1)
        if mixed and self._mixing is not None:
            self._mixing.resume(chain.opened(mixed[0])["data"])
        last = store.newest(METROLOGY, "event", 1)
        begun = (line for line in store.each(METROLOGY, "event") if ONLY_READ not in line)
        events = (chain.opened(line)["data"] for line in (*last, *begun))
        waiting = [draft.data for draft in self._waiting if draft.kind == "event"]
        self._desk.resume(itertools.chain(events, waiting), swapped_s)
        return max((quarter.at_s for quarter in kept), default=0)

    def _first(self, store: Store, signer: Signer, new: bool, kept_s: int, look: Look) -> "list[Draft]":
        """What a start has to say."""
        first = []
        for log in LOGS:
            if store.head(log) == chain.EMPTY:
                first.append(self._draft(log, "start", look, {
                    "chain": secrets.token_hex(8), "site": self._site.name, "public": signer.public.hex(),
                    "note": store.fault}))
            elif new or self._key_of(store, log) != chain.key_id(signer.public):
                first.append(self._draft(log, "key", look, {
                    "public": signer.public.hex(), "note": "the former key is lost"}))
        for log, kind in IN_FORCE:
            if not any(chain.opened(line)["data"] == self._about[kind] for line in store.newest(log, kind, 1)):
                first.append(self._draft(log, kind, look, self._about[kind]))
        return [*first, self._draft(SYSTEM, "run", look, {"kept": kept_s})]

    def _doubt(self, error: Exception) -> None:
        """Whether the file itself is to blame: then all of it is looked through at the next try."""
        self._doubted = is_damage(error)

    def _follow(self, store: Store, signer: Signer, new: bool, look: Look) -> "tuple[Signer, bool]":
        """A key that is to follow another does so by the word of that one, in every log at once."""
        change = self._keys.change()
        if change is None:
            return signer, new
        told = [log for log in LOGS if store.head(log) != chain.EMPTY]
        unsaid = any(self._key_of(store, log) != chain.key_id(change.after.public) for log in told)
        if unsaid and change.before is not None:
            data = {"public": change.after.public.hex(), "note": "changed as asked"}
            store.append([self._draft(log, "key", look, data) for log in told], change.before)
        change.done()
        return change.after, new and change.before is None

    def _key_of(self, store: Store, log: str) -> str:
        for kind in ("key", "start"):
            lines = store.newest(log, kind, 1)
            if lines:
                return chain.key_id(bytes.fromhex(chain.opened(lines[0])["data"]["public"]))
        return store.newest_key(log)  # who said so is deleted

    def _clock(self, before: "Look | None", look: Look) -> None:
        if look.step_ms:
            self._add(METROLOGY, "step", look, {"by_ms": look.step_ms})
            for log in (CONSUMER, SYSTEM):
                self._add(log, "step", look, {"by_ms": look.step_ms})
        if before is not None and before.clock.state != look.clock.state:
            self._add(METROLOGY, "clock", look, {"was": before.clock.state, "is": look.clock.state})

    def _see(self, seen: Seen, look: Look) -> None:
        self._sampler.feed(seen, look.now.utc_ms - look.now.mono_ms)
        if self._mixing is not None:
            self._mixing.feed(seen)
        if self._store is not None:  # what is open is known only from what is kept
            for ask in self._sessions.look(seen, self._desk):
                self._desk.ask(ask)
        for answer in self._desk.look(seen, look):
            if answer.event is not None:
                self._add(METROLOGY, "event", look, answer.event)
            self._answers.append(answer)
        for log, kind, data in self._changes.look(seen):
            if log != SYSTEM or self._may_speak(look, "troubles"):
                self._add(log, kind, look, data)

    def _may_speak(self, look: Look, what: str, most: int = MOST_SAID_AN_HOUR) -> bool:
        """Each `what` by itself: whoever floods us with orders shall mute neither the evidence nor other people."""
        hour = look.now.mono_ms // 3_600_000
        before = self._hours.get(what, (hour, 0))
        if before[0] != hour and before[1] > most:
            self._add(SYSTEM, "unsaid", look, {"what": what, "records": before[1] - most})
        count = before[1] + 1 if before[0] == hour else 1
        self._hours[what] = (hour, count)
        if count == most + 1:
            self._add(SYSTEM, "muted", look, {"what": what, "until_mono_ms": (hour + 1) * 3_600_000})
        return count <= most

    def _quarter(self, look: Look, ends: bool = False) -> None:
        known = look.clock.state != UNKNOWN
        newest = self._sampler.look(look.now.utc_ms, known, ends)
        for quarter in (*self._sampler.late(known), *([] if newest is None else [newest])):
            self._add(METROLOGY, "readings", look, {
                "at_s": quarter.at_s, "offset_s": offset_s(self._zone, quarter.at_s),
                "values": [list(value) for value in quarter.values]})
        mixed = self._mixing.look(look.now.utc_ms, ends) if self._mixing is not None else None
        if mixed is not None:
            self._add(METROLOGY, "flows", look, mixed)

    def _clean(self, look: Look) -> None:
        """What is older than its log may be goes; by a clock that is not known nothing does."""
        store = self._store
        if store is None or look.clock.state == UNKNOWN or look.now.mono_ms < self._clean_ms:
            return
        self._clean_ms = look.now.mono_ms + CLEAN_MS
        try:
            for log in LOGS:
                old = store.older(log, look.now.utc_ms // 1_000 - self._days[log] * retention.DAY_S, MOST_CLEANED)
                if old is not None:
                    self._add(log, "deletion", look, {
                        "through": old[0], "hash": chain.line_hash(old[1]), "days": self._days[log],
                        "why": retention.rule(log).source})
                    self._again(store, log, old[0], look)
            days = self._days[METROLOGY]
            for name in retention.outlived(self._folder, NAME, look.now.utc_ms // 1_000 - days * retention.DAY_S):
                self._add(SYSTEM, "file-deleted", look, {"file": name, "days": days})
        except (sqlite3.Error, OSError) as error:
            self._fail(look, error)

    def _again(self, store: Store, log: str, through: int, look: Look) -> None:
        """What still holds is said once more when the record that said it goes."""
        for at, kind in IN_FORCE:
            if at == log and store.newest_number(log, kind) <= through:
                self._add(log, kind, look, self._about[kind])

    def _flush(self, look: Look) -> None:
        if not self._waiting or self._store is None or self._signer is None or look.now.mono_ms < self._retry_ms:
            return
        if self._store.gone():
            self._leave()
            self._fail(look, sqlite3.OperationalError(f"{self._folder / NAME} is gone, or another one"))
            return
        drafts = tuple(self._waiting)
        if self._lost:
            lost = self._draft(SYSTEM, "lost", look, {"records": self._lost})
            drafts = (lost._replace(stamp=drafts[0].stamp), *drafts)
        try:
            self._store.append(drafts, self._signer)
        except (sqlite3.Error, SignerGone) as error:
            self._fail(look, error)
            self._doubt(error)
            if self._doubted or isinstance(error, SignerGone):
                self._leave()
            return
        self._waiting.clear()
        self._lost = 0
        self.fault = self._store.fault

    def _leave(self) -> None:
        """It is opened anew at the next try, and what is open is read again."""
        if self._store is not None:
            self._store.close()
        self._store = None
        self._keys.close()
        self._sessions.forget()

    def _fail(self, look: Look, error: Exception) -> None:
        why = said("the disk is full") if FULL in str(error) else error
        self.fault = said("not written, {}; tried again every {} s", why, RETRY_MS // 1_000)
        self._retry_ms = look.now.mono_ms + RETRY_MS

    def _draft(self, log: str, kind: str, look: Look, data: "dict[str, Any]") -> Draft:
        now = look.now
        return Draft(log, kind, Stamp(now.utc_ms, offset_s(self._zone, now.utc_ms // 1_000), look.clock, self._run,
                                      now.mono_ms), data)

    def _add(self, log: str, kind: str, look: Look, data: "dict[str, Any]") -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(self._draft(log, kind, look, data))


def quarter_of(record: "dict[str, Any]") -> Quarter:
    """The inverse of what a record of kind `readings` holds."""
    data = record["data"]
    return Quarter(data["at_s"], tuple(Value(*value) for value in data["values"]))
