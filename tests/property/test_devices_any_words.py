"""Whatever words stand in a controlled device's registers, its driver says a reading or a DeviceError, and tells it
nothing above what it was granted."""

import random
from contextlib import suppress
from typing import Any

import pytest

from drivers.register_load import RegisterLoad
from firmware.config import driver_modules
from hal.faults import DeviceError
from hal.ports import Bus, Load
from hal.registers import decode
from hal.values import Phases, Reading, Setpoint
from sim.clock import SimClock

TURNS = 150
GIVEN: "dict[str, object]" = {
    "confirm_single_source": 1, "meter": 1, "phase_switch": 1, "timeout_s": 60, "discharge_a": 90, "grid_charge": 1,
    "max_charge_w": 2_500, "max_discharge_w": 2_000, "rod_w": 2_000, "least_w": 800, "nominal_w": 2_500,
    "normal_w": 2_000, "boost_w": 2_600, "failsafe_a": 0, "rated_w": 8_000}
ONE_PHASE = ("ego_smart_heater", "mypv_acthor", "mypv_elwa2")
EDGES = (0, 1, 2, 3, 5, 6, 0x7FFF, 0x8000, 0xFFFF, 0x4332, 0x0043, 0x7FC0, 0x4180)


def devices() -> "list[str]":
    """Those on Modbus that are told something."""
    return [name for name in driver_modules.known()
            if (hasattr(driver_modules.module(name), "BOX") or hasattr(driver_modules.module(name), "LOAD"))
            and driver_modules.module(name).LINES[0].startswith("modbus")]


class AnyWords(Bus):
    """Answers with chance, some of it with faults; keeps what is written."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.written: "list[tuple[int, tuple[int, ...]]]" = []
        self._kept: "dict[int, int]" = {}

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        if self._dice.random() < 0.03:
            raise DeviceError(self._dice.choice(("timeout", "frame", "refused")))
        if self._dice.random() < 0.4:
            return (0,) * count
        out = []
        for at in range(address, address + count):
            word = self._dice.choice(EDGES) if self._dice.random() < 0.6 else self._dice.randrange(0x10000)
            out.append(self._kept[at] if at in self._kept and self._dice.random() < 0.9 else word)
        return tuple([word & 1 for word in out] if function < 3 else out)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        self.written.append((address, values))
        self._kept.update({address + at: value for at, value in enumerate(values)})


def options(name: str, clock: SimClock) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in driver_modules.module(name).OPTIONS}
    out.update({key: value for key, value in GIVEN.items() if key in out})
    out.update(unit=1, phases=(1,) if name in ONE_PHASE else (0, 1, 2), max_a=16, clock=clock)
    return out


@pytest.mark.parametrize("name", devices())
def test_any_words_are_a_reading_or_a_fault(name: str) -> None:
    clock, dice = SimClock(), random.Random(7)
    bus = AnyWords(11)
    device: Any = driver_modules.module(name).build(bus, options(name, clock))
    readings = 0
    for _ in range(TURNS):
        clock.advance(1_000)
        ma, power_w = dice.randrange(-1_000, 40_000), dice.randrange(-40_000, 40_000)
        one = Phases(ma, 0, 0) if dice.random() < 0.3 else Phases(ma, ma, ma)
        for act in (device.arm, lambda: device.read(clock.now_ms()),
                    lambda one=one, w=power_w: device.apply(Setpoint(one, w)), device.release):
            try:
                said = act()
            except DeviceError:
                continue
            if isinstance(said, Reading):
                readings += 1
                assert said.soc_permille is None or 0 <= said.soc_permille <= 1_000
                assert said.state is None or isinstance(said.state, str)
    # their models are not found by chance
    assert readings or name in ("sunspec_storage", "sunspec_der_storage", "fronius_gen24", "sunspec_inverter")


READERS = [name for name in driver_modules.known() if name not in devices() and driver_modules.module(name).LINES
           and driver_modules.module(name).LINES[0].startswith("modbus")]


@pytest.mark.parametrize("name", READERS)
def test_what_is_only_read_is_never_written_to(name: str) -> None:
    clock, bus = SimClock(), AnyWords(9)
    device: Any = driver_modules.module(name).build(bus, options(name, clock))
    assert not isinstance(device, Load)
    for _ in range(TURNS):
        clock.advance(1_000)
        with suppress(DeviceError):
            device.read(clock.now_ms())
    assert bus.written == []


@pytest.mark.parametrize("name", [name for name in devices() if hasattr(driver_modules.module(name), "BOX")])
def test_no_current_above_the_grant_is_ever_written(name: str) -> None:
    clock, dice, bus = SimClock(), random.Random(3), AnyWords(5)
    device: Any = driver_modules.module(name).build(bus, options(name, clock))
    assert isinstance(device, RegisterLoad)
    reg = device.box.limit.reg
    assert reg is not None
    for turn in range(TURNS):
        clock.advance(1_000)
        ma = dice.randrange(0, 40_000)
        bus.written.clear()
        for act in (device.arm, device.release):
            try:
                act()
            except DeviceError:
                continue
        bus.written.clear()
        try:
            device.apply(Setpoint(Phases(ma, ma, ma), 0))
            device.read(1_000 * turn)
        except DeviceError:
            pass
        for address, values in bus.written:
            if address == reg.address:
                told_ma = decode(reg, values)[0]
                assert told_ma is not None
                assert told_ma <= min(ma, 16_000)
