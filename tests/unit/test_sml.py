"""The SML reader: frames by hand, built with the simulated meter's encoder."""

import sys
import tracemalloc
from collections.abc import Callable

import pytest

from drivers.obis import obis_text
from drivers.sml import Reader, frames_of
from drivers.sml_transport import ESCAPE, MAX_FRAME, Transport, crc16, crc_fits
from drivers.sml_tree import SmlError
from hal.values import Phases
from sim.sml_meter import (
    ABSENT,
    KERMIT,
    X25,
    SmlMeter,
    crc,
    entry,
    frame,
    message,
    several,
    signed,
    text,
    unsigned,
)

START = ESCAPE + b"\x01\x01\x01\x01"
SERVER = b"\x0a\x01HUT\x00\x00\x00\x00\x07"


def list_message(*entries: bytes, server: bytes = SERVER, kind: str = X25, time: bytes = ABSENT) -> bytes:
    body = several(ABSENT, text(server), ABSENT, time, several(*entries), ABSENT, ABSENT)
    return message(b"\x01\x02", 0x0701, body, kind)


def values(data: bytes) -> "list[object]":
    return [found.value for one in Reader().feed(data) for found in one.entries]


def good(number: int = 1) -> bytes:
    return frame(list_message(entry("1 0 1 8 0 255", unsigned(number, 4), 30, -1)))


def offsets(data: bytes) -> "list[int]":
    return [one.offset for one in Reader().feed(data)]


def test_crc_check_values() -> None:
    """The catalogue's check values of CRC-16/X-25 and CRC-16/KERMIT over "123456789"."""
    assert crc16(b"123456789", 0xFFFF) ^ 0xFFFF == 0x906E
    assert crc16(b"123456789", 0) == 0x2189
    assert crc_fits(b"123456789", 0x6E90)
    assert crc_fits(b"123456789", 0x2189)
    assert not crc_fits(b"123456789", 0x906E)


@pytest.mark.parametrize("kind", [X25, KERMIT])
def test_a_frame_is_read_with_either_crc(kind: str) -> None:
    data = frame(list_message(entry("1 0 16 7 0 255", signed(-1234), 27, -1, unsigned(0x182)), kind=kind), kind)
    one, = Reader().feed(b"noise" + data)
    found, = one.entries
    assert (one.offset, one.server) == (5, SERVER)
    assert (obis_text(found.obis), found.value, found.scaler, found.unit, found.status, found.width) == (
        "1-0:16.7.0*255", -1234, -1, 27, 0x182, 2)


@pytest.mark.parametrize(("sent", "value"), [
    (signed(-1, 1), -1), (signed(-2, 3), -2), (signed(-(1 << 39), 5), -(1 << 39)), (signed(1 << 62, 8), 1 << 62),
    (signed(-(1 << 63), 8), -(1 << 63)), (unsigned(255, 1), 255), (unsigned((1 << 64) - 1, 8), (1 << 64) - 1),
    (unsigned(0x123456, 3), 0x123456), (b"\x42\x00", False), (b"\x42\x01", True), (ABSENT, None),
    (text(b"\x00" * 14), bytes(14)), (text(b"k" * 48), b"k" * 48), (b"\x72\x62\x01\x62\x2a", 42),
])
def test_values_are_kept_as_sent(sent: bytes, value: object) -> None:
    got, = values(frame(list_message(entry("1 0 96 5 0 255", sent))))
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize("time", [
    unsigned(77, 4), several(unsigned(1), unsigned(77, 4)),
    several(unsigned(3), several(unsigned(77, 4), signed(60, 2), signed(60, 2)))])
def test_a_time_is_a_bare_number_an_index_or_local(time: bytes) -> None:
    one, = Reader().feed(frame(list_message(entry("1 0 1 8 0 255", unsigned(5), 30, 0, ABSENT, time), time=time)))
    assert (one.seconds, one.entries[0].value) == (77, 5)


def test_a_list_of_more_than_fifteen_entries() -> None:
    many = tuple(entry("1 0 96 1 %d 255" % number, unsigned(number)) for number in range(30))
    assert values(frame(list_message(*many))) == list(range(30))


def test_a_message_crc_without_its_leading_zero() -> None:
    for number in range(2000):
        body = several(ABSENT, text(SERVER), ABSENT, ABSENT, several(entry("1 0 1 8 0 255", unsigned(number, 2))),
                       ABSENT, ABSENT)
        short = message(b"\x01", 0x0701, body, X25, short=True)
        if len(short) < len(message(b"\x01", 0x0701, body)):
            assert values(frame(short)) == [number]
            return
    pytest.fail("no such CRC among 2000")


