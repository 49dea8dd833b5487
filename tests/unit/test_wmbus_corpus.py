"""134 telegrams of real radio meters against wmbusmeters' decoding of them, where the records alone give it.

The samples are not ours to ship: they are read where they lie beside the repository.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drivers.mbus_compact import Formats
from drivers.mbus_frame import Reader
from drivers.mbus_records import Record, parse
from drivers.mbus_telegram import COMPACT, RECORDS, Telegram, of_radio, of_wire, plain
from drivers.oms_crypto import unseal

FILE = Path(__file__).parents[2].parent / "shared" / "data" / "meters" / "wmbus" / "vectors.jsonl"
VECTORS = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
FULL = [vector for vector in VECTORS if vector["cls"] == "generic-full"]
OTHERS = [vector for vector in VECTORS if vector["cls"] != "generic-full"]
INVALID = -(1 << 31)  # wmbusmeters prints the "no value" of a signed number as a number
# unit of a record -> (ending of wmbusmeters' name, what one of its units is in ours)
THOUSAND = Decimal(1000)
NEAR = Decimal("0.0000006")  # wmbusmeters rounds to six places
ENDINGS: "dict[str, tuple[tuple[str, Decimal], ...]]" = {
    "Wh": (("kwh", THOUSAND), ("kvarh", THOUSAND), ("kvah", THOUSAND)),
    "J": (("kwh", Decimal(3_600_000)),), "varh": (("kvarh", THOUSAND),), "VAh": (("kvah", THOUSAND),),
    "W": (("kw", THOUSAND), ("kvar", THOUSAND)), "m3": (("m3", Decimal(1)),), "m3/h": (("m3h", Decimal(1)),),
    "degC": (("c", Decimal(1)),), "K": (("c", Decimal(1)),), "V": (("v", Decimal(1)),), "A": (("a", Decimal(1)),),
    "Hz": (("hz", Decimal(1)),), "%": (("rh", Decimal(1)),), "d": (("h", Decimal(1) / 24),),
    "h": (("h", Decimal(1)),), "min": (("h", Decimal(60)),), "s": (("h", Decimal(3600)), ("s", Decimal(1))),
}
# the makers' own codes, and what wmbusmeters calls by another unit: the bare number must be there
BARE = ("hca", "counter", "nr", "factor", "ppm", "y", "m3c", "kw", "kwh", "a", "v", "hz", "s", "m3h")

# records beside those the other decoder prints, by their DIF and VIF; em24: by the standard VIFE 75 is a tenth
MORE = {
    "em24": {"04fb8275", "04fb82f53c", "01fd17"}, "aptmbusna": {"03fd17"}, "kamheat": {"542d"},
    "ultraheat": {"0a62", "4c14", "891071", "9b102d", "db102d", "9b103b", "9a105b", "9a105f", "0c22", "9a115b",
                  "9a115f", "9b113b", "9b112d", "8c0114"},
}
UNITS_OF_ONE = (Decimal(1), THOUSAND, Decimal(3_600_000), Decimal(1) / 24, Decimal("365.2425"), Decimal(60),
                Decimal(3600))


@pytest.fixture(autouse=True)
def _samples() -> None:
    if not VECTORS:
        if os.environ.get("CI"):
            pytest.fail(f"no samples at {FILE}")
        pytest.skip(f"no samples at {FILE}")


def telegram_of(words: str) -> Telegram:
    """One is recorded with half a byte too much, as CUL sticks do."""
    data = bytes.fromhex(words[:len(words) // 2 * 2])
    if data[0] == 0x68 and data[3] == 0x68:
        frame, = Reader().feed(data)
        return of_wire(frame)
    return of_radio(data)


def records(vector: "dict[str, Any]") -> "tuple[Record, ...]":
    """Of all telegrams of a vector; () where a telegram must not be read."""
    out: "tuple[Record, ...]" = ()
    formats = Formats()
    for words in vector["telegrams"]:
        telegram: "Telegram | None" = telegram_of(words)
        assert telegram is not None
        if vector["key"] and telegram.seal:
            telegram = unseal(telegram, bytes.fromhex(vector["key"]))
        else:
            telegram = plain(telegram)
        if telegram is None:
            continue
        body = formats.full(telegram.body) if telegram.ci in COMPACT else telegram.body
        if body is not None and telegram.ci in RECORDS + COMPACT:
            out += parse(body).records
            formats.learn(body)
    return out


def numbers(vector: "dict[str, Any]") -> "list[tuple[str, Decimal]]":
    """Every number the other decoder gives, with the ending of its name."""
    return [(name.rpartition("_")[2], Decimal(str(value))) for name, value in vector["expect"].items()
            if isinstance(value, int | float) and not isinstance(value, bool)]


def factors(record: Record, ending: str, zero: bool) -> "list[Decimal]":
    """What one of wmbusmeters' units may be in the record's."""
    out = [factor for name, factor in ENDINGS.get(record.unit.partition("/month")[0], ()) if name == ending]
    own = not record.unit or record.quantity == "named" or any(word.startswith("maker:") for word in record.qualifiers)
    return out + [Decimal(1)] * (ending in BARE and (own or zero))


def has(every: "tuple[Record, ...]", ending: str, wanted: Decimal) -> bool:
    for record in every:
        if isinstance(record.value, int):
            value = Decimal(record.value).scaleb(record.scaler)
            if any(abs(value / factor - wanted) <= NEAR for factor in factors(record, ending, wanted == 0)):
                return True
        elif wanted == INVALID:
            if record.error == "invalid" and record.data == b"\0\0\0\x80":
                return True
        elif isinstance(record.value, str) and record.value.isdecimal() and int(record.value) == wanted:
            return True
    return False


def test_the_set_is_whole() -> None:
    assert (len(FULL), len(OTHERS)) == (74, 60)
    assert sum(len(numbers(vector)) for vector in FULL) > 500


@pytest.mark.parametrize("vector", FULL, ids=lambda vector: vector["driver"])
def test_every_number(vector: "dict[str, Any]") -> None:
    every = records(vector)
    missing = [(ending, value) for ending, value in numbers(vector) if not has(every, ending, value)]
    assert not missing


@pytest.mark.parametrize("vector", FULL, ids=lambda vector: vector["driver"])
def test_every_meter_has_its_number(vector: "dict[str, Any]") -> None:
    for words in vector["telegrams"]:
        telegram = plain(telegram_of(words)) if not vector["key"] else telegram_of(words)
        assert telegram is not None
        assert telegram.meter is not None
        assert telegram.meter.id == vector["expect"]["id"]


@pytest.mark.parametrize("vector", OTHERS, ids=lambda vector: f"{vector['driver']}-{vector['expect']['id']}")
def test_no_invented_number(vector: "dict[str, Any]") -> None:
    """Makers' own payloads give nothing; of the rest every number is one the other decoder has too, or is listed."""
    every = records(vector)
    if vector["cls"] not in ("generic-partial", "other:need key ell"):
        assert not every
    theirs = [value for _, value in numbers(vector)]
    for record in every:
        if isinstance(record.value, int) and record.value and record.quantity not in ("", "access_number"):
            value = Decimal(record.value).scaleb(record.scaler)
            known = any(abs(value / factor - number) <= NEAR
                        for factor in UNITS_OF_ONE for number in theirs)
            assert known or record.head.hex() in MORE[vector["driver"]], record
