"""Devices that are ill: what their line then hears of them, and what reaches them."""

import pytest

from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Load
from hal.values import STOP, Phases, Reading, Setpoint, reading
from sim.clock import SimClock
from sim.ill import TIMEOUT_MS, Ill, IllLoad, IllMeter

TEN = Setpoint(Phases(10_000, 0, 0), 2_300)


class Kettle(Load):
    def __init__(self) -> None:
        self.stands = STOP
        self.armed = 0

    def read(self, now_ms: int) -> Reading:
        w = self.stands.power_w
        return reading(now_ms, total_w=w, power_w=Phases(w, 0, 0), current_ma=self.stands.current_ma,
                       voltage_mv=Phases(230_000, 231_000, 232_000), import_wh=7)

    def arm(self) -> None:
        self.armed += 1

    def apply(self, setpoint: Setpoint) -> None:
        self.stands = setpoint

    def release(self) -> None:
        self.stands = STOP


def ward() -> "tuple[Kettle, Ill, IllLoad, SimClock]":
    kettle, ill, clock = Kettle(), Ill(), SimClock(1_000)
    return kettle, ill, IllLoad(kettle, ill, clock, 1), clock


def test_a_well_device_is_as_it_is() -> None:
    kettle, _, load, _ = ward()
    load.arm()
    load.apply(TEN)
    assert kettle.armed == 1
    assert load.read(1_000) == kettle.read(1_000)
    load.release()
    assert kettle.stands == STOP


def test_a_silent_one_costs_the_wait_and_does_nothing() -> None:
    kettle, ill, load, clock = ward()
    ill.silent = True
    for request in (lambda: load.apply(TEN), load.arm, load.release, lambda: load.read(0)):
        before_ms = clock.now_ms()
        with pytest.raises(DeviceError) as silent:
            request()
        assert silent.value.kind == TIMEOUT
        assert clock.now_ms() - before_ms == TIMEOUT_MS
    assert (kettle.stands, kettle.armed) == (STOP, 0)


def test_lost_answers_come_after_the_deed() -> None:
    kettle, ill, load, _ = ward()
    ill.lost_permille = 1_000
    with pytest.raises(DeviceError):
        load.apply(TEN)
    assert kettle.stands == TEN


def test_one_that_refuses_and_one_that_ignores() -> None:
    kettle, ill, load, _ = ward()
    ill.refuses = True
    with pytest.raises(DeviceError) as refused:
        load.apply(TEN)
    assert refused.value.kind == REFUSED
    ill.clear()
    ill.ignores = True
    load.apply(TEN)
    assert kettle.stands == STOP


def test_what_a_meter_tells_wrongly() -> None:
    kettle, ill, clock = Kettle(), Ill(), SimClock()
    meter = IllMeter(kettle, ill, clock, 1)
    kettle.apply(TEN)
    ill.turned, ill.rotated = True, 1
    said = meter.read(5)
    assert (said.t_ms, said.total_w, said.power_w) == (5, -2_300, Phases(0, -2_300, 0))
    assert (said.voltage_mv, said.import_wh) == (Phases(232_000, 230_000, 231_000), 7)
    ill.clear()
    ill.scaled_permille = 500
    assert meter.read(6).current_ma == Phases(5_000, 0, 0)
    ill.clear()
    assert meter.read(7) == kettle.read(7)


def test_a_torn_off_sensor_tells_no_temperature() -> None:
    class Tank(Kettle):
        def read(self, now_ms: int) -> Reading:
            return reading(now_ms, total_w=5, temperature_mdegc=48_000)

    ill, clock = Ill(), SimClock()
    meter = IllLoad(Tank(), ill, clock, 1)
    assert meter.read(1).temperature_mdegc == 48_000
    ill.unfelt = True
    assert meter.read(2) == reading(2, total_w=5)


def test_a_frozen_one_repeats_itself_with_or_without_noise() -> None:
    kettle, ill, clock = Kettle(), Ill(), SimClock()
    meter = IllMeter(kettle, ill, clock, 1)
    kettle.apply(TEN)
    meter.read(1)
    ill.frozen = True
    kettle.apply(STOP)
    assert meter.read(2).total_w == 2_300
    assert meter.read(3).t_ms == 3
    ill.noise_permille = 3
    told_w = {meter.read(4).total_w for _ in range(20)}
    assert len(told_w) > 3
    assert all(2_290 <= w <= 2_310 for w in told_w if w is not None)
