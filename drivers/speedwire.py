"""SMA Speedwire: what an Energy Meter or a Sunny Home Manager multicasts about once a second, bytes in, entries out.

Signed values do not exist: a power is what is consumed less what is supplied. Counters are in watt seconds.
Layout: sma_speedwire_meter_frame.csv and _obis.csv of SMA's "EMETER protocol" description, and three drivers.
"""

from drivers.obis import AMPERE, HERTZ, VOLT, WATT, WATT_HOUR, Entry

GROUP, PORT = "239.12.255.254", 9522
MOST_BYTES = 1_500
SIGNATURE = b"SMA\x00"
_HEAD = 28
_METER = b"\x60\x69"  # protocol of meters; 0x6081 says the same once more, 0x6065 is an inverter
_VERSION = b"\x90\x00\x00\x00"
_NOW, _COUNTER = 4, 8
_PER_WH = 3_600
_POWERS = (1, 2, 21, 22, 41, 42, 61, 62)
_CURRENTS, _VOLTAGES, _FREQUENCY = (31, 51, 71), (32, 52, 72), 14


def serial_of(datagram: bytes) -> "str | None":
    """The serial number of the meter that sent it; None for whatever is no meter's."""
    if len(datagram) < _HEAD or len(datagram) > MOST_BYTES or datagram[:4] != SIGNATURE or datagram[16:18] != _METER:
        return None
    return str(int.from_bytes(datagram[20:24], "big"))


def entries(datagram: bytes) -> "tuple[Entry, ...] | None":
    """The values of a meter's datagram; None when it is none, or is cut short."""
    if serial_of(datagram) is None:
        return None
    end = 16 + int.from_bytes(datagram[12:14], "big")  # where what was announced is over
    if end > len(datagram):
        return None
    out: "list[Entry]" = []
    at = _HEAD
    while at + 4 <= end:
        channel, index, kind = datagram[at], datagram[at + 1], datagram[at + 2]
        if datagram[at:at + 4] == b"\x00\x00\x00\x00":
            return tuple(out)
        width = 8 if channel == 0 and kind == _COUNTER else 4
        if at + 4 + width > end:
            return None
        if channel == 0:
            found = _entry(index, kind, int.from_bytes(datagram[at + 4:at + 4 + width], "big"))
            if found is not None:
                out.append(found)
        at += 4 + width
    return tuple(out) if at == end else None


def version_of(datagram: bytes) -> "str | None":
    """Software of the meter: "2.3.4.R"."""
    at = datagram.find(_VERSION, _HEAD)
    said = datagram[at + 4:at + 8]
    if at < 0 or len(said) < 4 or not 0x20 < said[3] < 0x7F:
        return None
    return "%d.%d.%d.%s" % (said[0], said[1], said[2], chr(said[3]))


def _entry(index: int, kind: int, value: int) -> "Entry | None":
    """By the OBIS name that the same quantity has elsewhere; None for what nobody asks for."""
    if kind == _COUNTER and index in (1, 2):
        return Entry(bytes((1, 0, index, 8, 0, 255)), None, WATT_HOUR, 0, value // _PER_WH, 8)
    scaled = {WATT: -1, AMPERE: -3, VOLT: -3, HERTZ: -3}
    unit = WATT if index in _POWERS else AMPERE if index in _CURRENTS else VOLT if index in _VOLTAGES else \
        HERTZ if index == _FREQUENCY else None
    if kind != _NOW or unit is None:
        return None
    return Entry(bytes((1, 0, index, 7, 0, 255)), None, unit, scaled[unit], value, 4)
