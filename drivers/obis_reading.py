"""A meter's list -> a Reading of the house: placed on the grid phases, turned as it is mounted, bounded."""

from drivers.obis import (
    AMPERE,
    EXPORT,
    IMPORT,
    PHASE_CURRENT,
    PHASE_VOLTAGE,
    VOLT,
    Entry,
    counter,
    phase_power,
    power,
    quantity,
)
from drivers.quantity import Quantity
from hal.faults import RANGE, DeviceError
from hal.values import ZERO, Phases, Reading, placed, reading

MOST_W, MOST_MA, MOST_MV, MOST_WH = 10 ** 7, 10 ** 7, 10 ** 6, 10 ** 12  # far beyond any house connection


def reading_of(entries: "tuple[Entry, ...]", t_ms: int, wired: "tuple[int, ...]", turned: bool,
               state: "str | None" = None) -> Reading:
    """`wired` are the grid phases of the meter's own conductors; DeviceError(RANGE) for what cannot be."""
    own = range(len(wired))
    total = power(entries)
    total_w = None if total is None else _within(total.nearest(0), MOST_W)
    power_w = _vector([phase_power(entries, at) for at in own], 0, wired, MOST_W)
    if power_w is None and total_w is not None and len(wired) == 1:
        power_w = placed((total_w,), wired)
    current_ma = _vector([quantity(entries, PHASE_CURRENT[at], AMPERE) for at in own], 3, wired, MOST_MA)
    if current_ma is not None and power_w is not None:
        current_ma = Phases(_like(current_ma.l1, power_w.l1), _like(current_ma.l2, power_w.l2),
                            _like(current_ma.l3, power_w.l3))
    voltage_mv = _vector([quantity(entries, PHASE_VOLTAGE[at], VOLT) for at in own], 3, wired, MOST_MV)
    energy_wh = (_counter_wh(entries, IMPORT), _counter_wh(entries, EXPORT))
    if turned:
        total_w = None if total_w is None else -total_w
        power_w = None if power_w is None else ZERO.minus(power_w)
        current_ma = None if current_ma is None else ZERO.minus(current_ma)
        energy_wh = (energy_wh[1], energy_wh[0])
    return reading(t_ms, total_w=total_w, power_w=power_w, current_ma=current_ma, voltage_mv=voltage_mv,
                   import_wh=energy_wh[0], export_wh=energy_wh[1], state=state)


def _vector(found: "list[Quantity | None]", places: int, wired: "tuple[int, ...]", most: int) -> "Phases | None":
    out = []
    for one in found:
        if one is None:
            return None
        out.append(_within(one.nearest(places), most))
    return placed(tuple(out), wired)


def _counter_wh(entries: "tuple[Entry, ...]", name: bytes) -> "int | None":
    found = counter(entries, name)
    return None if found is None else _within(found.floor(0), MOST_WH)


def _like(current_ma: int, power_w: int) -> int:
    """Meters send the current without a direction: it gets its power's."""
    return -abs(current_ma) if power_w < 0 else abs(current_ma)


def _within(value: int, most: int) -> int:
    if not -most <= value <= most:
        raise DeviceError(RANGE, "%d is beyond %d" % (value, most))
    return value
