"""Data sets of IEC 62056-21, the text that D0 heads and P1 ports send: lines of `address(value*unit)`.

What is not understood stays the text it is. A number counts only with a unit that is known: a meter that
leaves it out may mean Wh or kWh, and neither is guessed. Seven data bits with even parity and eight bits
without are told apart by the bytes themselves, so that a port is always opened with eight.
"""

from collections import namedtuple

from drivers.obis import AMPERE, CUBIC_METRE, HERTZ, JOULE, VAR, VAR_HOUR, VOLT, WATT, WATT_HOUR, Entry
from drivers.quantity import Quantity, decimal

# as written on the wire: (DLMS unit, power of ten)
UNITS = {
    "Wh": (WATT_HOUR, 0), "kWh": (WATT_HOUR, 3), "KWH": (WATT_HOUR, 3), "MWh": (WATT_HOUR, 6),
    "W": (WATT, 0), "kW": (WATT, 3), "KW": (WATT, 3), "var": (VAR, 0), "kvar": (VAR, 3),
    "varh": (VAR_HOUR, 0), "kvarh": (VAR_HOUR, 3), "A": (AMPERE, 0), "V": (VOLT, 0), "Hz": (HERTZ, 0),
    "m3": (CUBIC_METRE, 0), "dm3": (CUBIC_METRE, -3), "GJ": (JOULE, 9), "MJ": (JOULE, 6),
}
_LETTERS = {"C": 96, "F": 97, "L": 98, "P": 99}  # IEC 62056-61: letters in the place of a group


class DataError(ValueError):
    """The text is no data block: a parenthesis without its fellow, or a character that is not printed."""


class Line(namedtuple("Line", ("address", "values"))):
    """One data set as sent; `values` are the texts between the parentheses."""

    __slots__ = ()
    address: str
    values: "tuple[str, ...]"


def plain(data: bytes) -> "bytes | None":
    """The text without its parity bits; None when a parity bit is wrong."""
    if not any(byte & 0x80 for byte in data):
        return data
    if any(_odd(byte) for byte in data):
        return None
    return bytes([byte & 0x7F for byte in data])


def with_parity(text: bytes) -> bytes:
    """Seven bits and an even parity bit, as 7E1 is on the wire."""
    return bytes([byte | 0x80 if _odd(byte) else byte for byte in text])


def lines(block: bytes) -> "tuple[Line, ...]":
    """Every data set of a block. A line that begins with a value goes on with the one before. Raises DataError."""
    out: "list[Line]" = []
    for row in block.replace(b"\r", b"\n").split(b"\n"):
        if any(byte < 0x20 or byte > 0x7E for byte in row):
            raise DataError("a character that is not printed")
        _row(str(row, "ascii").strip(), out)
    return tuple(out)


def _row(text: str, out: "list[Line]") -> None:
    at = 0
    while at < len(text):
        opened = text.find("(", at)
        address = (text[at:] if opened < 0 else text[at:opened]).strip()
        if ")" in address:
            raise DataError("a parenthesis without its fellow")
        if opened < 0:
            out.append(Line(address, ()))
            return
        closed = text.find(")", opened)
        if closed < 0 or text.find("(", opened + 1, closed) >= 0:
            raise DataError("a parenthesis without its fellow")
        value = text[opened + 1:closed]
        if address or not out:
            out.append(Line(address, (value,)))
        else:
            out[-1] = Line(out[-1].address, out[-1].values + (value,))
        at = closed + 1


def value_of(text: str) -> "tuple[Quantity, int] | None":
    """(number, DLMS unit) of "00123.4*kWh"; None without a number or a known unit."""
    digits, _, unit = text.partition("*")
    number, known = decimal(digits), UNITS.get(unit.strip())
    if number is None or known is None:
        return None
    return Quantity(number.value, number.scaler + known[1]), known[0]


def obis_of(address: str) -> "bytes | None":
    """Six bytes of 1-0:1.8.0*255, of the short 1.8.0 (electricity, now) and of 1.8.0*01 (a stored value)."""
    medium, channel, rest = 1, 0, address
    if ":" in address:
        head, _, rest = address.partition(":")
        first, _, second = head.partition("-")
        medium, channel = _group(first), _group(second)
    rest, _, stored = rest.replace("&", "*").partition("*")
    groups = [_group(part) for part in rest.split(".")]
    if len(groups) == 2:
        groups.append(255)
    groups = [medium, channel] + groups + [_group(stored) if stored else 255]
    return bytes(groups) if len(groups) == 6 and min(groups) >= 0 else None


def entries(block: "tuple[Line, ...]") -> "tuple[Entry, ...]":
    """The numbers among them, by their OBIS name; without what stands behind another value, as a time does."""
    out = []
    for line in block:
        obis = obis_of(line.address)
        found = value_of(line.values[0]) if line.values else None
        if obis is not None and found is not None:
            out.append(Entry(obis, None, found[1], found[0].scaler, found[0].value, 0))
    return tuple(out)


def text_of(block: "tuple[Line, ...]", *names: str) -> "str | None":
    """The first value of the first line of one of these short names ("96.1.1") that is not empty."""
    for name in names:
        wanted = obis_of(name)
        for line in block:
            obis = obis_of(line.address)
            if obis is not None and wanted is not None and obis[2:5] == wanted[2:5] and obis[1] == 0 \
                    and line.values and line.values[0]:
                return line.values[0]
    return None


def _group(text: str) -> int:
    """0 to 255; -1 for what is no group."""
    if text in _LETTERS:
        return _LETTERS[text]
    if not 0 < len(text) <= 3 or not all(letter in "0123456789" for letter in text):
        return -1
    value = int(text)
    return value if value <= 255 else -1


def _odd(byte: int) -> int:
    byte ^= byte >> 4
    byte ^= byte >> 2
    return (byte ^ byte >> 1) & 1
