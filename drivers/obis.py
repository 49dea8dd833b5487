"""What meters say, by its OBIS name (IEC 62056-6-1): the same for SML, D0 and P1."""

from collections import namedtuple

from drivers.quantity import Quantity

# units by DLMS (IEC 62056-6-2)
CUBIC_METRE, JOULE, WATT, VAR, WATT_HOUR, VAR_HOUR, AMPERE, VOLT, HERTZ = 13, 25, 27, 29, 30, 32, 33, 35, 44

IMPORT = b"\x01\x00\x01\x08\x00\xff"  # 1-0:1.8.0*255
EXPORT = b"\x01\x00\x02\x08\x00\xff"
POWER = b"\x01\x00\x10\x07\x00\xff"  # 1-0:16.7.0*255, signed
MAGNITUDE = b"\x01\x00\x0f\x07\x00\xff"  # 1-0:15.7.0*255
POWER_IN = b"\x01\x00\x01\x07\x00\xff"
POWER_OUT = b"\x01\x00\x02\x07\x00\xff"
PHASE_POWER = (b"\x01\x00\x24\x07\x00\xff", b"\x01\x00\x38\x07\x00\xff", b"\x01\x00\x4c\x07\x00\xff")  # 36 56 76
PHASE_IN = (b"\x01\x00\x15\x07\x00\xff", b"\x01\x00\x29\x07\x00\xff", b"\x01\x00\x3d\x07\x00\xff")  # 21 41 61
PHASE_OUT = (b"\x01\x00\x16\x07\x00\xff", b"\x01\x00\x2a\x07\x00\xff", b"\x01\x00\x3e\x07\x00\xff")  # 22 42 62
PHASE_CURRENT = (b"\x01\x00\x1f\x07\x00\xff", b"\x01\x00\x33\x07\x00\xff", b"\x01\x00\x47\x07\x00\xff")  # 31 51 71
PHASE_VOLTAGE = (b"\x01\x00\x20\x07\x00\xff", b"\x01\x00\x34\x07\x00\xff", b"\x01\x00\x48\x07\x00\xff")  # 32 52 72
TARIFFS = (1, 2, 3, 4)


class Entry(namedtuple("Entry", ("obis", "status", "unit", "scaler", "value", "width"))):
    """One line of a meter's list. The quantity is value * 10**scaler in `unit`, all as sent."""

    __slots__ = ()
    obis: bytes  # six bytes
    status: "int | None"
    unit: "int | None"  # DLMS: 27 W, 29 var, 30 Wh, 33 A, 35 V, 44 Hz
    scaler: "int | None"
    value: "int | bool | bytes | None"  # None when the meter sends the name alone
    width: int  # bytes the value took on the wire; 0 where it is not binary


def number(entry: Entry) -> "int | None":
    value = entry.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def quantity(entries: "tuple[Entry, ...]", obis: bytes, unit: int) -> "Quantity | None":
    """The first number of that name in that unit, or with its unit left out."""
    for entry in entries:
        if entry.obis == obis and entry.unit in (unit, None):
            value = number(entry)
            if value is not None:
                return Quantity(value, entry.scaler or 0)
    return None


def counter(entries: "tuple[Entry, ...]", obis: bytes) -> "Quantity | None":
    """An energy counter, in Wh: its total, or where the meter sends none the sum of its tariffs."""
    total = quantity(entries, obis, WATT_HOUR)
    if total is not None:
        return total
    for tariff in TARIFFS:
        part = quantity(entries, obis[:4] + bytes((tariff, 255)), WATT_HOUR)
        if part is not None:
            total = part if total is None else total.plus(part)
    return total


def power(entries: "tuple[Entry, ...]") -> "Quantity | None":
    """Total active power, + from the grid; of SML, once `drivers.sml_rules.signed` has gone over it.

    A meter that sends 1.7.0 without 2.7.0 puts the sign there (EasyMeter Q3D).
    """
    total = quantity(entries, POWER, WATT)
    if total is not None:
        return total
    magnitude = quantity(entries, MAGNITUDE, WATT)
    if magnitude is not None:
        only_exports = counts(entries, 2) and not counts(entries, 1)
        return Quantity(-magnitude.value, magnitude.scaler) if only_exports else magnitude
    return _difference(entries, POWER_IN, POWER_OUT)


def phase_power(entries: "tuple[Entry, ...]", phase: int) -> "Quantity | None":
    """Active power of the meter's own phase 0, 1 or 2, + from the grid."""
    signed = quantity(entries, PHASE_POWER[phase], WATT)
    return _difference(entries, PHASE_IN[phase], PHASE_OUT[phase]) if signed is None else signed


def counts(entries: "tuple[Entry, ...]", direction: int) -> bool:
    """Whether there is an energy counter of direction 1 (import) or 2 (export), of any tariff."""
    head = bytes((1, 0, direction, 8))
    return any(entry.obis.startswith(head) and number(entry) is not None for entry in entries)


def obis_text(obis: bytes) -> str:
    """The name as people write it: 1-0:16.7.0*255."""
    return "%d-%d:%d.%d.%d*%d" % tuple(obis)


def _difference(entries: "tuple[Entry, ...]", into: bytes, out: bytes) -> "Quantity | None":
    flowing_in, flowing_out = quantity(entries, into, WATT), quantity(entries, out, WATT)
    if flowing_in is None and flowing_out is None:
        return None
    return (flowing_in or Quantity(0, 0)).minus(flowing_out or Quantity(0, 0))
