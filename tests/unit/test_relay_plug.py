"""Anything on or off behind one relay on a pin."""

import os

os.environ["GPIOZERO_PIN_FACTORY"] = "mock"

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from drivers import gpio
from drivers.relay_plug import OPTIONS, ability, build
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Setpoint
from sim.clock import SimClock
from sim.pins import Pins


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(phases=(1,), max_a=16, pin=17, power_w=1_500, clock=SimClock())
    out.update(given)
    return out


def test_it_is_on_when_all_it_draws_is_granted_and_rests_in_between() -> None:
    clock, pins = SimClock(), Pins()
    plug = build(pins, options(clock=clock))
    plug.arm()
    plug.apply(Setpoint(ZERO, 1_500))
    assert plug.read(0).state == "off"  # whoever ran before us may just have opened it
    clock.advance(60_000)
    plug.apply(Setpoint(ZERO, 1_499))
    assert plug.read(0).state == "off"
    plug.apply(Setpoint(ZERO, 1_500))
    assert (plug.read(0).state, plug.read(0).limit_w, plug.read(0).total_w) == ("on", 1_500, None)
    assert pins.level(17) is True
    plug.apply(Setpoint(ZERO, 1_400))
    assert pins.level(17) is False
    clock.advance(59_999)
    plug.apply(Setpoint(ZERO, 3_000))
    assert pins.level(17) is False
    clock.advance(1)
    plug.apply(Setpoint(ZERO, 3_000))
    assert pins.level(17) is True
    plug.release()
    assert pins.level(17) is False


def test_a_relay_that_does_not_follow_or_is_gone_is_a_fault() -> None:
    clock, pins = SimClock(), Pins()
    plug = build(pins, options(clock=clock, active_high=0, hold_s=10))
    clock.advance(10_000)
    plug.apply(Setpoint(ZERO, 1_500))
    assert pins.level(17) is False
    pins.stuck.add(17)
    with pytest.raises(DeviceError) as error:
        plug.apply(STOP)
    assert error.value.kind == REFUSED
    pins.gone = True
    for each in (plug.arm, plug.release, lambda: plug.read(0)):
        with pytest.raises(DeviceError) as error:
            each()
        assert error.value.kind == TIMEOUT


def test_on_the_pins_of_a_computer() -> None:
    Device.pin_factory = MockFactory()
    try:
        clock = SimClock()
        plug = build(gpio.Pins(), options(clock=clock, hold_s=10))
        clock.advance(10_000)
        plug.apply(Setpoint(ZERO, 1_500))
        assert Device.pin_factory.pin(17).state
        plug.release()
        assert not Device.pin_factory.pin(17).state
    finally:
        Device.pin_factory.reset()


def test_more_than_its_wires_bear_is_refused() -> None:
    assert ability(options(phases=(0, 1, 2), max_a=16, power_w=11_000)).stages == ((0, 0, 0), (3_666, 3_667, 3_667))
    with pytest.raises(ValueError, match="power_w: above what max_a bears; allowed are 10 to 1380"):
        ability(options(max_a=6))
