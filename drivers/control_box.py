"""Control box of the grid operator (FNN): contacts that dim (section 14a EnWG) and limit the feed-in (section 9 EEG).

Source: VDE FNN's specification of the control box as the trade press tells it: W4 dims the controllable devices to what
the grid operator has to leave them; S1, S2 and W3 limit the feed-in to 60, 30 and 0 % of the installed power; several
at once mean the lowest. How a contact stands while it demands is agreed on site. A wire that breaks looks like an open
contact: so one that demands by opening (`.._demands = "open"`) is limited by that, and of a changeover contact whose
other side is wired too (`.._rest_pin`) it is found out, and said.
"""

from drivers.contact_input import WIRED, ContactInput, installed_w, wired
from drivers.given import whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from hal.options import Option, choice, integer
from hal.ports import Board
from hal.values import Ability
from hal.values import ability as able

LINES = ("gpio",)
FAILSAFE = "only looked at; while its contacts cannot be read all of them count as demanding, unless .._lost is free"
LOAD = LoadFacts("Control boxes of the grid operator: W4, S1, S2, W3", "contacts", "what they demand",
                 "nothing: obeyed", "none", STANDARD)
HOUSE = True  # its ceilings follow from the whole house: options generator_w and pmin_w
DIM = "w4"
STAGES = (("s1", 600), ("s2", 300), ("w3", 0))  # permille of the installed power
NAMES = (DIM, "s1", "s2", "w3")
MEANS = {DIM: "W4: dim", "s1": "S1: feed-in to 60 %", "s2": "S2: feed-in to 30 %", "w3": "W3: no feed-in"}


def _options(name: str) -> "tuple[Option, ...]":
    return (
        integer(name + "_pin", -1, -1, 27, "GPIO of %s; -1: not wired" % MEANS[name]),
        choice(name + "_demands", "closed", ("closed", "open"), "how it stands while it demands"),
        integer(name + "_rest_pin", -1, -1, 27, "GPIO of its other side, of a changeover contact: finds a broken wire"),
        choice(name + "_lost", "limited", ("limited", "free"), "what counts while its wire is broken, or not heard"),
    )


OPTIONS = (_options(DIM) + _options("s1") + _options("s2") + _options("w3") + (
    integer("dim_w", 0, 0, 100_000, "W4: most the controllable devices may take from the grid then, in W; 0: the least "
                                    "the grid operator has to leave this house (Pmin)"),
) + WIRED)
PINS = tuple([name + "_pin" for name in NAMES])
REST_PINS = tuple([name + "_rest_pin" for name in NAMES])


class ControlBox(ContactInput):
    def __init__(self, port: Board, options: "dict[str, object]") -> None:
        found = wired(options, PINS + REST_PINS)
        self._keys = tuple([key for key in PINS + REST_PINS if key in found])
        self._options = options
        super().__init__(port, tuple([found[key] for key in self._keys]), options)

    def meaning(self, closed: "tuple[bool, ...]") -> str:
        stands = dict([(key, one) for key, one in zip(self._keys, closed)])
        words = []
        for name in NAMES:
            here, rest = stands.get(name + "_pin"), stands.get(name + "_rest_pin")
            if here is None:
                continue
            if rest is not None and rest == here:
                words.append(name + "!")
            elif here == (word(self._options, name + "_demands") == "closed"):
                words.append(name)
        return "+".join(words) or "free"


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    found = wired(options, PINS + REST_PINS)
    for name in NAMES:
        if name + "_rest_pin" in found and name + "_pin" not in found:
            raise ValueError("%s_rest_pin: its contact is not wired; say %s_pin too" % (name, name))
    out = []
    if DIM + "_pin" in found:
        out.append((DIM, "consume", _dim_w(options), word(options, DIM + "_lost") == "limited"))
    for name, permille in STAGES:
        if name + "_pin" in found:
            power_w = installed_w(options, name + "_pin") * permille // 1_000
            out.append((name, "produce", power_w, word(options, name + "_lost") == "limited"))
    return able("signal", signals=tuple(out), settle_ms=0)


def _dim_w(options: "dict[str, object]") -> int:
    dim_w = whole(options, "dim_w") or whole(options, "pmin_w")
    if dim_w <= 0:
        raise ValueError("dim_w: no device of this house counts for section 14a, so nothing follows from them; allowed "
                         "are 1 to 100000")
    return dim_w


def build(port: Board, options: "dict[str, object]") -> ControlBox:
    return ControlBox(port, options)
