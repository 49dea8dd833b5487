"""M-Bus parsers under any bytes: nothing foreign raised, nothing beyond the bytes at hand, no frame lost."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import mbus_fixed
from drivers.mbus_frame import Frame, Reader, long
from drivers.mbus_measured import measured
from drivers.mbus_reading import reading_of
from drivers.mbus_records import Record, parse
from drivers.mbus_telegram import MBusError, Telegram, of_radio, of_wire, plain
from drivers.oms_reader import OmsReader
from drivers.wmbus_frame import bare, to_a, to_b
from hal.faults import DeviceError
from sim.rng import Rng
from sim.twins.oms_meter import ELECTRICITY, HEAT, MODES, WATER, RadioMeter

COUNT = 20_000  # mutated telegrams
SEALED = 6_000  # of them with keys
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


def made_of(telegram: Telegram, records: "tuple[Record, ...]") -> int:
    """What a meter makes of it: only DeviceError may come."""
    with contextlib.suppress(DeviceError):
        reading_of(0, telegram, records, (0, 1, 2), False)
    return len(measured(telegram, records, "2026-01-01 00:00:00"))


def test_mutated_telegrams_with_a_key_are_refused_or_read() -> None:
    """Behind every security mode; half of them by someone who has the key, so that what is inside is mutated too."""
    rng = Rng(20_263)
    meters = [RadioMeter(1, number, mode=mode, medium=medium)
              for number, (mode, medium) in enumerate((mode, medium) for mode in MODES
                                                      for medium in (HEAT, WATER, ELECTRICITY))]
    keys = {meter.address.id: (meter.key,) for meter in meters if meter.mode != "none"}
    told = refused = 0
    for number in range(SEALED):
        meter = meters[number % len(meters)]
        reader = OmsReader(keys)
        frame = meter.frame(mutated(meter.records(), rng)[:180]) if rng.chance(500) else mutated(meter.send(0), rng)
        try:
            telegram = of_radio(frame[:250])
        except MBusError:
            refused += 1
            continue
        said = reader.read(telegram)
        refused += bool(said.why)
        told += made_of(said.telegram, said.records) if not said.why else 0
    assert told > SEALED // 20
    assert refused > SEALED // 5


def test_mutated_wired_telegrams_raise_nothing_foreign() -> None:
    rng = Rng(20_264)
    good = (bytes.fromhex("785634122d2c1b0455080000" "0c06120300000c1490817200046d130aed2b1f"), b"\x72"), (
        bytes.fromhex("785634120a0005693165000069000000"), b"\x73")
    told = 0
    for number in range(COUNT // 4):
        data, ci = good[number % 2]
        frame = Frame(8, 5, ci[0], mutated(data, rng))
        with contextlib.suppress(MBusError):
            telegram = of_wire(frame)
            fixed = mbus_fixed.parse(frame.data) if ci == b"\x73" else None
            said = OmsReader({}, recorded=True).read(telegram)
            told += made_of(said.telegram, fixed.records if fixed is not None else said.records)
    assert told > COUNT // 20


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
