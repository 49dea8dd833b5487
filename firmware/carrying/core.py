"""Carrying: the newest frame of each meter in reach, still encrypted, once a period; no key is ever here.

No thread and no clock of its own. A period is a whole number of intervals since 1970 (UTC), so a day is a day however
often the gateway restarts; while the clock is not set, an interval is as long as it lasts.
"""

import json
import sqlite3
from collections.abc import Iterator

from firmware.carrying.recent import Recent
from firmware.carrying.spool import Kept, Part, Spool, is_damage

MOST_METERS = 250
MOST_FRAMES = 64  # in one message: 64 frames of 256 bytes are 41 kB, which every broker takes
LEAST_S, MOST_S, DAY_S = 900, 604_800, 86_400
CHECKPOINT_MS = 300_000  # what a power cut may cost; more often would wear a memory card
RETRY_MS = 60_000  # after a full disk
STRANGER_S = 7 * DAY_S  # a meter not heard for so long makes room for a new one
SET_CLOCK_S = 1_735_689_600  # 2025-01-01: before it a clock has not been set


class Carry:
    """`fault` says in words why nothing is kept on the disk, "" while it is."""

    def __init__(self, spool: Spool, interval_s: int, only: "frozenset[str]" = frozenset(),
                 most_meters: int = MOST_METERS, now_ms: int = 0, recent: "Recent | None" = None) -> None:
        """`interval_s` until another one was set from afar; `only`: ids of the meters to carry, empty for all;
        `recent`: what a killed life of ours has heard since its last checkpoint."""
        self.refused = 0  # frames of meters beyond the most
        self.fault = spool.fault
        self.interval_s = int(spool.get("interval_s", str(interval_s)))
        self._spool = spool
        self._only = only
        self._most = most_meters
        self._kept = spool.kept()
        self._last_s = spool.meters()
        self._changed: "set[str]" = set()
        self._gone: "set[str]" = set()
        self._saved_ms = self._shut_ms = now_ms
        self._recent = recent or Recent()
        self._number = int(spool.get("heard", "0"))  # of the newest frame
        self._done = 0  # number up to which all has been delivered, should the disk not take it
        for number, kept, utc_s in self._recent.frames():
            if number > self._number and self._wanted(kept.meter, utc_s):
                self._take(number, kept, utc_s)

    def hear(self, meter: str, frame: bytes, utc_s: int, rssi_dbm: "int | None") -> None:
        """`meter` is its whole name ("KAM-12345678-1B-16")."""
        if self._wanted(meter, utc_s):
            kept = Kept(meter, frame, utc_s if utc_s >= SET_CLOCK_S else None, rssi_dbm)
            self._take(self._number + 1, kept, utc_s)
            self._recent.add(self._number, kept, utc_s)

    def _wanted(self, meter: str, utc_s: int) -> bool:
        if self._only and meter.split("-")[1] not in self._only:
            return False
        if meter not in self._last_s and not self._room(utc_s):
            self.refused += 1
            return False
        return True

    def _take(self, number: int, kept: Kept, utc_s: int) -> None:
        self._number = number
        self._last_s[kept.meter] = utc_s
        self._gone.discard(kept.meter)
        self._kept[kept.meter] = kept
        self._changed.add(kept.meter)

    def tick(self, utc_s: int, now_ms: int) -> None:
        """Ends a period when it is over, and keeps what is new on the disk now and then."""
        try:
            if self._due(utc_s, now_ms):
                self._shut(utc_s, now_ms)
            elif now_ms - self._saved_ms >= (RETRY_MS if self.fault else CHECKPOINT_MS):
                self.save(now_ms)
        except sqlite3.Error as error:
            self.failed(error)
            self._saved_ms = now_ms

    def failed(self, error: sqlite3.Error) -> None:
        """What waited in a file that turns out to be damaged is lost with it; the newest of each meter is not."""
        self.fault = f"spool: {error}"
        if not is_damage(error):
            return
        try:
            self._spool.renew()
            self._spool.put("interval_s", str(self.interval_s))
        except (OSError, sqlite3.Error) as again:
            self.fault = f"spool: {again}"
            return
        self.fault, self._done = self._spool.fault, 0
        self._changed.update(self._kept)

    def save(self, now_ms: int) -> None:
        """Raises sqlite3.Error; nothing is lost by that."""
        self._saved_ms = now_ms
        rows = [self._kept[name] for name in sorted(self._changed) if name in self._kept]
        if rows or self._gone:
            self._spool.keep(rows, {row.meter: self._last_s[row.meter] for row in rows}, self._gone, self._number)
        self._recent.clear()
        self._changed.clear()
        self._gone.clear()
        self.fault = ""

    def first(self) -> "Part | None":
        """What is to be delivered next. Deliver it, then say `delivered`; after a crash it comes again, the same."""
        return self._spool.first(self._done)

    def delivered(self, number: int) -> None:
        """Raises sqlite3.Error when that cannot be kept; it does not come again as long as we live."""
        self._done = number
        self._spool.delivered(number)

    def set_interval(self, text: str) -> str:
        """From afar; "" when it was taken, else why not."""
        try:
            interval_s = int(text)
        except ValueError:
            return f"no whole number; allowed are {LEAST_S} to {MOST_S} s"
        if not LEAST_S <= interval_s <= MOST_S:
            return f"allowed are {LEAST_S} to {MOST_S} s"
        if interval_s == self.interval_s:
            return ""  # said again, as a retained message is at each connection: the period goes on
        try:
            self._spool.put("interval_s", str(interval_s))
            self._spool.put("period", "")  # periods of another length begin anew
        except sqlite3.Error as error:
            return f"not kept: {error}"
        self.interval_s = interval_s
        return ""

    def state(self) -> "dict[str, object]":
        spool: "dict[str, object]" = {"series": None, "waiting": None, "lost": None}
        try:
            spool = {"series": self._spool.series, "waiting": self._spool.waiting(),
                     "lost": int(self._spool.get("lost", "0"))}
        except sqlite3.Error as error:
            self.failed(error)
        return {**spool, "interval_s": self.interval_s, "meters": len(self._last_s), "kept": len(self._kept),
                "refused": self.refused, "fault": self.fault or None}

    def _room(self, utc_s: int) -> bool:
        if len(self._last_s) < self._most:
            return True
        stranger = min(self._last_s, key=lambda name: self._last_s[name])
        if utc_s - self._last_s[stranger] < STRANGER_S:
            return False
        del self._last_s[stranger]
        self._gone.add(stranger)
        return True

    def _due(self, utc_s: int, now_ms: int) -> bool:
        if utc_s < SET_CLOCK_S:
            return now_ms - self._shut_ms >= 1_000 * self.interval_s
        last = self._spool.get("period", "")
        if not last:
            self._spool.put("period", str(utc_s // self.interval_s))
            return False
        return int(last) != utc_s // self.interval_s

    def _shut(self, utc_s: int, now_ms: int) -> None:
        rows = [self._kept[name] for name in sorted(self._kept)]
        self._spool.shut(rows, list(_payloads(rows, self._spool.series, utc_s)), utc_s // self.interval_s,
                         {row.meter: self._last_s[row.meter] for row in rows if row.meter in self._last_s}, self._gone,
                         self._number)
        self._recent.clear()
        for row in rows:
            del self._kept[row.meter]
        self._shut_ms = self._saved_ms = now_ms
        self._changed.clear()
        self._gone.clear()
        self.fault = ""


def _payloads(rows: "list[Kept]", series: str, utc_s: int) -> "Iterator[tuple[str, int]]":
    """JSON with a place for its number, and how many frames it holds."""
    for at in range(0, len(rows), MOST_FRAMES):
        part = rows[at:at + MOST_FRAMES]
        frames = json.dumps([{"meter": row.meter, "heard_s": row.heard_s, "rssi_dbm": row.rssi_dbm,
                              "frame": row.frame.hex()} for row in part], separators=(",", ":"))
        closed = utc_s if utc_s >= SET_CLOCK_S else None
        head = f'{{"series":"{series}","number":%d,"closed_s":{json.dumps(closed)},"frames":'
        yield head + frames + "}", len(part)
