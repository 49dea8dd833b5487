"""The curves on the disk: SQLite in WAL mode, one writer. Seconds for days, minutes for a year, quarter hours for ever.

Only seconds are written as they come, a minute at once; minutes and quarter hours are made of them when their hour or
day is over, or at the next start: a crash loses at most the minute that was not written yet.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from firmware.aside import put_aside
from firmware.decisions import DecisionTable
from firmware.history_chunk import LEVELS, SPANS, Chunk, Row, filled, pack, rolled, summary, unpack
from firmware.said import said
from firmware.transaction import is_damage

NAME, MEMORY = "history.sqlite", ":memory:"
BUSY_S = 2.0
DAY_S = 86_400
MOST_POINTS = 4_000
MOST_ROLLED = 50  # at once
LAYOUT = """
create table if not exists chunk (level integer not null, begin_s integer not null, data blob not null,
    primary key (level, begin_s)) without rowid;
"""


class HistoryStore:
    """Raises sqlite3.Error when the disk is full or gone; what stood before still stands."""

    def __init__(self, folder: "Path | None", damaged: bool = False) -> None:
        """A damaged file is put aside and a new one begun; `fault` says so. Raises OSError, sqlite3.Error.

        `folder` None: in memory, gone with us. `damaged`: it has just said so itself.
        """
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / NAME if folder else Path(MEMORY)
        self.fault: str = ""
        try:
            if damaged:
                raise sqlite3.DatabaseError("damaged")
            self._db = self._opened()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            aside = put_aside(self.path, "damaged")
            self._db = self._opened()
            self.fault = said("{} was damaged and has been put aside as {}", self.path, aside.name)

    def put(self, begin_s: int, seconds: Chunk) -> None:
        """One minute of seconds; what is there already stays."""
        found = self._found(1, begin_s)
        self._write(1, begin_s, filled(found, seconds) if found else seconds)

    def roll(self, now_s: int) -> bool:
        """Makes longer steps of the shorter ones whose hour or day is over; whether more is left to be made."""
        for part, level in itertools.pairwise(LEVELS):
            span = SPANS[level]
            begins = [row[0] for row in self._db.execute(
                "select distinct begin_s / ? * ? as at from chunk where level = ? and begin_s < ? "
                "and at not in (select begin_s from chunk where level = ?) order by at limit ?",
                (span, span, part, now_s // span * span, level, MOST_ROLLED))]
            for begin_s in begins:
                self._write(level, begin_s, self._rolled(level, begin_s))
            if len(begins) == MOST_ROLLED:
                return True
        return False

    def prune(self, now_s: int, seconds_days: int, minutes_days: int, most_bytes: int) -> None:
        """Away with what is old; and when it is still too much, with the oldest seconds, then minutes, day by day."""
        self.decisions.prune(now_s - minutes_days * DAY_S, most_bytes)
        for level, days in ((1, seconds_days), (60, minutes_days)):
            self._db.execute("delete from chunk where level = ? and begin_s < ?", (level, now_s - days * DAY_S))
        for level in (1, 60):
            while self.size() > most_bytes:
                oldest = self._db.execute("select min(begin_s) from chunk where level = ?", (level,)).fetchone()[0]
                if oldest is None or oldest > now_s - 2 * DAY_S:  # of these longer steps are still to be made
                    break
                self._db.execute("delete from chunk where level = ? and begin_s < ?", (level, oldest + DAY_S))

    def size(self) -> int:
        """Bytes in use within the file."""
        pages, free, each = (self._db.execute(f"pragma {word}").fetchone()[0]
                             for word in ("page_count", "freelist_count", "page_size"))
        return int((pages - free) * each)

    def names(self, from_s: int, to_s: int) -> "tuple[str, ...]":
        """Series there are anything of, as the newest chunk of that time knows them."""
        row = self._db.execute("select data from chunk where begin_s > ? and begin_s < ? order by begin_s desc limit 1",
                               (from_s - SPANS[LEVELS[-1]], to_s)).fetchone()
        return tuple(sorted(_known(row[0]))) if row else ()

    def read(self, names: "Sequence[str]", from_s: int, to_s: int, fresh: "Mapping[int, Chunk] | None" = None
             ) -> "tuple[int, int, dict[str, list[Row]]]":
        """(first step's time, step in s, rows by name) with at most MOST_POINTS steps; rows as in a chunk.

        `fresh`: minutes of seconds by their beginnings that are still to be `put`; told where seconds or minutes are.
        """
        level = next((level for level in LEVELS if (to_s - from_s) // level <= MOST_POINTS), LEVELS[-1])
        span, first_s = SPANS[level], from_s // level * level
        count = -(-(to_s - first_s) // level)
        out: "dict[str, list[Row]]" = {}
        more = _as_level(fresh or {}, level)
        for begin_s in sorted({*self._begins(first_s // span * span, to_s, span), *more}):
            chunk = filled(self._found(level, begin_s) or self._rolled(level, begin_s), more.get(begin_s, {}))
            for name in names:
                for index, values in enumerate(chunk.get(name, ())):
                    rows = out.setdefault(name, [])
                    if len(rows) <= index:
                        rows.append([None] * count)
                    for at, value in enumerate(values, (begin_s - first_s) // level):
                        if 0 <= at < count:
                            rows[index][at] = value
        factor = -(-count // MOST_POINTS)
        return first_s, level * factor, {name: _thinned(rows, factor) for name, rows in out.items()}

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")  # a power cut costs the newest minutes, never the file
            db.execute("pragma cache_size = -512")
            db.executescript(LAYOUT)
            self.decisions = DecisionTable(db)
            db.execute("select level from chunk limit 1").fetchone()
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _found(self, level: int, begin_s: int) -> "Chunk | None":
        row = self._db.execute("select data from chunk where level = ? and begin_s = ?", (level, begin_s)).fetchone()
        return _known(row[0]) if row else None

    def _begins(self, first_s: int, to_s: int, span: int) -> "list[int]":
        """Beginnings of those stretches of which there is anything at all."""
        rows = self._db.execute("select distinct begin_s / ? * ? from chunk where begin_s >= ? and begin_s < ?",
                                (span, span, first_s, to_s))
        return sorted({row[0] for row in rows})

    def _rolled(self, level: int, begin_s: int) -> Chunk:
        """From finer ones, which may themselves still have to be made."""
        if level == LEVELS[0]:
            return {}
        part_level = LEVELS[LEVELS.index(level) - 1]
        rows = self._db.execute("select begin_s, data from chunk where level = ? and begin_s >= ? and begin_s < ?",
                                (part_level, begin_s, begin_s + SPANS[level]))
        parts = {part_s: _known(data) for part_s, data in rows}
        if part_level != LEVELS[0]:
            span = SPANS[part_level]
            missing = self._db.execute(
                "select distinct begin_s / ? * ? from chunk where level = ? and begin_s >= ? and begin_s < ?",
                (span, span, LEVELS[0], begin_s, begin_s + SPANS[level]))
            for part_s in [row[0] for row in missing if row[0] not in parts]:
                parts[part_s] = self._rolled(part_level, part_s)
        return rolled(level, begin_s, parts, part_level)

    def _write(self, level: int, begin_s: int, chunk: Chunk) -> None:
        self._db.execute("insert or replace into chunk values (?, ?, ?)", (level, begin_s, pack(chunk)))


def _as_level(fresh: "Mapping[int, Chunk]", level: int) -> "dict[int, Chunk]":
    """Minutes of seconds as chunks of seconds or of minutes; of quarter hours they are too little."""
    if level == LEVELS[0]:
        return dict(fresh)
    if level != LEVELS[1]:
        return {}
    hours: "dict[int, dict[int, Chunk]]" = {}
    for begin_s, chunk in fresh.items():
        hours.setdefault(begin_s // SPANS[level] * SPANS[level], {})[begin_s] = chunk
    return {hour_s: rolled(level, hour_s, parts, LEVELS[0]) for hour_s, parts in hours.items()}


def _thinned(rows: "list[Row]", factor: int) -> "list[Row]":
    """Years at once: several steps as one."""
    if factor <= 1:
        return rows
    steps = [summary([row[at:at + factor] for row in rows], len(rows) == 1) for at in range(0, len(rows[0]), factor)]
    return [list(row) for row in zip(*steps)]


def _known(data: bytes) -> Chunk:
    """A chunk that cannot be read is as if it were not there: the others still are."""
    try:
        return unpack(data)
    except (ValueError, TypeError):  # TypeError: what was spoiled is no blob any more
        return {}
