"""A P1 port: what the house draws -> telegrams in the shapes of the countries' meters.

Written apart from the reader, from the companion standard's tables, so that the two check each other.
"""

from hal.values import Phases

LAYOUTS = ("v2", "v4", "v5", "belgium", "luxembourg", "austria")
TITLE = b"HUTSIM01"
AUTHENTICATION = bytes(17 * digit for digit in range(16))  # 00 11 22 .. FF, the same for all of Luxembourg
_UNCHECKED = ("v2",)


class P1Meter:
    """One meter; its sub-meters stand still. `seal(initial value, text, covered) -> bytes` encrypts."""

    def __init__(self, layout: str = "v5", number: int = 1, seal: "object | None" = None) -> None:
        assert layout in LAYOUTS
        self._layout = layout
        self._id = "".join("%02X" % ord(letter) for letter in "E%011d" % number)
        self._seal = seal
        self.counter = 0

    def frame(self, now_ms: int, power_w: Phases, current_ma: Phases, voltage_mv: Phases,
              import_wh: int, export_wh: int) -> bytes:
        """One whole telegram about this instant."""
        rows = self._head(now_ms) + self._counters(import_wh, export_wh) + self._powers(power_w.total())
        if self._layout in ("v4", "v5", "belgium", "luxembourg"):
            rows += self._phases(power_w, current_ma, voltage_mv)
        rows += self._submeters()
        body = "/HUT5\\2%s\r\n\r\n%s\r\n!" % (self._layout, "\r\n".join(rows))
        self.counter += 1
        if self._layout in _UNCHECKED:
            return even(bytes(body + "\r\n", "ascii"))
        text = bytes("%s%04X\r\n" % (body, crc(bytes(body, "ascii"))), "ascii")
        return text if self._seal is None else sealed(self._seal, self.counter, text)

    def _head(self, now_ms: int) -> "list[str]":
        if self._layout == "v2":
            return ["0-0:96.1.1(%s)" % self._id]
        time = "0-0:1.0.0(%s)" % local(now_ms)
        if self._layout == "belgium":
            return ["0-0:96.1.4(50217)", "0-0:96.1.1(%s)" % self._id, time]
        version = "1-3:0.2.8(%s)" % ("42" if self._layout == "v4" else "50")
        if self._layout == "austria":
            return [version, time]
        return [version, time, "0-0:%s(%s)" % ("42.0.0" if self._layout == "luxembourg" else "96.1.1", self._id)]

    def _counters(self, import_wh: int, export_wh: int) -> "list[str]":
        if self._layout == "austria":
            return ["1-0:1.8.0(%09d*Wh)" % import_wh, "1-0:1.8.1(%09d*Wh)" % (import_wh // 3),
                    "1-0:1.8.2(%09d*Wh)" % (import_wh - import_wh // 3), "1-0:2.8.0(%09d*Wh)" % export_wh]
        if self._layout == "luxembourg":
            return ["1-0:1.8.0(%s*kWh)" % thousandths(import_wh, 6), "1-0:2.8.0(%s*kWh)" % thousandths(export_wh, 6)]
        out = []
        for direction, energy_wh in ((1, import_wh), (2, export_wh)):
            night_wh = energy_wh // 4
            out += ["1-0:%d.8.1(%s*kWh)" % (direction, thousandths(night_wh, 6)),
                    "1-0:%d.8.2(%s*kWh)" % (direction, thousandths(energy_wh - night_wh, 6))]
        return out + ["0-0:96.14.0(0002)"]

    def _powers(self, total_w: int) -> "list[str]":
        form = "1-0:%d.7.0(%s)"
        drawn, fed = max(total_w, 0), max(-total_w, 0)
        if self._layout == "austria":
            return [form % (1, "%09d*W" % drawn), form % (2, "%09d*W" % fed)]
        return [form % (1, thousandths(drawn, 2) + "*kW"), form % (2, thousandths(fed, 2) + "*kW")]

    def _phases(self, power_w: Phases, current_ma: Phases, voltage_mv: Phases) -> "list[str]":
        out = []
        for at in range(3):
            base, watts, size_ma = 20 * at, power_w[at], abs(current_ma[at])
            if self._layout != "v4":
                out.append("1-0:%d.7.0(%s*V)" % (32 + base, thousandths(voltage_mv[at], 4)[:-2]))
            amperes = "%03d" % (size_ma // 1000) if self._layout == "v4" else thousandths(size_ma, 3)[:-1]
            out.append("1-0:%d.7.0(%s*A)" % (31 + base, amperes))
            out.append("1-0:%d.7.0(%s*kW)" % (21 + base, thousandths(max(watts, 0), 2)))
            out.append("1-0:%d.7.0(%s*kW)" % (22 + base, thousandths(max(-watts, 0), 2)))
        return out

    def _submeters(self) -> "list[str]":
        if self._layout == "v2":
            return ["0-1:24.1.0(03)", "0-1:96.1.0(47303031)", "0-1:24.3.0(240101120000)(00)(60)(1)(0-1:24.2.1)(m3)",
                    "(01234.567)", "0-1:24.4.0(1)"]
        if self._layout == "belgium":
            return ["0-1:24.1.0(003)", "0-1:96.1.1(47303031)", "0-1:24.2.3(240101120000W)(01234.567*m3)",
                    "0-2:24.1.0(007)", "0-2:96.1.1(57303031)", "0-2:24.2.1(240101120000W)(00891.011*m3)"]
        if self._layout == "austria":
            return []
        return ["0-1:24.1.0(003)", "0-1:96.1.0(47303031)", "0-1:24.2.1(240101120000W)(01234.567*m3)"]


def sealed(seal: "object", counter: int, text: bytes) -> bytes:
    """The telegram in its DLMS frame."""
    assert callable(seal)
    count = bytes(counter >> shift & 0xFF for shift in (24, 16, 8, 0))
    closed = seal(TITLE + count, text, b"\x30" + AUTHENTICATION)
    assert isinstance(closed, bytes)
    body = b"\x30" + count + closed
    return b"\xdb\x08" + TITLE + b"\x82" + bytes((len(body) >> 8, len(body) & 0xFF)) + body


def crc(data: bytes) -> int:
    """Bit by bit, as the companion standard words it: x16 + x15 + x2 + 1, least significant bit first, from 0."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


def thousandths(value: int, whole: int) -> str:
    """Of thousandths: whole digits, a point, three places; a minus before a negative."""
    size = abs(value)
    digits = str(size // 1000)
    return ("-" if value < 0 else "") + "0" * (whole - len(digits)) + digits + ".%03d" % (size % 1000)


def even(text: bytes) -> bytes:
    """Seven data bits and even parity."""
    return bytes(byte | (sum(byte >> bit & 1 for bit in range(7)) & 1) << 7 for byte in text)


def local(now_ms: int) -> str:
    """A winter's day; only the time of day moves."""
    seconds = now_ms // 1000 % 86_400
    return "240101%02d%02d%02dW" % (seconds // 3600, seconds // 60 % 60, seconds % 60)
