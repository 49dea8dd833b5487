"""Radio frames of wM-Bus (EN 13757-4): formats A and B with their CRCs, and frames a stick has stripped of them.

CRC: polynomial 0x3D65, start 0, inverted, high byte first. In format A the length byte counts no CRC, and one
stands behind the first 10 bytes and behind each further 16; in format B it counts them, and one stands behind
at most 126 bytes and one at the end.
"""

HEAD = 10  # length, control, manufacturer, address: the first block
BLOCK = 16
B_FIRST = 126  # bytes before format B's first CRC
MOST = 256  # length byte and what it counts
LEAST = HEAD + 1  # with a CI

FORMATS = ("a", "b", "bare")


def _row(value: int) -> int:
    value <<= 8
    for _ in range(8):
        value = (value << 1 ^ 0x3D65 if value & 0x8000 else value << 1) & 0xFFFF
    return value


_TABLE = tuple([_row(byte) for byte in range(256)])


def crc(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ _TABLE[value >> 8 ^ byte]
    return value ^ 0xFFFF


def long_a(length: int) -> int:
    """Bytes on the air of a format A frame whose length byte is `length`."""
    return length + 1 + 2 * (1 + (length + 1 - HEAD + BLOCK - 1) // BLOCK)


def _fits(data: bytes, first: int, end: int) -> bool:
    """Whether data[first:end] is followed by its CRC."""
    return data[end:end + 2] == _sum(data[first:end])


def _sum(data: bytes) -> bytes:
    value = crc(data)
    return bytes((value >> 8, value & 0xFF))


def from_a(data: bytes) -> "bytes | None":
    """A whole format A frame without its CRCs; None when one does not fit."""
    if len(data) < LEAST or data[0] + 1 < LEAST or len(data) != long_a(data[0]) or not _fits(data, 0, HEAD):
        return None
    out = data[:HEAD]
    at = HEAD + 2
    while at < len(data):
        end = min(at + BLOCK, len(data) - 2)
        if not _fits(data, at, end):
            return None
        out += data[at:end]
        at = end + 2
    return out


def from_b(data: bytes) -> "bytes | None":
    """A whole format B frame without its CRCs, its length byte counting none; None when one does not fit."""
    if len(data) < LEAST + 2 or len(data) != data[0] + 1:
        return None
    end = min(len(data) - 2, B_FIRST)
    if not _fits(data, 0, end):
        return None
    out = data[1:end]
    if end + 2 < len(data):
        if len(data) < end + 5 or not _fits(data, end + 2, len(data) - 2):
            return None
        out += data[end + 2:-2]
    return bytes((len(out),)) + out


def bare(data: bytes, kind: str = "") -> "bytes | None":
    """The frame without CRCs, of one of FORMATS, or of whichever fits; None when none does.

    A stripped frame can only be told by its length, so a stick's parser, which has seen no CRC, must have had
    a check of its own.
    """
    if kind in ("", "a") and (found := from_a(data)) is not None:
        return found
    if kind in ("", "b") and (found := from_b(data)) is not None:
        return found
    if kind in ("", "bare") and len(data) >= LEAST and len(data) == data[0] + 1:
        return data
    return None


def to_a(frame: bytes) -> bytes:
    """A bare frame as it is on the air in format A."""
    out = frame[:HEAD] + _sum(frame[:HEAD])
    for at in range(HEAD, len(frame), BLOCK):
        out += frame[at:at + BLOCK] + _sum(frame[at:at + BLOCK])
    return out


def to_b(frame: bytes) -> bytes:
    """A bare frame as it is on the air in format B."""
    sums = 2 if len(frame) <= B_FIRST else 4
    data = bytes((frame[0] + sums,)) + frame[1:]
    out = data[:B_FIRST] + _sum(data[:B_FIRST])
    return out if sums == 2 else out + data[B_FIRST:] + _sum(data[B_FIRST:])
