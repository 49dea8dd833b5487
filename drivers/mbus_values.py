"""The data fields of M-Bus records (EN 13757-3 annex A): bytes -> integers, texts and times, exactly.

No floats: a real number becomes the decimal of its very bits. What a type says is invalid (0x80..
of a signed number, hex digits in a BCD, a date without day) is None, never 0.
"""

from collections import namedtuple

# lower half of a DIF -> bytes of the field; the halves 0x8, 0xD and 0xF are not here
SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 8, 8: 0, 9: 1, 10: 2, 11: 3, 12: 4, 14: 6}
BINARY = (1, 2, 3, 4, 6, 7)
_BCD = (9, 10, 11, 12, 14)
REAL = 5
VARIABLE = 13
MOST_DIGITS = 18  # of a real number's decimal: it fits 64 bits


class Time(namedtuple("Time", ("text", "valid", "summer"))):
    """A meter's local time as ISO 8601 text: "2026-01-10", "2026-01-10 13:06", "2026-01-10 13:06:09"."""

    __slots__ = ()
    text: str
    valid: bool  # False when the meter itself says that its clock is not right
    summer: bool  # daylight saving time


def little(data: bytes) -> int:
    """Unsigned, low byte first."""
    return int.from_bytes(data, "little")


def signed(data: bytes) -> "int | None":
    """Type B: two's complement; the lowest one of its width is "invalid"."""
    value = little(data)
    top = 1 << 8 * len(data) - 1
    if value == top:
        return None
    return value - 2 * top if value > top else value


def bcd(data: bytes) -> "int | None":
    """Type A: two digits a byte; 0xF in the first place is a minus sign, any other hex digit no number."""
    value, sign = 0, 1
    for place in range(len(data)):
        byte = data[len(data) - 1 - place]
        for digit in (byte >> 4, byte & 15):
            if digit == 15 and place == 0 and digit == byte >> 4 and value == 0 and sign == 1:
                sign = -1
            elif digit > 9:
                return None
            else:
                value = 10 * value + digit
    return sign * value


def digits(data: bytes) -> str:
    """BCD as people see it on the device, hex digits and leading zeros included."""
    return "".join(["%02X" % data[len(data) - 1 - i] for i in range(len(data))])


def text(data: bytes) -> str:
    """Latin-1, last letter first on the wire; without unprintable ones."""
    letters = [chr(data[len(data) - 1 - i]) for i in range(len(data))]
    return "".join([c for c in letters if " " <= c <= "~" or c >= "\xa0"]).strip()


def number(kind: int, data: bytes) -> "tuple[int | None, int]":
    """(value, power of ten) of a field of DIF half `kind`; (None, 0) when it says that there is none."""
    if kind == REAL:
        return real(little(data), 23, 8)
    if kind in _BCD:
        return bcd(data), 0
    return (signed(data) if data else None), 0


def real(raw: int, fraction_bits: int, exponent_bits: int) -> "tuple[int | None, int]":
    """IEEE 754 -> (value, power of ten), exact up to MOST_DIGITS, then rounded; None for NaN and infinity."""
    exponent = (raw >> fraction_bits) & ((1 << exponent_bits) - 1)
    fraction = raw & ((1 << fraction_bits) - 1)
    if exponent == (1 << exponent_bits) - 1:
        return None, 0
    if exponent:
        fraction |= 1 << fraction_bits
    if not fraction:
        return 0, 0
    shift = max(exponent, 1) - (1 << (exponent_bits - 1)) + 1 - fraction_bits
    # a half is 5 * 10**-1: every binary fraction is a decimal one
    value, scaler = (fraction << shift, 0) if shift >= 0 else (fraction * 5 ** -shift, shift)
    spare = len(str(value)) - MOST_DIGITS
    if spare > 0:
        ten = 10 ** spare
        value, scaler = (2 * value + ten) // (2 * ten), scaler + spare
    while value % 10 == 0:
        value, scaler = value // 10, scaler + 1
    return (-value if raw >> (fraction_bits + exponent_bits) else value), scaler


def date(data: bytes) -> "Time | None":
    """Type G, two bytes."""
    if len(data) != 2:
        return None
    year, month, day = _day(data[0], data[1], None)
    return Time("%04d-%02d-%02d" % (year, month, day), True, False) if _is_day(month, day) else None


def moment(data: bytes) -> "Time | None":
    """Type F (four bytes), type I (six, with seconds) or type G (two); None for any other."""
    if len(data) == 2:
        return date(data)
    if len(data) not in (4, 6):
        return None
    second = None if len(data) == 4 else data[0] & 0x3F
    at = 0 if len(data) == 4 else 1
    minute, hour = data[at] & 0x3F, data[at + 1] & 0x1F
    century = (data[at + 1] >> 5 & 3) if len(data) == 4 else None
    year, month, day = _day(data[at + 2], data[at + 3], century)
    if not _is_day(month, day) or minute > 59 or hour > 23 or (second or 0) > 59:
        return None
    clock = " %02d:%02d" % (hour, minute) + ("" if second is None else ":%02d" % second)
    invalid, summer = (data[0] & 0x80, data[1] & 0x80) if second is None else (data[1] & 0x80, data[0] & 0x40)
    return Time("%04d-%02d-%02d" % (year, month, day) + clock, not invalid, bool(summer))


def _day(low: int, high: int, century: "int | None") -> "tuple[int, int, int]":
    """Years 0..80 are 2000..2080 and 81..99 are 1981..1999, unless the century is sent (0 is what old meters send)."""
    year = low >> 5 | (high & 0xF0) >> 1
    if century:
        year += 1900 + 100 * century
    else:
        year += 2000 if year <= 80 else 1900
    return year, high & 0x0F, low & 0x1F


_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
