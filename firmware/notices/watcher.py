"""Which troubles are worth a message, and when: once, after they have lasted, and once more when all is well again.

What flutters is one trouble until it was away for some minutes. In quiet hours only what is critical is told; the rest
waits for their end, and is not told at all if it has gone by then. Pure: time is an argument.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from firmware.advice import LANGUAGES
from firmware.troubles import Trouble

CRITICAL_MS = 15_000
AGAIN = ("is well again", "ist wieder in Ordnung")
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
    """`trouble`: its newest words; of the language of the messages alone what was kept over a restart."""

    trouble: Trouble
    since_ms: int
    newest_ms: int
    told: bool


class Watcher:
    def __init__(self, house: str, language: str, hold_ms: int, well_ms: int, quiet: "Quiet | None") -> None:
        self._house, self._at = house, LANGUAGES.index(language)
        self._hold_ms, self._well_ms, self._quiet = hold_ms, well_ms, quiet
        self._known: "dict[tuple[str, str], Known]" = {}

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
            elif now_ms - known.newest_ms >= self._well_ms and not (known.told and quiet):
                del self._known[key]
                out += [self._well(known.trouble)] if known.told else []
        return out

    def _lasting(self, known: Known, now_ms: int, quiet: bool) -> "list[Notice]":
        trouble = known.trouble
        hold_ms = min(CRITICAL_MS, self._hold_ms) if trouble.critical else self._hold_ms
        if known.told or now_ms - known.since_ms < hold_ms or (quiet and not trouble.critical):
            return []
        self._known[trouble.key] = known._replace(told=True)
        text = " ".join(words[self._at] for words in (trouble.means, trouble.todo) if words[self._at])
        return [Notice(f"{self._house}: {trouble.what[self._at]}"[:MOST_TITLE], text, trouble.critical, False)]

    def _well(self, trouble: Trouble) -> Notice:
        return Notice(f"{self._house}: {AGAIN[self._at]}"[:MOST_TITLE], trouble.what[self._at], trouble.critical, True)

    def told(self) -> "list[dict[str, object]]":
        """What people know of, to be kept over a restart."""
        return [{"key": list(key), "critical": known.trouble.critical, "what": known.trouble.what[self._at]}
                for key, known in self._known.items() if known.told]

    def remember(self, kept: object, now_ms: int) -> None:
        """What `told` said before a restart: it is not told again, and its end is. What is not understood is left."""
        for one in kept[:MOST] if isinstance(kept, list) else ():
            trouble = _remembered(one)
            if trouble is not None:
                self._known[trouble.key] = Known(trouble, now_ms, now_ms, True)


def _remembered(one: Any) -> "Trouble | None":
    try:
        kind, name = one["key"]
        what = one["what"][:MOST_TITLE]
        critical = one["critical"]
    except (TypeError, KeyError, ValueError):
        return None
    if not (isinstance(kind, str) and isinstance(name, str) and isinstance(what, str) and isinstance(critical, bool)):
        return None
    return Trouble((kind, name), critical, (what, what), ("", ""), ("", ""))


def quiet_hours(text: str) -> "Quiet | None":
    """"22:00-06:30"; "" for none. The pattern of the configuration has judged it."""
    if not text:
        return None
    begin, end = ([int(part) for part in time.split(":")] for time in text.split("-"))
    return Quiet(60 * begin[0] + begin[1], 60 * end[0] + end[1])
