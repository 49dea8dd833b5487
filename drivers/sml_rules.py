"""What real meters mean by what they send: signs, totals, and whether the meter is locked.

Two faults of the field turn the power at the grid point upside down, and the status word of the import
counter (1-0:1.8.0) settles both (rules checked against 43 frames of DZG and 7 dumps of EMH meters):
- DZG sends a positive power as a signed number without room for the sign: 356.24 W arrives as -299.12 W.
  While the status says import, a negative power of up to three bytes is the unsigned number. A house
  that imports may still feed in on one phase, and the other way round: when all three phases are there,
  they are read so that they come closest to the total (which of two doubtful ones it is, no sum tells).
- Legacy meters (EDL; makers' names under 129-129:199.130) send 15.7.0, a power without direction. The
  status says when it flows into the grid; a meter with no import counter at all only ever feeds in.

A locked meter (no PIN, INF=OFF) sends whole kWh and no power: useless for control until the owner has
the PIN from the metering operator and sets INF on.
"""

from collections import namedtuple

from drivers.sml_tree import Entry

WATT, WATT_HOUR, AMPERE, VOLT = 27, 30, 33, 35  # units by DLMS (IEC 62056-6-2)

IMPORT = b"\x01\x00\x01\x08\x00\xff"  # 1-0:1.8.0*255
EXPORT = b"\x01\x00\x02\x08\x00\xff"
POWER = b"\x01\x00\x10\x07\x00\xff"  # 1-0:16.7.0*255, signed
MAGNITUDE = b"\x01\x00\x0f\x07\x00\xff"  # 1-0:15.7.0*255
POWER_IN = b"\x01\x00\x01\x07\x00\xff"
POWER_OUT = b"\x01\x00\x02\x07\x00\xff"
PHASE_POWER = (b"\x01\x00\x24\x07\x00\xff", b"\x01\x00\x38\x07\x00\xff", b"\x01\x00\x4c\x07\x00\xff")  # 36 56 76
PHASE_CURRENT = (b"\x01\x00\x1f\x07\x00\xff", b"\x01\x00\x33\x07\x00\xff", b"\x01\x00\x47\x07\x00\xff")  # 31 51 71
PHASE_VOLTAGE = (b"\x01\x00\x20\x07\x00\xff", b"\x01\x00\x34\x07\x00\xff", b"\x01\x00\x48\x07\x00\xff")  # 32 52 72

_MAKER = (b"\x01\x00\x60\x32\x01\x01", b"\x81\x81\xc7\x82\x03\xff")  # 1-0:96.50.1*1, 129-129:199.130.3*255
_LEGACY = b"\x81\x81\xc7\x82"
_DZG_EXPORTS = 0x800
_LEGACY_EXPORTS = 0x20  # EMH ED300L: 0x182 consuming, 0x1B0 delivering
_DZG_MOST_BYTES = 3
_LOCKED_SCALER = 3  # whole kWh


class Quantity(namedtuple("Quantity", ("value", "scaler"))):
    """Exactly value * 10**scaler."""

    __slots__ = ()
    value: int
    scaler: int

    def nearest(self, places: int) -> int:
        """In units of 10**-places, rounded to the nearest, halves away from zero."""
        shift = self.scaler + places
        if shift >= 0:
            return self.value * _ten(shift)
        size = (abs(self.value) * 2 + _ten(-shift)) // (2 * _ten(-shift))
        return -size if self.value < 0 else size

    def floor(self, places: int) -> int:
        """In units of 10**-places, rounded down: a counter that never falls stays one."""
        shift = self.scaler + places
        return self.value * _ten(shift) if shift >= 0 else self.value // _ten(-shift)

    def minus(self, other: "Quantity") -> "Quantity":
        scaler = min(self.scaler, other.scaler)
        return Quantity(self.nearest(-scaler) - other.nearest(-scaler), scaler)


def _ten(exponent: int) -> int:
    return int(10 ** exponent)


def quantity(entries: "tuple[Entry, ...]", obis: bytes, unit: int) -> "Quantity | None":
    """The first number of that name in that unit, or with its unit left out."""
    for entry in entries:
        if entry.obis == obis and entry.unit in (unit, None):
            value = _number(entry)
            if value is not None:
                return Quantity(value, entry.scaler or 0)
    return None


