"""Receivers: bytes in, frames out, from messages as their makers describe them."""

import pytest

from drivers.wmbus_amb8465 import Amb8465
from drivers.wmbus_frame import to_a, to_b
from drivers.wmbus_im871a import Im871a, check
from drivers.wmbus_im871a import message as hci
from drivers.wmbus_lines import Cul, Lines
from drivers.wmbus_rc1180 import Rc1180
from drivers.wmbus_stick import MODES, MOST_HELD, Heard, Stick
from drivers.wmbus_sticks import KINDS, make

BODY = bytes.fromhex("442d2c785634121b167a2a0400000413393000002f2f2f2f")
FRAME = bytes((len(BODY),)) + BODY


def amber(payload: bytes) -> bytes:
    out = b"\xff\x03" + bytes((len(payload),)) + payload
    value = 0
    for byte in out:
        value ^= byte
    return out + bytes((value,))


def with_rssi(payload: bytes, raw: int) -> bytes:
    """An iM871A telegram with RSSI and CRC."""
    body = bytes((0xC2, 0x03, len(payload))) + payload + bytes((raw,))
    return b"\xa5" + body + check(body)


def line(data: bytes, head: str = "b", tail: str = "") -> bytes:
    return (head + data.hex().upper() + tail + "\r\n").encode()


WIRE = {  # one frame as each receiver hands it over
    "im871a": hci(2, 3, BODY), "amb8465": amber(BODY), "rc1180": FRAME,
    "cul": line(to_a(FRAME)), "hex": line(FRAME, ""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_in_any_pieces(kind: str) -> None:
    stream = WIRE[kind] * 3
    for piece in (1, 2, 7, len(stream)):
        stick, heard = make(kind), []
        for at in range(0, len(stream), piece):
            heard += stick.feed(stream[at:at + piece])
        assert [one.frame for one in heard] == [FRAME] * 3
        assert stick.damaged == 0


@pytest.mark.parametrize("kind", KINDS)
def test_noise_and_lost_bytes_cost_no_later_frame(kind: str) -> None:
    noise = b"\x00\xa5\xff\x03\x44\xffq\r\n" if kind in ("cul", "hex") else b"\x00\xa5\x71\xff\x90\x03\x00"
    for lost in range(0, len(WIRE[kind]) - 2, 3):
        hurt = WIRE[kind][:lost] + WIRE[kind][lost + 1:]
        stick = make(kind)
        heard = stick.feed(noise + WIRE[kind] + noise + hurt)
        stick.pause()
        heard += stick.feed((b"\r\n" if kind in ("cul", "hex") else b"") + WIRE[kind])
        assert heard[0].frame == heard[-1].frame == FRAME
        assert len(heard) in (2, 3)
        assert kind == "rc1180" or all(one.frame == FRAME for one in heard)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_is_bounded(kind: str) -> None:
    stick = make(kind)
    for byte in (0x00, 0x44, 0xA5, 0xFF):
        for _ in range(8):
            stick.feed(bytes((byte,)) * 3000)
            assert len(stick._held) <= MOST_HELD
    stick.pause()
    stick.feed(b"\n")
    assert stick.feed(WIRE[kind])[-1].frame == FRAME


def test_signal_strength() -> None:
    assert Im871a().feed(with_rssi(BODY, 125)) == [Heard(FRAME, -60)]
    assert Lines().feed(line(to_a(FRAME), "b", "8020")) == [Heard(FRAME, -58)]
    assert Amb8465(True).feed(amber(BODY + b"\xe0")) == [Heard(FRAME, -90)]


def test_the_amber_stick_says_whether_it_adds_the_rssi() -> None:
    stick = Amb8465()
    answer = bytes.fromhex("ff8a0345010132")
    value = 0
    for byte in answer[:-1]:
        value ^= byte
    assert stick.feed(answer[:-1] + bytes((value,)) + amber(BODY + b"\xe0")) == [Heard(FRAME, -90)]


def test_a_wrong_checksum_is_no_frame() -> None:
    for stick, wire in ((Im871a(), WIRE["im871a"]), (Amb8465(), WIRE["amb8465"])):
        assert stick.feed(wire[:9] + bytes((wire[9] ^ 1,)) + wire[10:]) == []
        assert stick.feed(wire)[0].frame == FRAME
        assert stick.damaged >= 1


def test_lines_of_every_kind() -> None:
    both = b"".join((
        b"V 1.67 nanoCUL868\r\n", b"# a comment\n", line(to_b(FRAME), "bY", "80e0"), line(to_a(FRAME)),
        b"T1;1;1;2026-01-02 03:04:05.000;97;148;12345678;0x" + FRAME.hex().encode() + b"\n",
        b"T1;0;1;2026-01-02 03:04:05.000;97;148;12345678;0x" + FRAME.hex().encode() + b"\n",
        b"telegram=|" + FRAME.hex().encode()[:40] + b"_" + FRAME.hex().encode()[40:] + b"|+12\n",
        b"  " + FRAME.hex(" ").encode() + b"  \n", line(to_a(FRAME), ""), line(to_b(FRAME), ""),
        FRAME.hex().encode() + b"2\n",  # half a byte too much
        line(to_a(FRAME)[:-1], "b"), b"bXYZ\n", b"hello\n"))
    stick = Lines()
    heard = stick.feed(both)
    assert [one.frame for one in heard] == [FRAME] * 8
    assert stick.damaged == 3
    assert Lines().feed(FRAME.hex().encode()) == []
    ending = Lines()
    ending.feed(FRAME.hex().encode())
    assert ending.rest() == [Heard(FRAME, None)]


def test_a_transparent_module_finds_its_way_after_a_pause() -> None:
    stick = Rc1180()
    assert stick.feed(FRAME[:12]) == []
    stick.pause()
    assert stick.damaged == 1
    assert stick.feed(FRAME + FRAME[:3])[0].frame == FRAME


def test_setup_is_what_the_makers_say() -> None:
    assert Im871a().setup("t")[0][:10] == bytes.fromhex("a5810306000203300100")
    assert Amb8465().setup("c+t")[-1] == bytes.fromhex("ff040109f3")
    assert Cul().setup("c") == (b"X21\r\n", b"brc\r\n")
    for kind in KINDS:
        stick: Stick = make(kind)
        for mode in MODES:
            assert all(isinstance(words, bytes) for words in stick.setup(mode))
