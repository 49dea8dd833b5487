"""Asks the meters of a wired M-Bus, one after the other (EN 13757-2 and -3): reset, request, further telegrams.

Between request and first answer a meter may take 330 bit times and 50 ms; a request that is lost is sent twice more.
A meter that shares its primary address with others, as they leave the factory, is selected by its number first. Only
that and requests for data are sent; nothing in a meter is changed.
"""

from drivers.mbus_frame import ACK, FCB, REQ_UD2, SELECT, SELECTED, SND_NKE, SND_UD, Frame, Reader, long, short
from drivers.mbus_media import id_bytes
from drivers.mbus_records import parse
from drivers.mbus_telegram import RECORDS, MBusError, of_wire
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.ports import Clock, Dialogue

TRIES = 3
MOST_TELEGRAMS = 16
MOST_ANSWER_BYTES = 261
ANSWER_BITS, ANSWER_MS = 330, 50  # EN 13757-2, 5.5.2: longest time to the first byte
SPARE_MS = 150  # level converters and USB
STEP_MS = 20
MOST_READS = 2_000


class MBusMaster:
    def __init__(self, line: Dialogue, clock: Clock, baud: int) -> None:
        self._line = line
        self._clock = clock
        self._first_ms = ANSWER_MS + SPARE_MS + 1000 * ANSWER_BITS // baud
        self._frame_ms = 1000 * 11 * MOST_ANSWER_BYTES // baud

    def read(self, address: int, number: str = "") -> "tuple[Frame, ...]":
        """Every telegram of one meter: at a primary address, or SELECTED and its number of eight digits.

        DeviceError(TIMEOUT) for silence, FRAME for answers that are none.
        """
        if number:
            self._select(number)
        else:
            self._ask(short(SND_NKE, address))
        out: "list[Frame]" = []
        bit = FCB
        while len(out) < MOST_TELEGRAMS:
            frame = self._ask(short(REQ_UD2 | bit if bit else REQ_UD2 & ~FCB, address))
            if frame is None:
                raise DeviceError(FRAME, "no data from address %d" % address)
            out.append(frame)
            if not _goes_on(frame):
                break
            bit ^= FCB
        return tuple(out)

    def _select(self, number: str) -> None:
        """All others are selected no more."""
        request = long(SND_UD, SELECTED, SELECT, id_bytes(number) + b"\xff" * 4)  # of any maker, version and medium
        for _ in range(TRIES):
            self._drain()
            self._line.write(request)
            heard, _ = self._answer(request)
            if heard[-1:] == bytes((ACK,)):
                return
        raise DeviceError(TIMEOUT, "no meter of the number %s answers" % number)

    def _ask(self, request: bytes) -> "Frame | None":
        """The answer; None for a bare acknowledgement."""
        damaged = False
        for _ in range(TRIES):
            self._drain()
            self._line.write(request)
            heard, frame = self._answer()
            if frame is not None or heard[-1:] == bytes((ACK,)):
                return frame
            damaged = damaged or len(heard) > 0
        raise DeviceError(FRAME if damaged else TIMEOUT, "no answer" if not damaged else "no answer that is whole")

    def _answer(self, echo: bytes = b"") -> "tuple[bytes, Frame | None]":
        """(bytes heard, the frame in them); an adapter's echo passes by: of a short request, or of the one named."""
        reader, heard = Reader(), b""
        until_ms = self._clock.now_ms() + self._first_ms
        for _ in range(MOST_READS):
            wait_ms = until_ms - self._clock.now_ms()
            if wait_ms <= 0:
                break
            chunk = self._line.read(MOST_ANSWER_BYTES, min(wait_ms, STEP_MS))
            if chunk and not heard:
                until_ms += self._frame_ms
            heard = (heard + chunk)[-2 * MOST_ANSWER_BYTES:]
            frames = reader.feed(chunk)
            if frames and not echo:
                return heard, frames[-1]
            if heard in (bytes((ACK,)), echo + bytes((ACK,))):
                break
        return heard, None

    def _drain(self) -> None:
        for _ in range(MOST_READS):
            if not self._line.read(MOST_ANSWER_BYTES, 0):
                return


def _goes_on(frame: Frame) -> bool:
    """Whether the meter says that its next telegram has more; what cannot be read says nothing."""
    try:
        telegram = of_wire(frame)
    except MBusError:
        return False
    return telegram.ci in RECORDS and not telegram.seal and bool(parse(telegram.body).more)
