"""Reading what was kept, beside the one who writes it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drivers.signing import Signer
from firmware.records import chain, sampler
from firmware.records.keeper import quarter_of
from firmware.records.sampler import Quarter
from firmware.records.store import reader, unpacked

ALWAYS_S = 1 << 40
LATE_S = 600 + sampler.LATE_S  # a record bears the time at which it was made, whenever it was written


class Query:
    """Raises sqlite3.Error when there are no records, or they cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._db = reader(folder)
        self._db.execute("begin")  # one and the same state for all that is asked
        self._db.execute("select count(*) from head").fetchone()

    def close(self) -> None:
        self._db.close()

    def quarters(self, from_s: int, to_s: int) -> "Iterator[Quarter]":
        """All readings at `from_s` to `to_s`, both included."""
        for record in self.records(chain.METROLOGY, "readings", from_s - LATE_S, to_s + LATE_S):
            quarter = quarter_of(record)
            if from_s <= quarter.at_s <= to_s:
                yield quarter

    def records(self, log: str, kind: str, from_s: int, to_s: "int | None") -> "Iterator[dict[str, Any]]":
        rows = self._db.execute(
            "select line from record where log = ? and kind = ? and utc_s between ? and ? order by n",
            (log, kind, from_s, (1 << 62) if to_s is None else to_s))
        return (chain.opened(unpacked(row[0])) for row in rows)

    def newest(self, log: str, kind: str) -> "dict[str, Any] | None":
        row = self._db.execute("select line from record where log = ? and kind = ? order by n desc limit 1",
                               (log, kind)).fetchone()
        return None if row is None else chain.opened(unpacked(row[0]))

    def newest_ones(self, log: str, kind: str, count: int) -> "list[dict[str, Any]]":
        """At most so many, oldest first."""
        rows = self._db.execute("select line from record where log = ? and kind = ? order by n desc limit ?",
                                (log, kind, count)).fetchall()
        return [chain.opened(unpacked(row[0])) for row in reversed(rows)]

    def heads(self) -> "dict[str, dict[str, Any]]":
        """Number and hash of the newest record of each log."""
        return {row[0]: {"n": row[1], "hash": row[2]}
                for row in self._db.execute("select log, n, hash from head order by log")}

    def keys(self) -> "tuple[str, ...]":
        """Fingerprints of all that have signed."""
        return tuple(row[0] for row in self._db.execute("select id from signer order by id"))

    def meters(self) -> "dict[str, Any]":
        """What the newest configuration said of the meters."""
        found = self.newest(chain.METROLOGY, "meters")
        return {} if found is None else dict(found["data"])

    def meters_by_time(self) -> "list[tuple[int, dict[str, dict[str, Any]]]]":
        """(UTC second from which on, meter -> what was known of it), the oldest first."""
        return [(record["utc_ms"] // 1_000, {str(meter["name"]): meter for meter in record["data"].get("meters", [])})
                for record in self.records(chain.METROLOGY, "meters", -ALWAYS_S, None)]

    def export(self, log: str, logs: "tuple[str, ...]", from_s: "int | None", to_s: "int | None", signer: Signer
               ) -> "Iterator[str]":
        """The lines of one log with a signed head, as `verify` reads them; nothing when there are none."""
        first, last = self._range(log, from_s, to_s)
        if first is None:
            return
        before = self._db.execute("select line from record where log = ? and n = ?", (log, first)).fetchone()[0]
        newest = self._db.execute("select line from record where log = ? and n = ?", (log, last)).fetchone()[0]
        head = {"v": chain.FORMAT, "log": log, "logs": list(logs), "first": first, "last": last,
                "prev": chain.opened(unpacked(before))["prev"], "head": chain.line_hash(unpacked(newest)),
                "whole": from_s is None and to_s is None, "key": chain.key_id(signer.public),
                "keys": self._keys(signer), "note": "not for legally metered billing"}
        text = json.dumps(head, separators=(",", ":"))
        yield '{"export":%s,"sig":"%s"}' % (text, signer.raw(text.encode("ascii")).hex())
        for row in self._db.execute("select line from record where log = ? and n between ? and ? order by n",
                                    (log, first, last)):
            yield unpacked(row[0])

    def backup(self, path: Path) -> None:
        """A whole copy, consistent though the house goes on writing."""
        copy = sqlite3.connect(path)
        try:
            self._db.commit()
            self._db.backup(copy)
        finally:
            copy.close()

    def has(self, log: str, from_s: "int | None", to_s: "int | None") -> bool:
        return self._range(log, from_s, to_s)[0] is not None

    def _range(self, log: str, from_s: "int | None", to_s: "int | None") -> "tuple[int | None, int | None]":
        row = self._db.execute("select min(n), max(n) from record where log = ? and utc_s >= ? and utc_s < ?",
                               (log, -(1 << 62) if from_s is None else from_s, (1 << 62) if to_s is None else to_s))
        first, last = row.fetchone()
        return first, last

    def _keys(self, signer: Signer) -> "list[str]":
        known = [row[0] for row in self._db.execute("select public from signer order by id")]
        own = signer.public.hex()
        return known if own in known else [*known, own]


def no_records(error: sqlite3.Error, folder: Path) -> str:
    return f"{folder}: no records can be read here ({error})"
