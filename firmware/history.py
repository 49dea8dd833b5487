"""The house's curves: what was published, second by second, kept by a thread of its own.

The cycle only hands over its pairs. A second nobody published in is null; while the clock is not set nothing is kept,
for nobody would find it again.
"""

import json
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from firmware.decisions import MOST_TOLD, Changes, Entry, Wanted
from firmware.history_chunk import Chunk
from firmware.history_store import HistoryStore
from firmware.said import said
from firmware.topics import Pairs
from firmware.transaction import is_damage

LEAST_WALL_S = 1_735_689_600  # 2025: before, the clock is not set
MOST_SERIES = 800
MOST_WAITING = 60  # minutes that could not be written yet
MOST_SEEN = 900
MOST_DECIDED = 5_000
TURN_S = 1.0
UNSET = said("the clock is not set, nothing is kept")
STOP_S = 5.0
MEGABYTE = 1_000_000
FIELDS = {
    "state": ("power_w", "soc_permille", "temperature_mdegc"), "decision": ("granted_w", "reason"),
    "energy": ("import_wh", "export_wh"),
}
SETTINGS = ("import_price", "export_price", "ceiling_w")  # of the house
SITE = ("grid_w", "pv_w", "storage_w", "house_w", "cars_w", "heat_w", "surplus_w")
ROWS = ("values", "least", "most")
COUNTED = ("import_wh", "export_wh")  # once a minute is enough


