"""Frames of wired M-Bus (EN 13757-2, IEC 60870-5 FT 1.2): bytes in, frames with a fitting checksum out.

    E5                                            one byte: yes
    10 C A sum 16                                 short: the master's requests
    68 L L 68 C A CI data... sum 16               long: L counts C to the end of data
"""

from collections import namedtuple

ACK = 0xE5
SHORT, LONG, STOP = 0x10, 0x68, 0x16
SND_NKE, REQ_UD2 = 0x40, 0x5B  # reset; ask for data (FCV set; 0x20 is the frame count bit)
FCB = 0x20
SND_UD, SELECT = 0x53, 0x52  # to the meters of a number: from now on SELECTED is you, and nobody else
SELECTED = 253
ANY = 254  # the address every meter answers to: for one meter on the line
MOST = 261  # bytes of the longest frame


class Frame(namedtuple("Frame", ("control", "address", "ci", "data"))):
    """A long frame."""

    __slots__ = ()
    control: int
    address: int
    ci: int
    data: bytes


class Reader:
    """Bytes in, long frames out; holds less than two frames. `damaged` counts starts that led to none."""

    def __init__(self) -> None:
        self.damaged = 0
        self._held = b""

    def feed(self, data: bytes) -> "list[Frame]":
        found: "list[Frame]" = []
        for at in range(0, len(data), MOST):
            self._held += data[at:at + MOST]
            while self._step(found):
                pass
        return found

    def rest(self) -> int:
        """Bytes that wait for more."""
        return len(self._held)

    def _step(self, found: "list[Frame]") -> bool:
        """Takes one thing off the front; False when it needs more bytes."""
        held = self._held
        start = 0
        while start < len(held) and held[start] not in (LONG, SHORT):
            start += 1
        held = self._held = held[start:]
        if len(held) < 5:
            return False
        length = whole(held)
        if length > len(held):
            return False
        frame = held[:length]
        if length == 0 or not intact(frame):
            self.damaged += held[0] == LONG
            self._held = held[1:]
            return True
        if length > 5:
            found.append(Frame(frame[4], frame[5], frame[6], frame[7:-2]))
        self._held = held[length:]
        return True


def whole(data: bytes) -> int:
    """Bytes of the frame that begins here; 0 when none can."""
    if data[0] == SHORT:
        return 5
    if data[0] == LONG and data[3] == LONG and data[1] == data[2] >= 3:
        return data[1] + 6
    return 0


def intact(frame: bytes) -> bool:
    """Whether stop byte and checksum fit."""
    begin = 1 if frame[0] == SHORT else 4
    return frame[-1] == STOP and sum(frame[begin:-2]) & 0xFF == frame[-2]


def short(control: int, address: int) -> bytes:
    return bytes((SHORT, control, address, (control + address) & 0xFF, STOP))


def long(control: int, address: int, ci: int, data: bytes) -> bytes:
    body = bytes((control, address, ci)) + data
    return bytes((LONG, len(body), len(body), LONG)) + body + bytes((sum(body) & 0xFF, STOP))
