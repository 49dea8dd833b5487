"""DSMR P1: the telegrams of Dutch, Belgian, Luxembourg and Austrian meters, bytes in, telegrams out.

No I/O and no clock. One reader for v2.2 to v5 and the countries' kinds of it: what is in a telegram says what
it is, nobody tells it a version. From v4 on a CRC stands behind the `!`; older telegrams have none, and are
taken only while the stream has shown no CRC and the telegram names no version that has one.

Source: DSMR P1 companion standard 5.0.2; e-MUCS-P1 1.7 (Belgium).
"""

from collections import namedtuple

from drivers import dataset, obis_measured
from drivers.dataset import DataError, Line
from drivers.obis import Entry
from drivers.quantity import Quantity
from hal.measured import Measured

MOST_BYTES = 16_384  # the longest known: two texts of 2 KB and thirteen months of demand
_CRC_MOST = 4  # hex digits; leading zeros may be missing
_TRIES = 4  # start marks tried for an end: a "/" may stand in a text, or a telegram may have lost its end
_LINE_ENDS = (b"\r", b"\n")
_TAIL = 8  # bytes from the "!" that end the wait for a CRC
_CHECKED = ("1-3:0.2.8", "0-0:96.1.4")  # version lines, of telegrams that have a CRC
_CHANNELS = (1, 2, 3, 4)
MEDIA = {2: "electricity", 3: "gas", 4: "heat", 6: "water", 7: "water", 8: "heat cost", 10: "cooling", 12: "heat",
         13: "heat"}  # EN 13757-3, device types


class Telegram(namedtuple("Telegram", ("offset", "ident", "lines", "checked"))):
    """One intact telegram."""

    __slots__ = ()
    offset: int  # of the "/", in bytes since the stream began
    ident: str  # maker and model
    lines: "tuple[Line, ...]"
    checked: bool  # by a CRC, or by the seal around it


class Submeter(namedtuple("Submeter", ("channel", "medium", "meter_id", "time", "unit", "quantity"))):
    """What a gas, water or heat meter on the meter's own M-Bus last said."""

    __slots__ = ()
    channel: int
    medium: "str | None"
    meter_id: "str | None"
    time: str  # local time as sent, YYMMDDhhmmss and S (summer) or W
    unit: int  # DLMS
    quantity: Quantity


class Reader:
    """Feed it whatever arrives. It never raises and holds at most twice MOST_BYTES.

    `damaged` counts end marks without an intact telegram before them. Each costs at most _TRIES checks of what is held.
    """

    def __init__(self) -> None:
        self.damaged = 0
        self._held = b""
        self._text = b""  # the same without parity bits, where the marks are looked for
        self._base = 0  # where the held bytes begin, since the stream began
        self._from = 0  # no telegram begins before this
        self._at = 0  # the end mark is looked for from here on
        self._checks = False  # this meter sends CRCs

    def feed(self, data: bytes) -> "list[Telegram]":
        out: "list[Telegram]" = []
        for at in range(0, len(data), MOST_BYTES):
            piece = data[at:at + MOST_BYTES]
            self._held += piece
            self._text += bytes([byte & 0x7F for byte in piece])
            while self._to_end():
                self._ended(out)
            self._forget()
        return out

    def _to_end(self) -> bool:
        """Moves behind the next "!" that begins a line, once its CRC is here too."""
        text = self._text
        mark = text.find(b"!", self._at)
        while mark >= 0 and text[max(0, mark - 1):mark] not in _LINE_ENDS:
            mark = text.find(b"!", mark + 1)
        self._at = len(text) if mark < 0 else mark
        if mark < 0:
            return False
        for at in range(mark + 1, min(len(text), mark + _TAIL)):
            if text[at:at + 1] in _LINE_ENDS:
                self._at = at
                return True
        self._at = mark + 1 if len(text) >= mark + _TAIL else mark
        return self._at > mark

    def _ended(self, out: "list[Telegram]") -> None:
        for start in self._starts():
            telegram = telegram_of(self._held[start:self._at], self._base + start)
            if telegram is not None and self._taken(telegram):
                self._checks = self._checks or telegram.checked
                out.append(telegram)
                self._from = self._at
                return
        self.damaged += 1
        self._from = self._at

    def _starts(self) -> "list[int]":
        """Where the telegram that ends here may begin: the newest marks, the oldest of them first."""
        out: "list[int]" = []
        at = self._text.rfind(b"/", self._from, self._at)
        while at >= 0 and len(out) < _TRIES:
            out.insert(0, at)
            at = self._text.rfind(b"/", self._from, at)
        return out

    def _taken(self, telegram: Telegram) -> bool:
        versioned = any(line.address in _CHECKED for line in telegram.lines)
        return telegram.checked or not (versioned or self._checks)

    def _forget(self) -> None:
        gone = max(self._from, len(self._held) - MOST_BYTES)
        self._held, self._text = self._held[gone:], self._text[gone:]
        self._base += gone
        self._from = 0
        self._at = max(0, self._at - gone)


