"""Receivers that write a line of text a frame: a CUL (culfw on CC1101), rtl-wmbus, a log, a plain list of hex.

    b2E44...F1F2[LQI RSSI]           CUL: format A with its CRCs; bY: format B; two bytes more with X21
    T1;1;1;2026-...;...;0x2E44...    rtl-wmbus: the frame without CRCs; only with both checks passed
    telegram=|2E44...|+12            wmbusmeters' log
    2E44...                          a frame of format A or B, or without CRCs

A CUL's line with an odd number of digits has lost or added half a byte (a known fault of its firmware): it is taken
when the digits before it are a whole frame.
"""

import binascii

from drivers.wmbus_frame import bare, from_a, from_b, long_a
from drivers.wmbus_stick import Heard, Stick, cc1101_dbm

MOST_LINE = 1024  # characters: a frame of 256 bytes with CRCs is 582, rtl-wmbus puts some 80 before it
_HEX = b"0123456789abcdefABCDEF"


class Lines(Stick):
    """Any of the above, from a program or a board that listens by itself."""

    BAUD = 115_200

    def pause(self) -> None:
        """The last line of a file may have no end."""

    def rest(self) -> "list[Heard]":
        """Of the last line, when nothing more will come."""
        return self.feed(b"\n")

    def _step(self, out: "list[Heard]") -> bool:
        end = self._held.find(b"\n")
        if end < 0:
            if len(self._held) > MOST_LINE:
                self.damaged += 1
                return self._drop(len(self._held))
            return False
        line = self._held[:end].strip()
        if line and not line.startswith(b"#"):
            self._line(line, out)
        return self._drop(end + 1)

    def _line(self, line: bytes, out: "list[Heard]") -> None:
        heard = of_line(line) if len(line) <= MOST_LINE else None
        if heard is not None:
            out.append(heard)
        elif any([line.startswith(word) for word in (b"b", b"telegram=")]) or b";" in line or _is_hex(line):
            self.damaged += 1


class Cul(Lines):
    BAUD = 38_400
    _MODES = {"t": b"brt", "c": b"brc", "s": b"brs", "c+t": b"brc"}  # C mode hears T too

    def setup(self, mode: str) -> "tuple[bytes, ...]":
        return (b"X21\r\n", self._MODES[mode] + b"\r\n")


def of_line(line: bytes) -> "Heard | None":
    """What a line says; None when it is no frame, or one whose check failed."""
    if line.startswith(b"b"):
        return _cul(line[2:], True) if line[1:2] == b"Y" else _cul(line[1:], False)
    if b";" in line:
        fields = line.split(b";")
        good = len(fields) >= 4 and fields[1] == b"1" and fields[2] == b"1"
        return _plain(fields[-1]) if good else None
    if line.startswith(b"telegram=|"):
        return _plain(line[10:].split(b"|")[0])
    return _plain(line)


def _cul(digits: bytes, format_b: bool) -> "Heard | None":
    data = _bytes(digits)
    if data is None or not data:
        return None
    size = data[0] + 1 if format_b else long_a(data[0])
    frame = from_b(data[:size]) if format_b else from_a(data[:size])
    rest = data[size:]
    if frame is None or len(rest) > 2:
        return None
    return Heard(frame, cc1101_dbm(rest[1]) if len(rest) == 2 and len(digits) % 2 == 0 else None)


def _plain(digits: bytes) -> "Heard | None":
    """A wired frame in such a list is left to whoever reads wires."""
    data = _bytes(b"".join(digits.replace(b"_", b"").split()))
    frame = None if data is None else bare(data)
    return None if frame is None else Heard(frame, None)


def _bytes(digits: bytes) -> "bytes | None":
    if digits[:2] in (b"0x", b"0X"):
        digits = digits[2:]
    if not _is_hex(digits):
        return None
    return binascii.unhexlify(digits[:len(digits) // 2 * 2])


def _is_hex(digits: bytes) -> bool:
    return len(digits) > 1 and all([digit in _HEX for digit in digits])
