"""An SML meter's optical port: what the house draws -> frames with the shapes and faults of real meters.

Written apart from the reader and from the standard, so that the two check each other: list and message
layout, status words and number widths are those of the public libsml-testing dumps (no bytes of theirs).
"""

from hal.ports import Clock, Stream
from hal.values import Phases

X25 = "x25"
KERMIT = "kermit"
LAYOUTS = ("modern", "legacy", "dzg")

WATT, WATT_HOUR, AMPERE, VOLT, HERTZ = 27, 30, 33, 35, 44  # DLMS units
ABSENT = b"\x01"
ESCAPE = b"\x1b\x1b\x1b\x1b"

_STATUS = {"modern": 0x1C0104, "dzg": 0x1C0104, "legacy": 0x182}
_EXPORTING = {"modern": 0x800, "dzg": 0x800, "legacy": 0x20}
_BACKLOG = 4095  # what Linux keeps of a serial port that nobody reads; newer bytes are lost


def text(content: bytes) -> bytes:
    """An octet string; longer than 14 bytes it takes a second length byte."""
    length = len(content) + 1
    if length < 16:
        return bytes((length,)) + content
    length += 1
    return bytes((0x80 | length >> 4, length & 0x0F)) + content


def unsigned(value: int, width: int = 0) -> bytes:
    """In `width` bytes, or in as few as hold it."""
    return _number(0x60, value, width or _width(value))


def signed(value: int, width: int = 0) -> bytes:
    return _number(0x50, value, width or _width(-value - 1 if value < 0 else value, 1))


def several(*items: bytes) -> bytes:
    """A list; of more than 15 items it takes a second length byte."""
    count = len(items)
    head = bytes((0x70 | count,)) if count < 16 else bytes((0xF0 | count >> 4, count & 0x0F))
    return head + b"".join(items)


def crc(data: bytes, kind: str) -> int:
    """As the number that is sent high byte first; X-25 travels with its low byte first."""
    value = 0xFFFF if kind == X25 else 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    if kind == KERMIT:
        return value
    return (value & 0xFF ^ 0xFF) << 8 | value >> 8 ^ 0xFF


def message(transaction: bytes, tag: int, body: bytes, kind: str = X25, short: bool = False) -> bytes:
    """One SML message; `short` leaves out the leading zero of its CRC, as Itron does."""
    head = b"\x76" + text(transaction) + unsigned(0) + unsigned(0) + several(unsigned(tag, 2), body)
    return head + unsigned(crc(head, kind), 0 if short else 2) + b"\x00"


def frame(messages: bytes, kind: str = X25, everywhere: bool = False) -> bytes:
    """Start mark, escaped messages, end mark with fill count and CRC.

    Escapes stand where four 0x1B fall on a multiple of four, or, with `everywhere`, wherever they stand.
    """
    fill = -len(messages) % 4
    payload = messages + bytes(fill)
    if everywhere:
        escaped = payload.replace(ESCAPE, ESCAPE + ESCAPE)
    else:
        escaped = b"".join(four + four if four == ESCAPE else four
                           for four in (payload[at:at + 4] for at in range(0, len(payload), 4)))
    body = ESCAPE + b"\x01\x01\x01\x01" + escaped + ESCAPE + bytes((0x1A, fill))
    checked = crc(body, kind)
    return body + bytes((checked >> 8, checked & 0xFF))


def entry(obis: str, value: bytes, unit: "int | None" = None, scaler: int = 0, status: bytes = ABSENT,
          time: bytes = ABSENT) -> bytes:
    """A line of the list; `obis` is six numbers, "1 0 16 7 0 255"."""
    name = text(bytes(tuple(int(part) for part in obis.split())))
    if unit is None:
        return several(name, status, time, ABSENT, ABSENT, value, ABSENT)
    return several(name, status, time, unsigned(unit), signed(scaler, 1), value, ABSENT)


