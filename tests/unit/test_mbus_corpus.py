"""Wired frames of 26 real meters against libmbus's decoding of them.

The samples are not ours to ship: they are read where they lie beside the repository.
"""

import os
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import pytest

from drivers import mbus_fixed, mbus_records
from drivers.mbus_frame import Reader
from drivers.mbus_records import FUNCTIONS, Record
from drivers.mbus_telegram import FIXED, of_wire
from drivers.mbus_values import Time

SAMPLES = sorted((Path(__file__).parents[2].parent / "shared" / "data" / "meters" / "mbus").glob("*.hex"))
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
UNITS = {"m3": "m^3", "m3/h": "m^3/h", "degC": "°C"}
WORDS = {"Instantaneous value": "now", "Maximum value": "maximum", "Minimum value": "minimum",
         "Value during error state": "at_error", "Actual value": "now"}
# where libmbus is wrong: hex digits of a BCD are counted as digits, a time the meter calls invalid becomes the year
# 1900, a date without day or month is printed as one
LIBMBUS_WRONG = {("abb_f95", 2), ("abb_f95", 3), ("REL-Relay-Padpuls2", 1)}


@pytest.fixture(autouse=True)
def _samples() -> None:
    if not SAMPLES:
        if os.environ.get("CI"):
            pytest.fail("no samples of wired M-Bus")
        pytest.skip("no samples of wired M-Bus")


def test_all_samples_are_there() -> None:
    assert len(SAMPLES) == 26


def records(path: Path) -> "tuple[ET.Element, tuple[Record, ...]]":
    frame, = Reader().feed(bytes.fromhex(path.read_text()))
    telegram = of_wire(frame)
    truth = ET.fromstring(path.with_suffix(".norm.xml").read_bytes().replace(b"ISO-8859-1", b"UTF-8"))
    told = truth.find("SlaveInformation")
    assert told is not None
    if telegram.ci == FIXED:
        fixed = mbus_fixed.parse(telegram.body)
        assert fixed is not None
        assert told.findtext("Id") == fixed.id
        assert str(told.findtext("Medium")).lower().startswith(fixed.medium)
        return truth, fixed.records
    assert telegram.meter is not None
    assert str(told.findtext("Id")).rjust(8, "0") == telegram.meter.id
    assert (told.findtext("Manufacturer"), told.findtext("Version")) == (
        telegram.meter.letters(), str(telegram.meter.version))
    assert told.findtext("AccessNumber") == str(telegram.access)
    assert int(str(told.findtext("Status")), 16) == telegram.status
    parsed = mbus_records.parse(telegram.body)
    assert not parsed.fault
    assert parsed.more == any(one.findtext("Function") == "More records follow" for one in truth.findall("DataRecord"))
    return truth, parsed.records


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_record(path: Path) -> None:
    truth, ours = records(path)
    theirs = truth.findall("DataRecord")
    assert len(ours) == len(theirs)
    for place, (record, told) in enumerate(zip(ours, theirs)):
        if (path.stem, place) in LIBMBUS_WRONG:
            assert record.value is None or (isinstance(record.value, Time) and not record.value.valid)
            continue
        assert_same(record, told)


def assert_same(record: Record, told: ET.Element) -> None:
    value, unit = str(told.findtext("Value") or ""), str(told.findtext("Unit") or "")
    if record.quantity == "maker":
        assert record.value == bytes.fromhex(value)
        return
    stored = int(unit == "reserved but historic") or int(told.findtext("StorageNumber") or 0)
    assert record.function == WORDS[str(told.findtext("Function"))]
    assert record.function in FUNCTIONS
    assert (record.storage, record.tariff, record.subunit) == (
        stored, int(told.findtext("Tariff") or 0), int(told.findtext("Device") or 0))
    if isinstance(record.value, Time):
        assert record.value.text.replace(" ", "T") in value
    elif isinstance(record.value, bytes):
        assert record.value == bytes.fromhex(value)
    elif isinstance(record.value, str):
        assert_same_text(record, value)
    elif record.value is None:
        assert value in ("2000-00-00", "")
    else:
        assert_same_number(record, Decimal(value), unit)


def assert_same_text(record: Record, value: str) -> None:
    """libmbus counts digits of a serial number or a version as a number; ours are as the device shows them."""
    assert isinstance(record.value, str)
    if record.value == value.strip():
        return
    numbers = [int(record.value, base) for base in (10, 16) if base == 16 or record.value.isdecimal()]
    assert Decimal(value) in numbers


def assert_same_number(record: Record, value: Decimal, unit: str) -> None:
    assert isinstance(record.value, int)
    exact = Decimal(record.value).scaleb(record.scaler)
    if unit == "s":
        exact *= SECONDS[record.unit]
    elif unit in ("kWh", "l", "reserved but historic"):
        exact = exact / 1000 if unit == "kWh" else exact * 1000
    elif unit not in ("-", "", "Units for H.C.A."):
        assert unit == UNITS.get(record.unit.partition("/input")[0], record.unit.partition("/input")[0])
    assert abs(exact - value) <= Decimal("0.0000005")
