"""IMST iM871A-USB: 57600 8N1, HCI messages.

    A5 | flags, endpoint | message | length | payload | [time 4] [RSSI 1] [CRC 2]

Flags: 0x80 CRC, 0x40 RSSI, 0x20 time. CRC-16 CCITT (0x8408 reflected, start 0xFFFF, inverted, low byte first) from
behind the A5. A received telegram is endpoint 2, message 3; its payload is the frame without length byte and CRCs.
Source: iM871A WMBus HCI specification; the stick's own defaults send no CRC.
"""

from drivers.sml_transport import crc16
from drivers.wmbus_frame import LEAST
from drivers.wmbus_stick import Heard, Stick

_START = 0xA5
_RADIO, _RECEIVED = 2, 3
_CRC, _RSSI, _TIME, _RESERVED = 0x80, 0x40, 0x20, 0x10
_LINK_MODES = {"s": 0x00, "t": 0x03, "c": 0x06, "c+t": 0x0A}
_ENDPOINTS = (1, 2, 3, 4)


def check(data: bytes) -> bytes:
    """The CRC of a message from behind its A5."""
    value = crc16(data, 0xFFFF) ^ 0xFFFF
    return bytes((value & 0xFF, value >> 8))


def message(endpoint: int, number: int, payload: bytes) -> bytes:
    """To the stick, with CRC."""
    body = bytes((_CRC | endpoint, number, len(payload))) + payload
    return bytes((_START,)) + body + check(body)


class Im871a(Stick):
    BAUD = 57_600

    def setup(self, mode: str) -> "tuple[bytes, ...]":
        """Link mode; RSSI with each telegram; not kept when it is unplugged."""
        return (message(1, 3, bytes((0, 0x02, _LINK_MODES[mode], 0x30, 1, 0))),)

    def _step(self, out: "list[Heard]") -> bool:
        held = self._held
        if held[0] != _START:
            start = held.find(bytes((_START,)))
            return self._drop(start if start > 0 else len(held))
        if not self._need(4):
            return False
        flags, end = held[1], 4 + held[3]
        if flags & _RESERVED or flags & 0x0F not in _ENDPOINTS:
            return self._drop(1)
        whole = end + (4 if flags & _TIME else 0) + (1 if flags & _RSSI else 0) + (2 if flags & _CRC else 0)
        if not self._need(whole):
            return False
        if flags & _CRC and check(held[1:whole - 2]) != held[whole - 2:whole]:
            self.damaged += 1
            return self._drop(1)
        if flags & 0x0F == _RADIO and held[2] == _RECEIVED and held[3] + 1 >= LEAST:
            place = end + (4 if flags & _TIME else 0)
            # straight line through the data sheet's curve: 45 is -100 dBm, 205 is -20 dBm
            rssi = -100 + (held[place] - 45) // 2 if flags & _RSSI else None
            out.append(Heard(held[3:end], rssi))
        return self._drop(whole)
