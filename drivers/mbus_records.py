"""Records of an M-Bus application layer (EN 13757-3, variable data structure): bytes -> Record, one by one.

Everything is bounded by the bytes at hand. What a table does not have stays raw: the record then has no
quantity and no unit, its number is only what its data type says. Parsing ends at the first byte that can be
no record; `Parsed.fault` says why. What stands before it is then not believed either: a telegram that does not
come out even was read from a wrong place, or is a maker's own.
"""

from collections import namedtuple

from drivers.mbus_values import (
    BINARY,
    REAL,
    SIZES,
    VARIABLE,
    Time,
    bcd,
    date,
    digits,
    little,
    moment,
    number,
    real,
    signed,
    text,
)
from drivers.mbus_vif import FB, FD, PRIMARY, Meaning
from drivers.mbus_vife import DOUBTS, ERRORS, PROFILES, SECOND, changed

FUNCTIONS = ("now", "maximum", "minimum", "at_error")
MOST_EXTENSIONS = 10  # EN 13757-3: at most ten DIFE and ten VIFE
FILLER = 0x2F
RAW = Meaning("", "", 0, "n")


class Record(namedtuple("Record", (
    "function", "storage", "tariff", "subunit", "quantity", "unit", "value", "scaler", "qualifiers", "error", "head",
    "data",
))):
    """One value as a meter sent it: value * 10**scaler in `unit`.

    quantity is "" where the code is not in the standard's tables, "maker" for a maker's own bytes. value is None
    when the meter says that there is none; then `error` has the meter's own word, or "invalid". With an error of
    DOUBTS it is what the meter sent, not to be believed.
    """

    __slots__ = ()
    function: str  # one of FUNCTIONS
    storage: int  # 0 is now, 1 mostly the due date
    tariff: int
    subunit: int
    quantity: str
    unit: str
    value: "int | str | bytes | Time | None"
    scaler: int
    qualifiers: "tuple[str, ...]"  # "backward", "l1", "maker:01", ...
    error: str
    head: bytes  # DIF, DIFE, VIF and VIFE as sent
    data: bytes  # as sent


class Parsed(namedtuple("Parsed", ("records", "more", "fault", "rest"))):
    """more: the meter has further records in its next telegram. fault: "" or why `rest` is no list of records."""

    __slots__ = ()
    records: "tuple[Record, ...]"
    more: bool
    fault: str
    rest: bytes


class NoRecord(ValueError):
    """The bytes are no record; the words say why."""


def parse(data: bytes) -> Parsed:
    """Never raises."""
    out: "list[Record]" = []
    at = 0
    while at < len(data):
        if data[at] == FILLER:
            at += 1
            continue
        if data[at] in (0x0F, 0x1F):
            out.append(Record("now", 0, 0, 0, "maker", "", data[at + 1:], 0, (), "", data[at:at + 1], data[at + 1:]))
            return Parsed(tuple(out), data[at] == 0x1F, "", b"")
        try:
            record, end = _record(data, at)
        except NoRecord as error:
            return Parsed((), False, "record %d: %s" % (len(out) + 1, error), data)
        out.append(record)
        at = end
    return Parsed(tuple(out), False, "", b"")


def _record(data: bytes, start: int) -> "tuple[Record, int]":
    dif = data[start]
    kind = dif & 0x0F
    if kind == 0x0F:
        raise NoRecord("DIF %02X is reserved" % dif)
    storage, tariff, subunit, at = _difes(data, start)
    codes, unit, at = _vifs(data, at)
    meaning, qualifiers, error = _meaning(codes, unit)
    head = data[start:at]
    if kind == VARIABLE:
        value, scaler, size = _variable(data, at)
        at += 1
    else:
        value, scaler, size = _fixed(meaning, kind, data, at)
    if error not in ("",) + DOUBTS:
        value = None
    elif value is None and size and not error:
        error = "invalid"
    record = Record(FUNCTIONS[dif >> 4 & 3], storage, tariff, subunit, meaning.quantity, meaning.unit,
                    value, meaning.scaler + scaler if isinstance(value, int) else 0, qualifiers,
                    error, head, data[at:at + size])
    return record, at + size


def _difes(data: bytes, at: int) -> "tuple[int, int, int, int]":
    """(storage, tariff, subunit, where the VIF stands)"""
    storage, tariff, subunit = data[at] >> 6 & 1, 0, 0
    more = data[at] & 0x80
    at += 1
    for place in range(MOST_EXTENSIONS + 1):
        if not more:
            return storage, tariff, subunit, at
        byte = _byte(data, at)
        storage |= (byte & 0x0F) << 1 + 4 * place
        tariff |= (byte >> 4 & 3) << 2 * place
        subunit |= (byte >> 6 & 1) << place
        more = byte & 0x80
        at += 1
    raise NoRecord("more than %d DIFE" % MOST_EXTENSIONS)


