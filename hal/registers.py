"""Modbus words <-> integers, without floats: the same on every interpreter and every board.

A device's table is a tuple of Reg. The not-a-number patterns of the field (0x8000, 0xFFFF, any float
NaN, ...) decode to None, never to 0 or to a huge number.
"""

import struct
from collections import namedtuple

# kind: words, bits, signed; "n" behind a signed one: 0x7FFF.. is no value too; "_le" is low word first
_WIDTH = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "u64": 4, "s64": 4, "f32": 2, "f64": 4, "s16n": 1, "s32n": 2,
          "s32n_le": 2,
          "u32_le": 2, "s32_le": 2, "u64_le": 4, "s64_le": 4, "f32_le": 2, "f64_le": 4}


class Reg(namedtuple("Reg", ("field", "function", "address", "kind", "count", "num", "den"))):
    """One quantity in a device's registers.

    field     name in Reading or in the driver, unit last
    function  3 holding, 4 input (reading); 6 single, 16 several (writing)
    address   decimal or hex, 0-based as sent on the wire
    kind      u16 s16 u32 s32 u64 s64 f32 f64, s16n s32n for makers whose "no value" is the largest signed number;
              `_le` behind it when the low word comes first
    count     1, or 3 for the phases in a row
    num, den  value = raw * num / den, in the unit of the field
    """

    __slots__ = ()
    field: str
    function: int
    address: int
    kind: str
    count: int
    num: int
    den: int

    def words(self) -> int:
        """How many 16-bit words it takes."""
        return _WIDTH[self.kind] * self.count


def decode(reg: Reg, words: "tuple[int, ...]") -> "tuple[int | None, ...]":
    """`reg.count` integers in the field's unit, rounded to the nearest, halves away from zero."""
    assert len(words) == reg.words()
    return numbers(reg.kind, words, reg.num, reg.den)


_WORDS_OF_NOTHING = {"u16": ((0xFFFF,), 0x10000), "s16": ((0x8000,), 0x8000), "s16n": ((0x8000, 0x7FFF), 0x8000)}


def width(kind: str) -> int:
    """How many 16-bit words one number of this kind takes."""
    return _WIDTH[kind]


def numbers(kind: str, words: "tuple[int, ...]", num: int, den: int) -> "tuple[int | None, ...]":
    """As decode, for a scale that the device itself says."""
    size = _WIDTH[kind]
    if size > 1:
        return tuple([_one(kind, words[i:i + size], num, den) for i in range(0, len(words), size)])
    nothing, below = _WORDS_OF_NOTHING[kind]
    return tuple([None if raw in nothing else _ratio((raw if raw < below else raw - 0x10000) * num, den)
                  for raw in words])


def encode(reg: Reg, values: "tuple[int, ...]") -> "tuple[int, ...]":
    """The inverse of decode; rounds towards zero, so that no limit is raised by rounding."""
    assert len(values) == reg.count
    words: "list[int]" = []
    for value in values:
        words.extend(_words_of(reg, value))
    return tuple(words)


def _one(kind: str, words: "tuple[int, ...]", num: int, den: int) -> "int | None":
    if kind.endswith("_le"):
        words = tuple(reversed(words))
    raw = 0
    for word in words:
        raw = (raw << 16) | word
    bits = 16 * len(words)
    if kind[0] == "f":
        return _of_float(raw, bits, num, den)
    if kind[0] == "s":
        if raw == 1 << (bits - 1) or (raw == (1 << (bits - 1)) - 1 and kind[3:4] == "n"):
            return None
        if raw >> (bits - 1):
            raw -= 1 << bits
    elif raw == (1 << bits) - 1:
        return None
    return _ratio(raw * num, den)


def _ratio(top: int, bottom: int) -> int:
    if bottom == 1:
        return top
    if top < 0:
        return -((-2 * top + bottom) // (2 * bottom))
    return (2 * top + bottom) // (2 * bottom)


def _of_float(raw: int, bits: int, num: int, den: int) -> "int | None":
    fraction_bits, exponent_bits = (23, 8) if bits == 32 else (52, 11)
    exponent = (raw >> fraction_bits) & ((1 << exponent_bits) - 1)
    fraction = raw & ((1 << fraction_bits) - 1)
    if exponent == (1 << exponent_bits) - 1:
        return None
    if exponent:
        fraction |= 1 << fraction_bits
    shift = max(exponent, 1) - (1 << (exponent_bits - 1)) + 1 - fraction_bits
    top = -fraction if raw >> (bits - 1) else fraction
    if shift >= 0:
        return _ratio((top << shift) * num, den)
    return _ratio(top * num, den << -shift)


def _words_of(reg: Reg, value: int) -> "list[int]":
    kind = reg.kind
    width = _WIDTH[kind]
    if kind[0] == "f":
        packed = struct.pack(">f" if width == 2 else ">d", value * reg.den / reg.num)
    else:
        top = abs(value) * reg.den // abs(reg.num)
        if (value < 0) != (reg.num < 0):
            top = -top
        signed = kind[0] == "s"
        least, most = (-(1 << 16 * width - 1), (1 << 16 * width - 1) - 1) if signed else (0, (1 << 16 * width) - 1)
        if not least <= top <= most:
            raise ValueError("%s: %d does not fit in %s" % (reg.field, value, kind))
        if width == 1:
            return [top & 0xFFFF]
        low_first = [top >> 16 * place & 0xFFFF for place in range(width)]
        return low_first if kind.endswith("_le") else list(reversed(low_first))
    words = list(struct.unpack(">%dH" % width, packed))
    return list(reversed(words)) if kind.endswith("_le") else words


def blocks(regs: "tuple[Reg, ...]", most_words: int, gap: int = 0) -> "tuple[tuple[int, int, int], ...]":
    """(function, address, words) of the requests that fetch all `regs`.

    Neighbours of the same function share a request of at most `most_words`, over at most `gap`
    unused words (0 for devices that refuse to read a hole).
    """
    out: "list[tuple[int, int, int]]" = []
    for reg in sorted(regs, key=lambda r: (r.function, r.address)):
        end = reg.address + reg.words()
        if out:
            function, address, words = out[-1]
            near = reg.address <= address + words + gap
            if function == reg.function and near and end - address <= most_words:
                out[-1] = (function, address, max(words, end - address))
                continue
        out.append((reg.function, reg.address, reg.words()))
    return tuple(out)
