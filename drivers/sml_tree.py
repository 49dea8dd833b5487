"""SML messages: the payload of a frame -> the lists of values in it.

Everything is bounded by the payload itself: no list, text or number is made from a length that the bytes
at hand do not bear out, and nesting ends at DEPTH. Whatever the bytes are, the only exception is
SmlError. Every message's own CRC must fit: a message that fails it spoils the whole frame, even when the
frame's CRC is right.

Taken as real meters send them: an entry without value, a bare number in the place of a time, a message
CRC whose leading zero is left out (Itron), lists and names with more than one length byte.
"""

from collections import namedtuple

from drivers.obis import Entry
from drivers.sml_transport import crc_fits

DEPTH = 12  # a local time in an entry of a list response stands seven lists deep
LIST_RESPONSE = 0x0701  # SML_GetList.Res


class SmlError(ValueError):
    """The bytes are no SML: cut short, nested too deep, of a foreign shape, or with a wrong CRC."""


class Listing(namedtuple("Listing", ("server", "seconds", "entries"))):
    """What one list response says."""

    __slots__ = ()
    server: "bytes | None"  # the meter's id
    seconds: "int | None"  # the meter's own count of seconds; shows resets and gaps, is no clock
    entries: "tuple[Entry, ...]"


def listings(payload: bytes) -> "tuple[Listing, ...]":
    """Every list response of a frame; other messages (open, close, profiles) must only be well-formed."""
    found: "list[Listing]" = []
    at = 0
    while at < len(payload):
        at = at + 1 if payload[at] == 0 else _message(payload, at, found)
    return tuple(found)


def _message(data: bytes, start: int, found: "list[Listing]") -> int:
    at = _open(data, start, 6)
    for _ in range(3):  # transaction, group, what to do on errors
        at = _item(data, at, DEPTH)[1]
    tag, at = _item(data, _open(data, at, 2), DEPTH)
    if tag == LIST_RESPONSE:
        listing, at = _listing(data, at)
        found.append(listing)
    else:
        at = _item(data, at, DEPTH)[1]
    crc, end = _item(data, at, DEPTH)
    sent = _number(crc)
    if sent is None or not crc_fits(data[start:at], sent):
        raise SmlError("a message's CRC is wrong")
    if data[end:end + 1] != b"\x00":
        raise SmlError("a message does not end where it should")
    return end + 1


def _listing(data: bytes, at: int) -> "tuple[Listing, int]":
    at = _item(data, _open(data, at, 7), DEPTH)[1]  # client
    server, at = _item(data, at, DEPTH)
    at = _item(data, at, DEPTH)[1]  # list name
    seconds, at = _item(data, at, DEPTH)
    count, at = _list_head(data, at)
    entries: "list[Entry]" = []
    for _ in range(count):
        entry, at = _entry(data, at)
        entries.append(entry)
    for _ in range(2):  # signature, gateway's time
        at = _item(data, at, DEPTH)[1]
    return Listing(server if isinstance(server, bytes) else None, _seconds(seconds), tuple(entries)), at


def _entry(data: bytes, at: int) -> "tuple[Entry, int]":
    obis, at = _item(data, _open(data, at, 7), DEPTH)
    status, at = _item(data, at, DEPTH)
    at = _item(data, at, DEPTH)[1]  # time
    unit, at = _item(data, at, DEPTH)
    scaler, at = _item(data, at, DEPTH)
    before = at
    value, at = _item(data, at, DEPTH)
    width = at - before - 1
    at = _item(data, at, DEPTH)[1]  # signature
    if not isinstance(obis, bytes) or len(obis) != 6:
        raise SmlError("an entry without a name")
    if isinstance(value, tuple):
        value = _seconds(value)  # SML 1.04 lets a time stand as a value
    return Entry(obis, _number(status), _small(unit, 0, 255), _small(scaler, -128, 127), value, width), at


def _number(value: object) -> "int | None":
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _small(value: object, least: int, most: int) -> "int | None":
    number = _number(value)
    if value is not None and (number is None or not least <= number <= most):
        raise SmlError("a unit or a scaler that is none")
    return number


def _seconds(value: object) -> "int | None":
    """Of a time: a bare number, (kind, number), or (kind, (number, offset, summer time)), or (kind, time)."""
    while isinstance(value, tuple) and value:
        value = value[1] if len(value) == 2 else value[0]
    return _number(value)


def _open(data: bytes, at: int, count: int) -> int:
    """Where the first item of a list of `count` stands."""
    length, at = _list_head(data, at)
    if length != count:
        raise SmlError("a list of %d instead of %d" % (length, count))
    return at


def _list_head(data: bytes, at: int) -> "tuple[int, int]":
    kind, length, at = _head(data, at)
    if kind != 0x70:
        raise SmlError("no list where one should be")
    return length, at


def _head(data: bytes, at: int) -> "tuple[int, int, int]":
    """(kind, length, where the content begins); bytes of content, or items of a list."""
    start = at
    if at >= len(data):
        raise SmlError("cut short")
    byte = data[at]
    kind, length = byte & 0x70, byte & 0x0F
    at += 1
    while byte & 0x80:
        if at >= len(data) or at - start > 4:
            raise SmlError("a length without end")
        byte = data[at]
        if byte & 0x70:
            raise SmlError("a kind within a length")
        length = length << 4 | byte & 0x0F
        at += 1
    if kind != 0x70:
        length -= at - start  # the length counts its own bytes
    if not 0 <= length <= len(data) - at:
        raise SmlError("a length beyond the end")
    return kind, length, at


def _item(data: bytes, at: int, depth: int) -> "tuple[object, int]":
    """(value, where the next item stands): bytes, bool, int, a tuple of such, or None for an item left out."""
    kind, length, at = _head(data, at)
    if kind == 0x70:
        if depth == 0:
            raise SmlError("nested too deep")
        items = []
        for _ in range(length):
            item, at = _item(data, at, depth - 1)
            items.append(item)
        return tuple(items), at
    end = at + length
    if kind == 0x00:
        return (data[at:end] if length else None), end
    if kind == 0x40 and length == 1:
        return data[at] != 0, end
    if kind in (0x50, 0x60) and 1 <= length <= 8:
        value = int.from_bytes(data[at:end], "big")
        negative = kind == 0x50 and data[at] & 0x80
        return (value - (1 << 8 * length) if negative else value), end
    raise SmlError("an item of unknown kind")