def _vifs(data: bytes, at: int) -> "tuple[tuple[int, ...], str, int]":
    """(VIF and VIFE as sent, unit as text when the VIF says so, where the data stands)"""
    codes: "tuple[int, ...]" = (_byte(data, at),)
    at += 1
    unit = ""
    if codes[0] & 0x7F == 0x7C:
        length = _byte(data, at)
        unit, at = text(data[at + 1:at + 1 + length]), at + 1 + length
        if at > len(data):
            raise NoRecord("cut short")
    while codes[-1] & 0x80:
        if len(codes) > MOST_EXTENSIONS:
            raise NoRecord("more than %d VIFE" % MOST_EXTENSIONS)
        codes += (_byte(data, at),)
        at += 1
    return codes, unit, at


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise NoRecord("cut short")
    return data[at]


def _meaning(codes: "tuple[int, ...]", unit: str) -> "tuple[Meaning, tuple[str, ...], str]":
    """(meaning, qualifiers, error word); RAW as soon as one code is unknown."""
    first, rest = codes[0], codes[1:]
    if first & 0x7F == 0x7C:
        meaning: "Meaning | None" = Meaning("named", unit, 0, "n")
    elif first in (0xFD, 0xFB):
        meaning = (FD if first == 0xFD else FB).get(rest[0] & 0x7F)
        rest = rest[1:]
    elif first & 0x7F == 0x7F:
        return RAW, ("maker:" + _hex(rest),), ""
    else:
        meaning = PRIMARY.get(first & 0x7F)
    if meaning is None:
        return RAW, ("code:" + _hex(codes),), ""
    return _refined(meaning, rest, codes)


def _refined(meaning: Meaning, codes: "tuple[int, ...]", every: "tuple[int, ...]",
             ) -> "tuple[Meaning, tuple[str, ...], str]":
    words: "tuple[str, ...]" = ()
    error = ""
    place = 0
    while place < len(codes):
        code = codes[place] & 0x7F
        place += 1
        if code == 0x7F:
            return meaning, words + ("maker:" + _hex(codes[place:]),), error
        if code == 0x7C and place < len(codes):
            word = SECOND.get(codes[place] & 0x7F)
            place += 1
            change = None
        else:
            word = "" if code == 0 else None
            change = changed(code, meaning)
        if code in ERRORS:
            error = ERRORS[code]
        elif change is not None:
            meaning = change.meaning
            words += (change.word,) if change.word else ()
        elif word is None or code in PROFILES:
            return RAW, ("code:" + _hex(every),), error
        else:
            words += (word,) if word else ()
    return meaning, words, error


def _hex(codes: "tuple[int, ...]") -> str:
    return "".join(["%02x" % code for code in codes])


def _fixed(meaning: Meaning, kind: int, data: bytes, at: int) -> "tuple[int | str | bytes | Time | None, int, int]":
    """(value, power of ten, bytes) of a field whose DIF says its length."""
    size = SIZES[kind]
    if at + size > len(data):
        raise NoRecord("cut short")
    value, scaler = _value(meaning, kind, data[at:at + size])
    return value, scaler, size


def _value(meaning: Meaning, kind: int, data: bytes) -> "tuple[int | str | bytes | Time | None, int]":
    """(value, power of ten) of a field of fixed width."""
    if not data:
        return None, 0
    if kind == REAL:
        return real(little(data), 23, 8)
    if meaning.kind == "d":
        return date(data), 0
    if meaning.kind == "t":
        return moment(data), 0
    if meaning.kind == "b" or (meaning.kind == "u" and kind in BINARY):
        return little(data), 0
    if meaning.kind in ("s", "i"):
        return str(little(data)) if meaning.kind == "i" and kind in BINARY else digits(data), 0
    return number(kind, data)


def _variable(data: bytes, at: int) -> "tuple[int | str | bytes | Time | None, int, int]":
    """(value, power of ten, bytes) of a field that says its own length (LVAR)."""
    lvar = _byte(data, at)
    field = data[at + 1:]
    if lvar < 0xC0:
        size = lvar
    elif lvar < 0xE0:
        size = lvar & 0x0F
    elif lvar < 0xF0:
        size = lvar - 0xE0
    elif lvar < 0xF5:
        size = 4 * (lvar - 0xEC)
    elif lvar in (0xF5, 0xF6):
        size = 16 * (lvar - 0xF2)
    else:
        raise NoRecord("LVAR %02X is reserved" % lvar)
    if size > len(field):
        raise NoRecord("cut short")
    field = field[:size]
    if lvar < 0xC0:
        return text(field), 0, size
    if lvar < 0xE0:
        value = bcd(field)
        return (-value if value is not None and lvar >= 0xD0 else value), 0, size
    if lvar < 0xF0 and size <= 8:
        return (signed(field) if field else None), 0, size
    return bytes(reversed(field)), 0, size