def test_other_messages_are_passed_over() -> None:
    profile = message(b"\x05", 0x0401, several(ABSENT, unsigned(900), several(several(text(b"x")), ABSENT)))
    assert values(frame(profile + list_message(entry("1 0 1 8 0 255", unsigned(5))) + profile)) == [5]
    assert [one.entries for one in Reader().feed(frame(profile))] == [()]


def test_lists_of_one_meter_are_joined_and_of_two_kept_apart() -> None:
    first, second = entry("1 0 1 8 0 255", unsigned(1)), entry("1 0 2 8 0 255", unsigned(2))
    one, = Reader().feed(frame(list_message(first) + list_message(second)))
    assert [found.value for found in one.entries] == [1, 2]
    two = Reader().feed(frame(list_message(first) + list_message(second, server=b"\x0a\x02")))
    assert [(other.offset, other.server, len(other.entries)) for other in two] == [(0, SERVER, 1), (0, b"\x0a\x02", 1)]


def test_a_wrong_message_crc_spoils_the_frame() -> None:
    body = list_message(entry("1 0 1 8 0 255", unsigned(1)))
    wrong = body[:-3] + bytes((body[-3] ^ 1,)) + body[-2:]
    reader = Reader()
    assert reader.feed(frame(wrong)) == []
    assert reader.damaged == 1


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize("count", range(1, 21))
def test_escapes_in_the_data(count: int, everywhere: bool) -> None:
    """Runs of 0x1B of any length at any place modulo four, by both habits of escaping."""
    for shift in range(4):
        for tail in (b"", b"\x1a\x00\x00\x00", b"\x01\x01\x01\x01", b"\x02"):
            value = b"s" * shift + b"\x1b" * count + tail
            data = frame(list_message(entry("1 0 96 5 0 255", text(value))), X25, everywhere)
            assert values(data + good(9)) == [value, 9], (count, shift, tail)


@pytest.mark.parametrize("stray", range(14))
def test_stray_escapes_before_a_frame(stray: int) -> None:
    assert offsets(good() + b"\x1b" * stray + good(2)) == [0, len(good()) + stray]


@pytest.mark.parametrize("left", range(1, 64))
def test_a_cut_frame_never_takes_the_next_one(left: int) -> None:
    for cut in (good()[:left], good()[:-left]):
        assert offsets(cut + good(2) + good(3)) == [len(cut), len(cut) + len(good())]


def test_a_start_alone_never_holds_up_the_next_frame() -> None:
    """The good frame comes out with its own last byte, not when the bad start has grown too old."""
    for gap in range(9):
        reader = Reader()
        assert reader.feed(START + b"\x76" * gap + good()[:-1]) == []
        assert [one.offset for one in reader.feed(good()[-1:])] == [8 + gap]
        assert reader.damaged == 1


def test_every_lost_byte_costs_its_own_frame_only() -> None:
    whole = good(1)
    for at in range(len(whole)):
        data = whole[:at] + whole[at + 1:] + good(2)
        assert values(data) == [2], at


def test_a_crc_may_borrow_its_last_byte_from_the_next_start_mark() -> None:
    """The next frame must come out even when the lost byte was 0x1B, as the mark begins with it."""
    for number in range(3000):
        data = good(number)
        if data[-1] == 0x1B:
            assert values(data[:-1] + good(7))[-1] == 7
            return
    pytest.fail("no such CRC among 3000")


def test_a_frame_in_pieces_is_the_same_frame() -> None:
    data = b"\x1b\x1b" + good(1) + b"\x1b" + good(2)[:-9] + good(3)
    whole = Reader().feed(data)
    reader = Reader()
    assert [one for at in range(len(data)) for one in reader.feed(data[at:at + 1])] == whole
    assert len(whole) == 2


def test_the_buffer_is_bounded_whatever_comes() -> None:
    for noise in (START, b"\x1b", b"\x1b" * 8 + b"\x01" * 4 + b"v", b"\x1b\x1b\x1b\x1b\x1a", b"v" * 11, START + b"vvv"):
        transport = Transport()
        for at in range(400):
            transport.feed(noise * (at % 50))
            assert len(transport._held) <= MAX_FRAME + 8 + 512
            assert sum(len(lane) for lane in transport._starts) <= (MAX_FRAME + 520) // 8
        assert len(transport.feed(good())) == 1


def test_a_frame_longer_than_the_longest_is_given_up() -> None:
    data = frame(list_message(*[entry("1 0 96 1 0 255", text(b"x" * 100))] * 40))
    assert len(data) > MAX_FRAME
    assert values(data + good(4)) == [4]


def other(body: bytes) -> bytes:
    """A message of a kind we do not read, well signed."""
    return message(b"\x01", 0x0999, body)


