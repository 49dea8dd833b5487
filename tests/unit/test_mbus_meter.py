"""The meter on a wired M-Bus: asked seldom, read whole."""

from pathlib import Path

import pytest

from drivers import mbus_meter
from drivers.mbus_meter import MBusMeter, build
from drivers.quantity import Quantity
from firmware.config.file import ConfigError, load
from hal.faults import FRAME, TIMEOUT, DeviceError
from sim.clock import SimClock
from sim.mbus_slave import MBusMeter as Meter
from sim.mbus_slave import MBusWire, long_frame

SITE = """
[site]
name = "Wire"
latitude = 48.0
longitude = 11.0
[line.wire]
kind = "m-bus"
port = "/dev/ttyUSB0"
[line.bus]
kind = "modbus-rtu"
port = "/dev/ttyUSB1"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.first]
driver = "mbus_meter"
line = "wire"
address = 253
id = "{first}"
[device.second]
driver = "mbus_meter"
line = "wire"
address = 253
id = "{second}"
"""
HEADER = bytes.fromhex("785634122d2c1b0455080000")
FIRST = HEADER + bytes.fromhex("0c06120300000c1490817200046d130aed2b1f")
SECOND = HEADER + bytes.fromhex("02590d080c0800000100")


class Old(Meter):
    def answer(self, control: int) -> bytes:
        data = bytes.fromhex("785634120a0005693165000069000000")
        return b"\xe5" if control == 0x40 else long_frame(8, 5, 0x73, data)


class Counting(MBusWire):
    asked = 0
    clock: SimClock

    def write(self, data: bytes) -> None:
        self.asked += 1
        super().write(data)

    def read(self, most: int, wait_ms: int) -> bytes:
        data = super().read(most, wait_ms)
        self.clock.sleep_ms(0 if data else wait_ms)
        return data


def made(*telegrams: bytes, every_s: int = 900) -> "tuple[Counting, MBusMeter]":
    wire = Counting((Meter(5, telegrams),) if telegrams else ())
    wire.clock = SimClock()
    return wire, build((wire, 2400), {"clock": wire.clock, "address": 5, "id": "", "every_s": every_s, "role": "sensor",
                                      "mounting": "normal", "phases": (0, 1, 2)})


def test_all_telegrams_are_one_reading() -> None:
    _, meter = made(FIRST, SECOND)
    got = meter.read(1_000)
    assert (got.t_ms, got.import_wh, got.temperature_mdegc, got.state) == (1_000, 312_000, 20_610, "permanent error")
    assert [(one.quantity, Quantity(one.value, one.scaler).nearest(2)) for one in meter.measured] == [
        ("energy", 31_200_000), ("volume", 72_819_0), ("flow_temperature", 2_061), ("energy", 1_000_000)]
    assert {one.time for one in meter.measured} == {"2023-11-13 10:19"}


def test_a_battery_counts_its_answers() -> None:
    wire, meter = made(FIRST, SECOND)
    meter.read(0)
    asked = wire.asked
    assert meter.read(899_999).t_ms == 0
    assert wire.asked == asked
    assert meter.read(900_000).t_ms == 900_000
    assert wire.asked == 2 * asked


def test_a_meter_is_called_by_its_number(tmp_path: Path) -> None:
    wire = Counting((Meter(0, (FIRST, SECOND)), Meter(0, (b"\x99" + FIRST[1:],))))
    wire.clock = SimClock()
    given = {"clock": wire.clock, "address": 253, "id": "12345678", "every_s": 900, "role": "sensor",
             "mounting": "normal", "phases": (0, 1, 2)}
    assert build((wire, 2400), given).read(0).import_wh == 312_000
    for address, number in ((253, ""), (5, "12345678"), (253, "1234567"), (253, "1234567x")):
        with pytest.raises(ValueError, match=r"^id: "):
            mbus_meter.ability({**given, "address": address, "id": number})

    class Liar(Meter):
        def select(self, wanted: bytes) -> bytes:
            return super().select(self.telegrams[0][:8])

    wire._meters = (Liar(0, (b"\x99" + FIRST[1:],)),)
    with pytest.raises(DeviceError, match="12345699 answers in its place"):
        build((wire, 2400), given).read(0)
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(first="87654321", second="12345678"))
    assert len(load(path).devices) == 3
    path.write_text(SITE.format(first="12345678", second="12345678"))
    with pytest.raises(ConfigError, match=r"device\.second"):
        load(path)


def test_silence_is_a_fault() -> None:
    with pytest.raises(DeviceError) as caught:
        made()[1].read(0)
    assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize(("telegram", "why"), [
    (HEADER[:5], "long header cut short"),
    # what is encrypted may by chance be a list of records, as this is: it is not read as one
    (HEADER[:-2] + b"\x10\x05" + bytes.fromhex("0c06120300002f2f") + bytes(8), "no key: KAM-12345678-1B-04"),
    (HEADER[:-2] + b"\x00\x09" + bytes.fromhex("0c0612030000"), "security not supported: mode 9, AES-128-GCM"),
])
def test_an_answer_that_cannot_be_read_is_a_fault_with_its_reason(telegram: bytes, why: str) -> None:
    with pytest.raises(DeviceError, match=why) as caught:
        made(telegram)[1].read(0)
    assert caught.value.kind == FRAME


@pytest.mark.parametrize(("signature", "before"), [
    (b"\x10\x05", b"\x2f\x2f"), (b"\x00\x05", b""), (b"\xf0\x07", b""), (b"\xff\xff", b""), (b"\x34\x12", b"")])
def test_a_meter_that_says_sealed_and_is_not_is_read(signature: bytes, before: bytes) -> None:
    """Opened by somebody, or with a signature of the time before there was encryption."""
    telegram = HEADER[:-2] + signature + before + bytes.fromhex("0c0612030000") + b"\x2f" * 8
    assert made(telegram)[1].read(0).import_wh == 312_000


def test_the_old_fixed_structure_too() -> None:
    wire = Counting((Old(5, (b"",)),))
    wire.clock = SimClock()
    meter = build((wire, 2400), {"clock": wire.clock, "address": 5, "id": "", "every_s": 900, "role": "sensor",
                                 "mounting": "normal", "phases": (0, 1, 2)})
    assert meter.read(0).import_wh == 6_531_000
