"""Telegrams in several fragments: put together in their order, and nothing is believed of what is not whole."""

import contextlib

import pytest

from drivers.afl_fragments import MOST_FRAGMENTS, MOST_PENDING, Fragments
from drivers.ciphers import cbc_seal, cmac
from drivers.mbus_telegram import FRAGMENT, MBusError, of_radio
from drivers.oms_crypto import CIPHER_KEY, MAC_KEY, UNSUPPORTED, WRONG_MAC, derived
from drivers.oms_reader import MORE, OmsReader
from drivers.radio import Radio
from drivers.wmbus_sticks import make
from sim.rng import Rng
from sim.twins.oms_meter import on_stick

LINK = bytes.fromhex("2d2c785634121b16")  # KAM, 12345678, version 1B, cold water
KEY = bytes(range(16))
ADDRESS = of_radio(b"\x0f\x44" + LINK + bytes.fromhex("7a2a00000000")).meter
RECORDS = b"\x2f\x2f" + bytes.fromhex("041339300000") * 20 + b"\x2f" * 6


def radio(data: bytes) -> bytes:
    return bytes((1 + len(LINK) + len(data),)) + b"\x44" + LINK + data


def fragments(counter: int, size: int = 60, length_off: int = 0) -> "list[bytes]":
    """One message of mode 7 as a meter cuts it: control, counter and length first, its code last."""
    assert ADDRESS is not None
    number = counter.to_bytes(4, "little")
    sealed = cbc_seal(derived(KEY, CIPHER_KEY, counter, ADDRESS), bytes(16), RECORDS)
    message = bytes((0x7A, 0x2A, 0, len(RECORDS) // 16 << 4, 7, 0x10)) + sealed
    length = (len(message) + length_off).to_bytes(2, "little")
    mac = cmac(derived(KEY, MAC_KEY, counter, ADDRESS), b"\x65" + number + length + message)[:8]
    pieces = [message[at:at + size] for at in range(0, len(message), size)]
    out = [b"\x90\x09\x01\x78\x65" + number + length + pieces[0]]
    out += [b"\x90\x02" + bytes((at,)) + b"\x40" + piece for at, piece in enumerate(pieces[1:-1], 2)]
    return [radio(each) for each in [*out, b"\x90\x0a" + bytes((len(pieces),)) + b"\x04" + mac + pieces[-1]]]


def told(frames: "list[bytes]", key: bytes = KEY) -> "list[tuple[str, int]]":
    reader = OmsReader({"12345678": (key,)})
    return [(one.why, len(one.records)) for one in (reader.read(of_radio(frame)) for frame in frames)]


def test_a_telegram_in_three_fragments_is_one() -> None:
    frames = fragments(5)
    assert [of_radio(frame).seal for frame in frames] == [FRAGMENT] * 3
    assert told(frames) == [(MORE, 0), (MORE, 0), ("", 20)]
    again = told(frames + frames + fragments(6))
    assert again[5][0].startswith("repeated counter")
    assert again[8] == ("", 20)


def test_a_fragment_that_is_missing_costs_the_telegram() -> None:
    one, two, three = fragments(5)
    first, second, third = fragments(6)
    assert told([one, three])[1] == ("fragment 3 without those before it", 0)
    assert told([two, three])[0][0] == "fragment 2 without those before it"
    assert told([one, one, two, three])[3] == ("", 20)
    assert told([one, one, two, two, two, three, three])[5] == ("", 20)  # as a repeater says them again
    assert told([one, two, second, three])[3][1] == 0
    assert told([one, two, third])[2][0].startswith(WRONG_MAC)
    assert told([one, two, first, two, third])[4][0].startswith(WRONG_MAC)
    assert "announced" in told(fragments(5, length_off=1))[2][0]
    hurt = bytearray(two)
    hurt[-1] ^= 1
    assert told([one, bytes(hurt), three])[2][0].startswith(WRONG_MAC)


def test_what_is_held_is_bounded() -> None:
    held = Fragments()
    for number in range(200):
        link = LINK[:2] + number.to_bytes(4, "little") + LINK[6:]
        held.add(of_radio(b"\x1e\x44" + link + b"\x90\x02\x01\x40" + bytes(17)))
    assert len(held._pending) == MOST_PENDING
    for number in range(1, MOST_FRAGMENTS + 1):
        held.add(of_radio(radio(b"\x90\x02" + bytes((number, 0x40)) + b"\x7a")))
    with pytest.raises(MBusError, match="too many fragments"):
        held.add(of_radio(radio(b"\x90\x02" + bytes((MOST_FRAGMENTS + 1, 0x40)) + b"\x7a")))


def test_any_fragments_raise_nothing_foreign() -> None:
    rng, frames = Rng(9), fragments(5) + fragments(6)
    reader = OmsReader({"12345678": (KEY,)})
    for _ in range(3_000):
        frame = bytearray(frames[rng.below(len(frames))])
        for _ in range(rng.below(4)):
            frame[10 + rng.below(len(frame) - 10)] = rng.below(256)
        with contextlib.suppress(MBusError):
            reader.read(of_radio(bytes(frame)))


def test_modes_that_are_not_supported_are_named_and_their_bytes_kept() -> None:
    for mode, words in ((8, "mode 8, AES-128-CTR with CMAC"), (9, "mode 9, AES-128-GCM"), (10, "mode 10, AES-128-CCM"),
                        (13, "mode 13, TLS"), (4, "mode 4")):
        telegram = of_radio(radio(bytes((0x7A, 0x2A, 0, 0x20, mode)) + bytes(range(33))))
        for keys in ({}, {"12345678": (KEY,)}):
            said = OmsReader(keys).read(telegram)
            assert (said.why, said.records) == (f"{UNSUPPORTED}: {words}", ())
            assert bytes(range(1, 33)) in said.telegram.body


def test_fragments_come_through_a_stick() -> None:
    radio_, heard = Radio(make("im871a")), []
    radio_.every(lambda t_ms, frame, telegram: heard.append(telegram.seal))
    for frame in fragments(5):
        radio_.take(on_stick("im871a", frame), 0)
    assert (heard, radio_.foreign) == ([FRAGMENT] * 3, 0)
