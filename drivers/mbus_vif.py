"""What a value information field says (EN 13757-3, tables 10, 12, 14 and 15): quantity, unit, power of ten.

Units are the plain ones (Wh, not MWh): the power of ten carries the rest. A code that is not in these
tables is None, and its record stays raw.
"""

from collections import namedtuple


class Meaning(namedtuple("Meaning", ("quantity", "unit", "scaler", "kind"))):
    """Of one code.

    kind: "n" number, "u" never negative, "d" date, "t" date and time, "b" bits, "s" version, "i" serial number
    """

    __slots__ = ()
    quantity: str
    unit: str
    scaler: int
    kind: str


_TIMES = ("s", "min", "h", "d")

# first code, last code, quantity, unit, power of ten of the first; it grows by one a code
_PRIMARY = (
    (0x00, 0x07, "energy", "Wh", -3),
    (0x08, 0x0F, "energy", "J", 0),
    (0x10, 0x17, "volume", "m3", -6),
    (0x18, 0x1F, "mass", "kg", -3),
    (0x28, 0x2F, "power", "W", -3),
    (0x30, 0x37, "power", "J/h", 0),
    (0x38, 0x3F, "volume_flow", "m3/h", -6),
    (0x40, 0x47, "volume_flow", "m3/min", -7),
    (0x48, 0x4F, "volume_flow", "m3/s", -9),
    (0x50, 0x57, "mass_flow", "kg/h", -3),
    (0x58, 0x5B, "flow_temperature", "degC", -3),
    (0x5C, 0x5F, "return_temperature", "degC", -3),
    (0x60, 0x63, "temperature_difference", "K", -3),
    (0x64, 0x67, "external_temperature", "degC", -3),
    (0x68, 0x6B, "pressure", "bar", -3),
    (0x6E, 0x6E, "heat_cost_units", "", 0),
)
_FD = (
    (0x00, 0x03, "credit", "currency", -3),
    (0x04, 0x07, "debit", "currency", -3),
    (0x20, 0x20, "first_storage", "", 0),
    (0x21, 0x21, "last_storage", "", 0),
    (0x22, 0x22, "storage_size", "", 0),
    (0x28, 0x28, "storage_interval", "months", 0),
    (0x29, 0x29, "storage_interval", "years", 0),
    (0x2B, 0x2B, "second", "s", 0),
    (0x38, 0x38, "tariff_period", "months", 0),
    (0x39, 0x39, "tariff_period", "years", 0),
    (0x3A, 0x3A, "count", "", 0),
    (0x40, 0x4F, "voltage", "V", -9),
    (0x50, 0x5F, "current", "A", -12),
    (0x60, 0x60, "resets", "", 0),
    (0x61, 0x61, "cumulations", "", 0),
    (0x63, 0x63, "weekday", "", 0),
    (0x64, 0x64, "week", "", 0),
    (0x71, 0x71, "reception", "dBm", 0),
    (0x74, 0x74, "battery_life", "d", 0),
    (0x75, 0x75, "stops", "", 0),
)
_FB = (
    (0x00, 0x01, "energy", "Wh", 5),
    (0x02, 0x03, "reactive_energy", "varh", 3),
    (0x04, 0x05, "apparent_energy", "VAh", 3),
    (0x08, 0x09, "energy", "J", 8),
    (0x0C, 0x0F, "energy", "cal", 5),
    (0x10, 0x11, "volume", "m3", 2),
    (0x14, 0x17, "reactive_power", "var", 0),
    (0x18, 0x19, "mass", "kg", 5),
    (0x1A, 0x1B, "relative_humidity", "%", -1),
    (0x20, 0x20, "volume", "ft3", 0),
    (0x21, 0x21, "volume", "ft3", -1),
    (0x28, 0x29, "power", "W", 5),
    (0x2A, 0x2A, "voltage_angle", "deg", -1),
    (0x2B, 0x2B, "current_angle", "deg", -1),
    (0x2C, 0x2F, "frequency", "Hz", -3),
    (0x30, 0x31, "power", "J/h", 8),
    (0x34, 0x37, "apparent_power", "VA", 0),
    (0x58, 0x5B, "flow_temperature", "degF", -3),
    (0x5C, 0x5F, "return_temperature", "degF", -3),
    (0x60, 0x63, "temperature_difference", "degF", -3),
    (0x64, 0x67, "external_temperature", "degF", -3),
    (0x70, 0x73, "temperature_limit", "degF", -3),
    (0x74, 0x77, "temperature_limit", "degC", -3),
    (0x78, 0x7F, "cumulated_peak_power", "W", -3),
)
# first of four codes: seconds, minutes, hours, days
_PRIMARY_TIMES = ((0x20, "on_time"), (0x24, "operating_time"), (0x70, "averaging_time"), (0x74, "actuality"))
_FD_TIMES = ((0x24, "storage_interval"), (0x2C, "since_readout"), (0x34, "tariff_period"), (0x3C, "send_interval"))
_FD_LONG = ((0x68, "since_cumulation"), (0x6C, "battery_time"))  # hours, days, months, years
_FD_TARIFF = ((0x31, "min"), (0x32, "h"), (0x33, "d"))
# what is no number: digits of devices, bits, dates
_PRIMARY_OTHER = ((0x6C, "date", "d"), (0x6D, "datetime", "t"), (0x78, "fabrication_number", "i"),
                  (0x79, "identification", "i"), (0x7A, "bus_address", "n"))
