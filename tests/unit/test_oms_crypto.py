"""OMS security: the made-up telegrams with their keys, and what must be refused by name.

The telegrams lie beside the repository; what can be made here is made here.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drivers.ciphers import cmac
from drivers.counters import Counters, name_of
from drivers.mbus_records import Record, parse
from drivers.mbus_telegram import Telegram, of_radio
from drivers.oms_crypto import (
    REPEATED,
    UNPROTECTED,
    UNSUPPORTED,
    WRONG_KEY,
    WRONG_MAC,
    Refused,
    counter_of,
    unseal,
)
from drivers.oms_reader import OmsReader
from drivers.wmbus_frame import from_a, to_a

FILE = Path(__file__).parents[2].parent / "shared" / "data" / "meters" / "synth" / "oms.jsonl"
MADE = [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []
SEALED = [one for one in MADE if one["key"]]
NAMES = {"energy": ("energy", "Wh", 1000), "energy_export": ("energy", "Wh", 1000), "volume": ("volume", "m3", 1),
         "power": ("power", "W", 1000), "flow": ("volume_flow", "m3/h", 1),
         "flow_temp": ("flow_temperature", "degC", 1),
         "return_temp": ("return_temperature", "degC", 1), "voltage_l1": ("voltage", "V", 1),
         "voltage_l2": ("voltage", "V", 1), "voltage_l3": ("voltage", "V", 1)}


@pytest.fixture(autouse=True)
def _samples() -> None:
    if not MADE:
        if os.environ.get("CI"):
            pytest.fail(f"no samples at {FILE}")
        pytest.skip(f"no samples at {FILE}")


def unsealed(made: "dict[str, Any]", key: str = "") -> Telegram:
    telegram = of_radio(bytes.fromhex(made["raw"]))
    return unseal(telegram, bytes.fromhex(key or made["key"])) if made["key"] else telegram


def is_of(record: Record, value: "list[Any]") -> bool:
    name, _, number, storage, tariff, subunit = value
    quantity, unit, factor = NAMES[name]
    words = ("backward",) if name.endswith("_export") else (name[-2:],) if name.startswith("voltage") else ()
    return (record.quantity, record.unit, record.storage, record.tariff, record.subunit, record.qualifiers) == (
        quantity, unit, storage, tariff, subunit, words) and isinstance(record.value, int) and Decimal(
            record.value).scaleb(record.scaler) == Decimal(str(number)) * factor


def test_the_set_is_whole() -> None:
    assert len(MADE) == 80
    assert {one["mode"] for one in SEALED} == {5, 7, "ell"}


@pytest.mark.parametrize("made", MADE, ids=lambda made: f"{made['id']}-{made['access']}")
def test_made_up_telegrams_complete(made: "dict[str, Any]") -> None:
    telegram = unsealed(made)
    meter = telegram.meter
    assert meter is not None
    assert (meter.id, meter.letters(), meter.version, meter.medium, telegram.status, telegram.access) == (
        made["id"], made["man"], made["version"], made["type"], made["status"], made["access"])
    records = parse(telegram.body).records
    for value in made["values"]:
        assert sum(1 for record in records if is_of(record, value)) == 1, value
    known = [record for record in records if record.quantity in {name for name, _, _ in NAMES.values()}]
    assert len(known) == len(made["values"])


@pytest.mark.parametrize("made", MADE[::9], ids=lambda made: made["id"])
def test_the_crcs_of_the_air(made: "dict[str, Any]") -> None:
    assert from_a(bytes.fromhex(made["raw_a"])) == bytes.fromhex(made["raw"])
    assert to_a(bytes.fromhex(made["raw"])).hex() == made["raw_a"]


@pytest.mark.parametrize("made", SEALED, ids=lambda made: f"{made['id']}-{made['access']}")
def test_a_wrong_key_is_refused_by_name(made: "dict[str, Any]") -> None:
    for place in (0, 15):
        key = bytearray.fromhex(made["key"])
        key[place] ^= 1
        with pytest.raises(Refused) as caught:
            unsealed(made, key.hex())
        assert caught.value.why == (WRONG_MAC if made["mode"] == 7 else WRONG_KEY)


@pytest.mark.parametrize("made", [one for one in SEALED if one["mode"] == 7], ids=lambda made: made["id"])
def test_every_altered_bit_from_the_counter_on_is_refused(made: "dict[str, Any]") -> None:
    raw = bytes.fromhex(made["raw"])
    first = raw.index(0x90, 11) + 5
    for place in range(first, len(raw), 5):
        hurt = raw[:place] + bytes((raw[place] ^ 0x04,)) + raw[place + 1:]
        with pytest.raises(Refused):
            unseal(of_radio(hurt), bytes.fromhex(made["key"]))
    mac = raw[:first + 6] + bytes((raw[first + 6] ^ 1,)) + raw[first + 7:]
    with pytest.raises(Refused, match=WRONG_MAC):
        unseal(of_radio(mac), bytes.fromhex(made["key"]))


def test_a_counter_that_does_not_rise_is_refused_by_name() -> None:
    newest: "dict[str, int]" = {}
    for made in SEALED:
        raw, keys = bytes.fromhex(made["raw"]), {str(made["id"]): (bytes.fromhex(made["key"]),)}
        telegram = of_radio(raw)
        counter = counter_of(telegram)
        assert (counter is None) == (made["mode"] == 5)
        reader = OmsReader(keys)
        assert reader.read(telegram).why == ""
        again = reader.read(of_radio(raw))
        assert again.why.startswith(REPEATED) if counter is not None else again.why == ""
        name = name_of(telegram.meter.text() if telegram.meter else "", keys[str(made["id"])][0])
        if counter is not None:
            assert reader.counters.highest == {name: counter}
            newest[name] = counter
        above, other = Counters(), OmsReader({str(made["id"]): (bytes(16),)}, counters=reader.counters)
        above.note(name, (counter or 0) + 1)
        assert OmsReader(keys, counters=above).read(telegram).why.startswith(REPEATED) == (counter is not None)
        assert not other.read(telegram).why.startswith(REPEATED)  # with another key a meter counts anew
    assert len(newest) >= 10


def test_nothing_in_the_clear_from_a_meter_with_a_key() -> None:
    made = next(one for one in MADE if not one["key"])
    with pytest.raises(Refused) as caught:
        unseal(of_radio(bytes.fromhex(made["raw"])), bytes(16))
    assert caught.value.why == UNPROTECTED


def test_mode_7_without_counter_or_code_and_unknown_modes_are_refused() -> None:
    made = next(one for one in SEALED if one["mode"] == 7)
    telegram = of_radio(bytes.fromhex(made["raw"]))
    assert telegram.afl is not None
    for change, why in (({"afl": None}, UNPROTECTED), ({"kdf": 0}, UNSUPPORTED), ({"seal": "mode 13"}, UNSUPPORTED)):
        values = {**telegram._asdict(), **change}
        with pytest.raises(Refused) as caught:
            unseal(Telegram(**values), bytes.fromhex(made["key"]))
        assert caught.value.why == why


def test_cmac_is_that_of_the_standard() -> None:
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")  # RFC 4493
    assert cmac(key, b"").hex() == "bb1d6929e95937287fa37d129b756746"
    assert cmac(key, bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")).hex() == "070a16b46b4d4144f79bdd9dd04a287c"
