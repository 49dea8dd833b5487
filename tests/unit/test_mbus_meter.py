"""The meter on a wired M-Bus: asked seldom, read whole."""

import pytest

from drivers.mbus_meter import MBusMeter, build
from drivers.quantity import Quantity
from hal.faults import FRAME, TIMEOUT, DeviceError
from sim.clock import SimClock
from sim.mbus_slave import MBusMeter as Meter
from sim.mbus_slave import MBusWire, long_frame

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
    return wire, build((wire, 2400), {"clock": wire.clock, "address": 5, "every_s": every_s, "role": "sensor",
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
    meter = build((wire, 2400), {"clock": wire.clock, "address": 5, "every_s": 900, "role": "sensor",
                                 "mounting": "normal", "phases": (0, 1, 2)})
    assert meter.read(0).import_wh == 6_531_000
