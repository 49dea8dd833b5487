"""The layers of a telegram, by hand."""

import pytest

from drivers.mbus_frame import Frame
from drivers.mbus_media import Address, status_words
from drivers.mbus_telegram import MBusError, of_radio, of_wire, plain
from drivers.wmbus_frame import crc

HEAD = bytes.fromhex("442d2c785634121b16")  # SND-NR, KAM, 12345678, version 1B, cold water
VOLUME = bytes.fromhex("041339300000")


def radio(words: str, tail: bytes = b"") -> bytes:
    data = HEAD + bytes.fromhex(words) + tail
    return bytes((len(data),)) + data


def test_short_header() -> None:
    telegram = of_radio(radio("7a 2a 04 0000", VOLUME))
    assert (telegram.meter, telegram.access, telegram.status) == (Address(0x2C2D, "12345678", 0x1B, 0x16), 42, 4)
    assert (telegram.seal, telegram.ci, telegram.body) == ("", 0x7A, VOLUME)
    assert telegram.meter.text() == "KAM-12345678-1B-16"
    assert telegram.meter.packed() == HEAD[1:]


def test_long_header_names_the_meter_behind_a_radio_adapter() -> None:
    telegram = of_radio(radio("72 21436587 a511 31 04 01 00 0000", VOLUME))
    assert telegram.link == Address(0x2C2D, "12345678", 0x1B, 0x16)
    assert telegram.meter == Address(0x11A5, "87654321", 0x31, 0x04)


def test_extended_link_layers() -> None:
    assert of_radio(radio("8c 20 07 7a 2a 00 0000", VOLUME)).access == 42
    assert of_radio(radio("8e 20 07 a511 21436587 31 04 78", VOLUME)).meter == Address(0x11A5, "87654321", 0x31, 0x04)
    inner = b"\x78" + VOLUME
    good = radio("8d 20 07 01000000", crc(inner).to_bytes(2, "little") + inner)
    assert of_radio(good).body == VOLUME
    with pytest.raises(MBusError, match="checksum"):
        of_radio(good[:-1] + b"\x01")
    sealed = radio("8d 20 07 01000020", crc(inner).to_bytes(2, "little") + inner)
    assert (of_radio(sealed).seal, of_radio(sealed).ci) == ("ell-ctr", 0)
    opened = plain(of_radio(sealed))
    assert opened is not None
    assert opened.body == VOLUME
    assert plain(of_radio(sealed[:-1] + b"\x01")) is None


def test_authentication_layer() -> None:
    telegram = of_radio(radio("90 0f 002c 25 11000000 0102030405060708 7a 2a 00 2007 10", bytes(32)))
    assert telegram.afl is not None
    assert (telegram.afl.counter, telegram.afl.mac) == (17, bytes(range(1, 9)))
    assert telegram.afl.covered == bytes.fromhex("25110000007a2a00200710") + bytes(32)
    assert (telegram.seal, telegram.blocks, telegram.kdf) == ("mode 7", 2, 1)


def test_security_modes_are_told_and_nothing_is_read() -> None:
    for config, seal in (("2005", "mode 5"), ("000d", "mode 13"), ("0015", "mode 21")):
        telegram = of_radio(radio("7a 2a 00 " + config, bytes(33)))
        assert telegram.seal == seal
        assert plain(telegram) is None


def test_a_recording_that_was_opened_already() -> None:
    body = b"\x2f\x2f" + VOLUME + b"\x2f" * 8
    telegram = plain(of_radio(radio("7a 2a 00 1005", body)))
    assert telegram is not None
    assert telegram.body == body
    assert plain(of_radio(radio("7a 2a 00 1005", b"\x2f\x2f\x04\x13" + bytes(3)))) is None


@pytest.mark.parametrize(("words", "why"), [
    ("", "before"), ("7a 2a", "short header cut short"), ("72 21436587", "long header cut short"),
    ("8c 20", "extended link layer"), ("8d 20 07 0100", "extended link layer"), ("90 0f 002c 25", "AFL"),
    ("8d 20 07 01000040 0000", "encryption 2"),
    ("8c 20 07 90 02 0000", "CI cut short")])
def test_what_is_no_telegram(words: str, why: str) -> None:
    with pytest.raises(MBusError, match=why):
        of_radio(radio(words))


def test_wired() -> None:
    telegram = of_wire(Frame(8, 1, 0x72, bytes.fromhex("785634122d2c1b1655000000") + VOLUME))
    assert telegram.meter == Address(0x2C2D, "12345678", 0x1B, 0x16)
    assert (telegram.access, telegram.body) == (0x55, VOLUME)
    assert of_wire(Frame(8, 1, 0x78, VOLUME)).meter is None


def test_status_in_words() -> None:
    assert status_words(0) == ()
    assert status_words(0x1C) == ("low power", "permanent error", "temporary error")
    assert status_words(0xE2) == ("application error", "maker's 0xE0")
