"""Records of an M-Bus meter -> what a Reading can hold: power, energies, voltages, currents, a temperature.

Sign: power + and energy without "backward" are drawn from the grid; `turned` is for a meter that is mounted the
other way. Only values of now, of the whole meter (no tariff, no subunit), that the meter vouches for.
"""

from drivers.mbus_media import status_words
from drivers.mbus_records import Record
from drivers.mbus_telegram import Telegram
from drivers.quantity import Quantity
from hal.faults import RANGE, DeviceError
from hal.values import ZERO, Phases, Reading, placed, reading

CURRENT_TEMPERATURES = ("flow_temperature", "external_temperature")  # the first a meter sends
PHASES = ("l1", "l2", "l3")
MOST_W, MOST_MA, MOST_MV, MOST_WH = 10 ** 9, 10 ** 7, 10 ** 6, 10 ** 15  # far beyond any meter of a building
JOULE_PER_WH = 3600


def reading_of(t_ms: int, telegram: Telegram, records: "tuple[Record, ...]", wired: "tuple[int, ...]",
               turned: bool) -> Reading:
    """`wired` are the grid phases of the meter's own conductors; DeviceError(RANGE) for what cannot be."""
    total_w = _power(records)
    current_ma = _vector(records, "current", "A", wired, MOST_MA)
    came, went = _energy(records, ()), _energy(records, ("backward",))
    if turned:
        total_w = None if total_w is None else -total_w
        current_ma = None if current_ma is None else ZERO.minus(current_ma)
        came, went = went, came
    status = None if telegram.status is None else ", ".join(status_words(telegram.status))
    return reading(t_ms, total_w=total_w, current_ma=current_ma, import_wh=came, export_wh=went,
                   voltage_mv=_vector(records, "voltage", "V", wired, MOST_MV),
                   temperature_mdegc=_temperature(records), state=status or None)


def _of(records: "tuple[Record, ...]", quantity: str, unit: str, qualifiers: "tuple[str, ...]") -> "Quantity | None":
    for record in records:
        is_it = (record.quantity, record.unit, record.qualifiers) == (quantity, unit, qualifiers)
        is_now = (record.function, record.storage, record.tariff, record.subunit) == ("now", 0, 0, 0)
        if is_it and is_now and isinstance(record.value, int) and not record.error:
            return Quantity(record.value, record.scaler)
    return None


def _power(records: "tuple[Record, ...]") -> "int | None":
    """What is drawn less what is fed in, where the meter sends two."""
    drawn, fed = _of(records, "power", "W", ()), _of(records, "power", "W", ("backward",))
    if drawn is None:
        return None if fed is None else _within(-fed.nearest(0), MOST_W)
    return _within((drawn if fed is None else drawn.minus(fed)).nearest(0), MOST_W)


def _energy(records: "tuple[Record, ...]", qualifiers: "tuple[str, ...]") -> "int | None":
    found = _of(records, "energy", "Wh", qualifiers)
    if found is None:
        joule = _of(records, "energy", "J", qualifiers)
        return None if joule is None else _within(joule.floor(0) // JOULE_PER_WH, MOST_WH)
    return _within(found.floor(0), MOST_WH)


def _vector(records: "tuple[Record, ...]", quantity: str, unit: str, wired: "tuple[int, ...]",
            most: int) -> "Phases | None":
    out = []
    for name in PHASES[:len(wired)]:
        found = _of(records, quantity, unit, (name,))
        if found is None:
            return None
        out.append(_within(found.nearest(3), most))
    return placed(tuple(out), wired)


def _temperature(records: "tuple[Record, ...]") -> "int | None":
    for quantity in CURRENT_TEMPERATURES:
        found = _of(records, quantity, "degC", ())
        if found is not None:
            return _within(found.nearest(3), 10 ** 6)
    return None


def _within(value: int, most: int) -> int:
    if not -most <= value <= most:
        raise DeviceError(RANGE, "%d is beyond %d" % (value, most))
    return value
