"""Signs, totals and locks, by the numbers real meters sent (metering dumps, rounded and renumbered)."""

import pytest

from drivers.obis import EXPORT, IMPORT, WATT_HOUR, power, quantity
from drivers.quantity import Quantity
from drivers.sml_rules import locked, signed
from drivers.sml_tree import Entry

DZG = Entry(b"\x01\x00\x60\x32\x01\x01", None, 0, 0, b"DZG", 3)
LEGACY = Entry(b"\x81\x81\xc7\x82\x03\xff", None, None, None, b"EMH", 3)


def watts(group: int, value: int, width: int, scaler: int = -2) -> Entry:
    return Entry(bytes((1, 0, group, 7, 0, 255)), None, 27, scaler, value, width)


def counter(group: int, status: "int | None", scaler: int = -1, value: int = 60744712) -> Entry:
    return Entry(bytes((1, 0, group, 8, 0, 255)), status, 30, scaler, value, 4)


def after(*entries: Entry, server: "bytes | None" = None) -> "list[object]":
    return [entry.value for entry in signed(entries, server) if entry.unit == 27]


@pytest.mark.parametrize(("sent", "width", "status", "meant"), [
    (-29912, 2, 0x1C0104, 35624),  # 356.24 W arrived as -299.12 W
    (-29912, 2, 0x1C0904, -29912),  # true feed-in
    (-10550, 2, 0x1C6904, -10550),
    (-1, 1, 0x1C0104, 255),
    (-(1 << 23), 3, 0x1C0104, 1 << 23),
    (-29912, 4, 0x1C0104, -29912),  # four bytes have room for the sign
    (21599, 2, 0x1C0104, 21599),
    (0, 1, 0x1C0104, 0),
    (-29912, 2, None, -29912),  # without a status nothing is known
])
def test_dzg_power(sent: int, width: int, status: "int | None", meant: int) -> None:
    assert after(DZG, counter(1, status), watts(16, sent, width)) == [meant]
    assert after(counter(1, status), watts(16, sent, width), server=b"\x0a\x01DZG\x00") == [meant]
    assert after(counter(1, status), watts(16, sent, width), server=b"\x0a\x01ISK\x00") == [sent]


def test_dzg_phase_alone() -> None:
    assert after(DZG, counter(1, 0x1C0104), watts(36, -14836, 2)) == [50700]


@pytest.mark.parametrize(("status", "total", "sent", "meant"), [
    (0x1C0104, (-9536, 2), (-14836, 2500, 2800), (50700, 2500, 2800)),  # 560.00 W, of which L1 507.00 W
    (0x1C0104, (10000, 2), (-20000, 25000, 5000), (-20000, 25000, 5000)),  # PV on L1 feeds in, the house imports
    (0x1C0904, (-50000, 3), (-85624, -29912, 0), (-85624, 35624, 0)),  # L2 imports while the house feeds in
    (0x1C0904, (-50000, 3), (-20000, -20000, -10000), (-20000, -20000, -10000)),
])
def test_dzg_phases_add_up_to_the_total(status: int, total: "tuple[int, int]", sent: "tuple[int, ...]",
                                        meant: "tuple[int, ...]") -> None:
    phases = [watts(group, value, 3 if abs(value) > 1 << 15 else 2) for group, value in zip((36, 56, 76), sent)]
    got = after(DZG, counter(1, status), watts(16, *total), *phases)
    assert got[1:] == list(meant)


def test_dzg_repeated_phases_cost_no_time() -> None:
    """A hostile frame names one phase a hundred times: the choices stay eight."""
    entries = [watts(group, -5, 2) for group in (36, 56, 76)] * 100
    assert len(after(DZG, counter(1, 0x104), watts(16, 100, 2), *entries)) == 301


@pytest.mark.parametrize(("status", "meant"), [(0x182, 1266), (0x1A2, -1266), (0x1B0, -1266), (None, 1266)])
def test_legacy_direction_is_in_the_status(status: "int | None", meant: int) -> None:
    entries = signed((LEGACY, counter(1, status), watts(15, 1266, 4, -1)), None)
    assert power(entries) == Quantity(meant, -1)
    assert entries[2].value == meant


def test_the_direction_bit_means_nothing_on_modern_meters() -> None:
    assert after(counter(1, 0x1C0124), watts(15, 1266, 4)) == [1266]
    assert after(LEGACY, counter(1, 0x1A2), watts(16, 500, 4), watts(15, 500, 4)) == [500, 500]


def test_a_meter_that_only_counts_export_only_feeds_in() -> None:
    assert power((LEGACY, counter(2, 0x10100), watts(15, 700, 4, 0))) == Quantity(-700, 0)
    assert power((LEGACY, counter(2, None), counter(1, None), watts(15, 700, 4, 0))) == Quantity(700, 0)


def test_power_is_the_most_certain_there_is() -> None:
    signed_w, magnitude_w, in_w, out_w = watts(16, -5, 2), watts(15, 7, 2), watts(1, 12, 2, 1), watts(2, 50, 2, 0)
    assert power((in_w, out_w, magnitude_w, signed_w)) == Quantity(-5, -2)
    assert power((in_w, out_w, magnitude_w)) == Quantity(7, -2)
    assert power((in_w, out_w)) == Quantity(70, 0)
    assert power((out_w,)) == Quantity(-50, 0)
    assert power((counter(1, None),)) is None


def test_only_numbers_of_the_right_unit_are_taken() -> None:
    name = b"\x01\x00\x10\x07\x00\xff"
    assert power((Entry(name, None, 27, 0, None, 0), Entry(name, None, 27, 0, True, 1), Entry(name, None, 29, 0, 5, 1),
                  Entry(name, None, 27, 0, b"\x05", 1), Entry(name, None, None, None, 6, 1))) == Quantity(6, 0)


def test_locked_means_whole_kwh_and_no_power() -> None:
    coarse, fine = counter(1, 0x1C0104, 3), counter(1, 0x1C0104, -1)
    assert locked((coarse,))
    assert locked((coarse, Entry(b"\x01\x00\x10\x07\x00\xff", None, 27, 0, None, 0)))
    assert not locked((coarse, watts(16, 5, 1)))
    assert not locked((coarse, watts(15, 5, 1)))
    assert not locked((fine,))
    assert not locked(())


@pytest.mark.parametrize(("exact", "places", "nearest", "floor"), [
    ((-10550, -2), 0, -106, -106), ((10549, -2), 0, 105, 105), ((5, -1), 0, 1, 0), ((-5, -1), 0, -1, -1),
    ((4, -1), 0, 0, 0), ((2324, 3), 0, 2324000, 2324000), ((2300, -1), 3, 230000, 230000), ((19, -4), 3, 2, 1),
])
def test_rounding(exact: "tuple[int, int]", places: int, nearest: int, floor: int) -> None:
    assert (Quantity(*exact).nearest(places), Quantity(*exact).floor(places)) == (nearest, floor)


def test_counters() -> None:
    entries = (counter(1, 0x182, -1, 123), counter(2, None, 3, 4))
    assert quantity(entries, IMPORT, WATT_HOUR) == Quantity(123, -1)
    assert quantity(entries, EXPORT, WATT_HOUR) == Quantity(4, 3)
