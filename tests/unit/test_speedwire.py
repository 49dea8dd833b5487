"""SMA's datagrams: layout, signs, whose they are, what is cut short; and the meter's silence."""

import pytest

from drivers import speedwire, speedwire_meter
from drivers.obis_reading import reading_of
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.ports import Inbox
from hal.values import Phases, reading
from sim.clock import SimClock
from sim.rng import Rng
from sim.speedwire_meter import datagram

W, MA, MV = Phases(1_200, -3_000, 70), Phases(5_220, 13_040, 304), Phases(230_100, 231_000, 229_900)


def one(serial: int = 1_900_123_456, **more: int) -> bytes:
    return datagram(serial, 1_000, W, MA, MV, 12_345_678, 901, **more)


def test_a_datagram_is_a_reading() -> None:
    entries = speedwire.entries(one())
    assert entries is not None
    assert reading_of(entries, 5, (0, 1, 2), False) == reading(
        5, total_w=-1_730, power_w=W, current_ma=Phases(5_220, -13_040, 304), voltage_mv=MV, import_wh=12_345_678,
        export_wh=901)


def test_words_as_in_the_description() -> None:
    """Offsets of the published layout, on bytes put together by hand."""
    data = bytes.fromhex("534d4100000402a00000000100280010" "6069015d713f3440000003e8"
                         "00010400000004d2" "0001080000000000000e1000" "900000000203045200000000")
    assert speedwire.serial_of(data) == str(0x713F3440)
    found = speedwire.entries(data)
    assert found is not None
    assert [(entry.obis.hex(), entry.unit, entry.scaler, entry.value) for entry in found] == [
        ("0100010700ff", 27, -1, 1_234), ("0100010800ff", 30, 0, 0x0e1000 // 3_600)]


def test_whose_it_is() -> None:
    assert speedwire.serial_of(one(7)) == "7"
    for foreign in (one(protocol=0x6081), one(protocol=0x6065), b"", b"SMA\x00", b"XMA\x00" + one()[4:], bytes(1_600)):
        assert speedwire.serial_of(foreign) is None
        assert speedwire.entries(foreign) is None


def test_what_is_cut_short_is_none() -> None:
    data = one()
    for length in range(len(data) - 4):
        assert speedwire.entries(data[:length]) is None


def test_mutated_datagrams_raise_nothing() -> None:
    rng = Rng(44)
    data = one()
    taken = 0
    for _ in range(5_000):
        bad = data
        for _ in range(rng.between(1, 4)):
            at = rng.below(len(bad)) if bad else 0
            bad = (bad[:at] + bytes((rng.below(256),)) + bad[at + rng.below(3):])[:rng.between(0, 700)]
        found = speedwire.entries(bad)
        if found:
            taken += 1
            try:
                reading_of(found, 0, (0, 1, 2), False)
            except DeviceError:
                continue
    assert taken > 100


class Post(Inbox):
    """Messages at their times; waiting moves the clock."""

    def __init__(self, clock: SimClock, letters: "list[tuple[int, bytes]]") -> None:
        self._clock = clock
        self._letters = letters

    def watch(self, name: str) -> None:
        assert name == "7"

    def newest(self, name: str, after_ms: int, wait_ms: int) -> "tuple[bytes, int] | None":
        until_ms = self._clock.now_ms() + wait_ms
        while self._clock.now_ms() <= until_ms:
            here = [letter for letter in self._letters if after_ms < letter[0] <= self._clock.now_ms()]
            if here:
                return here[-1][1], here[-1][0]
            self._clock.advance(50)
        return None


def test_the_meter_and_its_silence() -> None:
    clock = SimClock(1_000)
    meter = speedwire_meter.build(Post(clock, [(1_500, one(7)), (2_500, one(7)), (4_000, one(7)[:300])]), {
        "clock": clock, "sma_serial": 7, "phases": (0, 1, 2), "mounting": "reversed"})
    got = meter.read(1_000)
    assert (got.t_ms, got.total_w, got.import_wh) == (1_500, 1_730, 901)
    assert meter.read(1_600).t_ms == 2_500
    with pytest.raises(DeviceError) as caught:
        meter.read(2_600)
    assert caught.value.kind == FRAME
    begun_ms = clock.now_ms()
    with pytest.raises(DeviceError) as caught:
        meter.read(begun_ms)
    assert caught.value.kind == TIMEOUT
    assert clock.now_ms() - begun_ms <= speedwire_meter.SILENT_MS + 50
