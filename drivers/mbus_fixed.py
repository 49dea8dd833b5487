"""The old fixed structure of wired M-Bus (EN 1434-3, CI 73): two counters of one meter."""

from collections import namedtuple

from drivers.mbus_media import id_text
from drivers.mbus_records import Record
from drivers.mbus_values import bcd, digits, little
from drivers.mbus_vif import Meaning

_MEDIA = ("other", "oil", "electricity", "gas", "heat", "steam", "warm water", "water", "heat cost allocation",
          "reserved", "gas", "heat", "warm water", "water", "heat cost allocation", "reserved")
_BINARY, _STORED = 0x01, 0x02
_SAME_BUT_STORED = 0x3E

# first code, last code, quantity, unit, power of ten of the first; it grows by one a code
_UNITS = (
    (0x02, 0x0A, "energy", "Wh", 0), (0x0B, 0x13, "energy", "J", 3), (0x14, 0x1C, "power", "W", 0),
    (0x1D, 0x25, "power", "J/h", 3), (0x26, 0x2E, "volume", "m3", -6), (0x2F, 0x37, "volume_flow", "m3/h", -6),
    (0x38, 0x38, "temperature", "degC", -3), (0x39, 0x39, "heat_cost_units", "", 0), (0x3F, 0x3F, "count", "", 0),
)


class Fixed(namedtuple("Fixed", ("id", "medium", "access", "status", "records"))):
    __slots__ = ()
    id: str
    medium: str
    access: int
    status: int
    records: "tuple[Record, ...]"


def parse(data: bytes) -> "Fixed | None":
    """None when it is not 16 bytes long, as every fixed structure is."""
    if len(data) != 16:
        return None
    status = data[5]
    first, second = data[6] & 0x3F, data[7] & 0x3F
    medium = _MEDIA[data[6] >> 6 | data[7] >> 6 << 2]
    storage = 1 if status & _STORED else 0
    records = (
        _record(first, storage, status, data[8:12]),
        _record(first if second == _SAME_BUT_STORED else second, 1 if second == _SAME_BUT_STORED else storage, status,
                data[12:16]),
    )
    return Fixed(id_text(data[:4]), medium, data[4], status, records)


def _record(code: int, storage: int, status: int, data: bytes) -> Record:
    meaning = _unit(code)
    if code < 0x02:  # a time or a date, in an order no meter agrees on: as digits
        return Record("now", storage, 0, 0, "", "", digits(data), 0, ("code:%02x" % code,), "", b"", data)
    value = little(data) if status & _BINARY else bcd(data)
    words = () if meaning.quantity else ("code:%02x" % code,)
    return Record("now", storage, 0, 0, meaning.quantity, meaning.unit, value, meaning.scaler, words,
                  "" if value is not None else "invalid", b"", data)


def _unit(code: int) -> Meaning:
    for first, last, quantity, unit, scaler in _UNITS:
        if first <= code <= last:
            return Meaning(quantity, unit, scaler + code - first, "n")
    return Meaning("", "", 0, "n")
