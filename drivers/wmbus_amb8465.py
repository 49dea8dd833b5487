"""Amber Wireless (Wuerth) AMB8465 and AMB3665 sticks in command mode: 9600 8N1.

    FF | command | length | payload | XOR of all before

A received telegram is command 03; its payload is the frame without length byte and CRCs, and the RSSI behind it
when the stick is set so: then the length counts it. Setup asks for that setting (parameter 0x45), makes the stick
use command mode (parameter 0x05, kept by the stick) and sets the link mode (not kept). Source: maker's manual 2.7.
"""

from drivers.wmbus_frame import LEAST
from drivers.wmbus_stick import Heard, Stick, cc1101_dbm

_START = 0xFF
_RECEIVED = 0x03
_SET_MODE, _RESET, _SET, _GET = 0x04, 0x05, 0x09, 0x0A
_ANSWER = 0x80
_COMMAND_MODE, _RSSI = 0x05, 0x45  # parameters
_LINK_MODES = {"s": 0x03, "t": 0x08, "c": 0x0E, "c+t": 0x09}
_COMMANDS = (0x00, 0x02, 0x03, 0x04, 0x05, 0x06, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x10, 0x11, 0x30, 0x31)


def message(command: int, payload: bytes) -> bytes:
    out = bytes((_START, command, len(payload))) + payload
    return out + bytes((xor(out),))


def xor(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
    return value


class Amb8465(Stick):
    BAUD = 9_600

    def __init__(self, with_rssi: bool = False) -> None:
        """`with_rssi`: as the stick is set; learnt from its answer to `setup`."""
        super().__init__()
        self._with_rssi = with_rssi

    def setup(self, mode: str) -> "tuple[bytes, ...]":
        return (message(_SET, bytes((_COMMAND_MODE, 1, 1))), message(_RESET, b""), message(_GET, bytes((_RSSI, 1))),
                message(_SET_MODE, bytes((_LINK_MODES[mode],))))

    def _step(self, out: "list[Heard]") -> bool:
        held = self._held
        if held[0] != _START:
            start = held.find(bytes((_START,)))
            return self._drop(start if start > 0 else len(held))
        if not self._need(3):
            return False
        if held[1] & 0x7F not in _COMMANDS:
            return self._drop(1)
        whole = held[2] + 4
        if not self._need(whole):
            return False
        if xor(held[:whole]):
            self.damaged += 1
            return self._drop(1)
        self._take(held[1], held[3:whole - 1], out)
        return self._drop(whole)

    def _take(self, command: int, payload: bytes, out: "list[Heard]") -> None:
        if command == _GET | _ANSWER and len(payload) == 3 and payload[0] == _RSSI:
            self._with_rssi = payload[2] != 0
        elif command == _RECEIVED:
            rssi = cc1101_dbm(payload[-1]) if self._with_rssi and payload else None
            body = payload[:-1] if self._with_rssi else payload
            if len(body) + 1 >= LEAST:
                out.append(Heard(bytes((len(body),)) + body, rssi))
