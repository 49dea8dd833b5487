"""Modbus RTU without I/O: requests to bytes, and bytes to the one answer that belongs to a request.

RTU has no transaction number. What tells one answer from another is its *shape*: unit, function and
length, or, for a confirmed write, the address and value it repeats. `judge` sorts everything heard since
a request was sent, frame by frame:

  our own request, repeated              an echoing adapter (or another master with the very same question,
                                         whose answer is then as good)
  an answer of the request's shape       the answer, if it is the only one
  an answer of a shape still owed        late for an earlier request (drivers.modbus_owed)
  another master's request of our shape  a rival: two equal answers will come, nobody can tell them apart
  any other whole frame                  other traffic on the line; it cannot be mistaken
  0x00 and 0xFF, up to 4 other bytes     drivers switching, a click; skipped
  more bytes that are no frame           may hide a damaged frame: nothing is believed

What follows an answer may be another answer of the same shape only if another master has asked for it in
between; nor may it begin like one.

Sources: MODBUS over Serial Line 1.02, MODBUS Application Protocol 1.1b3.
"""

import struct
from collections import namedtuple

READING = (1, 2, 3, 4)
WRITING = (5, 6, 15, 16)
MOST_WORDS = 125  # Application Protocol 6.3: one answer holds no more
MOST_BITS = 2000  # 6.1
MOST_WRITTEN_WORDS = 123  # 6.12
MOST_WRITTEN_BITS = 1968  # 6.11
MOST_FRAME = 256  # Serial Line 2.5.1: bytes of the longest frame
MOST_CLICK = 4  # bytes of noise that cannot be a frame: the shortest, an exception answer, has 5

REFUSALS = {1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure",
            5: "acknowledged, in work", 6: "device busy", 8: "memory parity error",
            10: "gateway path unavailable", 11: "gateway: device does not answer"}

SILENT = "silent"  # nothing of ours, nothing that may have been ours
FOUND = "found"
REFUSED = "refused"
MISSHAPEN = "misshapen"  # the unit answered whole and well, but not what was asked
SPOILT = "spoilt"  # something came, but not the one answer that can be believed


