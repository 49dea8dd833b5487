"""Where the quarter hours come from: the records of a house, read beside the one who writes them, or an export of them.

An export is verified first, whole: one in which anything was found is not settled.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from firmware import verify
from firmware.errors import UserError
from firmware.records import chain, series
from firmware.records.keeper import quarter_of
from firmware.records.query import LATE_S, Query, no_records
from firmware.records.sampler import Value

ALWAYS_S = 1 << 40
EVIDENCE_BACK_S = 32 * 86_400  # a transaction or an order that holds is not older than that when a period begins
Json = dict[str, Any]


class Proof(NamedTuple):
    """What the numbers stand on, for whoever wants to check them."""

    kind: str  # "records" or "export"
    heads: "dict[str, Json]"  # by log: n and hash of the newest record
    keys: "tuple[str, ...]"  # fingerprints of who signed


class Source:
    """One house."""

    proof: Proof

    def records(self, log: str, kind: str, from_s: int, to_s: int) -> "Iterable[Json]":
        """Whole records, in the order of their chain, made from `from_s` to `to_s`."""
        raise NotImplementedError

    def readings(self, from_s: int, to_s: int) -> "dict[str, dict[int, Value]]":
        """At `from_s` to `to_s`, both included."""
        quarters = (quarter_of(record) for record in
                    self.records(chain.METROLOGY, "readings", from_s - LATE_S, to_s + LATE_S))
        return series.readings(quarter for quarter in quarters if from_s <= quarter.at_s <= to_s)

    def events(self, to_s: int) -> "list[Json]":
        return [record["data"] for record in self.records(chain.METROLOGY, "event", 0, to_s)]

    def meters(self, from_s: int, to_s: int) -> "list[dict[str, Json]]":
        """What was known of the meters: as it stood at `from_s`, and each change until `to_s`."""
        found: "list[dict[str, Json]]" = []
        for record in self.records(chain.METROLOGY, "meters", 0, to_s):
            known = {str(meter["name"]): meter for meter in record["data"].get("meters", [])}
            found = [*found, known] if record["utc_ms"] // 1_000 > from_s else [known]
        return found


class Kept(Source):
    """The file that a running house writes, or a backup of it."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.proof = Proof("records", query.heads(), query.keys())

    def records(self, log: str, kind: str, from_s: int, to_s: int) -> "Iterator[Json]":
        return self._query.records(log, kind, from_s, to_s)


class Exported(Source):
    """What `export SITE.toml records` wrote; in memory."""

    def __init__(self, sections: "list[verify.Section]") -> None:
        self._by_log = {one.log: [record for _, (record, _) in sorted(one.good.items())] for one in sections}
        heads = {one.log: {"n": one.head["last"], "hash": one.head["head"]} for one in sections}
        keys = sorted({record["key"] for records in self._by_log.values() for record in records})
        self.proof = Proof("export", heads, tuple(keys))

    def records(self, log: str, kind: str, from_s: int, to_s: int) -> "Iterator[Json]":
        return (record for record in self._by_log.get(log, ())
                if record["kind"] == kind and from_s <= record["utc_ms"] // 1_000 <= to_s)


@contextlib.contextmanager
def kept(path: Path) -> "Iterator[Source]":
    """A folder of records, or a file. Raises UserError."""
    try:
        query = Query(path)
        try:
            yield Kept(query)
        finally:
            query.close()
    except sqlite3.Error as error:
        raise UserError(no_records(error, path)) from error


def exported(path: Path, key: "str | None") -> Source:
    """Raises UserError, naming what `verify` found first."""
    try:
        sections = verify.verified(path.read_bytes(), (key,) if key else ())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error
    found = [words for section in sections for _, _, words in section.findings]
    if found or not sections:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise UserError(f"{path}: not as it was written, so nothing is settled on it: "
                        f"{found[0] if found else 'nothing in it'}{more}")
    return Exported(sections)
