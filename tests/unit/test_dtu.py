"""Microinverters behind OpenDTU (MQTT, HTTP) and AhoyDTU: late, seldom, and asleep without sun."""

from typing import Any

import pytest

from firmware.config import driver_modules
from firmware.config.site import DeviceFile
from firmware.simulated.dtu import AhoyTwin, OpenDtuTwin
from firmware.simulated.push import SimInbox, SimWeb
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.ports import Inbox, Web
from hal.values import ZERO, Phases, Setpoint
from sim.clock import SimClock
from sim.part import DAY_MS
from sim.pv import Inverter
from sim.sun import Sky, Sun

NOON_MS = 43_200_000
CLEAR = (Sky(DAY_MS, (1_000, 1_000), (1_000, 1_000), (600, 600), (600, 600), (1_000, 1_000)),)
WAYS = ("mqtt", "http", "ahoy")
NAMES: "dict[str, tuple[str, dict[str, object]]]" = {
    "mqtt": ("open_dtu", {"serial_number": "116491132532"}), "http": ("open_dtu", {"serial_number": "116491132532"}),
    "ahoy": ("ahoy_dtu", {"inverter": "HM-800", "sends_s": 5})}


class Balcony:
    def __init__(self, way: str, start_ms: int = NOON_MS, **given: object) -> None:
        name, known = NAMES[way]
        module: Any = driver_modules.module(name)
        self.clock = SimClock(start_ms)
        options: "dict[str, object]" = {option.name: option.default for option in module.OPTIONS}
        options.update({"rated_w": 800, "phases": (1,), "clock": self.clock, **known, **given})
        sun = Sun(48_100, 172, 12 * 3_600_000, CLEAR, 1)
        self.part = Inverter((1,), sun, 1, 1_200, 800)
        file = DeviceFile("balcony", name, "net", 5_000, options)
        self.twin: Any = (AhoyTwin if way == "ahoy" else OpenDtuTwin)(file, self.part, way == "http")
        self.inbox = SimInbox([self.twin])
        self.able = module.ability(options)
        self.options = options
        self.device = module.build(SimWeb([self.twin]) if way == "http" else self.inbox, options)
        self.wanted_w: "int | None" = None
        self.said: Any = None
        self.pass_s(5)

    def pass_s(self, seconds: int) -> int:
        """What it makes then; read and told every five seconds, as a line does."""
        for _ in range(seconds):
            self.clock.advance(1_000)
            self.part.step(self.clock.now_ms(), 1_000)
            self.twin.tick(self.clock.now_ms())
            for said in self.twin.said():
                self.inbox.put(*said, self.clock.now_ms())
            if self.clock.now_ms() % 5_000 == 0:
                self.said = self.device.read(self.clock.now_ms())
                if self.wanted_w is not None:
                    self.device.apply(Setpoint(ZERO, -self.wanted_w))
        return -self.part.power_w.total()


@pytest.mark.parametrize("way", WAYS)
def test_it_is_limited_through_the_radio(way: str) -> None:
    balcony = Balcony(way)
    balcony.device.arm()
    assert balcony.pass_s(10) == 800
    for told_w, made_w in ((300, 300), (150, 150), (2_000, 800), (10, 24)):  # 3 % is the least they take
        balcony.wanted_w = told_w
        assert balcony.pass_s(30) == made_w
        assert balcony.said.total_w == -made_w
        assert balcony.said.power_w == Phases(0, -made_w, 0)
        assert abs(balcony.said.limit_w + made_w) <= 8
        assert abs(balcony.said.export_wh - balcony.part.export_wh) <= 1
    assert balcony.twin.told <= 5


@pytest.mark.parametrize("way", WAYS)
def test_it_is_told_seldom_however_often_it_is_wanted_otherwise(way: str) -> None:
    balcony = Balcony(way)
    balcony.device.arm()
    before = balcony.twin.told
    for second in range(60):
        balcony.device.apply(Setpoint(ZERO, -(400 - second)))
        balcony.pass_s(1)
    assert balcony.twin.told - before <= 1 + 60 // 4
    assert balcony.pass_s(20) == 341


