"""The log of decisions: what each load was granted and why, whenever that became something else.

Kept is a change of reason, fuse or phase, a start or a stop, and a grant that has moved by a fifth and 500 W: not each
ampere of a car that follows the sun, which the curves have anyway. At most one in ten seconds of each device.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from firmware.said import said
from firmware.topics import Pairs
from firmware.transaction import once

PAUSE_S = 10
STEP_W, STEP_PARTS = 500, 5
MOST_TOLD = 500  # at once; the newest
MOST_ROWS = 200_000  # some 40 MB
ROW_BYTES = 200
MOST_Q = 100
LAYOUT = """
create table if not exists decision (t_s integer not null, device text not null, grant_w integer not null,
    reason integer not null, why text not null, why_de text not null, node text, phase integer);
create index if not exists decision_at on decision (t_s);
"""


class Entry(NamedTuple):
    t_s: int  # since 1970
    device: str
    grant_w: int
    reason: int
    why: str
    why_de: str
    node: "str | None"
    phase: "int | None"  # 1 to 3; None: all, or no fuse

    def told(self) -> "dict[str, Any]":
        """As the API tells it."""
        return {"t_s": self.t_s, "device": self.device, "grant": self.grant_w, "reason": self.reason, "why": self.why,
                "why_de": self.why_de, "node": self.node, "phase": self.phase}


class Wanted(NamedTuple):
    """Between both times, themselves included. "" is any device, any words."""

    from_s: int
    to_s: int
    device: str = ""
    q: str = ""

    def wants(self, entry: Entry) -> bool:
        words = f"{entry.device} {entry.why} {entry.why_de}"
        return (self.from_s <= entry.t_s <= self.to_s and self.device in ("", entry.device)
                and self.q.casefold() in words.casefold())


class Changes:
    """What of the published decisions is news."""

    def __init__(self) -> None:
        self._kept: "dict[str, Entry]" = {}

    def feed(self, now_s: int, pairs: Pairs) -> "list[Entry]":
        out = []
        for topic, payload in pairs:
            place, _, part = topic.split("/", 2)[2].partition("/")
            if part != "decision":
                continue
            entry, before = _entry(now_s, place, json.loads(payload)), self._kept.get(place)
            if before is None or (abs(now_s - before.t_s) >= PAUSE_S and _differs(before, entry)):
                self._kept[place] = entry
                out.append(entry)
        return out


class DecisionTable:
    """In the file of the history. Raises sqlite3.Error."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(LAYOUT)
        db.create_function("fold", 1, str.casefold, deterministic=True)

    def put(self, entries: "Iterable[Entry]") -> None:
        with once(self._db):
            self._db.executemany("insert into decision values (?, ?, ?, ?, ?, ?, ?, ?)", entries)

    def prune(self, before_s: int, most_bytes: int) -> None:
        """Away with what is old, and with the oldest of too many: a tenth of the file is theirs."""
        most = min(MOST_ROWS, most_bytes // 10 // ROW_BYTES)
        self._db.execute("delete from decision where t_s < ? or rowid <= (select max(rowid) from decision) - ?",
                         (before_s, most))

    def read(self, wanted: Wanted) -> "list[Entry]":
        """The newest first."""
        rows = self._db.execute(
            "select * from decision where t_s between ? and ? and (? = '' or device = ?) and (? = '' or "
            "instr(fold(device || ' ' || why || ' ' || why_de), fold(?))) order by t_s desc, rowid desc limit ?",
            (wanted.from_s, wanted.to_s, wanted.device, wanted.device, wanted.q, wanted.q, MOST_TOLD))
        return [Entry(*row) for row in rows]


def asked(query: "Mapping[str, str]") -> "Wanted | str":
    """Or why it cannot be answered."""
    unknown = sorted(set(query) - {"from", "to", "device", "q"})
    if unknown:
        return said("no such parameter: {}; known are {}", unknown[0][:40], "from, to, device, q")
    times = [query.get(word, "") for word in ("from", "to")]
    if not all(word.isascii() and word.isdigit() and len(word) <= 11 for word in times):
        return said("from, to: needed, in seconds since 1970")
    if max(len(query.get(word, "")) for word in ("device", "q")) > MOST_Q:
        return said("device, q: at most {} characters", MOST_Q)
    return Wanted(int(times[0]), int(times[1]), query.get("device", ""), query.get("q", ""))


def _entry(now_s: int, device: str, decision: "dict[str, Any]") -> Entry:
    bound = decision.get("bound_by") or {}
    return Entry(now_s, device, decision["granted_w"], decision["reason"], decision["why"], decision["why_de"],
                 bound.get("node"), bound.get("phase"))


def _differs(before: Entry, now: Entry) -> bool:
    if (before.reason, before.node, before.phase) != (now.reason, now.node, now.phase):
        return True
    if (before.grant_w == 0) != (now.grant_w == 0):
        return True
    return abs(now.grant_w - before.grant_w) >= max(STEP_W, abs(before.grant_w) // STEP_PARTS)
