"""Sampled values of OCPP 1.6 and 2.0.1: measurand, phase and unit in, quantities of the station's own conductors out.

A unit that does not fit its measurand, a phase or a place that is none of ours, signed data: left out, never guessed.
A value that is named for no phase is the station's total; a current of one conductor is that conductor's.
"""

from collections import namedtuple
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

ENERGY, POWER, CURRENT = "Energy.Active.Import.Register", "Power.Active.Import", "Current.Import"
VOLTAGE, SOC = "Voltage", "SoC"
WANTED = (POWER, ENERGY, CURRENT, VOLTAGE, SOC)  # in the order in which a station may leave them out
UNITS = {  # measurand: (unit that is meant when none is said, units and what one is in ours)
    ENERGY: ("Wh", {"Wh": 1, "kWh": 1_000}),
    POWER: ("W", {"W": 1, "kW": 1_000}),
    CURRENT: ("A", {"A": 1_000}),
    VOLTAGE: ("V", {"V": 1_000}),
    SOC: ("Percent", {"Percent": 10, "%": 10}),
}
PHASES = {"L1": 0, "L2": 1, "L3": 2, "L1-N": 0, "L2-N": 1, "L3-N": 2}
PLACES = (None, "Outlet")
MOST = 10 ** 12
MOST_ENTRIES = 64  # of a message; a station sends a handful


class Sample(namedtuple("Sample", ("what", "phase", "value"))):
    __slots__ = ()
    what: str  # one of WANTED
    phase: "int | None"  # 0, 1, 2 of the station's own conductors; None: not said
    value: int  # W, Wh, mA, mV, permille


def samples(entry: "dict[str, Any]") -> "tuple[Sample, ...]":
    """Of one `meterValue`; what is not understood is not among them."""
    return tuple(_samples(entry.get("sampledValue", ())[:MOST_ENTRIES]))


def _samples(sampled: "list[dict[str, Any]]") -> "Iterator[Sample]":
    for one in sampled:
        what = one.get("measurand", ENERGY)
        if what not in UNITS or one.get("format") == "SignedData" or "signedMeterValue" in one:
            continue
        if one.get("location") not in PLACES and what != SOC:
            continue
        phase = one.get("phase")
        value = _value(one, what)
        if value is not None and (phase is None or phase in PHASES):
            yield Sample(what, None if phase is None else PHASES[phase], value)


def _value(one: "dict[str, Any]", what: str) -> "int | None":
    usual, units = UNITS[what]
    unit, multiplier = one.get("unit", usual), 0
    if "unitOfMeasure" in one:
        unit, multiplier = one["unitOfMeasure"].get("unit", usual), one["unitOfMeasure"].get("multiplier", 0)
    if unit not in units or not -9 <= multiplier <= 9:
        return None
    try:
        number = Decimal(str(one.get("value"))) * units[unit] * Decimal(10) ** multiplier
        if not number.is_finite() or not abs(number) <= MOST:
            return None
        return int(number.to_integral_value("ROUND_FLOOR" if what == ENERGY else "ROUND_HALF_EVEN"))
    except InvalidOperation:
        return None


def conductors(found: "dict[tuple[str, int | None], int]", what: str, count: int) -> "tuple[int, ...] | None":
    """What each of `count` conductors has; None when one of them is not told."""
    each = tuple(found.get((what, phase)) for phase in range(count))
    if count == 1 and each[0] is None:
        each = (found.get((what, None)),)
    whole = tuple(value for value in each if value is not None)
    return whole if len(whole) == count else None


def total(found: "dict[tuple[str, int | None], int]", what: str, count: int) -> "int | None":
    """As told, else the sum of all conductors."""
    said = found.get((what, None))
    if said is not None:
        return said
    each = conductors(found, what, count)
    return None if each is None else sum(each)