@pytest.mark.parametrize("way", WAYS)
def test_at_night_it_makes_nothing_and_in_the_morning_it_is_limited_at_once(way: str) -> None:
    balcony = Balcony(way)
    balcony.device.arm()
    balcony.wanted_w = 200
    balcony.pass_s(30)
    balcony.clock.put(NOON_MS + DAY_MS // 2)
    told = balcony.twin.told
    balcony.pass_s(60)
    assert (balcony.said.total_w, balcony.said.state) == (0, "asleep")
    assert balcony.twin.told == told  # who sleeps is told nothing
    balcony.clock.put(NOON_MS + DAY_MS)
    assert balcony.pass_s(40) == 200


@pytest.mark.parametrize("way", WAYS)
def test_one_that_forgot_its_limit_is_told_again_and_one_that_never_takes_it_is_a_fault(way: str) -> None:
    balcony = Balcony(way)
    balcony.device.arm()
    balcony.wanted_w = 200
    balcony.pass_s(30)
    balcony.twin.limit_w = 800  # it restarted between two words of the DTU
    balcony.pass_s(60)
    assert balcony.twin.limit_w == 200
    balcony.twin.deaf, balcony.wanted_w = True, 100
    with pytest.raises(DeviceError, match="told 100 W, and more stands in it") as caught:
        balcony.pass_s(600)
    assert caught.value.kind == REFUSED


def test_not_reached_while_it_produced_is_a_fault() -> None:
    for way in ("mqtt", "http"):
        balcony = Balcony(way)
        balcony.twin.away = True
        with pytest.raises(DeviceError, match="does not reach") as caught:
            balcony.pass_s(5)
        assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize("way", WAYS)
def test_released_it_stands_on_its_fallback(way: str) -> None:
    balcony = Balcony(way, fallback_w=600)
    balcony.device.arm()
    balcony.wanted_w = 100
    balcony.pass_s(30)
    balcony.wanted_w = None
    balcony.device.release()
    assert balcony.pass_s(30) == 600
    assert balcony.able.failsafe_ms == 0


class Mute(Inbox):
    def watch(self, name: str) -> None:
        pass

    def newest(self, name: str, after_ms: int, wait_ms: int) -> None:
        return None

    def tell(self, name: str, message: str) -> None:
        raise DeviceError(TIMEOUT, "no broker")


class Answers(Web):
    def __init__(self, said: bytes) -> None:
        self._said = said

    def get(self, path: str) -> bytes:
        return self._said

    def post(self, path: str, form: str) -> bytes:
        return self._said


def test_what_does_not_speak_is_a_fault() -> None:
    for way in ("mqtt", "ahoy"):
        device = driver_modules.module(NAMES[way][0]).build(Mute(), Balcony(way).options)
        for attempt in (lambda one=device: one.read(0), device.arm, device.release):
            with pytest.raises(DeviceError) as caught:
                attempt()
            assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize("said", [b"", b"[]", b'{"inverters": []}', b'{"inverters": [{"serial": "1"}]}', b"<html>",
                                  b'{"inverters": [{"serial": "116491132532", "reachable": true}]}'])
def test_an_answer_that_is_none_is_a_fault(said: bytes) -> None:
    device = driver_modules.module("open_dtu").build(Answers(said), Balcony("http").options)
    with pytest.raises(DeviceError) as caught:
        device.read(0)
    assert caught.value.kind == FRAME
    with pytest.raises(DeviceError) as caught:
        device.release()
    assert caught.value.kind == REFUSED


def test_the_very_words_that_are_published() -> None:
    """As OpenDTU's and AhoyDTU's own descriptions have them."""
    balcony, told = Balcony("mqtt"), []
    balcony.inbox.tell = lambda name, message: told.append((name, message))  # type: ignore[method-assign]
    balcony.device.release()
    ahoy = Balcony("ahoy")
    ahoy.inbox.tell = lambda name, message: told.append((name, message))  # type: ignore[method-assign]
    ahoy.device.release()
    assert told == [("solar/116491132532/cmd/limit_nonpersistent_absolute", "800"), ("inverter/ctrl/limit/0", "800W")]
