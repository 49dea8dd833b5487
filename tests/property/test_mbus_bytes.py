"""M-Bus parsers under any bytes: nothing foreign raised, nothing beyond the bytes at hand, no frame lost."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mbus_frame import Frame, Reader, long
from drivers.mbus_records import parse
from drivers.mbus_telegram import MBusError, of_radio, of_wire, plain
from drivers.wmbus_frame import bare, to_a, to_b
from sim.rng import Rng

COUNT = 20_000  # mutated telegrams
SEEDS = (  # made up: heat with history, electricity, water behind AFL and ELL
    "2e44b4092143658704047a2a00000004065a0200000413312b00000b2b1307000a5a0602426cbf2c440600010000",
    "3344b4092143658711027a2a0400000afdc9fc014002848030833c000000008e10030750030000000dfd1103434241046d130aed2b",
    "2a44b4092143658722078c20079011002c25f38b0000010203040506070800007a2a0000000413393000002f",
    "2544b4092143658722078d200701000000111d780413393000000dfd11034142430a5a0602",
)


def mutated(data: bytes, rng: Rng) -> bytes:
    for _ in range(rng.between(1, 4)):
        at = rng.below(len(data))
        kind = rng.below(4)
        if kind == 0:
            data = data[:at] + bytes((rng.below(256),)) + data[at + 1:]
        elif kind == 1:
            data = data[:at] + data[at + 1:] or b"\x00"
        elif kind == 2:
            data = data[:at] + bytes((rng.below(256),)) + data[at:]
        else:
            data = data[:at] + data[at:at + rng.below(20)] + data[at:]
    return data


def test_mutated_telegrams_raise_nothing_foreign() -> None:
    rng = Rng(20_262)
    read = refused = 0
    for number in range(COUNT):
        data = mutated(bytes.fromhex(SEEDS[number % len(SEEDS)]), rng)[:250]
        try:
            telegram = plain(of_radio(bytes((len(data) - 1,)) + data[1:]))
        except MBusError:
            refused += 1
            continue
        if telegram is not None:
            parsed = parse(telegram.body)
            assert sum(len(record.head) + len(record.data) for record in parsed.records) <= len(telegram.body)
            read += not parsed.fault
    assert read > 1000
    assert refused > 1000


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    parsed = parse(data)
    assert sum(len(record.head) + len(record.data) for record in parsed.records) <= len(data)
    assert not (parsed.fault and parsed.records)
    for make in (lambda: of_radio(data), lambda: of_wire(Frame(8, 0, 0x72, data)), lambda: of_radio(bare(data) or b"")):
        with contextlib.suppress(MBusError):
            make()


@given(st.binary(min_size=11, max_size=250))
@settings(max_examples=200, deadline=None)
def test_frames_of_the_air_there_and_back(data: bytes) -> None:
    frame = bytes((len(data) - 1,)) + data[1:]
    assert bare(to_a(frame), "a") == frame
    assert bare(to_b(frame), "b") == frame


FRAMES = st.binary(max_size=249).map(lambda data: long(8, 1, 0x72, data))


@given(st.lists(st.one_of(st.binary(max_size=30), FRAMES), max_size=8),
       st.lists(st.integers(min_value=1, max_value=300), max_size=10))
@settings(max_examples=150, deadline=None)
def test_wired_frames_in_any_pieces(parts: "list[bytes]", sizes: "list[int]") -> None:
    data = b"".join(parts)
    whole, pieces = Reader(), Reader()
    expected = whole.feed(data)
    found, at = [], 0
    for size in sizes:
        found += pieces.feed(data[at:at + size])
        at += size
    assert found + pieces.feed(data[at:]) == expected
    assert whole.rest() == pieces.rest()
