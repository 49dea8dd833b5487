"""Heat pumps told a temperature or a power, rods and switches, as their owner describes them."""

from typing import Any

import pytest

from drivers import json_heat
from firmware.config.site import DeviceFile
from firmware.simulated.heat import HeatTwin
from firmware.simulated.push import SimInbox, SimWeb
from hal.faults import RANGE, DeviceError
from hal.ports import Web
from hal.values import STOP, ZERO, Setpoint
from sim.clock import SimClock
from sim.tank import Tank

PUMP = {"kind": "heat pump", "topic": "hp", "power": "w", "temperature": "t * 0.1", "tell": "hp/flow {c}",
        "nominal_w": 2_400, "least_w": 800, "normal_c": 35, "raised_c": 45}


def options(**given: object) -> "dict[str, Any]":
    out: "dict[str, Any]" = {option.name: option.default for option in json_heat.OPTIONS}
    out.update(phases=(0, 1, 2), max_a=16, clock=SimClock())
    out.update(given)
    return out


class Room:
    def __init__(self, mqtt: bool = True, **given: object) -> None:
        self.options = options(**given)
        able = json_heat.ability(self.options)
        elements_w = able.stages[-1] if able.stages else ()
        self.tank = Tank((0, 1, 2), seed=1, rod_w=able.max_w or 1, elements_w=elements_w)
        self.twin = HeatTwin(DeviceFile("it", "json_heat", "net", 1_000, self.options), self.tank, not mqtt)
        self.inbox = SimInbox([self.twin])
        self.clock: SimClock = self.options["clock"]
        self.device = json_heat.build(self.inbox if mqtt else SimWeb([self.twin]), self.options)

    def pass_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1_000)
            self.tank.step(self.clock.now_ms(), 1_000)
            self.twin.tick(self.clock.now_ms())
            for said in self.twin.said():
                self.inbox.put(*said, self.clock.now_ms())


@pytest.mark.parametrize(("power_w", "celsius"), [
    (0, 35), (799, 35), (800, 36), (977, 36), (978, 37), (1_600, 40), (2_399, 44), (2_400, 45), (9_999, 45)])
def test_surplus_is_degrees_above_normal_towards_less(power_w: int, celsius: int) -> None:
    assert json_heat.degrees(power_w, options(**PUMP)) == celsius
    assert json_heat.words_for(options(**PUMP), power_w) == f"hp/flow {celsius}"


def test_a_degree_never_stands_for_more_than_was_granted() -> None:
    room = Room(**PUMP)
    for power_w in range(0, 2_500, 7):
        room.device.apply(Setpoint(ZERO, power_w))
        assert room.twin.power_w <= power_w


@pytest.mark.parametrize("mqtt", [False, True])
def test_a_pump_is_told_how_warm_and_left_as_it_needs(mqtt: bool) -> None:
    words = {} if mqtt else {"topic": "/hp", "tell": "/flow?c={c}"}
    room = Room(mqtt, **{**PUMP, **words})
    room.pass_s(1)
    room.device.arm()
    room.device.apply(Setpoint(ZERO, 2_400))
    room.pass_s(30)
    said = room.device.read(room.clock.now_ms())
    assert said.total_w == 2_399 or said.total_w == 2_400
    assert said.temperature_mdegc is not None
    assert abs(said.temperature_mdegc - room.tank.temperature_mdegc) < 100
    room.device.release()
    assert room.twin.degrees == 35
    room.pass_s(5)
    assert room.tank.power_w == ZERO


def test_the_same_is_said_again_only_when_it_is_wanted_so() -> None:
    room = Room(**{**PUMP, "tell_every_s": 60, "failsafe_s": 300})
    told: "list[str]" = []
    room.inbox.tell = lambda topic, message: told.append(message)  # type: ignore[method-assign]
    for _ in range(13):
        room.device.apply(Setpoint(ZERO, 800))
        room.pass_s(10)
    assert told == ["36"] * 3


