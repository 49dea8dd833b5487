"""How long one who was wrong must wait before the next try: nothing at first, then twice as long each time.

Kept for a bounded number of keys; who has failed longest ago is forgotten first.
"""

from collections import OrderedDict
from typing import NamedTuple

FORGET_S = 3_600


class Failures(NamedTuple):
    tries: int
    until_s: float  # no try before
    newest_s: float


class Pace:
    """`free` tries without waiting, then `first_s`, doubling up to `most_s`; an hour without a failure forgets."""

    def __init__(self, free: int, first_s: int, most_s: int, most_keys: int) -> None:
        self._free, self._first_s, self._most_s, self._most_keys = free, first_s, most_s, most_keys
        self._found: "OrderedDict[str, Failures]" = OrderedDict()

    def wait_s(self, key: str, now_s: float) -> int:
        """Seconds until this one may try, rounded up; 0 = now."""
        found = self._found.get(key)
        return 0 if found is None or now_s >= found.until_s else int(found.until_s - now_s) + 1

    def tried(self, key: str, now_s: float) -> None:
        """Counted before it is known how it ends, so that many at once are not one."""
        found = self._found.pop(key, None)
        if found is None or now_s - found.newest_s >= FORGET_S:
            found = Failures(0, 0.0, now_s)
        count = found.tries + 1
        beyond = count - self._free
        pause_s = 0 if beyond < 0 else min(self._first_s << min(beyond, 20), self._most_s)
        self._found[key] = Failures(count, now_s + pause_s, now_s)
        while len(self._found) > self._most_keys:
            self._found.popitem(last=False)

    def well(self, key: str, wholly: bool) -> None:
        """It was right. `wholly`: all of its failures are forgiven, else this one try is not counted."""
        found = self._found.pop(key, None)
        if found is not None and not wholly and found.tries > 1:
            self._found[key] = Failures(found.tries - 1, 0.0, found.newest_s)

    def __len__(self) -> int:
        return len(self._found)