MANY = b"\xf7\x80\x00"  # a list of 1792
HOSTILE = {
    "a list of 16 million": other(b"\xff\x8f\x8f\x8f\x0f"),
    "a list whose length never ends": other(b"\xff" + b"\x8f" * 500),
    "a text of 16 MB": other(b"\x8f\x8f\x8f\x8f\x8f\x0f"),
    "a text shorter than its own length": other(b"\x80\x01"),
    "a kind within a length": other(b"\xf1\x72" + ABSENT * 18),
    "nested for ever": other(b"\x71" * 4000),
    "nested one too deep": other(b"\x71" * 13 + ABSENT),
    "an end of message in a list": other(b"\x72\x00\x00"),
    "many entries, the last cut": b"\x76\x01\x01\x01\x72\x63\x07\x01\x77\x01\x01\x01\x01" + MANY + entry(
        "1 0 1 8 0 255", unsigned(1)) * 150,
    "a scaler of 2**62": list_message(several(text(b"\x01\x00\x10\x07\x00\xff"), ABSENT, ABSENT, ABSENT,
                                              signed(1 << 62, 8), unsigned(1), ABSENT)),
    "a name of five bytes": list_message(entry("1 0 96 5 0", unsigned(1))),
    "a name that is a number": list_message(several(unsigned(5, 6), *[ABSENT] * 6)),
    "an entry of six": list_message(several(text(b"\x01\x00\x10\x07\x00\xff"), *[ABSENT] * 5)),
    "a number of nine bytes": list_message(entry("1 0 96 5 0 255", b"\x6a" + bytes(9))),
    "a number of no bytes": list_message(entry("1 0 96 5 0 255", b"\x61")),
    "an unknown kind": list_message(entry("1 0 96 5 0 255", b"\x32\x00")),
    "a CRC that is a list": b"\x76\x01\x01\x01\x72\x62\x01\x01\x71\x01\x00",
    "no end of message": list_message()[:-1] + b"\x01",
    "five instead of six": b"\x75" + other(ABSENT)[1:],
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_payloads_are_refused_in_little_memory(name: str) -> None:
    peak = traced(lambda: refused(HOSTILE[name]))
    assert peak < 300_000


def refused(payload: bytes) -> None:
    with pytest.raises(SmlError):
        frames_of(0, payload)
    reader = Reader()
    assert reader.feed(frame(payload)) == []
    assert reader.damaged == 1


@pytest.mark.parametrize("body", [
    MANY + b"\x71\x01" * 1792, MANY + b"\x02k" * 1792, b"\xf4\x8c\x08" + b"\x53\x7f\xff" * 1224,
    MANY + b"\x70" * 1792, b"\x71" * 12 + ABSENT], ids=["lists", "texts", "numbers", "empty lists", "deep"])
def test_the_fullest_frames_are_read_in_little_memory(body: bytes) -> None:
    data = frame(other(body))
    assert len(data) < MAX_FRAME
    assert traced(lambda: [one.entries for one in Reader().feed(data)] == [()] or pytest.fail("not read")) < 600_000


def traced(work: "Callable[[], object]") -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_frame_of_a_whole_meter_has_the_known_crc() -> None:
    """The encoder's own CRC against the reader's, so that neither errs alone; check values above."""
    assert crc(b"123456789", X25) == 0x6E90
    assert crc(b"123456789", KERMIT) == 0x2189
    data = SmlMeter().frame(0, Phases(1, 2, 3), Phases(0, 0, 0), Phases(230_000, 230_000, 230_000), 0, 0)
    assert len(data) % 4 == 0
    assert len(Reader().feed(data)) == 1


def test_what_the_costliest_frames_cost_is_bounded_by_their_length() -> None:
    """Work, not time: calls of our own functions a byte of the longest frame, filled with the smallest items."""
    many = b"\xf7\x80\x00"  # a list of 1792
    entries = [entry("1 0 16 7 0 255", unsigned(1), 27)] * 190
    full = several(ABSENT, text(b"x"), ABSENT, ABSENT, several(*entries), ABSENT, ABSENT)
    for data in (frame(message(b"\x01", 0x0999, many + b"\x71\x01" * 1792)), frame(message(b"\x01", 0x0701, full)),
                 frame(message(b"\x01", 0x0999, b"\xff\x8f\x8f\x8f\x0f")),
                 frame(message(b"\x01", 0x0999, b"\x71" * 2000)), START * 500, b"\x1b" * 4000):
        calls = 0

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            Reader().feed(data)
        finally:
            sys.setprofile(None)
        assert calls <= 4 * len(data) + 100, (data[:40], calls)
