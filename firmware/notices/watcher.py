"""Which troubles are worth a message, and when: once, after they have lasted, and once more when all is well again.

What flutters is one trouble until it was away for five minutes. In quiet hours only what is critical is told; the rest
waits for their end, and is not told at all if it has gone by then. Pure: time is an argument.
"""

from collections.abc import Iterable
from typing import NamedTuple

from firmware.notices.advice import AGAIN, LANGUAGES, Trouble

CRITICAL_MS = 15_000
CLEAR_MS = 300_000
MOST = 200  # troubles at once
MOST_TITLE = 120


class Quiet(NamedTuple):
    """Minutes of the day; over midnight when it begins later than it ends."""

    begin: int
    end: int

    def holds(self, minute: int) -> bool:
        if self.begin <= self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


class Notice(NamedTuple):
    """A message to people."""

    title: str
    text: str
    critical: bool
    well: bool


class Known(NamedTuple):
    trouble: Trouble
    since_ms: int
    newest_ms: int
    told: bool


class Watcher:
    def __init__(self, house: str, language: str, hold_ms: int, quiet: "Quiet | None") -> None:
        self._house, self._language = house, language
        self._hold_ms, self._quiet = hold_ms, quiet
        self._known: "dict[tuple[str, object], Known]" = {}

    def feed(self, troubles: "Iterable[Trouble]", now_ms: int, minute: int) -> "list[Notice]":
        """`minute`: of the local day."""
        quiet = self._quiet is not None and self._quiet.holds(minute)
        here = {trouble.key: trouble for trouble in troubles}
        for key, trouble in here.items():
            if key in self._known or len(self._known) < MOST:
                before = self._known.get(key, Known(trouble, now_ms, now_ms, False))
                self._known[key] = before._replace(trouble=trouble, newest_ms=now_ms)
        out = []
        for key, known in tuple(self._known.items()):
            if key in here:
                out += self._lasting(known, now_ms, quiet)
            elif now_ms - known.newest_ms >= CLEAR_MS and not (known.told and quiet):
                del self._known[key]
                out += [self._well(known.trouble)] if known.told else []
        return out

    def _lasting(self, known: Known, now_ms: int, quiet: bool) -> "list[Notice]":
        trouble = known.trouble
        hold_ms = min(CRITICAL_MS, self._hold_ms) if trouble.critical else self._hold_ms
        if known.told or now_ms - known.since_ms < hold_ms or (quiet and not trouble.critical):
            return []
        self._known[trouble.key] = known._replace(told=True)
        return [Notice(f"{self._house}: {trouble.what}"[:MOST_TITLE], trouble.advice, trouble.critical, False)]

    def _well(self, trouble: Trouble) -> Notice:
        again = AGAIN[LANGUAGES.index(self._language)]
        return Notice(f"{self._house}: {again}"[:MOST_TITLE], trouble.what, trouble.critical, True)


def quiet_hours(text: str) -> "Quiet | None":
    """"22:00-06:30"; "" for none. The pattern of the configuration has judged it."""
    if not text:
        return None
    begin, end = ([int(part) for part in time.split(":")] for time in text.split("-"))
    return Quiet(60 * begin[0] + begin[1], 60 * end[0] + end[1])
