"""IEC 62056-21: identification, rates, block check, parity; and a whole readout over a simulated head."""

from pathlib import Path

import pytest

from drivers import d0, d0_head, dataset
from drivers.dataset import DataError, Line
from drivers.p1 import Reader
from drivers.quantity import Quantity
from firmware.checks.facts import warnings
from firmware.config.file import load
from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.ports import Dialogue, Meter
from hal.values import Phases, reading
from sim.clock import SimClock
from sim.d0_meter import RATES, D0Meter, D0Port, D0Talk

W = Phases(1_200, -300, 50)


class Mute(Dialogue):
    """A head on nothing: bytes go in, none come out."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock

    def read(self, most: int, wait_ms: int) -> bytes:
        self._clock.advance(wait_ms)
        return b""

    def write(self, data: bytes) -> None:
        pass

    def set_baud(self, baud: int) -> None:
        pass


def head(port: Dialogue, clock: SimClock, most_baud: int = 9600) -> Meter:
    return d0_head.build(port, {"clock": clock, "phases": (0, 1, 2), "role": "meter", "mounting": "normal",
                                "talk": "asked", "sends_s": 2, "most_baud": most_baud, "address": ""})


def talk_of(meter: D0Meter, block: "bytes | None" = None) -> D0Talk:
    return D0Talk(meter, lambda: meter.block(W, 1_234_567, 89) if block is None else block)


def fault(port: Dialogue, clock: SimClock) -> str:
    with pytest.raises(DeviceError) as caught:
        head(port, clock).read(clock.now_ms())
    return caught.value.kind


def test_identifications_name_the_rate() -> None:
    assert d0.ident_of(b"/HUT5SIM V1\r\n") == d0.Ident("HUT", "SIM V1", "C", 9600)
    assert d0.ident_of(b"/HUTEX\r\n") == d0.Ident("HUT", "X", "B", 9600)
    assert d0.ident_of(b"/HUTzX\r\n") == d0.Ident("HUT", "zX", "A", 300)
    assert d0.ident_of(dataset.with_parity(b"/?!\r\n/ISk5MT\r\n")) == d0.Ident("ISk", "MT", "C", 9600)
    for none in (b"", b"/HUT5SIM", b"/?!\r\n", b"/A\r\n", b"/HUT5" + b"x" * 90 + b"\r\n"):
        assert d0.ident_of(none) is None


@pytest.mark.parametrize(("offer", "most", "rate"), [(9600, 9600, 9600), (9600, 4800, 4800), (300, 9600, 300),
                                                     (19200, 10_000, 9600), (9600, 100, 300)])
def test_the_acknowledgement_names_what_both_can(offer: int, most: int, rate: int) -> None:
    sent, baud = d0.acknowledge(d0.Ident("HUT", "", "C", offer), most)
    assert (dataset.plain(sent), baud) == (b"\x060%d0\r\n" % RATES.index(rate), rate)


def test_a_block_is_checked() -> None:
    good = D0Meter().block(W, 1, 2)
    lines = d0.readout(b"\x7f" + good + b"more")
    assert lines is not None
    assert Line("0.0.0", ("1HUT0000000001",)) in lines
    assert d0.meter_id(lines) == "1HUT0000000001"
    for end in range(len(good)):
        assert d0.readout(good[:end]) is None
    bad = good[:40] + bytes((good[40] ^ 0x03,)) + good[41:]
    with pytest.raises(DataError, match="block check"):
        d0.readout(bad)
    with pytest.raises(DataError, match="parity"):
        d0.readout(good[:40] + bytes((good[40] ^ 0x80,)) + good[41:])


def test_a_stored_value_is_not_the_current_one() -> None:
    found = dataset.entries(dataset.lines(b"1.8.0*01(1*kWh)\r\n1.8.0&02(2*kWh)\r\n1.8.0(3.5*kWh)"))
    assert [(entry.obis[5], entry.value, entry.scaler) for entry in found] == [(1, 1, 3), (2, 2, 3), (255, 35, 2)]


def test_numbers_without_a_known_unit_are_no_numbers() -> None:
    assert dataset.value_of("12.5*kWh") == (Quantity(125, 2), 30)
    for text in ("12.5", "12.5*", "12.5*Brot", "*kWh", "1,5*kWh", "1e3*kWh", "--1*W", "9" * 25 + "*W"):
        assert dataset.value_of(text) is None


@pytest.mark.parametrize("mode", ["A", "B", "C"])
def test_a_meter_is_asked(mode: str) -> None:
    clock = SimClock(1_000)
    talk = talk_of(D0Meter(mode))
    asked = head(D0Port(clock, talk, echo=True), clock)
    for _ in range(2):
        got = asked.read(clock.now_ms())
        assert got == reading(got.t_ms, total_w=950, power_w=W, import_wh=1_234_567, export_wh=89)
        assert clock.now_ms() - got.t_ms < (15_000 if mode == "A" else 3_000)
    assert talk.garbled == 0


def test_a_meter_that_is_one_of_several_answers_to_its_address() -> None:
    clock = SimClock(1_000)
    for address, asked in (("00042", "42"), ("00042", ""), ("A7", "A7"), ("", "")):
        talk = talk_of(D0Meter("C", address=address))
        got = d0_head.D0Asked(D0Port(clock, talk, echo=True), clock, (0, 1, 2), False, 9600, asked).read(0)
        assert got.import_wh == 1_234_567
    for address in ("43", "4", "421"):
        port = D0Port(clock, talk_of(D0Meter("C", address="42")), echo=True)
        with pytest.raises(DeviceError, match="no answer to the sign-on"):
            d0_head.D0Asked(port, clock, (0, 1, 2), False, 9600, address).read(0)
    assert d0.request("1EMH0012345678") == dataset.with_parity(b"/?1EMH0012345678!\r\n")
    for bad in ("a!", "x" * 33, "1\r\n", "ä"):
        with pytest.raises(ValueError, match="letters, digits and blanks"):
            d0_head.ability({"role": "source", "address": bad})


@pytest.mark.parametrize("most_baud", [300, 2400, 19200])
def test_no_faster_than_the_head_bears(most_baud: int) -> None:
    clock = SimClock()
    assert head(D0Port(clock, talk_of(D0Meter("C", 19200))), clock, most_baud).read(0).import_wh == 1_234_567


def test_a_silent_meter_and_a_spoilt_block() -> None:
    clock = SimClock()
    assert fault(Mute(clock), clock) == TIMEOUT
    assert clock.now_ms() <= d0_head.SIGN_ON_MS + 200  # and the request
    block = D0Meter().block(W, 1, 2)
    assert fault(D0Port(clock, talk_of(D0Meter(), block[:-1] + b"\x7e")), clock) == FRAME
    assert fault(D0Port(clock, talk_of(D0Meter(), block[:99])), clock) == TIMEOUT


@pytest.mark.parametrize("eight_bits", [False, True])
def test_a_meter_that_sends_by_itself(eight_bits: bool) -> None:
    frame = D0Meter("D", eight_bits=eight_bits).frame(0, W, W, W, 5_000, 6)
    reader = Reader()
    first, second = reader.feed(b"noise" + frame + frame[:50] + frame)
    assert dataset.entries(first.lines) == dataset.entries(second.lines)
    assert (first.ident, reader.damaged) == ("HUT5SIM V1", 0)
    spoilt = frame[:60] + bytes((frame[60] ^ 0x80,)) + frame[61:]
    assert reader.feed(spoilt) == []
    assert reader.damaged == 1


SITE = """
[site]
name = "D0"
latitude = 48.0
longitude = 11.0
[line.eye]
kind = "d0"
port = "/dev/ttyUSB0"
[line.bus]
kind = "modbus-rtu"
port = "/dev/ttyUSB1"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "{grid}"
[device.main]
driver = "eastron_sdm630"
line = "bus"
unit = 1
{role}
[device.barn]
driver = "d0_head"
line = "eye"
"""
SOURCE = 'role = "source"\nnode = "house"\nphases = "L1 L2 L3"\n'


def test_a_slow_meter_is_believed_as_the_configuration_leaves_it(tmp_path: Path) -> None:
    """Its next answer is complete before the last one is too old: also when it speaks at 300 baud all the way."""
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(grid="main", role="") + SOURCE)
    spec = load(path).site.devices[1]
    clock = SimClock()
    meter = D0Meter("A")
    text = ["1.8.%d*%02d(001234.567*kWh)" % (tariff, month) for tariff in range(3) for month in range(8)]
    meter.rows = lambda *_: text  # type: ignore[method-assign]  # with a history, as real ones
    reader = head(D0Port(clock, talk_of(meter)), clock)
    reader.read(0)
    first_ms = clock.now_ms()
    period_s = d0_head.period_s({"talk": "asked", "role": "source", "sends_s": 2})
    second = reader.read(clock.now_ms())
    assert clock.now_ms() - second.t_ms > 20_000
    assert period_s * 1_000 + clock.now_ms() - first_ms <= spec.stale_ms == 90_000
    path.write_text(SITE.format(grid="main", role="") + SOURCE + 'talk = "sends"\nsends_s = 3\n')
    assert load(path).site.devices[1].stale_ms == 9_000


def test_a_meter_that_sends_has_a_rate_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = SITE.format(grid="main", role="") + SOURCE
    for told, count in ((text + 'talk = "sends"\n', 1), (text, 0), (
            text.replace("ttyUSB0\"", "ttyUSB0\"\nbaud = 9600") + 'talk = "sends"\n', 0)):
        path.write_text(told)
        assert len([word for word in warnings(load(path)) if "device.barn: talk" in word]) == count


def test_a_node_does_not_wait_for_a_slow_meter(tmp_path: Path) -> None:
    """What its fuse is kept by is believed for seconds, as of any meter: one that is too slow is none."""
    path = tmp_path / "site.toml"
    node = '[node.barn]\nparent = "house"\nrated_a = 25\ncurve = "mcb-b"\nmeter = "barn"'
    for grid, more in (("barn", ""), ("main", node)):
        path.write_text(SITE.format(grid=grid, role=SOURCE if grid == "barn" else "") + more)
        assert load(path).site.devices[1].stale_ms == 6_000


def test_its_options() -> None:
    assert d0_head.LINES == ("d0",)
    able = d0_head.ability({"role": "source", "address": ""})
    assert (able.kind, able.settle_ms) == ("source", 0)
