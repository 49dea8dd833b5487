"""Data types of M-Bus, by hand."""

import struct

import pytest

from drivers.mbus_values import Time, bcd, date, digits, moment, number, real, signed, text


@pytest.mark.parametrize(("wire", "value"), [
    ("1234", 3412), ("00", 0), ("99", 99), ("12f0", -12), ("05f4", -405), ("f0", 0), ("ddb4ebdd", None), ("0a", None),
    ("78563412", 12345678), ("ffff", None)])
def test_bcd(wire: str, value: "int | None") -> None:
    assert bcd(bytes.fromhex(wire)) == value


@pytest.mark.parametrize(("wire", "value"), [
    ("ff", -1), ("80", None), ("7f", 127), ("ffffffff", -1), ("00000080", None), ("01000080", -(1 << 31) + 1),
    ("000000000080", None)])
def test_signed_numbers(wire: str, value: "int | None") -> None:
    assert signed(bytes.fromhex(wire)) == value


@pytest.mark.parametrize(("value", "exact"), [
    (0.0, (0, 0)), (1.0, (1, 0)), (-0.5, (-5, -1)), (401.5, (4015, -1)), (0.1, (100000001490116119, -18)),
    (-1500.0, (-15, 2)), (2.0 ** 100, (12676506002282294, 14)), (2.0 ** -149, (140129846432481707, -62)),
    (float("inf"), (None, 0)), (float("nan"), (None, 0))])
def test_reals_are_the_decimal_of_their_bits(value: float, exact: "tuple[int | None, int]") -> None:
    raw, = struct.unpack("<I", struct.pack("<f", value))
    assert real(raw, 23, 8) == exact


def test_times() -> None:
    assert date(bytes.fromhex("bf1c")) == Time("2013-12-31", True, False)
    assert date(bytes.fromhex("ffff")) is None
    assert date(bytes.fromhex("0000")) is None
    assert moment(bytes.fromhex("130aed2b")) == Time("2023-11-13 10:19", True, False)
    assert moment(bytes.fromhex("a115e917")) == Time("2015-07-09 21:33", False, False)
    assert moment(bytes.fromhex("118ae92b")) == Time("2023-11-09 10:17", True, True)
    assert moment(bytes.fromhex("101295f42700")) == Time("2023-07-20 21:18:16", True, False)
    assert moment(bytes.fromhex("3f1fffff")) is None
    assert moment(b"\x00") is None
    assert moment(bytes.fromhex("00201f0c")) == Time("2000-12-31 00:00", True, False)  # century sent: 1900 + 100


def test_texts_and_digits() -> None:
    assert text(bytes.fromhex("485252")) == "RRH"
    assert text(b"\x00\x02A\xff") == "\xffA"
    assert digits(bytes.fromhex("8998601240ff")) == "FF4012609889"
    assert number(9, b"\x42") == (42, 0)
    assert number(5, bytes.fromhex("0000c03f")) == (15, -1)
    assert number(0, b"") == (None, 0)
