"""P1 telegrams of every country's kind: numbers, sub-meters, CRC, seal, and what damage does."""

from pathlib import Path

import pytest

from drivers import key_file, p1, p1_head
from drivers.ciphers import gcm_open, gcm_seal
from drivers.counters import Counters
from drivers.obis_reading import reading_of
from drivers.p1 import Reader, Submeter
from drivers.p1_sealed import SealedReader
from drivers.quantity import Quantity
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.ports import Stream
from hal.values import Phases, reading
from sim.clock import SimClock
from sim.p1_meter import LAYOUTS, P1Meter
from sim.sml_meter import SmlPort

W, MA, MV = Phases(1_200, -3_000, 70), Phases(5_220, 13_040, 304), Phases(230_100, 231_000, 229_900)
KEY = bytes(range(16))
PLAIN = [layout for layout in LAYOUTS if layout != "austria"]


def sealing(iv: bytes, text: bytes, covered: bytes) -> bytes:
    return gcm_seal(KEY, iv, text, covered)


def telegram(layout: str, power_w: Phases = W, **options: object) -> bytes:
    return P1Meter(layout, 7, **options).frame(3_723_000, power_w, MA, MV, 12_345_678, 901)  # type: ignore[arg-type]


def read(data: bytes, piece: int = 999) -> "list[p1.Telegram]":
    reader, out = Reader(), []
    for at in range(0, len(data), piece):
        out += reader.feed(data[at:at + piece])
    return out


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_kind_in_pieces_and_in_noise(layout: str) -> None:
    data = b"9)\r\n!12" + telegram(layout) + telegram(layout)
    whole = read(data)
    assert [one.offset for one in whole] == [7, 7 + len(telegram(layout))]
    assert read(data, 1) == whole
    assert all(one.checked == (layout != "v2") for one in whole)
    got = reading_of(p1.entries(whole[0]), 5, (0, 1, 2), False)
    assert (got.total_w, got.import_wh, got.export_wh) == (-1_730, 12_345_678, 901)
    assert p1.meter_id(whole[0]) == (None if layout == "austria" else "45" + "30" * 10 + "37")
    assert p1.time_of(whole[0]) == (None if layout == "v2" else "240101010203W")


def test_phases_currents_and_voltages() -> None:
    one, = read(telegram("v5"))
    assert reading_of(p1.entries(one), 5, (1, 2, 0), True) == reading(
        5, total_w=1_730, power_w=Phases(-70, -1_200, 3_000), current_ma=Phases(-300, -5_220, 13_040),
        voltage_mv=Phases(229_900, 230_100, 231_000), import_wh=901, export_wh=12_345_678)
    one, = read(telegram("v2"))
    assert reading_of(p1.entries(one), 5, (0, 1, 2), False).power_w is None


def test_submeters() -> None:
    gas = Submeter(1, "gas", "47303031", "240101120000W", 13, Quantity(1_234_567, -3))
    water = Submeter(2, "water", "57303031", "240101120000W", 13, Quantity(891_011, -3))
    for layout, wanted in (("v5", (gas,)), ("belgium", (gas, water)), ("austria", ())):
        assert p1.submeters(read(telegram(layout))[0]) == wanted
    assert p1.submeters(read(telegram("v2"))[0]) == (Submeter(1, "gas", "47303031", "240101120000", 13, gas.quantity),)


def test_every_flipped_bit_of_a_checked_telegram_is_noticed() -> None:
    data = telegram("v5")
    for at in range(1, len(data) - 2):
        for bit in (0, 3, 6, 7):
            found = read(data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1:] + b"\r\n\r\n\r\n\r\n")
            assert found == [] or found[0].lines == read(data)[0].lines  # a CRC digit in small letters is one still


def test_without_a_crc_only_from_meters_that_have_none() -> None:
    v5, v2 = telegram("v5"), telegram("v2")
    stripped = v5[:v5.rindex(b"!") + 1] + b"\r\n"
    assert read(stripped) == []
    assert len(read(v2)) == 1
    assert len(read(v5 + v2)) == 1


def test_a_crc_without_its_leading_zeros() -> None:
    for number in range(3_000):
        data = P1Meter("v5", number).frame(0, W, MA, MV, 1, 2)
        if data[-6:-5] == b"0":
            assert len(read(data[:-6] + data[-5:])) == 1
            return
    raise AssertionError("no CRC below 0x1000 among thousands")


