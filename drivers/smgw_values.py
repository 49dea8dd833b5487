"""What a smart-meter gateway tells of its meters, the same for every maker: OBIS name, number, unit, time, status."""

from collections import namedtuple

from drivers import obis_measured
from drivers.obis import CUBIC_METRE, JOULE, WATT_HOUR, Entry, number
from drivers.obis_reading import reading_of
from hal.measured import OWN_CLOCK, Measured
from hal.values import Reading, reading

MOST_VALUES = 512  # of all meters of a gateway
MOST_DIGITS = 18
LEAST_SCALER, MOST_SCALER = -9, 9
INVALID = "invalid"  # the gateway itself says that the value is not valid
ELECTRICITY = 1
# first number of an OBIS name, IEC 62056-6-1 table 2; with the C of the counter at its base conditions
_OTHERS = {5: ("cooling", 1), 6: ("heat", 1), 7: ("gas", 3), 8: ("water", 1), 9: ("warm water", 1)}


class Value(namedtuple("Value", ("meter", "entry", "time", "status"))):
    """One number of one meter, as the gateway keeps it: up to 15 minutes old."""

    __slots__ = ()
    meter: str  # its number as the gateway writes it: "1emh0012345678"
    entry: Entry
    time: "str | None"  # when the gateway captured it, ISO 8601
    status: "tuple[str, ...]"  # INVALID, or status words as they came


def entry(name: "bytes | None", value: object, scaler: object, unit: object) -> "Entry | None":
    """Of numbers or digits; None for what is none, or too large to be one."""
    whole, power, code = _whole(value, MOST_DIGITS), _whole(scaler, 2), _whole(unit, 3)
    if name is None or whole is None or power is None or code is None:
        return None
    return Entry(name, None, code, power, whole, 0) if LEAST_SCALER <= power <= MOST_SCALER and code >= 0 else None


def of_hex(text: object) -> "bytes | None":
    """An OBIS name of twelve hex digits, behind which a meter's name may stand: "0100010800ff.1emh0012345678.sm"."""
    digits = text.split(".")[0] if isinstance(text, str) else ""
    if len(digits) != 12 or not all(letter in "0123456789abcdefABCDEF" for letter in digits):
        return None
    return bytes([int(digits[at:at + 2], 16) for at in (0, 2, 4, 6, 8, 10)])


def measured(values: "tuple[Value, ...]") -> "tuple[Measured, ...]":
    """Those whose meaning is known. What this meter alone counts is not guessed from its unit."""
    out: "tuple[Measured, ...]" = ()
    for one in values:
        if one.entry.obis[0] == ELECTRICITY:
            out += obis_measured.measured((one.entry,), one.meter, one.time, one.status)
        else:
            out += _other(one)
    return out


def counters(t_ms: int, values: "tuple[Value, ...]", wired: "tuple[int, ...]") -> Reading:
    """Energies only: a power of 15 minutes ago is in `measured`, and is no power of now."""
    valid = tuple([one.entry for one in values if INVALID not in one.status])
    full = reading_of(valid, t_ms, wired, False)
    return reading(t_ms, import_wh=full.import_wh, export_wh=full.export_wh)


def newest(values: "tuple[Value, ...]") -> "tuple[Value, ...]":
    """Each number of each meter once, the one that was captured last."""
    kept: "dict[tuple[str, bytes], Value]" = {}
    order = []
    for one in values:
        at = (one.meter, one.entry.obis)
        if at not in kept:
            order.append(at)
        if at not in kept or (one.time or "") > (kept[at].time or ""):
            kept[at] = one
    return tuple([kept[at] for at in order])


def _other(one: Value) -> "tuple[Measured, ...]":
    """Heat, gas, water: their counter at its base conditions, and no other."""
    medium, counter = _OTHERS.get(one.entry.obis[0], ("", -1))
    value, unit = number(one.entry), one.entry.unit
    if one.entry.obis[2:4] != bytes((counter & 0xFF, 0)) or unit not in (CUBIC_METRE, JOULE, WATT_HOUR):
        return ()
    assert value is not None
    return (Measured(one.meter, medium, obis_measured.NAMES[unit], value, one.entry.scaler or 0,
                     obis_measured.UNITS[unit], one.time, OWN_CLOCK, one.status, "now", 0, one.entry.obis[4], 0, ()),)


def _whole(value: object, most_digits: int) -> "int | None":
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        return None
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not 0 < len(digits) <= most_digits or not all(letter in "0123456789" for letter in digits):
        return None
    return int(text)
