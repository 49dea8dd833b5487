"""Records of M-Bus, by hand from EN 13757-3's tables."""

import pytest

from drivers.mbus_compact import MOST_FORMATS, Formats
from drivers.mbus_records import Parsed, Record, parse
from drivers.mbus_values import Time
from drivers.wmbus_frame import crc


def one(words: str) -> Record:
    parsed = parse(bytes.fromhex(words))
    assert not parsed.fault
    record, = parsed.records
    return record


@pytest.mark.parametrize(("wire", "quantity", "value", "scaler", "unit"), [
    ("0c06 51970000", "energy", 9751, 3, "Wh"),
    ("0c0f 51970000", "energy", 9751, 7, "J"),
    ("0413 31d40000", "volume", 54321, -3, "m3"),
    ("0b3b 270100", "volume_flow", 127, -3, "m3/h"),
    ("0b2b 130700", "power", 713, 0, "W"),
    ("0a5a 0602", "flow_temperature", 206, -1, "degC"),
    ("0a5e 06f2", "return_temperature", -206, -1, "degC"),
    ("0a62 02f0", "temperature_difference", -2, -1, "K"),
    ("0265 2e08", "external_temperature", 2094, -2, "degC"),
    ("0269 2e08", "pressure", 2094, -2, "bar"),
    ("046e 03000000", "heat_cost_units", 3, 0, ""),
    ("0222 0500", "on_time", 5, 0, "h"),
    ("0172 18", "averaging_time", 24, 0, "h"),
    ("0afd48 7023", "voltage", 2370, -1, "V"),
    ("04fdd9fc01 64000000", "current", 100, -3, "A"),
    ("02fb2e f401", "frequency", 500, -1, "Hz"),
    ("04fb8275 3f000000", "reactive_energy", 63, 2, "varh"),
    ("04fb14 01000000", "reactive_power", 1, 0, "var"),
    ("02fb1a aa01", "relative_humidity", 426, -1, "%"),
    ("04fb00 01000000", "energy", 1, 5, "Wh"),
    ("04fb0d 01000000", "energy", 1, 6, "cal"),
    ("0483 7d 05000000", "energy", 5, 3, "Wh"),
    ("02fc0348522574 3412", "named", 0x1234, -2, "%RH"),
])
def test_quantities(wire: str, quantity: str, value: int, scaler: int, unit: str) -> None:
    record = one(wire.replace(" ", ""))
    assert (record.quantity, record.value, record.scaler, record.unit) == (quantity, value, scaler, unit)


def test_storage_tariff_subunit_and_function() -> None:
    record = one("d4b1c2011301000000")
    assert (record.function, record.tariff, record.subunit) == ("maximum", 3, 2)
    assert record.storage == 1 + 2 * (1 + 16 * 2 + 256 * 1)


@pytest.mark.parametrize(("wire", "words", "unit"), [
    ("04833c 00000000", ("backward",), "Wh"), ("0afdc9fc01 4002", ("l1",), "V"),
    ("02bb56 0300", ("lower_limit_last_duration",), "h"), ("02d942 1f1c", ("lower_limit_first_begin",), ""),
    ("04fd9a01 00000000", (), ""), ("049028 0b000000", (), "m3/input_pulse"), ("04837e 00000000", ("future",), "Wh"),
    ("0483ff09 01000000", ("maker:09",), "Wh"), ("04ff07 01000000", ("maker:07",), "")])
def test_qualifiers(wire: str, words: "tuple[str, ...]", unit: str) -> None:
    record = one(wire.replace(" ", ""))
    assert (record.qualifiers, record.unit) == (words, unit)


@pytest.mark.parametrize("wire", [
    "046f01000000", "04fd7b01000000", "04fb2201000000", "04833d01000000", "0483fc6001000000", "02931e0100"])
def test_a_code_of_no_table_stays_raw(wire: str) -> None:
    record = one(wire)
    assert (record.quantity, record.unit) == ("", "")
    assert record.qualifiers[0].startswith("code:")


@pytest.mark.parametrize(("wire", "error"), [
    ("0c06 ddb4ebdd", "invalid"), ("0406 00000080", "invalid"), ("0506 0000c07f", "invalid"), ("426c ffff", "invalid"),
    ("0c9315 00000000", "no_data"), ("0c9302 12000000", "no_such_storage")])
def test_no_value_is_none(wire: str, error: str) -> None:
    record = one(wire.replace(" ", ""))
    assert (record.value, record.error) == (None, error)


def test_a_number_the_meter_does_not_vouch_for_is_marked() -> None:
    record = one("0aa6181200")
    assert (record.quantity, record.value, record.unit, record.error) == ("operating_time", 12, "h", "data_error")


@pytest.mark.parametrize(("wire", "value"), [
    ("0dfd110441424344", "DCBA"), ("0d13c21234", 3412), ("0d13d112", -12), ("0d13e2feff", -2), ("0d13e0", None),
    ("0d78f0" + "00" * 15 + "01", b"\x01" + bytes(15)), ("0478917b6f01", "24083345"), ("0c7867761211", "11127667"),
    ("01fd0c11", "11"), ("02fd171234", 0x3412), ("046d130aed2b", Time("2023-11-13 10:19", True, False))])
def test_fields_of_other_kinds(wire: str, value: object) -> None:
    parsed = parse(bytes.fromhex(wire))
    assert parsed.records[0].value == value


def test_fillers_and_the_makers_rest() -> None:
    parsed = parse(bytes.fromhex("2f2f01fd17002f1f0102"))
    assert [record.quantity for record in parsed.records] == ["error_flags", "maker"]
    assert (parsed.more, parsed.records[1].value) == (True, b"\x01\x02")


@pytest.mark.parametrize(("wire", "why"), [
    ("0c065197", "record 1: cut short"), ("04131122334404", "record 2: cut short"), ("3f", "DIF 3F is reserved"),
    ("84" + "80" * 11 + "13", "more than 10 DIFE"), ("0483" + "80" * 11 + "00", "more than 10 VIFE"),
    ("0dfd11f8", "LVAR F8 is reserved"), ("0dfd11044142", "cut short"), ("027c0941", "cut short"),
    ("04fd", "cut short")])
def test_what_does_not_come_out_even_is_not_believed(wire: str, why: str) -> None:
    data = bytes.fromhex(wire)
    parsed = parse(data)
    assert why in parsed.fault
    assert parsed == Parsed((), False, parsed.fault, data)


FULL = bytes.fromhex("0413393000000259d20c")


def test_compact_telegrams_need_their_format_first() -> None:
    formats = Formats()
    names = crc(bytes.fromhex("04130259")), crc(FULL)
    compact = b"".join(name.to_bytes(2, "little") for name in names) + FULL[2:6] + FULL[8:]
    assert formats.full(compact) is None
    formats.learn(FULL)
    assert formats.full(compact) == FULL
    for hurt in (compact[:-1], compact + b"\x00", compact[:-1] + b"\x00", compact[:2] + b"\x00" + compact[3:], b""):
        assert formats.full(hurt) is None
    for number in range(MOST_FORMATS):
        formats.learn(bytes((0x01, 0x78, number)) * (number + 1))
    assert formats.full(compact) is None