def telegram_of(data: bytes, offset: int) -> "Telegram | None":
    """Of the bytes from the "/" to the CRC, or to the "!" of one that has none; None when it is damaged."""
    text = dataset.plain(data)
    if text is None:
        return None
    mark = text.rfind(b"!")
    head = text[1:mark].replace(b"\r", b"\n").split(b"\n", 1)
    sent = text[mark + 1:].strip()
    if text[:1] != b"/" or mark < 0 or len(head) < 2 or not crc_fits(text[:mark + 1], sent):
        return None
    try:
        ident = dataset.lines(head[0])
        block = dataset.lines(head[1])
    except DataError:
        return None
    named = " ".join([line.address for line in ident])
    within = any(line.address.startswith("/") for line in block)  # the end of another one is missing
    return Telegram(offset, named, block, bool(sent)) if named and block and not within else None


def crc16(data: bytes) -> int:
    """CRC-16 with the polynomial 0xA001 (reflected), from 0."""
    value = 0
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value


def crc_fits(data: bytes, sent: bytes) -> bool:
    """Whether `sent` is the CRC of `data` in hex digits; none at all is one that old meters do not send."""
    if not sent:
        return True
    if len(sent) > _CRC_MOST or not all(byte in b"0123456789ABCDEFabcdef" for byte in sent):
        return False
    return int(str(sent, "ascii"), 16) == crc16(data)


def entries(telegram: Telegram) -> "tuple[Entry, ...]":
    """The electricity meter's numbers; sub-meters are apart."""
    return tuple([entry for entry in dataset.entries(telegram.lines) if entry.obis[0] == 1])


def meter_id(telegram: Telegram) -> "str | None":
    """As sent: mostly hex digits of the characters that are printed on the meter."""
    return dataset.text_of(telegram.lines, "96.1.1", "42.0.0", "96.1.255", "0.0.0")


def time_of(telegram: Telegram) -> "str | None":
    """The meter's local time as sent, YYMMDDhhmmss and S (summer) or W."""
    return dataset.text_of(telegram.lines, "0-0:1.0.0")


def submeters(telegram: Telegram) -> "tuple[Submeter, ...]":
    """Newest values of the meters on its M-Bus, one line each; a channel without a value is left out."""
    out = []
    for channel in _CHANNELS:
        mine = [line for line in telegram.lines if line.address.startswith("0-%d:" % channel)]
        kind = _first(mine, channel, "24.1.0")
        named = _first(mine, channel, "96.1.0") or _first(mine, channel, "96.1.1") or _first(mine, channel, "96.1.2")
        medium = MEDIA.get(int(kind)) if kind and kind.strip("0123456789") == "" else None
        for line in mine:
            found = _submeter_value(line)
            if found is not None:
                out.append(Submeter(channel, medium, named, line.values[0], found[1], found[0]))
    return tuple(out)


def measured(telegram: Telegram) -> "tuple[Measured, ...]":
    """The meter's own numbers, then those of its sub-meters, which have a name and a medium of their own."""
    out = obis_measured.measured(entries(telegram), meter_id(telegram), obis_measured.iso(time_of(telegram)))
    for one in submeters(telegram):
        if one.meter_id and one.medium and one.unit in obis_measured.NAMES:
            out += (obis_measured.volume(one.meter_id, one.medium, one.quantity.value, one.quantity.scaler, one.unit,
                                         obis_measured.iso(one.time)),)
    return out


def _submeter_value(line: Line) -> "tuple[Quantity, int] | None":
    """24.2.n(time)(value*unit) since v4; before it 24.3.n(time)(..)(..)(..)(name)(unit)(value)."""
    short = line.address.partition(":")[2]
    if short.startswith("24.2.") and len(line.values) == 2:
        return dataset.value_of(line.values[1])
    if short.startswith("24.3.") and len(line.values) == 7:
        return dataset.value_of(line.values[6] + "*" + line.values[5])
    return None


def _first(block: "list[Line]", channel: int, short: str) -> "str | None":
    for line in block:
        if line.address == "0-%d:%s" % (channel, short) and line.values and line.values[0]:
            return line.values[0]
    return None


def _row(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


_TABLE = tuple([_row(byte) for byte in range(256)])
