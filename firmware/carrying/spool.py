"""What a carrying gateway keeps over restarts: the newest frame of each meter, and the parts that wait to be delivered.

SQLite with a full sync: after a power cut the file is as after one of the commits. A period is closed in one
transaction: its frames leave `newest` and stand in numbered parts, once. A part goes only when it was delivered. The
file is bounded: when the parts are too large the oldest goes, and is counted. A file that is damaged, found so at the
start or at work, is put aside and a new one begun; a part that is no message any more goes, and is counted.
"""

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from firmware.transaction import once

NAME = "carry.sqlite"
_TABLES = """
create table if not exists meta (name text primary key, value text not null);
create table if not exists meter (name text primary key, last_s integer not null);
create table if not exists newest (meter text primary key, frame blob not null, heard_s integer, rssi_dbm integer);
create table if not exists part (number integer primary key, payload text not null, frames integer not null);
"""
_NUMBERS = ("number", "period", "lost", "interval_s", "heard")


class Kept(NamedTuple):
    """The newest frame of one meter, as it came from the air: still encrypted."""

    meter: str
    frame: bytes
    heard_s: "int | None"  # UTC; None while the clock was not set
    rssi_dbm: "int | None"


class Part(NamedTuple):
    number: int
    payload: str


class Spool:
    """One process at a time. Raises sqlite3.Error when the disk is full or gone; what stood before still stands."""

    def __init__(self, folder: Path, most_bytes: int, connect: "type[sqlite3.Connection]" = sqlite3.Connection) -> None:
        """A damaged file is put aside and a new one begun, with a series of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / NAME
        self._most_bytes = most_bytes
        self._connect = connect
        self.fault = ""
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self.renew()

    def renew(self) -> None:
        """A new file, with a series of its own, in place of one that is damaged."""
        self._db.close()
        os.replace(self._path, self._path.with_name(NAME + ".damaged"))
        for tail in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self._path}{tail}")
        self._open()
        self.fault = f"{self._path} was damaged and has been put aside"

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path, timeout=2.0, isolation_level=None, factory=self._connect,
                                   check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.text_factory = lambda data: data.decode("utf-8", "replace")
        self._db.executescript(_TABLES)
        found = self._db.execute("pragma quick_check(1)").fetchone()[0]
        strange = [name for name in _NUMBERS if not (self.get(name, "") or "0").isdecimal()]
        if found != "ok" or strange:
            raise sqlite3.DatabaseError(", ".join([found, *strange]))
        # numbers mean something within a series only: a new file shall not repeat those of an old one
        self._db.execute("insert or ignore into meta values ('series', ?)", (secrets.token_hex(4),))

    def close(self) -> None:
        self._db.close()

    @property
    def series(self) -> str:
        return self.get("series", "")

    def get(self, name: str, default: str) -> str:
        row = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return default if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        self._db.execute("insert or replace into meta values (?, ?)", (name, value))

    def kept(self) -> "dict[str, Kept]":
        rows = self._db.execute("select meter, frame, heard_s, rssi_dbm from newest")
        return {row[0]: Kept(row[0], bytes(row[1]), row[2], row[3]) for row in rows}

    def meters(self) -> "dict[str, int]":
        """When each was last heard, UTC seconds."""
        return {row[0]: row[1] for row in self._db.execute("select name, last_s from meter")}

    def keep(self, rows: "Iterable[Kept]", last_s: "dict[str, int]", gone: "Iterable[str]", heard: int = 0) -> None:
        """The newest of some meters, and which meters there are. `heard`: number of the newest frame that counts."""
        with once(self._db):
            self._db.executemany("insert or replace into newest values (?, ?, ?, ?)", list(rows))
            self._know(last_s, gone)
            self.put("heard", str(heard))

    def shut(self, rows: "Iterable[Kept]", payloads: "list[tuple[str, int]]", period: int, last_s: "dict[str, int]",
             gone: "Iterable[str]", heard: int = 0) -> None:
        """Ends a period: `rows` stand in `payloads` (text without its number, frames) and are newest no more."""
        with once(self._db):
            self._know(last_s, gone)
            number = int(self.get("number", "0"))
            for text, frames in payloads:
                number += 1
                self._db.execute("insert into part values (?, ?, ?)", (number, text % number, frames))
            self.put("number", str(number))
            self.put("period", str(period))
            self.put("heard", str(heard))
            self._db.executemany("delete from newest where meter = ?", [(row.meter,) for row in rows])
            self._bound()

    def first(self, after: int = 0) -> "Part | None":
        """With a number above `after`."""
        while (row := self._db.execute("select number, payload, frames from part where number > ? "
                                       "order by number limit 1", (after,)).fetchone()) is not None:
            if _is_message(row[1]):
                return Part(row[0], row[1])
            with once(self._db):
                self._lose(row[0], row[2])
        return None

    def delivered(self, number: int) -> None:
        """It, and those before it."""
        self._db.execute("delete from part where number <= ?", (number,))

    def waiting(self) -> int:
        return int(self._db.execute("select count(*) from part").fetchone()[0])

    def _know(self, last_s: "dict[str, int]", gone: "Iterable[str]") -> None:
        self._db.executemany("insert or replace into meter values (?, ?)", list(last_s.items()))
        self._db.executemany("delete from meter where name = ?", [(name,) for name in gone])

    def _bound(self) -> None:
        held = int(self._db.execute("select coalesce(sum(length(payload)), 0) from part").fetchone()[0])
        while held > self._most_bytes:
            number, size, frames = self._db.execute(
                "select number, length(payload), frames from part order by number limit 1").fetchone()
            self._lose(number, frames)
            held -= size

    def _lose(self, number: int, frames: int) -> None:
        self._db.execute("delete from part where number = ?", (number,))
        self.put("lost", str(int(self.get("lost", "0")) + frames))


def is_damage(error: sqlite3.Error) -> bool:
    """Of what stands in the file ("malformed", "not a database"); its subclasses are the disk's, or ours."""
    return type(error) is sqlite3.DatabaseError


def _is_message(payload: str) -> bool:
    try:
        return isinstance(json.loads(payload), dict)
    except ValueError:
        return False
