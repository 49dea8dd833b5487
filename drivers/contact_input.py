"""Contacts of the grid operator on pins: looked at until they stand still, then said in words.

The words are those of `Ability.signals`, joined by "+"; "free" while nothing is demanded (control.operator).
"""

from drivers.deglitch import Deglitch
from drivers.given import clock, whole, word
from hal.faults import RANGE, DeviceError
from hal.options import choice, integer
from hal.ports import Board, Meter
from hal.values import Reading, reading

LOOK_MS = 10
MOST_MS = 1_000  # a contact that has not come to rest by then bounces, or its wire is loose
QUICK_MS = 200
TO_GROUND = "to-ground"
NOT_WIRED = -1

WIRED = (
    choice("closes", TO_GROUND, (TO_GROUND, "to-3v3"), "how they are wired: to ground, with the pin pulled up, or the "
                                                       "reverse"),
    # relays bounce for some milliseconds; a surge on a long line lasts less than 100
    integer("hold_ms", 100, 50, 200, "so long a contact must stand to count, in ms"),
)


class ContactInput(Meter):
    """A subclass says what they mean. Reading takes no longer than the contacts take to come to rest."""

    quick_ms = QUICK_MS

    def __init__(self, port: Board, pins: "tuple[int, ...]", options: "dict[str, object]") -> None:
        self._contacts = port.contacts(pins, (word(options, "closes") == TO_GROUND,) * len(pins))
        self._judges = tuple([Deglitch(whole(options, "hold_ms")) for _ in pins])
        self._clock = clock(options)

    def meaning(self, closed: "tuple[bool, ...]") -> str:
        raise NotImplementedError

    def read(self, now_ms: int) -> Reading:
        return reading(now_ms, state=self.meaning(self._steady()))

    def _steady(self) -> "tuple[bool, ...]":
        until_ms = self._clock.now_ms() + MOST_MS
        while True:
            now_ms = self._clock.now_ms()
            for judge, closed in zip(self._judges, self._look()):
                judge.look(closed, now_ms)
            if all([judge.settled() for judge in self._judges]):
                return tuple([judge.stands is True for judge in self._judges])
            if now_ms >= until_ms:
                raise DeviceError(RANGE, "a contact does not come to rest")
            self._clock.sleep_ms(LOOK_MS)

    def _look(self) -> "tuple[bool, ...]":
        try:
            return self._contacts.closed()
        except DeviceError:
            for judge in self._judges:
                judge.lost()
            raise


def wired(options: "dict[str, object]", keys: "tuple[str, ...]") -> "dict[str, int]":
    """Key -> pin of those that are wired; ValueError("key: ...") for one that is named twice, or when there is none."""
    out: "dict[str, int]" = {}
    for key in keys:
        pin = whole(options, key)
        if pin != NOT_WIRED:
            if pin in out.values():
                raise ValueError("%s: another of its contacts already has this pin" % key)
            out[key] = pin
    if not out:
        raise ValueError("%s: allowed is the pin of at least one contact (%s)" % (keys[0], ", ".join(keys)))
    return out


def installed_w(options: "dict[str, object]", key: str) -> int:
    """Installed power of all generators; ValueError when the configuration does not say it."""
    power_w = whole(options, "generator_w")
    if power_w <= 0:
        raise ValueError("%s: a share of the installed power; say that as generator_w in [site]" % key)
    return power_w