class History:
    """`fault` says in words why nothing is kept, "" while it is. `folder` None: it lives as long as we do."""

    def __init__(self, folder: "Path | None", seconds_days: int, minutes_days: int, most_mb: int,
                 wall_s: "Callable[[], float]" = time.time) -> None:
        self.fault: str = ""
        self._folder = folder
        self._bounds = (seconds_days, minutes_days, most_mb * MEGABYTE)
        self._wall_s = wall_s
        self._seen: "deque[tuple[int, Pairs]]" = deque(maxlen=MOST_SEEN)
        self._store: "HistoryStore | None" = None
        self._lock = threading.Lock()  # of the store, and of what is not in it yet
        self._minute_s = 0
        self._minute: Chunk = {}
        self._waiting: "deque[tuple[int, Chunk]]" = deque(maxlen=MOST_WAITING)
        self._hour_s = 0
        self._changes = Changes()
        self._decided: "deque[Entry]" = deque(maxlen=MOST_DECIDED)  # not on the disk yet
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, pairs: Pairs) -> None:
        """Returns at once."""
        now_s = int(self._wall_s())
        if not self._seen or self._seen[-1][0] != now_s:
            self._seen.append((now_s, pairs))

    def stop(self) -> None:
        """Writes the minute that has begun."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def read(self, names: "Sequence[str]", from_s: int, to_s: int) -> "dict[str, Any]":
        """Curves as the API tells them. Raises sqlite3.Error, OSError; a damaged file is put aside then."""
        try:
            return self._read(names, from_s, to_s)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._begin_anew()
            raise

    def _read(self, names: "Sequence[str]", from_s: int, to_s: int) -> "dict[str, Any]":
        with self._lock:
            store, fresh = self._opened(), self._fresh(from_s, to_s)
            if not names:
                known = {*store.names(from_s, to_s), *(name for chunk in fresh.values() for name in chunk)}
                return {"from_s": from_s, "to_s": to_s, "names": sorted(known)}
            first_s, step_s, found = store.read(names, from_s, to_s, fresh)
        return {"from_s": first_s, "step_s": step_s, "series": {
            name: dict(zip(ROWS if len(rows) > 1 else ROWS[:1], rows)) for name, rows in found.items()}}

    def _fresh(self, from_s: int, to_s: int) -> "dict[int, Chunk]":
        """By their beginnings, the minutes of that time that are not on the disk yet."""
        return {begin_s: chunk for begin_s, chunk in (*self._waiting, (self._minute_s, self._minute))
                if chunk and from_s - 60 < begin_s < to_s}

    def decisions(self, wanted: Wanted) -> "list[Entry]":
        """The newest first, bounded. Raises as `read`."""
        try:
            with self._lock:
                newest = [one for one in reversed(self._decided) if wanted.wants(one)]
                return (newest + self._opened().decisions.read(wanted))[:MOST_TOLD]
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._begin_anew()
            raise

    def turn(self) -> None:
        """Takes in what was handed over, and writes the minutes that are full."""
        while self._seen:
            now_s, pairs = self._seen.popleft()
            if now_s < LEAST_WALL_S:
                self.fault = UNSET
                continue
            with self._lock:
                if now_s // 60 * 60 != self._minute_s:
                    self._close_minute()
                    self._minute_s = now_s // 60 * 60
                self._take(now_s - self._minute_s, pairs)
                self._decided.extend(self._changes.feed(now_s, pairs))

    def write(self) -> None:
        """What waits, to the disk; of a disk that does not take it, the newest hour is kept for later."""
        if not self._waiting:
            return
        try:
            with self._lock:
                store = self._opened()
                while self._waiting:
                    store.put(*self._waiting[0])
                    self._waiting.popleft()
                if self._decided:
                    store.decisions.put(self._decided)
                    self._decided.clear()
                self._keep_house(store)
        except (sqlite3.Error, OSError) as error:
            self.fault = said("{}: not kept: {}", self._folder, error)
            if is_damage(error):
                self._begin_anew()
            return
        self.fault = store.fault

    def _run(self) -> None:
        while not self._stopping.wait(TURN_S):
            self.turn()
            self.write()
        self.turn()
        with self._lock:
            self._close_minute()
        self.write()
        if self._store is not None:
            self._store.close()

    def _begin_anew(self) -> None:
        """The file says that it is damaged."""
        with self._lock:
            if self._store is not None:
                self._store.close()
            try:
                self._store = HistoryStore(self._folder, damaged=True)
            except (sqlite3.Error, OSError):
                self._store = None

    def _opened(self) -> HistoryStore:
        if self._store is None:
            self._store = HistoryStore(self._folder)
        return self._store

    def _keep_house(self, store: HistoryStore) -> None:
        """Once an hour, and at the start; an hour is over when its last minute stands on the disk."""
        now_s = self._minute_s
        if now_s // 3_600 != self._hour_s and not store.roll(now_s):
            store.prune(now_s, *self._bounds)
            self._hour_s = now_s // 3_600

    def _take(self, second: int, pairs: Pairs) -> None:
        for topic, payload in pairs:
            place, _, part = topic.split("/", 2)[2].partition("/")
            if place.startswith("line_") or (part not in FIELDS and (place, part) != ("site", "settings")):
                continue
            for name, value in _values(place, part, json.loads(payload)):
                if name.endswith(COUNTED) and second % 60 < 55 and name in self._minute:
                    continue
                if name in self._minute or len(self._minute) < MOST_SERIES:
                    self._minute.setdefault(name, [[None] * 60])[0][second] = value

    def _close_minute(self) -> None:
        if self._minute:
            self._waiting.append((self._minute_s, self._minute))
            self._minute = {}


def readable(topic: str, payload: str) -> bool:
    """Whether a pair that somebody else has published can be added."""
    history = History(None, 1, 1, 1)
    try:
        history._take(0, ((topic, payload),))
        Changes().feed(0, ((topic, payload),))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return False
    return all(type(value) in (int, type(None)) for rows in history._minute.values() for row in rows for value in row)


def _values(place: str, part: str, state: "dict[str, Any]") -> "list[tuple[str, int]]":
    if place.startswith("node_"):
        measured = state["measured_ma"] or ()
        return [(f"{place}.l{phase}_ma", value) for phase, value in enumerate(measured, 1)]
    fields = FIELDS[part] if place != "site" else SETTINGS if part == "settings" else SITE
    return [(f"{place}.{field}", state[field]) for field in fields if state.get(field) is not None]
