"""Which of the known devices a unit is, by its registers alone. Whatever happens, nothing is ever written.

Sure is what identifies itself: by registers only this device has, or by SunSpec. Else every meter is named whose
registers make sense as voltages, currents, powers and a frequency of a grid; several makers use the same ones.
"""

from typing import Any, NamedTuple

from drivers.fronius_gen24 import MPPT_MODEL
from drivers.identity import Mark, missed, stands
from drivers.meter_table import SHORT_WORDS, Table, TableMeter
from drivers.meter_table import table as make_table
from drivers.passport import Passport
from drivers.sunspec import Model, scan
from drivers.sunspec_meter import CONDUCTORS, FLOATS, INTEGERS
from firmware.config import driver_modules
from hal.faults import DeviceError
from hal.ports import Bus
from hal.values import Reading

LEAST_MV, MOST_MV = 150_000, 300_000  # of a conductor that is alive; EN 50160 and what control believes
MOST_MA = 2_000_000
TURNS = 8  # readings, in which every slow value has come


class Known(NamedTuple):
    """One device a unit may be."""

    driver: str  # "" when there is none for it
    name: str
    sure: bool
    warning: str  # a setting that keeps it from being used
    passport: "Passport | None"
    reading: "Reading | None"


class ReadOnly(Bus):
    """A bus on which nothing can be written, by any mistake."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        return self._bus.read(unit, function, address, count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        raise AssertionError("a scan writes nothing")


def known(bus: Bus, unit: int, kind: str) -> "tuple[Known, ...]":
    """What the unit may be, on a line of this kind; () when it answers and is nothing known."""
    bus = ReadOnly(bus)
    sure = _sunspec(bus, unit) + _identified(bus, unit, kind)
    if sure:
        return sure
    fitting = [each for name, table in _tables(kind) if not table.identity
               if (each := _fitting(bus, unit, name, table)) is not None]
    return _likely(fitting)


def _identified(bus: Bus, unit: int, kind: str) -> "tuple[Known, ...]":
    out = []
    for name in driver_modules.known():
        module = driver_modules.module(name)
        table = getattr(module, "TABLE", None)
        marks = table.identity if table else getattr(module, "IDENTITY", ())
        if kind in module.LINES and marks and _is(bus, unit, marks):
            meter = _meter(module, unit, bus, (0, 1, 2)) if table else None
            words = table.name if table else module.__doc__.split(":")[0]
            out.append(Known(name, words, True, _warning(bus, unit, table), _passport(meter), _reading(meter)))
    return tuple(out)


def _is(bus: Bus, unit: int, marks: "tuple[Mark, ...]") -> bool:
    try:
        return all(stands(bus, unit, mark) in mark.values for mark in marks)
    except DeviceError:
        return False


def _sunspec(bus: Bus, unit: int) -> "tuple[Known, ...]":
    try:
        models = scan(bus, unit)
    except DeviceError:
        return ()
    numbers = [model.id for model in models]
    driver, meter = "", None
    for model in models:
        if model.id in INTEGERS + FLOATS and not driver:
            driver, meter = "sunspec_meter", _sunspec_meter(bus, unit, model)
    said = _passport(meter or _sunspec_meter(bus, unit, models[0])) if models else None
    if not driver:
        driver = _controlled(numbers, said.maker if said else None)
    who = " ".join(word for word in (said.maker, said.model) if word) if said else ""
    words = f"SunSpec {who or 'device'} (models {', '.join(map(str, numbers))})"
    hybrid = driver == "sunspec_storage" and MPPT_MODEL in numbers
    warning = "a hybrid, it seems: what its own roof makes would count as battery power" if hybrid else ""
    return (Known(driver, words, True, warning, said, _reading(meter)),)


def _controlled(numbers: "list[int]", maker: "str | None") -> str:
    """By the models with which it can be told something. A Fronius with a battery has its roof on the same inverter."""
    if 124 in numbers:
        return "fronius_gen24" if MPPT_MODEL in numbers and maker == "Fronius" else "sunspec_storage"
    if 704 in numbers and (713 in numbers or 802 in numbers):
        return "sunspec_der_storage"
    return "sunspec_inverter" if 123 in numbers or 704 in numbers else ""


def _sunspec_meter(bus: Bus, unit: int, model: Model) -> Any:
    conductors = CONDUCTORS[model.id % 10 - 1] if model.id in INTEGERS + FLOATS else 3
    return _meter(driver_modules.module("sunspec_meter"), unit, bus, (0, 1, 2)[:conductors])


def _tables(kind: str) -> "list[tuple[str, Table]]":
    out = []
    for name in driver_modules.known():
        module = driver_modules.module(name)
        if hasattr(module, "TABLE") and kind in module.LINES:
            out += [(name, table) for table in getattr(module, "TABLES", {"": module.TABLE}).values()]
    return out


def _fitting(bus: Bus, unit: int, name: str, meter: Table) -> "Known | None":
    """The meter, when all its registers make sense; its settings are looked at apart."""
    options = {"unit": unit, "phases": (0, 1, 2)[:meter.conductors], "mounting": "normal"}
    careful = make_table(meter.name, meter.known_by, meter.reads, meter.slow, meter.passport,
                         conductors=meter.conductors, most_words=min(SHORT_WORDS, meter.most_words))
    asked = TableMeter(bus, careful, options)
    reading = _reading(asked)
    if reading is None or not _sensible(reading, meter):
        return None
    warning = _warning(bus, unit, meter)
    return Known(name, meter.name, False, warning, _passport(asked), None if warning else reading)


def _sensible(reading: Reading, table: Table) -> bool:
    volts, amperes, power_w = reading.voltage_mv, reading.current_ma, reading.power_w
    if volts is None or amperes is None or power_w is None:
        return False
    if not all(mv == 0 or LEAST_MV <= mv <= MOST_MV for mv in volts):
        return False
    if any(abs(ma) > MOST_MA or abs(w) > abs(ma) * mv // 800_000 + 300 for ma, mv, w in zip(amperes, volts, power_w)):
        return False
    return reading.frequency_mhz is not None or not any(reg.field == "frequency_mhz" for reg in table.slow)


def _likely(fitting: "list[Known]") -> "tuple[Known, ...]":
    """A meter of one phase is not taken for one of three, of which two are dead; nor the other way round."""
    three = [each for each in fitting if each.reading is None or _alive(each.reading) > 1]
    single = [each for each in fitting if driver_modules.module(each.driver).TABLE.conductors == 1]
    return tuple([each for each in three if each not in single] or single or fitting)


def _alive(reading: Reading) -> int:
    return sum(mv > 0 for mv in reading.voltage_mv or ())


def _meter(module: Any, unit: int, bus: Bus, phases: "tuple[int, ...]") -> Any:
    options = {option.name: option.default for option in module.OPTIONS}
    return module.build(bus, {**options, "unit": unit, "phases": phases, "max_a": 63})


def _reading(meter: Any) -> "Reading | None":
    """The one in which the slow values have come; None when it cannot be read."""
    try:
        readings = [] if meter is None else [meter.read(0) for _ in range(TURNS)]
    except DeviceError:
        return None
    return readings[-1] if readings else None


def _passport(meter: Any) -> "Passport | None":
    try:
        return None if meter is None else meter.passport()
    except DeviceError:
        return None


def _warning(bus: Bus, unit: int, table: "Table | None") -> str:
    try:
        return missed(bus, unit, table.checks) if table else ""
    except DeviceError as error:
        return error.detail
