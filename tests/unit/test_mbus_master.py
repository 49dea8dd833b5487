"""The master of a wired M-Bus against simulated meters."""

import pytest

from drivers.mbus_master import MBusMaster
from drivers.mbus_telegram import of_wire
from hal.faults import FRAME, TIMEOUT, DeviceError
from sim.clock import SimClock
from sim.mbus_slave import MBusMeter, MBusWire

HEADER = bytes.fromhex("785634122d2c1b0455000000")
FIRST, SECOND = HEADER + bytes.fromhex("0413393000001f"), HEADER + bytes.fromhex("02590008")


class Ticking(MBusWire):
    """Every look at the line takes its wait."""

    clock: SimClock

    def read(self, most: int, wait_ms: int) -> bytes:
        data = super().read(most, wait_ms)
        self.clock.sleep_ms(0 if data else wait_ms)
        return data


def master(*meters: MBusMeter, **trouble: int) -> MBusMaster:
    wire = Ticking(meters, **trouble)  # type: ignore[arg-type]
    wire.clock = SimClock()
    return MBusMaster(wire, wire.clock, 2400)


@pytest.mark.parametrize("trouble", [{}, {"lose": 2}, {"spoil": 2}, {"echo": True}])
def test_all_telegrams_of_a_meter(trouble: "dict[str, int]") -> None:
    frames = master(MBusMeter(5, (FIRST, SECOND)), MBusMeter(6, (SECOND,)), **trouble).read(5)
    assert [of_wire(frame).body for frame in frames] == [FIRST[12:], SECOND[12:]]
    assert len(master(MBusMeter(5, (SECOND,))).read(254)) == 1


NUMBERS = ("12345678", "87654321", "12345679")


def factory_new() -> "tuple[MBusMeter, ...]":
    """All of them at address 0."""
    return tuple(MBusMeter(0, (bytes.fromhex(number)[::-1] + FIRST[4:], bytes.fromhex(number)[::-1] + SECOND[4:]))
                 for number in NUMBERS)


@pytest.mark.parametrize("trouble", [{}, {"lose": 2}, {"spoil": 2}, {"echo": True}])
def test_meters_that_share_an_address_are_called_by_their_numbers(trouble: "dict[str, int]") -> None:
    one = master(*factory_new(), **trouble)
    for number in (*NUMBERS, *reversed(NUMBERS), NUMBERS[0], NUMBERS[0]):
        frames = one.read(253, number)
        assert [(of_wire(frame).meter.id, of_wire(frame).body) for frame in frames] == [  # type: ignore[union-attr]
            (number, FIRST[12:]), (number, SECOND[12:])]
    with pytest.raises(DeviceError, match="no meter of the number 00000001 answers") as caught:
        one.read(253, "00000001")
    assert caught.value.kind == TIMEOUT
    with pytest.raises(DeviceError) as caught:  # without it they speak all at once
        one.read(0)
    assert caught.value.kind == FRAME


def test_the_selection_is_as_the_standard_has_it() -> None:
    sent = []

    class Told(Ticking):
        def write(self, data: bytes) -> None:
            sent.append(data)
            super().write(data)

    wire = Told(factory_new())
    wire.clock = SimClock()
    MBusMaster(wire, wire.clock, 2400).read(253, "12345678")
    assert sent[0].hex(" ") == "68 0b 0b 68 53 fd 52 78 56 34 12 ff ff ff ff b2 16"
    assert sent[1].hex(" ") == "10 7b fd 78 16"


def test_a_meter_that_always_has_more_ends() -> None:
    assert len(master(MBusMeter(5, (FIRST,))).read(5)) == 16


@pytest.mark.parametrize(("meters", "trouble", "kind"), [
    ((), {}, TIMEOUT), ((MBusMeter(5, (FIRST,)),), {"lose": 3}, TIMEOUT),
    ((MBusMeter(5, (FIRST,)),), {"spoil": 3}, FRAME)])
def test_silence_and_damage_are_named(meters: "tuple[MBusMeter, ...]", trouble: "dict[str, int]", kind: str) -> None:
    with pytest.raises(DeviceError) as caught:
        master(*meters, **trouble).read(5)
    assert caught.value.kind == kind
