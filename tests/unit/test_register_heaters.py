"""Heaters and heat pumps in registers: what they are told, what they say, and what they do without us."""

import importlib
from typing import Any

import pytest

from firmware.config import driver_modules
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.bank import Bank
from sim.clock import SimClock
from sim.heatpump import HeatPump
from sim.tank import Tank

RODS = ("askoma_askoheat", "ego_smart_heater", "mypv_acthor")
PUMPS = ("idm_navigator", "lambda_heatpump")
SG = ("nibe_s", "stiebel_isg")
GIVEN: "dict[str, dict[str, object]]" = {
    "askoma_askoheat": {"rod_w": 3_500, "timeout_s": 60}, "ego_smart_heater": {"confirm_single_source": 1},
    "mypv_acthor": {"rod_w": 2_000}, "nibe_s": {"confirm_single_source": 1},
}
ONE_PHASE = ("ego_smart_heater", "mypv_acthor")


def driver(name: str) -> Any:
    return driver_modules.module(name)


def options(name: str, **given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in driver(name).OPTIONS}
    out.update(GIVEN.get(name, {}))
    if name in PUMPS:
        out.update(least_w=800, nominal_w=2_500)
    if name in SG:
        out.update(normal_w=2_000, boost_w=2_600)
    out.update(unit=1, phases=(1,) if name in ONE_PHASE else (0, 1, 2), max_a=16)
    out.update(given)
    return out


class Cellar:
    def __init__(self, name: str, **given: object) -> None:
        self.clock = SimClock()
        self.options = options(name, clock=self.clock, **given)
        self.bank = Bank()
        phases = self.options["phases"]
        assert isinstance(phases, tuple)
        self.part: Any = HeatPump(phases) if name in SG else Tank(phases, seed=2, rod_w=9_000, litres=3_000)
        twin = importlib.import_module("sim.twins." + name)
        self.twin: Any = twin.build(self.bank.unit(1), self.part, self.options)
        self.able = driver(name).ability(self.options)
        self.device = driver(name).build(self.bank, self.options)

    def pass_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1000)
            self.part.step(self.clock.now_ms(), 1000)
            self.twin.tick(self.clock.now_ms())

    def watch_s(self, seconds: int, power_w: "int | None" = None) -> Any:
        said = None
        for second in range(seconds):
            self.pass_s(1)
            said = self.device.read(self.clock.now_ms())
            if power_w is not None and second % 5 == 0:
                self.device.apply(Setpoint(ZERO, power_w))
        return said


@pytest.mark.parametrize("name", RODS)
@pytest.mark.parametrize("power_w", [0, 499, 1_000, 1_499, 1_501, 2_000, 99_999])
def test_a_rod_draws_at_most_what_it_is_told(name: str, power_w: int) -> None:
    cellar = Cellar(name)
    cellar.device.arm()
    said = cellar.watch_s(20, power_w)
    drawn_w = cellar.part.power_w.total()
    most_w = min(power_w, cellar.able.max_w)
    assert most_w - cellar.able.step_w <= drawn_w <= most_w
    assert abs(said.total_w - drawn_w) <= 10 + cellar.able.step_w * (name == "ego_smart_heater")
    assert said.temperature_mdegc is not None


