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

from drivers.obis import IMPORT, MAGNITUDE, PHASE_POWER, POWER, WATT, WATT_HOUR, Entry, number, power, quantity
from drivers.quantity import Quantity

_MAKER = (b"\x01\x00\x60\x32\x01\x01", b"\x81\x81\xc7\x82\x03\xff")  # 1-0:96.50.1*1, 129-129:199.130.3*255
_LEGACY = b"\x81\x81\xc7\x82"
_DZG_EXPORTS = 0x800
_LEGACY_EXPORTS = 0x20  # EMH ED300L: 0x182 consuming, 0x1B0 delivering
_DZG_MOST_BYTES = 3
_LOCKED_SCALER = 3  # whole kWh


def locked(entries: "tuple[Entry, ...]") -> bool:
    """Whether the meter withholds its power and the digits below a kWh."""
    coarse = any(entry.unit == WATT_HOUR and (entry.scaler or 0) >= _LOCKED_SCALER and number(entry) is not None
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
    value = number(entry)
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
        if entry.obis == obis and entry.unit == WATT and number(entry) is not None:
            return index
    return -1


def _miss_mw(entries: "tuple[Entry, ...]", total: Quantity) -> int:
    """What the phases miss the total by."""
    phases = tuple(quantity(entries, obis, WATT) for obis in PHASE_POWER)
    return abs(total.nearest(3) - sum(phase.nearest(3) for phase in phases if phase is not None))


def _unsigned(entry: Entry) -> Entry:
    """Undoes the missing room for the sign, if this is a power that can have it."""
    value = number(entry)
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


def _with(entry: Entry, value: int) -> Entry:
    return Entry(entry.obis, entry.status, entry.unit, entry.scaler, value, entry.width)
