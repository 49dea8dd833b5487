"""Meter with a P1 port: Dutch, Belgian, Luxembourg and Austrian meters send a telegram every 1 to 10 s.

Sign: 1.7.0 is drawn from the grid, 2.7.0 fed into it; the reading has their difference, + from the grid.
A meter of DSMR 4 and older speaks every 10 s: good for energies and as a sub-meter, too slow for the fuse of the
house connection. Encrypted telegrams (Luxembourg, Austria) need `keys`, a file of its own.
"""

from drivers import key_file, p1
from drivers.ciphers import gcm_open
from drivers.counters import Counters
from drivers.given import MOUNTING, ROLE, clock, counters, is_reversed, phases, whole, word
from drivers.heard_passport import of_p1
from drivers.meter_facts import CAPTURED, Facts
from drivers.obis import Entry
from drivers.p1 import Reader
from drivers.p1_sealed import DEFAULT_SECOND, SealedReader
from drivers.push_head import PushHead
from hal import values
from hal.options import integer, text
from hal.ports import Clock, Stream
from hal.values import Ability

LINES = ("p1",)
OPTIONS = (
    ROLE,
    MOUNTING,
    integer("sends_s", 1, 1, 60, "how often the meter sends, in s"),
    text("keys", "", 0, 255, "file of the keys of encrypted telegrams; none for plain ones"),
    text("key", "p1", 1, 64, "which of the keys in that file is this meter's"),
)
FAILSAFE = "nothing is ever written to a P1 port; the meter goes on counting without us"
METER = Facts("Meters with a P1 port: DSMR 2.2 to 5, Belgium, Luxembourg, Austria",
              "import, export, P, mostly U, I and P per phase", CAPTURED)

LATE_MS = 1_500  # beyond the meter's own period


def ability(options: "dict[str, object]") -> Ability:
    keys_of(options)
    return values.ability(word(options, "role"), settle_ms=0)


def keys_of(options: "dict[str, object]") -> "tuple[bytes, bytes] | None":
    """(encryption key, authentication key), None for a plain meter. Raises ValueError("option: what is allowed")."""
    path, name = word(options, "keys"), word(options, "key")
    if not path:
        return None
    try:
        known = key_file.keys(path)
    except ValueError as error:
        raise ValueError("keys: %s" % error) from error
    if name not in known:
        raise ValueError("key: no such name in %s; known are %s" % (path, ", ".join(sorted(known)) or "none"))
    pair = known[name]
    return pair[0], pair[1] if len(pair) > 1 else DEFAULT_SECOND


class P1Head(PushHead):
    """Waits for the newest whole telegram."""

    def __init__(self, stream: Stream, clock: Clock, wired: "tuple[int, ...]", turned: bool, sends_ms: int,
                 keys: "tuple[bytes, bytes] | None", counters: "Counters | None" = None) -> None:
        super().__init__(stream, clock, wired, turned, sends_ms + LATE_MS)
        self._reader: "Reader | SealedReader" = SealedReader(gcm_open, keys[0], keys[1], counters) \
            if keys else Reader()

    def frames(self, data: bytes) -> "list[tuple[Entry, ...]]":
        telegrams = self._reader.feed(data)
        if telegrams:
            self.measured = p1.measured(telegrams[-1])
            self.said = of_p1(telegrams[-1])
        return [p1.entries(telegram) for telegram in telegrams]

    def damaged(self) -> int:
        return self._reader.damaged


def build(port: Stream, options: "dict[str, object]") -> P1Head:
    return P1Head(port, clock(options), phases(options), is_reversed(options),
                  1_000 * whole(options, "sends_s"), keys_of(options), counters(options))