def test_a_lost_end_costs_one_telegram() -> None:
    for layout in LAYOUTS:
        data = telegram(layout)
        for cut in (len(data) // 2, len(data) - 9, len(data) - 1):
            found = read(data[:cut] + data + data)
            assert found[-1].lines == read(data)[0].lines
            assert 2 <= len(found) <= 3


def test_sealed_telegrams_open_with_their_keys_only() -> None:
    for layout in ("luxembourg", "austria"):
        meter = P1Meter(layout, 7, sealing)
        data, later = (meter.frame(3_723_000, W, MA, MV, 12_345_678, 901) for _ in range(2))
        reader = SealedReader(gcm_open, KEY)
        out = [one for at in range(len(data + later)) for one in reader.feed((data + later)[at:at + 1])]
        assert [one.lines for one in out] == [read(telegram(layout))[0].lines] * 2
        assert (out[1].offset, out[1].checked, reader.damaged) == (len(data), True, 0)
        for keys in ((KEY[:15] + b"x",), (KEY, KEY)):
            wrong = SealedReader(gcm_open, *keys)
            assert wrong.feed(data) == []
            assert wrong.damaged >= 1
        for at in (40, len(data) // 2, len(data) - 1):
            spoilt = SealedReader(gcm_open, KEY)
            assert spoilt.feed(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1:] + data)[-1].lines == out[0].lines
        assert read(data) == []


def test_a_sealed_telegram_is_believed_once() -> None:
    meter, kept = P1Meter("luxembourg", 7, sealing), Counters()
    first, second, third = (meter.frame(0, W, MA, MV, 1, 2) for _ in range(3))
    reader = SealedReader(gcm_open, KEY, counters=kept)
    assert len(reader.feed(first + second + first + second)) == 2
    assert (reader.repeated, reader.damaged) == (2, 2)
    restarted = SealedReader(gcm_open, KEY, counters=kept)
    assert restarted.feed(second) == []
    assert len(restarted.feed(third)) == 1
    forged = third[:14] + b"\xff" + third[15:]  # a counter far ahead, which nobody sealed
    assert restarted.feed(forged) == []
    assert len(restarted.feed(meter.frame(0, W, MA, MV, 1, 2))) == 1
    other = SealedReader(gcm_open, b"x" * 16, counters=kept)  # a new key: the meter may count anew
    renewed = P1Meter("luxembourg", 7, lambda iv, text, covered: gcm_seal(b"x" * 16, iv, text, covered))
    assert len(other.feed(renewed.frame(0, W, MA, MV, 1, 2))) == 1


class Port(Stream):
    """What was sent, at once; then silence that passes time."""

    def __init__(self, clock: SimClock, data: bytes) -> None:
        self._clock = clock
        self._data = data

    def read(self, most: int, wait_ms: int) -> bytes:
        if not self._data:
            self._clock.advance(wait_ms)
        out, self._data = self._data[:most], self._data[most:]
        return out


def options(clock: SimClock, **more: object) -> "dict[str, object]":
    return {"clock": clock, "phases": (0, 1, 2), "role": "meter", "mounting": "normal", "sends_s": 1, "keys": "",
            "key": "p1", **more}


def test_the_head_reads_what_is_sent() -> None:
    clock = SimClock(5_000)
    port = SmlPort(clock, lambda now_ms: telegram("v5"), 1_000, 115_200)
    head = p1_head.build(port, options(clock))
    for _ in range(3):
        got = head.read(clock.now_ms())
        assert (got.total_w, got.power_w) == (-1_730, W)
        assert 0 <= clock.now_ms() - got.t_ms <= 1_000


def test_silence_and_damage_have_their_names() -> None:
    for data, kind in ((b"", TIMEOUT), (telegram("v5").replace(b"*V)", b"*W)", 1), FRAME)):
        clock = SimClock()
        head = p1_head.build(Port(clock, data), options(clock))
        with pytest.raises(DeviceError) as caught:
            head.read(0)
        assert caught.value.kind == kind
        assert clock.now_ms() <= 1_000 + p1_head.LATE_MS


def test_the_head_opens_with_the_keys_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("# ours\np1 %s %s\n\nother %s\n" % (KEY.hex(), bytes(17 * at for at in range(16)).hex(), "0" * 32))
    path.chmod(0o600)
    clock = SimClock(5_000)
    port = SmlPort(clock, lambda now_ms: telegram("austria", seal=sealing), 1_000, 115_200)
    assert p1_head.build(port, options(clock, keys=str(path))).read(5_000).total_w == -1_730
    default = bytes(17 * at for at in range(16))
    assert p1_head.keys_of(options(clock, keys=str(path), key="other")) == (bytes(16), default)
    with pytest.raises(ValueError, match=r"key: no such name in .* known are other, p1"):
        p1_head.ability(options(clock, keys=str(path), key="third"))


def test_a_key_file_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("p1 %s\n" % ("a" * 32))
    for mode in (0o604, 0o640, 0o620, 0o601):
        path.chmod(mode)
        with pytest.raises(ValueError, match="chmod 600"):
            key_file.keys(str(path))
    path.chmod(0o600)
    assert key_file.keys(str(path)) == {"p1": (b"\xaa" * 16,)}
    for text, words in (("p1\n", ":1: allowed"), ("\n\np1 123\n", ":3: allowed"), ("p1 %s\n" % ("g" * 32), "allowed"),
                        ("a %s\na %s\n" % ("0" * 32, "0" * 32), ":2: the name")):
        path.write_text(text)
        with pytest.raises(ValueError, match=words) as caught:
            key_file.keys(str(path))
        assert "g" * 32 not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read"):
        key_file.keys(str(tmp_path / "none"))


def test_a_telegram_is_records_of_every_medium() -> None:
    found = p1.measured(read(telegram("belgium"))[0])
    named = [(one.meter, one.medium, one.quantity, one.value, one.scaler, one.unit, one.time, one.tariff,
              one.qualifiers) for one in found]
    own, day = "45" + "30" * 10 + "37", "2024-01-01T"
    assert (own, "electricity", "energy", 3_086_419, 0, "Wh", day + "01:02:03", 1, ()) in named
    assert (own, "electricity", "power", 3_000, 0, "W", day + "01:02:03", 0, ("backward", "l2")) in named
    assert (own, "electricity", "voltage", 2_310, -1, "V", day + "01:02:03", 0, ("l2",)) in named
    assert [one[:7] for one in named[-2:]] == [
        ("47303031", "gas", "volume", 1_234_567, -3, "m3", day + "12:00:00"),
        ("57303031", "water", "volume", 891_011, -3, "m3", day + "12:00:00")]
    assert p1.measured(read(telegram("austria"))[0]) == ()  # it has no name
