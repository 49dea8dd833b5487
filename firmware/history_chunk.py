"""A stretch of curves: values at even steps, packed; and how a longer stretch is made of shorter ones. Pure.

A chunk is {series: rows}, each row as long as the chunk has steps, null where nothing was known. Seconds have one row,
(value); longer steps have three, (mean, least, most), or one of series that count or name something: (last).
"""

import zlib
from collections.abc import Sequence

import msgspec

Row = list[int | None]
Chunk = dict[str, list[Row]]

LEVELS = (1, 60, 900)  # s a step
SPANS = {1: 60, 60: 3_600, 900: 86_400}  # s a chunk
MOST_BYTES = 4_000_000  # unpacked
LAST = ("_wh", ".reason")  # ends of the names of series whose mean says nothing


def pack(chunk: Chunk) -> bytes:
    return zlib.compress(msgspec.json.encode(chunk), 6)


def unpack(data: bytes) -> Chunk:
    """Raises ValueError for anything that `pack` has not made."""
    try:
        reader = zlib.decompressobj()
        text = reader.decompress(data, MOST_BYTES)
        return msgspec.json.decode(text, type=Chunk)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ValueError(f"not a chunk: {error}") from error


def filled(chunk: Chunk, more: Chunk) -> Chunk:
    """What is null in the one is taken from the other: a clock that was set back does not wipe out what stood there."""
    out = dict(chunk)
    for name, rows in more.items():
        known = out.get(name)
        out[name] = rows if known is None else [
            [new if old is None else old for old, new in zip(row, other)] for row, other in zip(known, rows)]
    return out


def rolled(level: int, begin_s: int, parts: "dict[int, Chunk]", part_level: int) -> Chunk:
    """The chunk of `level` that begins at `begin_s`, of finer ones by their beginnings."""
    steps, size = SPANS[level] // level, level // part_level
    per_part = SPANS[part_level] // part_level
    names = sorted({name for part in parts.values() for name in part})
    out: Chunk = {}
    for name in names:
        count = 1 if name.endswith(LAST) else 3
        rows: "list[Row]" = [[None] * steps for _ in range(count)]
        fine = _joined(name, begin_s, steps * size, parts, part_level, per_part)
        for step in range(steps):
            some = [row[step * size:(step + 1) * size] for row in fine]
            for row, value in zip(rows, summary(some, count == 1)):
                row[step] = value
        out[name] = rows
    return out


def summary(rows: "Sequence[Sequence[int | None]]", last: bool) -> "tuple[int | None, ...]":
    """(mean, least, most), or (last,), of what is known in a stretch; None where nothing is."""
    known = [value for value in rows[0] if value is not None]
    if not known:
        return (None,) if last else (None, None, None)
    if last:
        return (known[-1],)
    least, most = (rows[1], rows[2]) if len(rows) == 3 else (known, known)
    return (sum(known) // len(known), min(value for value in least if value is not None),
            max(value for value in most if value is not None))


def _joined(name: str, begin_s: int, count: int, parts: "dict[int, Chunk]", level: int, per_part: int) -> "list[Row]":
    """One series over several chunks, end to end."""
    width = max(len(part[name]) for part in parts.values() if name in part)
    out: "list[Row]" = [[None] * count for _ in range(width)]
    for part_s, part in parts.items():
        at = (part_s - begin_s) // level
        for row, values in zip(out, part.get(name, ())):
            row[at:at + per_part] = values
    return out