class SmlMeter:
    """One meter. `layout` is one of LAYOUTS.

    modern  status with a direction bit, 16.7.0 signed; `detailed`: powers, voltages, currents of each phase
    legacy  makers' names under 129-129:199.130, 15.7.0 without direction, which is in the status (EMH)
    dzg     modern, with powers as signed numbers that have no room for the sign

    A `locked` one sends whole kWh and no power. `bare_time` and `short_crc` are Holley's and Itron's ways.
    """

    def __init__(self, layout: str = "modern", maker: bytes = b"HUT", number: int = 1, kind: str = X25,
                 detailed: bool = True, locked: bool = False, bare_time: bool = False, short_crc: bool = False,
                 everywhere: bool = False) -> None:
        assert layout in LAYOUTS
        self._layout = layout
        self._maker = b"DZG" if layout == "dzg" else maker
        self.server = b"\x0a\x01" + self._maker + b"\x00" + bytes(number >> shift & 0xFF for shift in (24, 16, 8, 0))
        self._kind = kind
        self._detailed = detailed
        self._locked = locked
        self._bare_time = bare_time
        self._short_crc = short_crc
        self._everywhere = everywhere
        self._sent = 0

    def frame(self, now_ms: int, power_w: Phases, current_ma: Phases, voltage_mv: Phases,
              import_wh: int, export_wh: int) -> bytes:
        """One whole frame about this instant: open, list, close."""
        seconds = unsigned(now_ms // 1000, 4)
        time = several(unsigned(1), seconds)
        entries = self._identity()
        entries += self._energies(power_w.total(), import_wh, export_wh, seconds if self._bare_time else ABSENT)
        if not self._locked:
            entries += self._powers(power_w)
            if self._detailed and self._layout != "legacy":
                entries += self._details(current_ma, voltage_mv)
        if self._layout == "legacy":
            entries.append(entry("129 129 199 130 5 255", text(bytes(7 * at & 0xFF for at in range(48)))))
        listing = several(ABSENT, text(self.server), text(b"\x01\x00\x62\x0a\xff\xff"), time,
                          several(*entries), ABSENT, ABSENT)
        opened = several(ABSENT, ABSENT, text(seconds[1:]), text(self.server), ABSENT, ABSENT)
        messages = b"".join(self._message(tag, body) for tag, body in (
            (0x0101, opened), (0x0701, listing), (0x0201, several(ABSENT))))
        return frame(messages, self._kind, self._everywhere)

    def _message(self, tag: int, body: bytes) -> bytes:
        self._sent += 1
        transaction = bytes(self._sent >> shift & 0xFF for shift in (24, 16, 8, 0))
        return message(transaction, tag, body, self._kind, self._short_crc)

    def _identity(self) -> "list[bytes]":
        if self._layout == "legacy":
            return [entry("129 129 199 130 3 255", text(self._maker)), entry("1 0 0 0 9 255", text(self.server))]
        return [entry("1 0 96 50 1 1", text(self._maker)), entry("1 0 96 1 0 255", text(self.server))]

    def _energies(self, total_w: int, import_wh: int, export_wh: int, time: bytes) -> "list[bytes]":
        status = _STATUS[self._layout] | (_EXPORTING[self._layout] if total_w < 0 else 0)
        scaler, counts = (3, (import_wh // 1000, export_wh // 1000)) if self._locked else (-1, (
            import_wh * 10, export_wh * 10))
        width = 8 if self._layout == "legacy" else 0
        return [entry("1 0 1 8 0 255", unsigned(counts[0], width), WATT_HOUR, scaler, unsigned(status, 4), time),
                entry("1 0 2 8 0 255", unsigned(counts[1], width), WATT_HOUR, scaler, ABSENT, time)]

    def _powers(self, power_w: Phases) -> "list[bytes]":
        total_w = power_w.total()
        if self._layout == "legacy":
            return [entry("1 0 15 7 0 255", signed(abs(total_w) * 10, 4), WATT, -1)]
        named = [("1 0 16 7 0 255", total_w)]
        if self._detailed:
            named += zip(("1 0 36 7 0 255", "1 0 56 7 0 255", "1 0 76 7 0 255"), power_w)
        if self._layout == "dzg":
            return [entry(obis, _signless(value * 100), WATT, -2) for obis, value in named]
        return [entry(obis, signed(value), WATT) for obis, value in named]

    def _details(self, current_ma: Phases, voltage_mv: Phases) -> "list[bytes]":
        out = []
        for at in range(3):
            out.append(entry("1 0 %d 7 0 255" % (32 + 20 * at), unsigned(voltage_mv[at] // 100, 2), VOLT, -1))
            out.append(entry("1 0 %d 7 0 255" % (31 + 20 * at), unsigned(abs(current_ma[at]) // 10, 2), AMPERE, -2))
        out.append(entry("1 0 14 7 0 255", unsigned(500, 2), HERTZ, -1))
        return out


class SmlPort(Stream):
    """The port under the head on a simulated clock: a frame each period, byte by byte at the wire's pace.

    `draw` is asked for the frame at the instant it is sent. Waiting moves the clock.
    """

    def __init__(self, clock: Clock, draw: "object", period_ms: int = 1000, baud: int = 9600) -> None:
        assert callable(draw)
        self._clock = clock
        self._draw = draw
        self._period_ms = period_ms
        self._byte_us = 10_000_000 // baud
        self._due_ms = clock.now_ms()
        self._wire: "list[tuple[int, int]]" = []  # (when it has arrived in us, byte)

    def read(self, most: int, wait_ms: int) -> bytes:
        until_ms = self._clock.now_ms() + wait_ms
        while True:
            now_ms = self._clock.now_ms()
            self._send(now_ms)
            here = sum(1 for arrived_us, _ in self._wire if arrived_us <= now_ms * 1000)
            if here or now_ms >= until_ms:
                taken = min(here, most)
                out = bytes(byte for _, byte in self._wire[:taken])
                self._wire = self._wire[taken:]
                return out
            self._clock.sleep_ms(min(until_ms - now_ms, 20))

    def _send(self, now_ms: int) -> None:
        while self._due_ms <= now_ms:
            start_us = self._due_ms * 1000
            for at, byte in enumerate(self._draw(self._due_ms)):
                if len(self._wire) < _BACKLOG:
                    self._wire.append((start_us + (at + 1) * self._byte_us, byte))
            self._due_ms += self._period_ms


def _signless(value: int) -> bytes:
    """DZG's fault: a positive number in too few bytes for its sign, yet marked as signed."""
    if value < 0:
        return signed(value)
    return _number(0x50, value, _width(value))


def _width(magnitude: int, spare_bits: int = 0) -> int:
    width = 1
    while magnitude >> (8 * width - spare_bits):
        width += 1
    return width


def _number(kind: int, value: int, width: int) -> bytes:
    raw = value & ((1 << 8 * width) - 1)
    return bytes((kind | width + 1,)) + bytes(raw >> 8 * at & 0xFF for at in range(width - 1, -1, -1))
