"""Radiocrafts RC1180-MBUS, and other modules in transparent mode: 19200 8N1, the frame from its length byte on.

There is no start mark and no checksum: a frame is what has a control byte that meters send, letters for a maker, and
layers that hold together. A pause on the line ends what was not finished. The module checks the CRCs of the air.
"""

from drivers.mbus_telegram import LONG_HEADER, NO_HEADER, SHORT_HEADER, MBusError, of_radio
from drivers.wmbus_frame import HEAD, LEAST
from drivers.wmbus_stick import Heard, Stick

CONTROLS = (0x44, 0x46, 0x47, 0x48)  # what meters send unasked: SND-NR, SND-IR, ACC-NR, ACC-DMD (EN 13757-4)
LAYERS = tuple(range(0x80, 0xC0)) + LONG_HEADER + SHORT_HEADER + NO_HEADER  # CI


class Rc1180(Stick):
    BAUD = 19_200

    def _step(self, out: "list[Heard]") -> bool:
        held = self._held
        if held[0] + 1 < LEAST or (len(held) > 1 and held[1] not in CONTROLS):
            return self._skip()
        if not self._need(4):
            return False
        if not letters(held[2] | held[3] << 8):
            return self._skip()
        if len(held) > HEAD and held[HEAD] not in LAYERS:
            return self._skip()
        if not self._need(held[0] + 1):
            return False
        frame = held[:held[0] + 1]
        try:
            of_radio(frame)
        except MBusError:
            return self._skip()
        out.append(Heard(frame, None))
        return self._drop(len(frame))

    def _skip(self) -> bool:
        self.damaged += 1
        return self._drop(1)


def letters(manufacturer: int) -> bool:
    """Whether the two bytes are three letters."""
    return all([1 <= manufacturer >> shift & 31 <= 26 for shift in (0, 5, 10)])
