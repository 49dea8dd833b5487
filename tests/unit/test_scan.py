import argparse
from pathlib import Path

import pytest

from drivers.passport import passport
from firmware import scan
from firmware.errors import UserError
from firmware.scan import addresses
from firmware.scanning.find import Answer, Setting
from firmware.scanning.known import ReadOnly, known
from firmware.scanning.text import text
from sim.bank import Bank
from sim.battery import Battery
from sim.twins.fronius_gen24 import Gen24Twin


def test_addresses_are_a_list_of_numbers_and_ranges() -> None:
    assert addresses("1-3,247,2") == (1, 2, 3, 247)
    for wrong in ("", "x", "3-1", "256", "1-300"):
        with pytest.raises((ValueError, argparse.ArgumentTypeError)):
            addresses(wrong)


def test_a_port_that_is_not_there_is_told_from_one_that_is_taken(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    scan.add_arguments(parser)
    for path, why in ((tmp_path / "ttyUSB7", "there is no such port; there "),
                      (Path("/dev/null"), "no serial port")):
        with pytest.raises(UserError, match=why):
            scan.run(parser.parse_args([str(path)]))


def test_nothing_can_be_written_through_a_scan() -> None:
    bank = Bank()
    bank.unit(1).poke(3, 0, (5,))
    with pytest.raises(AssertionError):
        ReadOnly(bank).write(1, 6, 0, (7,))
    assert bank.read(1, 3, 0, 1) == (5,)


@pytest.mark.parametrize("words", [0, 0xFFFF, 0x7FFF, 230, 0x4366])
def test_registers_that_are_all_the_same_are_no_meter(words: int) -> None:
    bank = Bank()
    for function in (3, 4):
        bank.unit(1).poke(function, 0, (words,) * 65_536)
    assert known(bank, 1, "modbus-rtu") == ()


@pytest.mark.parametrize(("maker", "driver", "warns"), [
    ("Fronius", "fronius_gen24", False), ("Other", "sunspec_storage", True)])
def test_a_hybrid_is_not_taken_for_a_storage_beside_the_roof(maker: str, driver: str, warns: bool) -> None:
    bank = Bank()
    twin = Gen24Twin(bank.unit(1), Battery((0, 1, 2), seed=2), (0, 1, 2))
    name = maker.encode().ljust(32, b"\0")
    bank.unit(1).poke(3, twin._models[1].address + 2, tuple(name[i] << 8 | name[i + 1] for i in range(0, 32, 2)))
    twin.frozen = True
    found, = known(bank, 1, "modbus-tcp")
    assert (found.driver, "roof" in found.warning) == (driver, warns)


def test_what_is_not_known_is_said_so() -> None:
    unknown = text(Answer(Setting(9600, "E", 1), 7, False, ()))
    assert unknown.startswith("9600 8E1, address 7\n")
    assert "no device known here" in unknown
    assert "two devices at this address" in text(Answer(None, 7, True, ()))
    assert passport({}).serial is None