_FD_OTHER = (
    (0x08, "access_number", "u"), (0x09, "medium", "b"), (0x0A, "manufacturer", "b"), (0x0B, "parameter_set", "s"),
    (0x0C, "model", "s"), (0x0D, "hardware", "s"), (0x0E, "metrology_firmware", "s"), (0x0F, "firmware", "s"),
    (0x10, "location", "s"), (0x11, "customer", "s"), (0x17, "error_flags", "b"), (0x18, "error_mask", "b"),
    (0x1A, "digital_output", "b"), (0x1B, "digital_input", "b"), (0x1C, "baud", "n"), (0x1F, "remote_control", "b"),
    (0x30, "tariff_start", "t"), (0x62, "control_signal", "b"), (0x66, "parameter_state", "b"),
    (0x67, "special_information", "b"), (0x70, "battery_change", "t"), (0x72, "summer_time", "b"),
)


def _rows(ranges: "tuple[tuple[int, int, str, str, int], ...]") -> "dict[int, Meaning]":
    out = {}
    for first, last, quantity, unit, scaler in ranges:
        for code in range(first, last + 1):
            out[code] = Meaning(quantity, unit, scaler + code - first, "n")
    return out


def _primary() -> "dict[int, Meaning]":
    out = _rows(_PRIMARY)
    for first, quantity in _PRIMARY_TIMES:
        for step in range(4):
            out[first + step] = Meaning(quantity, _TIMES[step], 0, "n")
    for code, quantity, kind in _PRIMARY_OTHER:
        out[code] = Meaning(quantity, "", 0, kind)
    return out


def _fd() -> "dict[int, Meaning]":
    out = _rows(_FD)
    for first, quantity in _FD_TIMES:
        for step in range(4):
            out[first + step] = Meaning(quantity, _TIMES[step], 0, "n")
    for first, quantity in _FD_LONG:
        for step, unit in enumerate(("h", "d", "months", "years")):
            out[first + step] = Meaning(quantity, unit, 0, "n")
    for code, unit in _FD_TARIFF:
        out[code] = Meaning("tariff_duration", unit, 0, "n")
    for code, quantity, kind in _FD_OTHER:
        out[code] = Meaning(quantity, "", 0, kind)
    return out


PRIMARY, FD, FB = _primary(), _fd(), _rows(_FB)
