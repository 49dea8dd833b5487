"""What all receivers for wM-Bus have in common: bytes in, bare frames out.

A stick never raises, holds less than MOST_HELD bytes, finds the next good frame whatever stands before it, and
lets go of a piece that was never finished when the line falls silent.
"""

from collections import namedtuple

MOST_HELD = 2048
MODES = ("t", "c", "s", "c+t")  # EN 13757-4; T1 and C1 are what meters send


class Heard(namedtuple("Heard", ("frame", "rssi_dbm"))):
    """One frame: from the length byte on, without CRCs."""

    __slots__ = ()
    frame: bytes
    rssi_dbm: "int | None"


class Stick:
    """`damaged` counts what looked like a frame and was none."""

    BAUD = 0  # of its serial port; 0: it has none

    def __init__(self) -> None:
        self.damaged = 0
        self._held = b""

    def setup(self, mode: str) -> "tuple[bytes, ...]":
        """What is sent to it, with a pause between two, so that it listens in `mode`."""
        return ()

    def feed(self, data: bytes) -> "list[Heard]":
        out: "list[Heard]" = []
        for at in range(0, len(data), MOST_HELD // 2):
            self._held += data[at:at + MOST_HELD // 2]
            while self._held and self._step(out):
                pass
        return out

    def pause(self) -> None:
        """Nothing has come for a while: what is held is the rest of something."""
        if self._held:
            self.damaged += 1
            self._held = b""

    def _step(self, out: "list[Heard]") -> bool:
        """Takes one thing off the front of what is held; False when it needs more."""
        raise NotImplementedError

    def _need(self, count: int) -> bool:
        return len(self._held) >= count

    def _drop(self, count: int) -> bool:
        self._held = self._held[count:]
        return True


def cc1101_dbm(raw: int) -> int:
    """Of a CC1101 and its kin (TI data sheet SWRS061, 17.3)."""
    return (raw - 256 if raw >= 128 else raw) // 2 - 74
