"""Combinable value information extensions (EN 13757-3, tables 13 and 16): what changes or refines a quantity.

A qualifier is a word beside the quantity ("backward", "l1"). Some turn the value into another kind of thing
(a duration of, a date of, a count): then quantity, unit and power of ten are no longer those of the first
code. A code that is not here leaves the whole record raw.
"""

from collections import namedtuple

from drivers.mbus_vif import Meaning

# record errors a meter reports in place of a value
ERRORS = {
    0x01: "too_many_difes", 0x02: "no_such_storage", 0x03: "no_such_unit", 0x04: "no_such_tariff",
    0x05: "no_such_function", 0x06: "no_such_data_class", 0x07: "no_such_size", 0x0B: "too_many_vifes",
    0x0C: "illegal_vif_group", 0x0D: "illegal_vif_exponent", 0x0E: "vif_dif_mismatch", 0x0F: "no_such_action",
    0x15: "no_data", 0x16: "overflow", 0x17: "underflow", 0x18: "data_error", 0x1C: "cut_short",
}
DOUBTS = ("overflow", "underflow", "data_error")  # there is a number, but the meter itself does not vouch for it
_WORDS = {
    0x10: "average", 0x12: "relative_deviation", 0x1D: "standard_data", 0x3A: "uncorrected", 0x3B: "forward",
    0x3C: "backward", 0x3E: "base_conditions", 0x40: "lower_limit", 0x48: "upper_limit", 0x68: "during_lower_limit",
    0x69: "leakage", 0x6C: "during_upper_limit", 0x7E: "future",
}
_PER = {
    0x20: "s", 0x21: "min", 0x22: "h", 0x23: "d", 0x24: "week", 0x25: "month", 0x26: "year", 0x27: "revolution",
    0x28: "input_pulse", 0x29: "input_pulse", 0x2A: "output_pulse", 0x2B: "output_pulse", 0x2C: "l", 0x2D: "m3",
    0x2E: "kg", 0x2F: "K", 0x30: "kWh", 0x31: "GJ", 0x32: "kW", 0x33: "K*l", 0x34: "V", 0x35: "A",
}
_TIMES_UNIT = {0x36: "s", 0x37: "s/V", 0x38: "s/A"}
SECOND = {  # behind 0xFC
    0x01: "l1", 0x02: "l2", 0x03: "l3", 0x04: "n", 0x05: "l1_l2", 0x06: "l2_l3", 0x07: "l3_l1", 0x08: "q1",
    0x09: "q2", 0x0A: "q3", 0x0B: "q4", 0x0C: "import_minus_export", 0x10: "absolute",
}
_UNITS = ("s", "min", "h", "d")
SCALERS = range(0x70, 0x78)  # times 10**(code - 0x76)
THOUSAND = 0x7D
PROFILES = (0x11, 0x13, 0x1E, 0x1F)  # compact profiles: a list of values in one field


class Change(namedtuple("Change", ("meaning", "word"))):
    """The quantity after an extension, and the word that stays beside it ("" for none)."""

    __slots__ = ()
    meaning: Meaning
    word: str


def changed(code: int, before: Meaning) -> "Change | None":
    """None for a code that no table has."""
    quantity, unit, scaler, kind = before
    if code in SCALERS:
        return Change(Meaning(quantity, unit, scaler + code - 0x76, kind), "")
    if code == THOUSAND:
        return Change(Meaning(quantity, unit, scaler + 3, kind), "")
    if code in _WORDS:
        return Change(before, _WORDS[code])
    if code in _PER:
        return Change(Meaning(quantity, (unit or "1") + "/" + _PER[code], scaler, kind), "")
    if code in _TIMES_UNIT:
        return Change(Meaning(quantity, unit + "*" + _TIMES_UNIT[code], scaler, kind), "")
    return _other_kind(code, quantity)


def _other_kind(code: int, quantity: str) -> "Change | None":
    """Where the value is no longer of the first code's unit."""
    if code == 0x39:
        return Change(Meaning(quantity, "", 0, "t"), "start_of")
    limit = "upper_limit" if code & 0x08 else "lower_limit"
    if code in (0x41, 0x49):
        return Change(Meaning(quantity, "", 0, "n"), limit + "_exceeds")
    place = "_last" if code & 0x04 else "_first"
    if 0x42 <= code <= 0x4F and code & 0x02:
        return Change(Meaning(quantity, "", 0, "t"), limit + place + ("_end" if code & 0x01 else "_begin"))
    if 0x50 <= code <= 0x5F:
        return Change(Meaning(quantity, _UNITS[code & 3], 0, "n"), limit + place + "_duration")
    if 0x60 <= code <= 0x67:
        return Change(Meaning(quantity, _UNITS[code & 3], 0, "n"), "duration" + place)
    if code in (0x6A, 0x6B, 0x6E, 0x6F):
        return Change(Meaning(quantity, "", 0, "t"), "time" + place + ("_end" if code & 0x01 else "_begin"))
    return None
