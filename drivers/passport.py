"""What is known of one meter: who made it, which one it is, what it runs, and what its plate says.

`ask` tells what stands in its registers. A register this model has not got is None, as is one that holds nothing.
The rest of a passport is what the owner wrote into the configuration, never a default.
"""

from collections import namedtuple

from hal.faults import REFUSED, DeviceError
from hal.ports import Bus

TEXT = "text"  # ASCII, two characters a register
NUMBER = "number"  # unsigned, high word first
VERSION = "version"  # 4, 4 and 8 bits: 0x1203 is 1.2.3


class Passport(namedtuple("Passport", (
    "maker", "model", "serial", "firmware", "accuracy_class", "mid", "ct_ratio", "rated_ma", "checked",
))):
    """Each field as the device or the owner words it, None when it is not known."""

    __slots__ = ()
    maker: "str | None"
    model: "str | None"
    serial: "str | None"
    firmware: "str | None"
    accuracy_class: "str | None"
    mid: "str | None"
    ct_ratio: "str | None"
    rated_ma: "str | None"
    checked: "str | None"  # the day of the last check


FIELDS = ("maker", "model", "serial", "firmware", "accuracy_class", "mid", "ct_ratio", "rated_ma", "checked")
UNKNOWN = Passport(*(None,) * len(FIELDS))


class Tell(namedtuple("Tell", ("field", "function", "address", "words", "kind"))):
    """Where one field of the passport stands."""

    __slots__ = ()
    field: str
    function: int
    address: int
    words: int
    kind: str


def passport(said: "dict[str, str | None]") -> Passport:
    """A Passport of what was said; the rest is None."""
    return Passport(*tuple([said.get(field) for field in FIELDS]))


def ask(bus: Bus, unit: int, tells: "tuple[Tell, ...]") -> Passport:
    """Asks for each by itself; DeviceError when the device does not answer at all."""
    said: "dict[str, str | None]" = {}
    for tell in tells:
        try:
            words = bus.read(unit, tell.function, tell.address, tell.words)
        except DeviceError as error:
            if error.kind != REFUSED:
                raise
            continue
        said[tell.field] = _said(tell.kind, words)
    return passport(said)


def _said(kind: str, words: "tuple[int, ...]") -> "str | None":
    if kind == VERSION:
        word = words[0]
        return None if word in (0, 0xFFFF) else "%d.%d.%d" % (word >> 12, word >> 8 & 15, word & 255)
    return text(words) if kind == TEXT else number(words)


def text(words: "tuple[int, ...]") -> "str | None":
    """Printable ASCII up to the first NUL, without blanks around it; None when there is nothing else."""
    out = ""
    for word in words:
        for code in (word >> 8, word & 0xFF):
            if code == 0:
                return out.strip() or None
            if not 32 <= code < 127:
                return None
            out += chr(code)
    return out.strip() or None


def number(words: "tuple[int, ...]") -> "str | None":
    """None for the patterns of nothing: all zeros or all ones."""
    if all(word == 0 for word in words) or all(word == 0xFFFF for word in words):
        return None
    value = 0
    for word in words:
        value = value << 16 | word
    return str(value)
