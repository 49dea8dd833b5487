"""Counters to the last digit of the meter, and meters that are reckoned from others. Numbers by hand."""

from firmware.records.digits import counters
from firmware.records.events import IMPORT
from firmware.records.marks import Transaction, sections
from firmware.records.sampler import FAULTY, MEASURED, SUBSTITUTED, Value
from firmware.records.series import Interval, intervals, reckoned
from hal.measured import NO_CLOCK, Measured
from hal.values import reading


def energy(value: int, scaler: int, back: bool = False, **more: object) -> Measured:
    said = Measured("m", "electricity", "energy", value, scaler, "Wh", None, NO_CLOCK, (), "now", 0, 0, 0,
                    ("backward",) if back else ())
    return said._replace(**more)


def test_the_tenths_of_a_telegram_are_kept() -> None:
    told = (energy(12_346, -1), energy(987, -1, back=True), energy(5, 0, unit="W", quantity="power"))
    assert counters(reading(0, import_wh=1_234, export_wh=98), told) == (12_346, 987, -1)  # cut off
    assert counters(reading(0, import_wh=1_235, export_wh=99), told) == (12_346, 987, -1)  # rounded
    assert counters(reading(0, import_wh=98, export_wh=1_234), told) == (987, 12_346, -1)  # mounted reversed
    assert counters(reading(0, import_wh=1_234), told[:1]) == (12_346, None, -1)


def test_what_is_not_certain_stays_in_whole_watt_hours() -> None:
    told = (energy(12_346, -1), energy(987, -1, back=True))
    for one in (reading(0, import_wh=1_236, export_wh=98), reading(0, import_wh=1_234), reading(0, export_wh=98)):
        assert counters(one, told) == (one.import_wh, one.export_wh, 0)  # another telegram
    both = (energy(3, -1), energy(7, -1, back=True))
    assert counters(reading(0, import_wh=0, export_wh=0), both) == (0, 0, 0)  # which is which is not known
    assert counters(reading(0, import_wh=1_234), ()) == (1_234, None, 0)
    assert counters(reading(0, import_wh=1_234), (energy(12_346, -1, tariff=1),)) == (1_234, None, 0)
    assert counters(reading(0, import_wh=1_234), (energy(12_346, -1), energy(12_347, -1))) == (1_234, None, 0)


def test_digits_may_change_between_readings() -> None:
    values = {0: Value("m", 1_000, None, 0, MEASURED, 0), 900: Value("m", 10_052, None, -1, MEASURED, 0),
              1_800: Value("m", 1_005, None, 0, MEASURED, 0)}
    assert [one[1:] for one in intervals(values)] == [(52, None, -1, MEASURED), (None, None, -1, FAULTY)]
    event = {"obis": IMPORT, "at_s": 450, "status": MEASURED}
    mark = Transaction("t", 1, "m", "", {**event, "value": 10_011, "scaler": -1},
                       {**event, "value": 1_003, "scaler": 0})
    assert mark.energy_e() == 19
    assert [part.energy_e for part in sections({0: values[0], 900: values[900]}, [mark])] == [19, 33]


def test_a_difference_is_import_or_export_of_each_quarter_hour() -> None:
    parts = {"house": (Interval(0, 500, 0, 0, MEASURED), Interval(900, 100, 0, 0, MEASURED)),
             "flat": (Interval(0, 2_004, 0, -1, SUBSTITUTED), Interval(900, 3_000, 0, -1, MEASURED),
                      Interval(1_800, 1, 0, -1, MEASURED))}
    found = reckoned((("house", 1_000), ("flat", -1_000)), parts)
    assert found == (Interval(0, 2_996_000, 0, -4, SUBSTITUTED), Interval(900, 0, 2_000_000, -4, MEASURED))
    assert reckoned((("house", 1_000), ("gone", 500)), parts) == ()
