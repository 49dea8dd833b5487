"""Ripple-control receiver: four contacts that limit the feed-in to 100, 60, 30 or 0 % of the installed power.

Source: grid operators' technical conditions for section 9 EEG. Exactly one of them is closed; of two the lower counts.
While none is, a wire is broken or the receiver is: what counts then its owner states (`open`). One whose 100 % contact
is not wired has `open = "free"`.
"""

from drivers.contact_input import NOT_WIRED, WIRED, ContactInput, installed_w, wired
from drivers.given import whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from hal.options import choice, integer
from hal.ports import Board
from hal.values import Ability
from hal.values import ability as able

LINES = ("gpio",)
FAILSAFE = "only looked at; while its contacts cannot be read nothing is fed in, unless open is free"
LOAD = LoadFacts("Ripple-control receivers: 100, 60, 30, 0 %", "contacts", "what they demand", "nothing: obeyed",
                 "none", STANDARD)
HOUSE = True  # its ceilings follow from the whole house: option generator_w

STAGES = (100, 60, 30, 0)  # per cent
OPTIONS = (
    integer("pin_100", -1, -1, 27, "GPIO of the contact for 100 %; -1: not wired"),
    integer("pin_60", None, 0, 27, "GPIO of the contact for 60 %"),
    integer("pin_30", None, 0, 27, "GPIO of the contact for 30 %"),
    integer("pin_0", None, 0, 27, "GPIO of the contact for 0 %"),
    choice("open", "limited", ("limited", "last", "free"), "what counts while none is closed: 0 %, the last, or 100 %"),
) + WIRED
PINS = ("pin_100", "pin_60", "pin_30", "pin_0")
FREE, LOST = "free", "0!"


class RippleReceiver(ContactInput):
    def __init__(self, port: Board, options: "dict[str, object]") -> None:
        found = wired(options, PINS)
        super().__init__(port, tuple([found[key] for key in PINS if key in found]), options)
        self._stages = tuple([stage for stage, key in zip(STAGES, PINS) if key in found])
        self._open = word(options, "open")
        self._last = LOST  # before the first

    def meaning(self, closed: "tuple[bool, ...]") -> str:
        stages = [stage for stage, one in zip(self._stages, closed) if one]
        if stages:
            self._last = FREE if min(stages) == 100 else str(min(stages))
            return self._last
        return FREE if self._open == "free" else self._last if self._open == "last" else LOST


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    wired(options, PINS)
    free = word(options, "open") == "free"
    if whole(options, "pin_100") == NOT_WIRED and not free:
        raise ValueError('open: without a contact for 100 % none is closed most of the time; allowed is "free"')
    all_w = installed_w(options, "pin_60")
    signals = [(str(stage), "produce", all_w * stage // 100, not free) for stage in STAGES[1:]]
    return able("signal", signals=tuple(signals), settle_ms=0)


def build(port: Board, options: "dict[str, object]") -> RippleReceiver:
    return RippleReceiver(port, options)
