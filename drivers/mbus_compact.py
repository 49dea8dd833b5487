"""Compact telegrams (EN 13757-3, CI 73 79 7B): data without its DIF and VIF, which an earlier full telegram had.

A compact telegram names its format by the CRC of all DIF and VIF, and carries the CRC of the full telegram: what is
put together is right or is refused. Formats are learnt from full telegrams, of any meter of the kind.
"""

from drivers.mbus_records import parse
from drivers.wmbus_frame import crc

MOST_FORMATS = 64


class Formats:
    """The formats heard so far, newest last; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._heads: "dict[int, tuple[tuple[bytes, int], ...]]" = {}
        self._order: "tuple[int, ...]" = ()

    def learn(self, body: bytes) -> None:
        """From the records of a full telegram."""
        parsed = parse(body)
        heads = tuple([(record.head, len(record.data)) for record in parsed.records])
        if parsed.fault or not heads:
            return
        name = crc(b"".join([head for head, _ in heads]))
        if name in self._heads:
            return
        if len(self._order) >= MOST_FORMATS:
            del self._heads[self._order[0]]
            self._order = self._order[1:]
        self._heads[name] = heads
        self._order = self._order + (name,)

    def full(self, body: bytes) -> "bytes | None":
        """The records a compact body stands for; None when its format is not known or its CRC does not fit."""
        if len(body) < 4:
            return None
        heads = self._heads.get(body[0] | body[1] << 8)
        if heads is None:
            return None
        out, at = b"", 4
        for head, size in heads:
            out += head + body[at:at + size]
            at += size
        return out if at == len(body) and crc(out) == body[2] | body[3] << 8 else None
