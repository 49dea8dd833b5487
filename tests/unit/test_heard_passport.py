"""Who a meter is, from what it sends: numbers by hand, and the public samples against their makers."""

import os
from pathlib import Path

import pytest

from drivers import speedwire
from drivers.dataset import Line
from drivers.heard_passport import of_address, of_d0, of_p1, of_sml, plate_number
from drivers.mbus_media import Address
from drivers.obis import Entry
from drivers.p1 import Telegram
from drivers.passport import UNKNOWN
from drivers.sml import Reader
from hal.values import ZERO
from sim.speedwire_meter import datagram

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "meters" / "sml"
MAKERS = {"DZG": "DZG", "DrNeuhaus": "DNT", "EMH": "EMH", "HOLLEY": "HLY", "ISKRA": "ISK", "ITRON": "ITR", "eBZ": "EBZ"}


@pytest.mark.parametrize(("server", "said"), [
    ("0a01454d480000bc614e", "1EMH0012345678"), ("090145425a010002ec3b", "1EBZ0100191547"),
    ("06454d4801027156cd45", "06454d4801027156cd45"), ("0a01454d4800ffffffff", "0a01454d4800ffffffff"),
    ("0a0100014800000000ff", "0a0100014800000000ff"), ("01a815986480020102", "01a815986480020102")])
def test_the_number_as_it_is_printed(server: str, said: str) -> None:
    assert plate_number(bytes.fromhex(server)) == said


def test_the_samples_name_their_makers() -> None:
    if not SAMPLES.exists():
        if os.environ.get("CI"):
            pytest.fail(f"no samples at {SAMPLES}")
        pytest.skip(f"no samples at {SAMPLES}")
    for path in sorted(SAMPLES.glob("*.bin")):
        frame = next(one for one in Reader().feed(path.read_bytes()) if one.entries)
        said = of_sml(frame.server, frame.entries)
        assert said.maker == MAKERS[next(name for name in MAKERS if path.name.startswith(name))], path.name
        assert said.serial, path.name
        assert (said.accuracy_class, said.mid, said.checked) == (None, None, None)


def test_what_is_no_text_is_not_known() -> None:
    odd = Entry(b"\x01\x00\x60\x32\x01\x01", None, None, None, b"\xff\x00", 2)
    number = Entry(b"\x01\x00\x00\x02\x00\x00", None, None, None, 5, 1)
    assert of_sml(None, (odd, number)) == UNKNOWN
    assert of_address(None) == UNKNOWN


def test_p1_d0_and_m_bus() -> None:
    block = (Line("0-0:96.1.1", ("4B414C37",)),)
    said = of_p1(Telegram(0, "KFM5KAIFA-METER", block, True))
    assert (said.maker, said.model, said.serial) == ("KFM", "KAIFA-METER", "KAL7")
    assert of_p1(Telegram(0, "KFM5", (Line("0-0:96.1.1", ("4B410",)),), True)).serial == "4B410"
    assert of_p1(Telegram(0, "ISk5\\2MT382-1000", block, True)).model == "MT382-1000"
    assert of_p1(Telegram(0, "KFM5", (), True)).serial is None
    read = of_d0("EMH", "eHZ", (Line("0.0.0", ("1EMH0012345678",)),))
    assert (read.maker, read.model, read.serial) == ("EMH", "eHZ", "1EMH0012345678")
    heard = of_address(Address(0x2C2D, "12345678", 0x1B, 0x16))
    assert (heard.maker, heard.serial, heard.firmware) == ("KAM", "12345678", "version 27")


def test_an_sma_meter_says_its_software() -> None:
    data = datagram(7, 0, ZERO, ZERO, ZERO, 1, 2)
    assert speedwire.version_of(data) == "2.3.4.R"
    assert speedwire.version_of(data[:40]) is None
