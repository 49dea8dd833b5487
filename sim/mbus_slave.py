"""Meters on a wired M-Bus: what they answer to a master's bytes (EN 13757-2 and -3)."""

from hal.ports import Dialogue

_ACK = b"\xe5"
_SND_NKE, _REQ_UD2, _FCB, _FCV = 0x40, 0x4B, 0x20, 0x10
_RSP_UD, _VARIABLE = 0x08, 0x72
_SHORT = 5  # bytes of a request
_SELECT, _SELECTING = b"\x68\x0b\x0b\x68\x53\xfd\x52", 17  # how a selection begins, and all its bytes


def long_frame(control: int, address: int, ci: int, data: bytes) -> bytes:
    body = bytes((control, address, ci)) + data
    return bytes((0x68, len(body), len(body), 0x68)) + body + bytes((sum(body) & 0xFF, 0x16))


class MBusMeter:
    """One meter; `telegrams` are what it tells in turn, header and records of each."""

    def __init__(self, address: int, telegrams: "tuple[bytes, ...]") -> None:
        self.address = address
        self.selected = False
        self.telegrams = telegrams
        self._next = 0
        self._bit: "int | None" = None

    def select(self, wanted: bytes) -> bytes:
        """By number, maker, version and medium; F in a digit, or FF, means any."""
        mine = self.telegrams[0][:len(wanted)]
        self.selected = all([one == other or other == 0xFF for one, other in zip(mine, wanted)])
        self._next, self._bit = 0, None
        return _ACK if self.selected else b""

    def answer(self, control: int) -> bytes:
        if control == _SND_NKE:
            self._next, self._bit = 0, None
            return _ACK
        if control & ~(_FCB | _FCV) != _REQ_UD2:
            return b""
        bit = control & _FCB
        if self._bit is not None and bit != self._bit:  # the master has had the last one
            self._next = (self._next + 1) % len(self.telegrams)
        self._bit = bit
        return long_frame(_RSP_UD, self.address, _VARIABLE, self.telegrams[self._next])


class MBusWire(Dialogue):
    """A bus at full speed. `lose` answers are lost first, `spoil` are damaged; `echo` repeats what is sent."""

    def __init__(self, meters: "tuple[MBusMeter, ...]", lose: int = 0, spoil: int = 0, echo: bool = False) -> None:
        self._meters = meters
        self._heard = b""  # of a request that is not whole yet: a slow wire hands it over byte by byte
        self._waiting = b""
        self._lose = lose
        self._spoil = spoil
        self._echo = echo

    def write(self, data: bytes) -> None:
        if self._echo:
            self._waiting += data
        self._heard = (self._heard + data)[-_SELECTING:]
        if self._heard[:7] == _SELECT and len(self._heard) == _SELECTING:
            wanted, self._heard = self._heard[7:15], b""
            self._together([meter.select(wanted) for meter in self._meters])
            return
        request = self._heard[-_SHORT:]
        if len(request) != _SHORT or request[0] != 0x10 or request[1] + request[2] & 0xFF != request[3]:
            return
        self._heard = b""
        self._together([meter.answer(request[1]) for meter in self._meters
                        if request[2] in (meter.address, 254) or (request[2] == 253 and meter.selected)])

    def _together(self, answers: "list[bytes]") -> None:
        """What is on the wire when several speak at once: a 0 of any of them is a 0."""
        wire = b""
        for one in answers:
            wire = bytes([bit & other for bit, other in zip(wire, one)]) if wire and one else wire or one
        if wire:
            self._waiting += self._damaged(wire)

    def read(self, most: int, wait_ms: int) -> bytes:
        out, self._waiting = self._waiting[:most], self._waiting[most:]
        return out

    def set_baud(self, baud: int) -> None:
        """There is one rate."""

    def _damaged(self, answer: bytes) -> bytes:
        if self._lose:
            self._lose -= 1
            return b""
        if self._spoil:
            self._spoil -= 1
            return answer[:-2] + bytes((answer[-2] ^ 1,)) + answer[-1:] if len(answer) > 2 else b"\x00"
        return answer
