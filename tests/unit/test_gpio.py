"""On gpiozero's own stand-in for the pins."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ["GPIOZERO_PIN_FACTORY"] = "mock"

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from drivers.gpio import PinRelays
from hal.faults import TIMEOUT, DeviceError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    before = Device.pin_factory
    Device.pin_factory = MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


def level(factory: MockFactory, number: int) -> int:
    pin = factory.pin(number)
    assert isinstance(pin, MockPin)
    return int(pin.state)


@pytest.mark.parametrize("active_high", [True, False])
def test_relays_begin_open_move_and_are_read(factory: MockFactory, active_high: bool) -> None:
    relays = PinRelays((17, 27), active_high)
    assert relays.get() == (False, False)
    assert [level(factory, pin) for pin in (17, 27)] == [not active_high] * 2
    relays.set((False, True))
    assert relays.get() == (False, True)
    assert [level(factory, pin) for pin in (17, 27)] == [not active_high, active_high]
    relays.close()


@pytest.mark.parametrize("active_high", [True, False])
def test_closing_opens_them_and_gives_the_pins_back(factory: MockFactory, active_high: bool) -> None:
    relays = PinRelays((17, 27), active_high)
    relays.set((True, True))
    states = factory.pin(17).states
    relays.close()
    assert [state.state for state in states][-1] == (not active_high)
    assert factory.pin(17).function == "input"
    assert PinRelays((17, 27), active_high).get() == (False, False)


def test_nothing_is_taken_before_it_is_used(factory: MockFactory) -> None:
    PinRelays((17,), True)
    other = PinRelays((17,), True)
    assert other.get() == (False,)


def test_a_pin_that_another_has_is_a_device_error_and_takes_none(factory: MockFactory) -> None:
    first = PinRelays((17,), True)
    first.set((True,))
    second = PinRelays((4, 17), True)
    with pytest.raises(DeviceError) as caught:
        second.get()
    assert caught.value.kind == TIMEOUT
    first.close()
    assert second.get() == (False, False)


def test_a_board_without_pins_is_a_device_error(factory: MockFactory) -> None:
    relays = PinRelays((99,), True)
    for attempt in (relays.get, lambda: relays.set((True,))):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


def test_they_open_when_the_process_ends() -> None:
    script = (
        "import atexit\n"
        "from gpiozero import Device\n"
        "from drivers.gpio import Pins\n"
        "made = Pins().relays((17,), False)\n"
        "pins = []\n"
        "atexit.register(lambda: print([bool(s.state) for s in pins[0].states]))\n"
        "made.set((True,))\n"
        "pins.append(Device.pin_factory.pin(17))\n"
    )
    # registered before our relays' own exit, so it runs after it
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "GPIOZERO_PIN_FACTORY": "mock"}, check=True)
    assert done.stdout.strip().endswith("False, True]"), done.stdout