def crc16(data: bytes) -> int:
    """Serial Line 6.2.2; the low byte goes first on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC = tuple(_crc_of_byte(byte) for byte in range(256))


def framed(body: bytes) -> bytes:
    """Unit and PDU with their checksum behind."""
    return body + struct.pack("<H", crc16(body))


def character_us(baud: int, parity: str, stop_bits: int) -> int:
    """Time of one byte on the wire, rounded up."""
    bits = 9 + (parity != "N") + stop_bits
    return -(-bits * 1_000_000 // baud)


def gap_us(baud: int, parity: str, stop_bits: int) -> int:
    """Silence between frames: 3.5 characters, 1.75 ms above 19200 baud (Serial Line 2.5.1.1)."""
    return 1_750 if baud > 19_200 else -(-7 * character_us(baud, parity, stop_bits) // 2)


class Request(namedtuple("Request", ("body", "head", "answer_bytes"))):
    """One request and what its answer must look like."""

    __slots__ = ()
    body: bytes  # unit and PDU
    head: bytes  # the answer begins with this: its shape
    answer_bytes: int  # length of the answer without checksum

    def frame(self) -> bytes:
        return framed(self.body)

    def fits(self, answer: bytes) -> bool:
        """Whether unit and PDU `answer` have the shape asked for."""
        return len(answer) == self.answer_bytes and answer.startswith(self.head)

    def mirrored(self) -> bool:
        """Whether the answer is equal to the request (functions 5 and 6), so that an echo looks like it."""
        return self.body == self.head


def read_request(unit: int, function: int, address: int, count: int) -> Request:
    """Functions 1 to 4."""
    most = MOST_BITS if function < 3 else MOST_WORDS
    assert function in READING
    assert 1 <= count <= most
    assert 0 <= address <= 0x10000 - count
    data_bytes = (count + 7) // 8 if function < 3 else 2 * count
    return Request(struct.pack(">BBHH", unit, function, address, count),
                   bytes((unit, function, data_bytes)), 3 + data_bytes)


def write_request(unit: int, function: int, address: int, values: "tuple[int, ...]") -> Request:
    """Functions 5 and 6 (one value), 15 and 16."""
    count = len(values)
    assert function in WRITING
    assert 0 <= address <= 0x10000 - count
    if function < 7:
        assert count == 1
        value = (0xFF00 if values[0] else 0) if function == 5 else values[0]
        body = struct.pack(">BBHH", unit, function, address, value)
        return Request(body, body, 6)
    assert 1 <= count <= (MOST_WRITTEN_BITS if function == 15 else MOST_WRITTEN_WORDS)
    data = _packed_bits(values) if function == 15 else struct.pack(">%dH" % count, *values)
    head = struct.pack(">BBHH", unit, function, address, count)
    return Request(head + bytes((len(data),)) + data, head, 6)


def values_of(answer: bytes, count: int) -> "tuple[int, ...]":
    """Words or bits of a read's answer (unit and PDU) that fits its request."""
    data = answer[3:]
    if answer[1] < 3:
        return tuple((data[i // 8] >> (i % 8)) & 1 for i in range(count))
    return tuple(struct.unpack(">%dH" % count, data))


def _packed_bits(bits: "tuple[int, ...]") -> bytes:
    out = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        if bit:
            out[i // 8] |= 1 << (i % 8)
    return bytes(out)


def refusal(code: int) -> str:
    return "exception %d: %s" % (code, REFUSALS.get(code, "unknown"))


def split(heard: bytes) -> "list[tuple[bytes, bytes]]":
    """The whole frames in `heard`, left to right: (the bytes before it that are no frame, unit and PDU).

    The last pair has an empty frame and holds what is left behind the last one.
    """
    out = []
    start = at = 0
    while at < len(heard):
        length = _frame_bytes(heard, at)
        if length:
            out.append((heard[start:at], heard[at:at + length - 2]))
            start = at = at + length
        else:
            at += 1
    out.append((heard[start:], b""))
    return out


def _frame_bytes(heard: bytes, at: int) -> int:
    """Length of the request or answer that begins at `at` with a right checksum, or 0.

    A frame and a 0x00 behind it have a right checksum too, so the shorter length is tried first.
    """
    left = len(heard) - at
    if left < 5 or not 1 <= heard[at] <= 247:
        return 0
    function = heard[at + 1]
    lengths: "tuple[int, ...]" = (5,)
    if function in READING:
        answer = 5 + heard[at + 2]
        lengths = (answer, 8) if answer < 8 else (8, answer)
    elif function in (5, 6):
        lengths = (8,)
    elif function in (15, 16) and left > 6:
        lengths = (8, 9 + heard[at + 6])
    elif not function & 0x80:
        return 0
    for length in lengths:
        if 5 <= length <= left:
            end = at + length
            if crc16(heard[at:end - 2]) == heard[end - 2] | heard[end - 1] << 8:
                return length
    return 0


class Verdict(namedtuple("Verdict", ("kind", "answer", "echoed", "settled", "asked", "others", "detail"))):
    """What the bytes heard since a request mean for it."""

    __slots__ = ()
    kind: str  # SILENT FOUND REFUSED MISSHAPEN SPOILT
    answer: bytes  # unit and PDU of the answer or exception answer; empty otherwise
    echoed: bool  # the request came back first
    settled: "tuple[bytes, ...]"  # answers that came and were owed by earlier requests
    asked: "tuple[bytes, ...]"  # heads another master asked for meanwhile and has not got
    others: bool  # somebody else is talking on this line
    detail: str


def nothing(kind: str, detail: str) -> Verdict:
    """A verdict without an exchange."""
    return Verdict(kind, b"", False, (), (), False, detail)


def judge(request: Request, heard: bytes, owed: "tuple[bytes, ...]" = (), echo: bool = True,
          elsewhere: "tuple[bytes, ...]" = ()) -> Verdict:
    """`owed` are the heads of unanswered earlier requests to this unit, `elsewhere` those to others; `echo`: an echo
    may come first."""
    sight = _Sight(request, owed, echo, elsewhere)
    for noise, frame in split(heard):
        sight.skip(noise)
        if frame:
            sight.take(frame)
    kind, detail = sight.outcome()
    answer = b""
    if kind == FOUND:
        answer = sight.answers[0]
    elif kind == REFUSED:
        answer = sight.refusals[0]
    return Verdict(kind, answer, sight.echoed, tuple(sight.settled), tuple(sight.asked), sight.others, detail)


class _Sight:
    """What has been seen so far, while the frames are sorted."""

    def __init__(self, request: Request, owed: "tuple[bytes, ...]", echo: bool,
                 elsewhere: "tuple[bytes, ...]") -> None:
        self.request = request
        self.elsewhere = list(elsewhere)  # not yet come, and never ours
        self.late = list(owed)  # not yet come
        self.owed = owed
        self.echo = echo
        self.echoed = False
        self.answers: "list[bytes]" = []
        self.refusals: "list[bytes]" = []
        self.settled: "list[bytes]" = []
        self.asked: "list[bytes]" = []  # heads another master waits for
        self.rivals = 0  # answers to come that may be mistaken for ours
        self.others = False
        self.strange = b""  # an answer of our unit in a shape nobody asked for
        self.noise_bytes = 0  # most in one place

    def skip(self, noise: bytes) -> None:
        """Bytes that are no frame."""
        head = self.request.head
        self.noise_bytes = max(self.noise_bytes, sum(byte not in (0x00, 0xFF) for byte in noise))
        if self.answers and head not in self.asked and _may_begin(head, noise):
            self.rivals += 1

    def take(self, frame: bytes) -> None:
        request = self.request
        if self.echo and not self.echoed and not self.answers and frame == request.body:
            self.echoed = True
        elif is_owed(frame, self.late) and not request.fits(frame):
            self.late.remove(is_owed(frame, self.late))
            self.settled.append(frame)
        elif is_owed(frame, self.asked) and (self.answers or not request.fits(frame)):
            self.asked.remove(is_owed(frame, self.asked))
        elif request.fits(frame):
            self.answers.append(frame)
        elif is_owed(frame, self.elsewhere):
            self.elsewhere.remove(is_owed(frame, self.elsewhere))
            self.settled.append(frame)
        elif asked_by(frame):
            self._asked(asked_by(frame))
        elif frame[0] != request.body[0]:
            self.others = self.others or not refuses(frame, self.elsewhere)
        elif frame[1] == request.body[1] | 0x80:
            self.refusals.append(frame)
        else:
            self.strange = frame

    def _asked(self, head: bytes) -> None:
        """Another master's request. What it asks for after our answer has come cannot be taken for that."""
        self.others = True
        self.asked.append(head)
        if head == self.request.head and not self.answers:
            self.rivals += 1

    def outcome(self) -> "tuple[str, str]":
        if self.rivals or len(self.answers) > 1:
            return SPOILT, "another master: more than one answer fits"
        if self.noise_bytes > MOST_CLICK:
            return SPOILT, "%d bytes that are no frame" % self.noise_bytes
        if self.answers and (self.owed or not self.refusals):
            return FOUND, ""
        if len(self.refusals) == 1 and not self.answers:
            return REFUSED, refusal(self.refusals[0][2])
        if self.refusals:
            return SPOILT, "answers that contradict each other"
        if self.strange:
            return MISSHAPEN, "answer of %d bytes where %d were asked" % (len(self.strange), self.request.answer_bytes)
        return SILENT, "no answer"


def _may_begin(head: bytes, noise: bytes) -> bool:
    """Whether an answer of this shape, or an exception instead of it, may begin in `noise`."""
    return head[:3] in noise or noise.endswith(head[:2]) or bytes((head[0], head[1] | 0x80)) in noise


def is_owed(frame: bytes, owed: "tuple[bytes, ...] | list[bytes]") -> bytes:
    """The head in `owed` that `frame` is the answer of, or nothing."""
    for head in owed:
        length = 3 + head[2] if len(head) == 3 else 6
        if frame.startswith(head) and len(frame) == length:
            return head
    return b""


def refuses(frame: bytes, owed: "tuple[bytes, ...] | list[bytes]") -> bool:
    """Whether `frame` may be the exception answer to something that is owed."""
    return any([frame[0] == head[0] and frame[1] == head[1] | 0x80 for head in owed])


def asked_by(frame: bytes) -> bytes:
    """The head of the answer to `frame` when it can be a request, or nothing."""
    function = frame[1]
    if function in READING and len(frame) == 6:
        count = frame[4] << 8 | frame[5]
        data_bytes = (count + 7) // 8 if function < 3 else 2 * count
        return bytes((frame[0], function, data_bytes)) if data_bytes < 256 else b""
    if function in (5, 6) or (function in (15, 16) and len(frame) > 6):
        return frame[:6]
    return b""


def pending(heard: bytes) -> "list[bytes]":
    """The heads of the answers another master still waits for."""
    heads: "list[bytes]" = []
    for _, frame in split(heard):
        if frame and is_owed(frame, heads):
            heads.remove(is_owed(frame, heads))
        elif frame and asked_by(frame):
            heads.append(asked_by(frame))
    return heads


def concluded(heard: bytes) -> bool:
    """Whether what was heard ends with a whole answer, so that the line is free now."""
    parts = split(heard)
    return len(parts) > 1 and not parts[-1][0] and not pending(heard)