def power(entries: "tuple[Entry, ...]") -> "Quantity | None":
    """Total active power, + from the grid, of entries that `signed` has gone over."""
    total = quantity(entries, POWER, WATT)
    if total is not None:
        return total
    magnitude = quantity(entries, MAGNITUDE, WATT)
    if magnitude is not None:
        only_exports = _counts(entries, 2) and not _counts(entries, 1)
        return Quantity(-magnitude.value, magnitude.scaler) if only_exports else magnitude
    flowing_in, flowing_out = quantity(entries, POWER_IN, WATT), quantity(entries, POWER_OUT, WATT)
    if flowing_in is None and flowing_out is None:
        return None
    return (flowing_in or Quantity(0, 0)).minus(flowing_out or Quantity(0, 0))


def locked(entries: "tuple[Entry, ...]") -> bool:
    """Whether the meter withholds its power and the digits below a kWh."""
    coarse = any(entry.unit == WATT_HOUR and (entry.scaler or 0) >= _LOCKED_SCALER and _number(entry) is not None
                 for entry in entries)
    return coarse and power(entries) is None


def signed(entries: "tuple[Entry, ...]", server: "bytes | None") -> "tuple[Entry, ...]":
    """The same entries, with every power + from the grid and - into it."""
    status = _status(entries)
    if status is None:
        return entries
    if _is_dzg(entries, server):
        return _dzg(entries, bool(status & _DZG_EXPORTS))
    legacy = any(entry.obis.startswith(_LEGACY) for entry in entries)
    if legacy and status & _LEGACY_EXPORTS and quantity(entries, POWER, WATT) is None:
        return tuple(_negative(entry) if entry.obis == MAGNITUDE else entry for entry in entries)
    return entries


def _negative(entry: Entry) -> Entry:
    value = _number(entry)
    return entry if value is None else _with(entry, -abs(value))


def _is_dzg(entries: "tuple[Entry, ...]", server: "bytes | None") -> bool:
    named = any(entry.obis in _MAKER and entry.value == b"DZG" for entry in entries)
    return named or (server is not None and server[2:5] == b"DZG")


def _dzg(entries: "tuple[Entry, ...]", exports: bool) -> "tuple[Entry, ...]":
    unsigned = tuple(_unsigned(entry) for entry in entries)
    best = entries if exports else unsigned
    total = quantity(best, POWER, WATT)
    first = tuple(_index(entries, obis) for obis in PHASE_POWER)
    if total is None or min(first) < 0:
        return best
    doubtful = tuple(index for index in first if entries[index] != unsigned[index])
    for mask in range(1 << len(doubtful)):
        tried = list(best)
        for bit, index in enumerate(doubtful):
            tried[index] = entries[index] if mask >> bit & 1 else unsigned[index]
        if _miss_mw(tuple(tried), total) < _miss_mw(best, total):
            best = tuple(tried)
    return best


def _index(entries: "tuple[Entry, ...]", obis: bytes) -> int:
    for index, entry in enumerate(entries):
        if entry.obis == obis and entry.unit == WATT and _number(entry) is not None:
            return index
    return -1


def _miss_mw(entries: "tuple[Entry, ...]", total: Quantity) -> int:
    """What the phases miss the total by."""
    phases = tuple(quantity(entries, obis, WATT) for obis in PHASE_POWER)
    return abs(total.nearest(3) - sum(phase.nearest(3) for phase in phases if phase is not None))


def _unsigned(entry: Entry) -> Entry:
    """Undoes the missing room for the sign, if this is a power that can have it."""
    value = _number(entry)
    is_power = entry.unit == WATT and entry.obis[3] == 7
    if value is None or value >= 0 or not is_power or entry.width > _DZG_MOST_BYTES:
        return entry
    return _with(entry, value + (1 << 8 * entry.width))


def _status(entries: "tuple[Entry, ...]") -> "int | None":
    """The status word of the import counter, which carries the direction."""
    for entry in entries:
        if entry.obis == IMPORT and entry.status is not None:
            return entry.status
    return None


def _counts(entries: "tuple[Entry, ...]", direction: int) -> bool:
    """Whether there is an energy counter of direction 1 (import) or 2 (export), of any tariff."""
    head = bytes((1, 0, direction, 8))
    return any(entry.obis.startswith(head) and _number(entry) is not None for entry in entries)


def _number(entry: Entry) -> "int | None":
    value = entry.value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _with(entry: Entry, value: int) -> Entry:
    return Entry(entry.obis, entry.status, entry.unit, entry.scaler, value, entry.width)