@pytest.mark.parametrize("name", [*RODS, "lambda_heatpump"])
def test_without_us_it_stops_what_it_was_told(name: str) -> None:
    cellar = Cellar(name)
    cellar.device.arm()
    cellar.watch_s(20, 2_000)
    assert cellar.part.power_w.total() > 1_500
    assert cellar.able.failsafe_ms
    cellar.pass_s(cellar.able.failsafe_ms // 1000 + 5)
    assert cellar.part.power_w == ZERO


@pytest.mark.parametrize("name", RODS + PUMPS)
def test_told_again_it_goes_on_and_released_it_stops(name: str) -> None:
    cellar = Cellar(name)
    cellar.device.arm()
    cellar.watch_s(200, 2_000)
    assert cellar.part.power_w.total() > 1_500
    driver(name).build(cellar.bank, cellar.options).release()
    cellar.pass_s(20)
    assert cellar.part.power_w == ZERO


@pytest.mark.parametrize("name", PUMPS)
def test_a_pump_is_told_surplus_only_where_its_compressor_runs(name: str) -> None:
    cellar = Cellar(name)
    cellar.device.arm()
    cellar.watch_s(20, 799)
    assert cellar.part.power_w == ZERO
    said = cellar.watch_s(20, 1_699)
    assert cellar.part.power_w.total() == 1_600
    assert (said.total_w, said.state) == (1_600, "heating")
    assert cellar.able.min_w == 800
    assert cellar.able.fallback.power_w == 2_500  # left alone it heats as it needs
    with pytest.raises(ValueError, match="least_w, nominal_w: "):
        driver(name).ability({**cellar.options, "least_w": 2_600})


def test_a_lambda_that_wants_export_is_told_export() -> None:
    cellar = Cellar("lambda_heatpump", surplus="negative")
    cellar.device.apply(Setpoint(ZERO, 2_000))
    assert cellar.bank.unit(1).words(3, 102, 1) == (0x10000 - 2_000,)


def test_an_idm_is_told_kilowatts_with_the_low_word_first() -> None:
    cellar = Cellar("idm_navigator")
    cellar.device.apply(Setpoint(ZERO, 2_000))
    assert cellar.bank.unit(1).words(3, 74, 2) == (0x0000, 0x4000)


def test_a_thor_with_a_smaller_rod_is_told_and_says_more() -> None:
    cellar = Cellar("mypv_acthor", rod_w=2_000)
    said = cellar.watch_s(20, 1_000)
    assert cellar.bank.unit(1).words(3, 1000, 1) == (1_500,)
    assert (said.total_w, cellar.part.power_w.total()) == (1_000, 1_000)
    with pytest.raises(ValueError, match="rod_w: a thor has at most 3000"):
        driver("mypv_acthor").ability(options("mypv_acthor", rod_w=4_000))


def test_a_thor_9s_on_three_phases() -> None:
    cellar = Cellar("mypv_acthor", model="thor-9s", phases=(0, 1, 2), rod_w=0)
    said = cellar.watch_s(20, 6_000)
    assert (said.total_w, said.voltage_mv, said.state) == (6_000, Phases(230_000, 230_000, 230_000), "heating")
    with pytest.raises(ValueError, match="phases: the thor-9s hangs on 3"):
        driver("mypv_acthor").ability(options("mypv_acthor", model="thor-9s"))


def test_an_askoheat_whose_setpoint_is_not_enabled_is_not_written_to() -> None:
    cellar = Cellar("askoma_askoheat")
    cellar.twin.setting = 0
    cellar.pass_s(1)
    with pytest.raises(DeviceError, match="not enabled") as caught:
        cellar.device.arm()
    assert caught.value.kind == RANGE
    assert cellar.twin.writes == 0


def test_a_sensor_that_is_not_connected_has_no_temperature() -> None:
    cellar = Cellar("askoma_askoheat")
    cellar.twin.frozen = True
    cellar.pass_s(1)
    cellar.bank.unit(1).poke(4, 325, (0x461C, 0x3F9A))  # 9999.9
    assert cellar.device.read(1).temperature_mdegc is None


def test_what_is_no_ego_is_not_written_to() -> None:
    cellar = Cellar("ego_smart_heater")
    cellar.bank.unit(1).poke(3, 0x2000, (0x1234,))
    with pytest.raises(DeviceError, match="maker 1234, not 14EF"):
        cellar.device.arm()
    assert cellar.twin.writes == 0


@pytest.mark.parametrize("name", SG)
@pytest.mark.parametrize(("power_w", "state"), [(0, 1), (1_999, 1), (2_000, 2), (2_600, 3), (9_000, 3)])
def test_a_grant_becomes_a_state(name: str, power_w: int, state: int) -> None:
    cellar = Cellar(name)
    cellar.device.arm()
    cellar.pass_s(700)
    cellar.device.apply(Setpoint(ZERO, power_w))
    cellar.pass_s(1)
    assert cellar.part.state == state
    said = cellar.device.read(cellar.clock.now_ms())
    assert said.state == ("", "locked", "normal", "recommended")[state]
    assert said.limit_w == (0, 0, 2_000, 2_600)[state]
    driver(name).build(cellar.bank, cellar.options).release()
    cellar.pass_s(1)
    assert cellar.part.state == 2


@pytest.mark.parametrize("name", SG)
def test_a_higher_state_waits_for_its_hold(name: str) -> None:
    cellar = Cellar(name, hold_s=600)
    cellar.device.arm()
    cellar.pass_s(700)
    for power_w, state in ((2_600, 3), (2_000, 2), (2_600, 2)):
        cellar.device.apply(Setpoint(ZERO, power_w))
        cellar.pass_s(1)
        assert cellar.part.state == state
    cellar.pass_s(600)
    cellar.device.apply(Setpoint(ZERO, 2_600))
    cellar.pass_s(1)
    assert cellar.part.state == 3


def test_a_stiebel_whose_inputs_are_the_other_way_round_is_named() -> None:
    cellar = Cellar("stiebel_isg", lock_input="2")
    cellar.twin._lock = 0  # in truth input 1 locks
    cellar.device.arm()
    cellar.pass_s(700)
    cellar.device.apply(Setpoint(ZERO, 2_600))
    cellar.watch_s(130)
    with pytest.raises(DeviceError, match="lock_input") as caught:
        cellar.device.apply(Setpoint(ZERO, 2_600))
    assert caught.value.kind == REFUSED


def test_the_power_of_a_nibe_is_read() -> None:
    cellar = Cellar("nibe_s")
    cellar.pass_s(1)
    cellar.twin.frozen = True
    cellar.pass_s(1)
    cellar.bank.unit(1).poke(4, 2305, (123, 0))  # 1.23 kW
    assert cellar.device.read(1).total_w == 1_230
    cellar.bank.unit(1).poke(3, 6008, (7,))
    with pytest.raises(DeviceError, match="mode 7"):
        cellar.device.read(2)


@pytest.mark.parametrize("name", RODS + PUMPS + SG)
def test_a_silent_or_refusing_device_is_a_fault(name: str) -> None:
    cellar = Cellar(name)
    device = driver(name).build(Bank(), cellar.options)
    for attempt in (lambda: device.read(0), device.arm, lambda: device.apply(STOP), device.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT
    cellar.pass_s(700)
    cellar.twin.refuse_writes = True
    with pytest.raises(DeviceError) as caught:
        cellar.device.apply(Setpoint(ZERO, 0 if name in SG else 2_000))
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize("name", ["ego_smart_heater", "nibe_s"])
def test_a_single_source_has_to_be_confirmed(name: str) -> None:
    with pytest.raises(ValueError, match="confirm_single_source: "):
        driver(name).ability(options(name, confirm_single_source=0))
