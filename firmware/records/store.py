"""The records on the disk: SQLite in WAL mode with a full sync, one writer.

After a power cut the file is as after one of the commits. Whatever belongs together is one transaction, so nothing is
there by half. Lines are packed (zlib): a third of the space. The newest line is read back at each opening, and a chain
goes on where it stood.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from drivers.signing import Signer
from firmware.aside import put_aside
from firmware.records.chain import EMPTY, LOGS, Draft, Head, key_id, line_hash, opened, sealed
from firmware.records.clock import UNKNOWN
from firmware.said import said
from firmware.transaction import is_damage, once

NAME = "records.sqlite"
BUSY_S = 2.0
NO_CLOCK = f'"clock":"{UNKNOWN}"'  # as a line has it
# one step of the layout after the other; a step that was released is never changed
LAYOUTS = ("""
create table record (log text not null, n integer not null, kind text not null, utc_s integer not null,
    line blob not null, primary key (log, n));
create index record_kind on record (log, kind, utc_s);
create table head (log text primary key, n integer not null, hash text not null) without rowid;
create table signer (id text primary key, public text not null) without rowid;
""",)


class TooNew(Exception):
    """The file was written by a later version; it is not touched."""


class Store:
    """Raises sqlite3.Error when the disk is full or gone; what stood before still stands."""

    def __init__(self, folder: Path, connect: "type[sqlite3.Connection]" = sqlite3.Connection,
                 doubted: bool = False) -> None:
        """A damaged file is put aside and a new chain begun. Raises OSError, sqlite3.Error, TooNew.

        `doubted`: it has just said that it is damaged; all of it is read (seconds).
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME
        self._connect = connect
        self._doubted = doubted
        self.fault = ""
        self._identity: "tuple[int, int] | None" = None
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            aside = put_aside(self.path, "damaged")
            self._doubted = False
            self._open()
            self.fault = said("{} was damaged and has been put aside as {}", self.path, aside.name)

    def _open(self) -> None:
        self._db = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, factory=self._connect,
                                   check_same_thread=False)
        try:
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.execute("pragma secure_delete = on")  # what retention deletes is gone from the file
            if self._doubted and self._db.execute("pragma quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("quick_check found damage")
            self._migrate()
            self._heads = {row[0]: Head(row[1], row[2]) for row in self._db.execute("select log, n, hash from head")}
            for log, head in self._heads.items():
                self._check(log, head)
                if self._doubted:
                    self._check_all(log)
            self._identity = _identity(self.path)
        except BaseException:
            self._db.close()
            raise

    def _migrate(self) -> None:
        version = int(self._db.execute("pragma user_version").fetchone()[0])
        if version > len(LAYOUTS):
            raise TooNew(f"{self.path} was written by a later version (layout {version}, known are {len(LAYOUTS)})")
        for number, layout in enumerate(LAYOUTS[version:], version + 1):
            with once(self._db):
                for statement in layout.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"pragma user_version = {number}")

    def _check(self, log: str, head: Head) -> None:
        row = self._db.execute("select line from record where log = ? and n = ?", (log, head.n)).fetchone()
        if row is None or line_hash(unpacked(row[0])) != head.hash:
            raise sqlite3.DatabaseError(f"{log}: the newest record is not what was written")

    def _check_all(self, log: str) -> None:
        before = None
        for n, blob in self._db.execute("select n, line from record where log = ? order by n", (log,)):
            line = unpacked(blob)
            if before is not None and f'"prev":"{before}"' not in line:
                raise sqlite3.DatabaseError(f"{log}: record {n} does not follow the one before")
            before = line_hash(line)

    def close(self) -> None:
        self._db.close()

    def gone(self) -> bool:
        """Whether another file stands in its place, or none: what is written would be found by nobody."""
        return _identity(self.path) != self._identity

    def head(self, log: str) -> Head:
        return self._heads.get(log, EMPTY)

    def append(self, drafts: "Sequence[Draft]", signer: Signer) -> None:
        """All of them, in this order, or none."""
        heads = dict(self._heads)
        with once(self._db):
            for draft in drafts:
                assert draft.log in LOGS
                if draft.kind == "deletion":
                    self._db.execute("delete from record where log = ? and n <= ?", (draft.log, draft.data["through"]))
                line, heads[draft.log] = sealed(heads.get(draft.log, EMPTY), draft, signer)
                self._db.execute("insert into record values (?, ?, ?, ?, ?)", (
                    draft.log, heads[draft.log].n, draft.kind, draft.stamp.utc_ms // 1_000, packed(line)))
            self._db.execute("insert or ignore into signer values (?, ?)", (key_id(signer.public), signer.public.hex()))
            self._db.executemany("insert or replace into head values (?, ?, ?)", [
                (log, *head) for log, head in heads.items()])
        self._heads = heads

    def newest(self, log: str, kind: str, most: int) -> "list[str]":
        """Lines of a kind, the newest first."""
        rows = self._db.execute("select line from record where log = ? and kind = ? order by n desc limit ?",
                                (log, kind, most))
        return [unpacked(row[0]) for row in rows]

    def each(self, log: str, kind: str) -> "Iterator[str]":
        """All lines of a kind, the oldest first. Nothing may be appended meanwhile."""
        rows = self._db.execute("select line from record where log = ? and kind = ? order by n", (log, kind))
        return (unpacked(row[0]) for row in rows)

    def newest_key(self, log: str) -> str:
        """The fingerprint of who signed the newest record, "" while there is none."""
        row = self._db.execute("select line from record where log = ? and n = ?", (log, self.head(log).n)).fetchone()
        return "" if row is None else str(opened(unpacked(row[0]))["key"])

    def newest_number(self, log: str, kind: str) -> int:
        """0: there is none."""
        row = self._db.execute("select max(n) from record where log = ? and kind = ?", (log, kind)).fetchone()
        return int(row[0] or 0)

    def older(self, log: str, utc_s: int, most: int) -> "tuple[int, str] | None":
        """(n, line) of the last of the oldest `most` records, all made before this time; never the newest; or None.

        What a record without a clock says of its time counts for nothing: it is as old as the next that had one.
        """
        found = before = None
        count, newest = 0, self.head(log).n
        for n, made_s, blob in self._db.execute("select n, utc_s, line from record where log = ? order by n", (log,)):
            one = int(n), unpacked(blob)
            if NO_CLOCK not in one[1]:
                if made_s >= utc_s or count == most:
                    break
                found, count = (before if n == newest else one), count + 1
            before = one
        return found

    def size_bytes(self) -> int:
        pages, free, size = (int(self._db.execute(f"pragma {what}").fetchone()[0])
                             for what in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * size


def _identity(path: Path) -> "tuple[int, int] | None":
    try:
        told = os.stat(path)
    except OSError:
        return None
    return told.st_dev, told.st_ino


def packed(line: str) -> bytes:
    return zlib.compress(line.encode("ascii"), 6)


def unpacked(blob: bytes) -> str:
    """Raises sqlite3.DatabaseError: it is the file that is damaged."""
    try:
        return zlib.decompress(blob).decode("ascii")
    except (zlib.error, UnicodeDecodeError, TypeError) as error:
        raise sqlite3.DatabaseError(f"a record cannot be read: {error}") from error


def reader(folder: Path) -> sqlite3.Connection:
    """For a program beside the one writer, or of a backup (a file). Raises sqlite3.Error when there are no records."""
    path = (folder if folder.is_file() else folder / NAME).resolve()
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_S)