def test_left_alone_it_goes_back_by_itself() -> None:
    room = Room(**{**PUMP, "tell_every_s": 30, "failsafe_s": 60})
    room.device.apply(Setpoint(ZERO, 2_400))
    room.pass_s(59)
    assert room.tank.power_w.total() > 2_000
    room.pass_s(5)
    assert room.tank.power_w == ZERO


def test_a_rod_is_told_its_power_and_a_switch_on_and_off() -> None:
    rod = Room(**{**PUMP, "kind": "rod", "tell": "hp/w {w}", "least_w": 500})
    for power_w, kept_w in ((499, 0), (500, 500), (9_000, 2_400)):
        rod.device.apply(Setpoint(ZERO, power_w))
        assert rod.twin.power_w == kept_w
    switch = Room(**{**PUMP, "kind": "switch", "tell": "fan/set ON", "stop": "fan/set OFF", "least_w": 0})
    assert [sum(stage) for stage in json_heat.ability(switch.options).stages] == [0, 2_400]
    switch.device.apply(Setpoint(ZERO, 2_399))
    assert switch.twin.power_w == 0
    switch.device.apply(Setpoint(ZERO, 2_400))
    switch.pass_s(2)
    assert 2_300 <= switch.tank.power_w.total() <= 2_500
    switch.device.apply(STOP)
    switch.pass_s(2)
    assert switch.tank.power_w == ZERO


def test_what_a_pump_can() -> None:
    able = json_heat.ability(options(**PUMP, failsafe_s=0))
    assert (able.kind, able.min_w, able.max_w, able.fallback.power_w) == ("heater", 800, 2_400, 2_400)
    assert (able.min_on_ms, able.min_off_ms) == (600_000, 600_000)


@pytest.mark.parametrize(("given", "words"), [
    ({"tell": "hp/flow warm"}, "tell: 'hp/flow warm'; allowed is one with {w}"),
    ({"tell": "hp/flow {c} {w}"}, "tell: 'hp/flow {c} {w}'; allowed is one with"),
    ({"tell": "{c}"}, "tell: '{c}'; allowed is a path"),
    ({"kind": "rod"}, "tell: 'hp/flow {c}'; allowed is one with {w}"),
    ({"kind": "switch"}, "tell, stop: a switch has both"),
    ({"raised_c": 35}, "normal_c, raised_c: needed with {c}"),
    ({"least_w": 0}, "least_w: needed of a heat pump"),
    ({"least_w": 2_500}, "least_w, nominal_w: the first must not be above the second"),
    ({"nominal_w": 12_000}, r"above what max_a bears \\(11040 W\\)"),
    ({"power": ""}, "power: allowed is where the power stands"),
    ({"temperature": "other/topic#t"}, "temperature: allowed is a place in the messages"),
    ({"failsafe_s": 60}, "tell_every_s: it goes back after 60 s of silence; allowed are 1 to 30"),
])
def test_what_is_refused(given: "dict[str, object]", words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", r"\{").replace("}", r"\}").replace("\\\\", "\\")):
        json_heat.ability(options(**{**PUMP, **given}))


def test_a_temperature_that_cannot_be_is_a_fault_and_a_missing_one_is_not_known() -> None:
    class Says(Web):
        def __init__(self, text: str) -> None:
            self.text = text

        def get(self, path: str) -> bytes:
            return self.text.encode()

    given = options(**{**PUMP, "topic": "/hp", "tell": "/flow?c={c}"})
    assert json_heat.build(Says('{"w": 5}'), given).read(1).temperature_mdegc is None
    assert json_heat.build(Says('{"w": 5, "t": 481}'), given).read(1).temperature_mdegc == 48_100
    with pytest.raises(DeviceError) as caught:
        json_heat.build(Says('{"w": 5, "t": 99999}'), given).read(1)
    assert caught.value.kind == RANGE
