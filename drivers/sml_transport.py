"""SML transport, version 1: finds the frames in a meter's bytes, whatever stands between them.

A frame is a start mark, the payload, and an end mark with fill count and CRC, in all a multiple of four
bytes. Four 0x1B in the payload are sent as eight: by some senders wherever they stand, by others only
where they fall on a multiple of four from the start mark. Both are read right when escapes are looked
for in the start mark's own step of four: there are four such lanes in the stream, and each is followed
by itself. So a start mark without its end, or a frame that lost a byte, never stands in the way of the
next good frame; a start mark is given up alone, when another one or a wrong end follows in its lane, or
when it is too old. A start mark that may also be data is tried too. How many bytes are held is bounded.

CRC (both with the reflected polynomial 0x8408): X-25, sent low byte first, is the standard (BSI
TR-03109-1); KERMIT, sent high byte first, is what Holley DTZ541 sends on its wired port.
"""

ESCAPE = b"\x1b\x1b\x1b\x1b"
MARK = 8  # bytes of a start mark and of an end mark
MAX_FRAME = 4096  # the longest real frame known has 528; at 9600 baud this takes over four seconds

_TIDY = 512  # bytes that may come before what is no longer needed is let go: byte by byte costs less so

_BEGIN = b"\x01\x01\x01\x01"  # behind an escape: a frame begins
_END = 0x1A  # behind an escape: the frame ends; then the count of fill bytes and two bytes of CRC


def _row(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value


_TABLE = tuple(_row(byte) for byte in range(256))


def crc16(data: bytes, value: int) -> int:
    """The register after `data`, when it held `value` before."""
    table = _TABLE
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value


def crc_fits(data: bytes, sent: int) -> bool:
    """Whether `sent`, read high byte first, is the X-25 or the KERMIT CRC of `data`."""
    x25 = crc16(data, 0xFFFF) ^ 0xFFFF
    return sent == (x25 & 0xFF) << 8 | x25 >> 8 or sent == crc16(data, 0)


class Transport:
    """Bytes in, payloads of intact frames out. `given_up` counts the start marks that led to none."""

    def __init__(self) -> None:
        self.given_up = 0
        self._held = b""
        self._base = 0  # where the held bytes begin; this and all positions below count from the start of the stream
        self._at = 0  # the search goes on here
        self._starts: "list[list[int]]" = [[], [], [], []]  # open start marks, by their place modulo 4
        self._data = [-1, -1, -1, -1]  # newest escape that is data: the second of two
        self._room = _TIDY  # bytes held before the next tidying

    def feed(self, data: bytes) -> "list[tuple[int, bytes]]":
        """(position of the start mark, payload) of each frame that `data` completes."""
        found: "list[tuple[int, bytes]]" = []
        for at in range(0, len(data), MAX_FRAME):
            self._held += data[at:at + MAX_FRAME]
            while self._to_escape():
                self._mark(found)
                self._at += 1
            if len(self._held) > self._room:
                self._forget()
        return found

    def _to_escape(self) -> bool:
        """Moves to the next escape; False when it, or what says what it means, is not yet here."""
        index = self._held.find(ESCAPE, self._at - self._base)
        if index < 0:
            self._at = max(self._at, self._base + len(self._held) - len(ESCAPE) + 1)
            return False
        self._at = self._base + index
        return index + MARK <= len(self._held)

    def _mark(self, found: "list[tuple[int, bytes]]") -> None:
        at = self._at
        lane = at & 3
        index = at - self._base
        meaning = self._held[index + 4:index + MARK]
        is_data = self._data[lane] == at
        if meaning == _BEGIN:
            if not is_data:
                self._give_up(lane)
            self._starts[lane].append(at)
        elif is_data:
            pass
        elif meaning == ESCAPE:
            self._data[lane] = at + 4
        elif meaning[0] == _END:
            self._end(lane, at + MARK, found)

    def _end(self, lane: int, end: int, found: "list[tuple[int, bytes]]") -> None:
        for start in self._starts[lane]:
            if end - start <= MAX_FRAME:
                payload = _payload(self._held[start - self._base:end - self._base])
                if payload is not None:
                    found.append((start, payload))
                    self._close(start)
                    return
        self._give_up(lane)

    def _close(self, start: int) -> None:
        """A frame was found from `start` to here: what began before it was none, what began in it is part of it."""
        for lane in range(4):
            self.given_up += sum(1 for other in self._starts[lane] if other < start)
            self._starts[lane] = []

    def _give_up(self, lane: int) -> None:
        self.given_up += len(self._starts[lane])
        self._starts[lane] = []

    def _forget(self) -> None:
        """Lets go of bytes that no frame can begin with any more."""
        oldest = self._at
        for lane in range(4):
            kept = [start for start in self._starts[lane] if self._at - start <= MAX_FRAME]
            self.given_up += len(self._starts[lane]) - len(kept)
            self._starts[lane] = kept
            oldest = min([oldest] + kept[:1])
        self._held = self._held[oldest - self._base:]
        self._base = oldest
        self._room = len(self._held) + _TIDY


def _payload(frame: bytes) -> "bytes | None":
    """What stands between the marks, unescaped; None when the CRC does not fit.

    Fill bytes stay: the messages say themselves where they end.
    """
    if not crc_fits(frame[:-2], frame[-2] << 8 | frame[-1]):
        return None
    return frame[MARK:-MARK].replace(ESCAPE + ESCAPE, ESCAPE)
