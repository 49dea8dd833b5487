"""A heating rod in bursts of whole cycles."""

import os

os.environ["GPIOZERO_PIN_FACTORY"] = "mock"

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin

from drivers import gpio, ssr_rod
from drivers.ssr_rod import on_ms_of
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Setpoint
from sim.pins import Pins
from sim.tank import Tank
from sim.twins import ssr_rod as twins

OPTIONS: "dict[str, object]" = {"pin": 18, "active_high": 1, "rod_w": 3_000, "period_ms": 1_000, "phases": (1,),
                                "max_a": 16}


@pytest.mark.parametrize(("power_w", "on_ms"), [
    (0, 0), (-5, 0), (59, 0), (60, 20), (119, 20), (1_500, 500), (2_999, 980), (3_000, 1_000), (9_000, 1_000)])
def test_whole_cycles_towards_less(power_w: int, on_ms: int) -> None:
    assert on_ms_of(power_w, 3_000, 1_000) == on_ms
    assert on_ms_of(power_w, 3_000, 1_000) * 3_000 // 1_000 <= max(power_w, 0)


@pytest.mark.parametrize("active_high", [0, 1])
@pytest.mark.parametrize("period_ms", [200, 1_000, 7_000])
def test_the_tank_gets_what_is_granted(active_high: int, period_ms: int) -> None:
    options = {**OPTIONS, "active_high": active_high, "period_ms": period_ms}
    pins, tank = Pins(), Tank((1,), seed=3, rod_w=3_000, litres=5_000)
    twin, rod = twins.build(pins, tank, options), ssr_rod.build(pins, options)
    rod.arm()
    assert rod.read(0).state == "off"
    now_ms = 0
    for power_w in (1_500, 3_000, 700, 0):
        rod.apply(Setpoint(ZERO, power_w))
        wh = tank.import_wh
        for _ in range(7 * 60 * 2):
            now_ms += 500
            twin.tick(now_ms)
            tank.step(now_ms, 500)
        told_w = rod.read(0).limit_w
        assert told_w is not None
        assert power_w - ssr_rod.ability(options).min_w <= told_w <= power_w
        assert abs((tank.import_wh - wh) - told_w * 7 // 60) <= 8
    rod.apply(Setpoint(ZERO, 2_000))
    rod.release()
    assert rod.read(0).limit_w == 0


def test_a_pin_that_does_not_follow_is_a_fault() -> None:
    pins = Pins()
    rod = ssr_rod.build(pins, OPTIONS)
    rod.arm()
    pins.stuck.add(18)
    with pytest.raises(DeviceError) as caught:
        rod.apply(Setpoint(ZERO, 2_000))
    assert caught.value.kind == REFUSED
    pins.gone = True
    for attempt in (lambda: rod.read(0), rod.arm, rod.release, lambda: rod.apply(STOP)):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize(("given", "words"), [({"period_ms": 1_010}, "period_ms: "), ({"rod_w": 6_000}, "rod_w: ")])
def test_what_cannot_be_is_refused(given: "dict[str, object]", words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ssr_rod.ability({**OPTIONS, **given})


@pytest.mark.parametrize("active_high", [0, 1])
def test_on_the_stand_in_of_gpiozero(active_high: int) -> None:
    before, Device.pin_factory = Device.pin_factory, MockFactory(pin_class=MockPWMPin)
    try:
        rod = ssr_rod.build(gpio.Pins(), {**OPTIONS, "active_high": active_high})
        rod.arm()
        pin = Device.pin_factory.pin(18)
        assert (pin.state, pin.frequency) == (1.0 - active_high, 1.0)
        rod.apply(Setpoint(ZERO, 1_500))
        assert pin.state == 0.5
        assert rod.read(0).limit_w == 1_500
        rod.release()
        assert pin.state == 1.0 - active_high
        with pytest.raises(DeviceError) as caught:
            ssr_rod.build(gpio.Pins(), OPTIONS).arm()  # the pin is taken
        assert caught.value.kind == TIMEOUT
    finally:
        Device.pin_factory.reset()
        Device.pin_factory = before
