"""Plugs with their own timer, and devices as their owner describes them: over HTTP and MQTT, at full speed."""

from pathlib import Path
from typing import Any

import pytest
import tomli

from drivers.json_device import written
from firmware.config import driver_modules
from firmware.config.site import DeviceFile
from firmware.simulated.push import SimInbox, SimWeb
from firmware.simulated.told import JsonTwin, PlugTwin
from hal.faults import FRAME, RANGE, REFUSED, TIMEOUT, DeviceError
from hal.ports import Inbox, Web
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.battery import Battery
from sim.car import Car
from sim.clock import SimClock
from sim.part import DAY_MS, Point
from sim.pv import Inverter
from sim.sun import Sky, Sun
from sim.tank import Tank

PLUGS: "tuple[tuple[str, dict[str, object]], ...]" = (
    ("shelly_plug", {"mqtt": True, "prefix": "plug"}), ("tasmota_plug", {"mqtt": True, "topic": "plug", "channel": 1}),
    ("tasmota_plug", {"mqtt": True, "topic": "plug"}),
    ("shelly_plug", {}), ("shelly_plug", {"generation": "1"}), ("shelly_plug", {"channel": 2}), ("tasmota_plug", {}),
    ("tasmota_plug", {"channel": 1}))
BOX: "dict[str, object]" = {
    "kind": "wallbox", "topic": "/status", "power": "p", "current_phases": ("i.0", "i.1", "i.2"), "state": "car",
    "states": ("1=A", "2=C", "3=B"), "limit": "amp", "tell": "/set?amp={a}", "energy_import": "total * 1000"}


def driver(name: str) -> Any:
    return driver_modules.module(name)


class Room:
    """A device, its physics and its port; told again every five seconds, as a line does."""

    def __init__(self, name: str, part: Any, mqtt: bool = False, **given: object) -> None:
        self.clock = SimClock()
        options: "dict[str, object]" = {option.name: option.default for option in driver(name).OPTIONS}
        options.update(phases=part.phases, max_a=16, clock=self.clock)
        options.update(given)
        self.options, self.part = options, part
        file = DeviceFile("it", name, "net", 1_000, options)
        self.twin: Any = (JsonTwin if name == "json_device" else PlugTwin)(file, part, not mqtt)
        self.inbox = SimInbox([self.twin])
        self.able = driver(name).ability(options)
        self.device = driver(name).build(self.inbox if mqtt else SimWeb([self.twin]), options)
        self.wanted: "Setpoint | None" = None

    def pass_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1000)
            self.part.step(self.clock.now_ms(), 1000)
            self.twin.tick(self.clock.now_ms())
            for said in self.twin.said():
                self.inbox.put(*said, self.clock.now_ms())

    def watch_s(self, seconds: int) -> Any:
        said = None
        for second in range(seconds):
            self.pass_s(1)
            said = self.device.read(self.clock.now_ms())
            if self.wanted is not None and second % 5 == 4:
                self.device.apply(self.wanted)
        return said

    def tell(self, power_w: int) -> None:
        self.wanted = Setpoint(ZERO, power_w)
        self.device.apply(self.wanted)


def plug(name: str, **given: object) -> Room:
    room = Room(name, Tank((1,), seed=1, elements_w=(1_000,)), power_w=1_000, **given)
    room.pass_s(1)
    return room


@pytest.mark.parametrize(("name", "given"), PLUGS)
def test_a_plug_is_on_with_its_power_and_off_without(name: str, given: "dict[str, Any]") -> None:
    room = plug(name, **given)
    room.device.arm()
    room.device.release()
    for power_w, drawn_w in ((999, 0), (1_000, 1_000), (0, 0), (5_000, 1_000)):
        room.tell(power_w)
        said = room.watch_s(10)
        assert room.part.power_w.total() == drawn_w
        assert (said.state, said.total_w, said.power_w) == ("on" if drawn_w else "off", drawn_w, Phases(0, drawn_w, 0))
    room.device.release()
    room.pass_s(2)
    assert room.part.power_w == ZERO


@pytest.mark.parametrize(("name", "given"), PLUGS)
def test_a_plug_goes_off_by_its_own_timer_and_stays_on_while_it_is_told(name: str, given: "dict[str, Any]") -> None:
    room = plug(name, failsafe_s=60, **given)
    room.device.arm()
    room.tell(1_000)
    room.watch_s(300)
    assert room.part.power_w.total() == 1_000
    room.pass_s(61)
    assert room.part.power_w == ZERO
    assert room.able.failsafe_ms == 60_000


@pytest.mark.parametrize(("name", "given"), PLUGS)
def test_a_plug_that_does_not_move_is_a_fault(name: str, given: "dict[str, Any]") -> None:
    room = plug(name, **given)
    room.twin.stuck = True
    with pytest.raises(DeviceError, match="told on, and it is off") as caught:
        room.device.apply(Setpoint(ZERO, 1_000))
    assert caught.value.kind == REFUSED


def test_over_mqtt_nobody_answers() -> None:
    for name, given in PLUGS[:2]:
        room = plug(name, **given)
        room.twin.hear = lambda topic, message: ()
        with pytest.raises(DeviceError, match="no answer") as caught:
            room.device.read(0)
        assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize(("name", "given"), [
    ("shelly_plug", {"line_kind": "mqtt"}), ("shelly_plug", {"line_kind": "http", "prefix": "x"}),
    ("shelly_plug", {"generation": "1", "prefix": "x"}), ("tasmota_plug", {"line_kind": "mqtt"})])
def test_a_topic_is_of_mqtt(name: str, given: "dict[str, Any]") -> None:
    with pytest.raises(ValueError, match=r"prefix: |topic: "):
        plug(name, **given)


def test_a_shelly_that_comes_up_on_is_refused() -> None:
    for given in ({}, {"generation": "1"}):
        room = plug("shelly_plug", **given)
        room.twin.comes_up = "restore_last"
        with pytest.raises(DeviceError, match='restore_last: set it to "off"') as caught:
            room.device.arm()
        assert caught.value.kind == RANGE


def test_the_timer_of_a_tasmota_is_stored_once() -> None:
    room = plug("tasmota_plug", failsafe_s=300)
    room.device.arm()
    assert (room.twin.pulse, room.twin.power_on_state) == (400, 0)
    asked: "list[str]" = []
    answer = room.twin.answer
    room.twin.answer = lambda path: asked.append(path) or answer(path)
    room.device.arm()
    assert not [path for path in asked if "PulseTime1%20" in path or "PowerOnState%20" in path]


def test_a_plain_relay_tells_no_power() -> None:
    room = plug("shelly_plug", measures=0)
    assert not room.able.measured
    assert room.watch_s(1).total_w is None
    with pytest.raises(ValueError, match="power_w: above"):
        driver("shelly_plug").ability({**room.options, "max_a": 4})


class Silent(Web):
    def __init__(self, said: "bytes | None") -> None:
        self._said = said

    def get(self, path: str) -> bytes:
        if self._said is None:
            raise DeviceError(TIMEOUT, path)
        return self._said


@pytest.mark.parametrize("name", ["shelly_plug", "tasmota_plug", "json_device"])
@pytest.mark.parametrize(("said", "kind"), [(None, TIMEOUT), (b"[]", FRAME), (b"{}", FRAME), (b"<html>", FRAME)])
def test_what_is_no_answer_is_a_fault(name: str, said: "bytes | None", kind: str) -> None:
    room = plug(name) if name != "json_device" else box()
    device = driver(name).build(Silent(said), room.options)
    for attempt in (lambda: device.read(0), device.arm):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind in ((kind, RANGE) if said == b"{}" else (kind,))  # no initial_state, for one


def box(mqtt: bool = False, **given: object) -> Room:
    car = Car((0, 1, 2), seed=3)
    car.plug()
    room = Room("json_device", car, mqtt, **{**BOX, **given})
    room.pass_s(1)
    return room


@pytest.mark.parametrize("mqtt", [False, True])
def test_a_described_wallbox_charges_as_told(mqtt: bool) -> None:
    told: "dict[str, Any]" = {"topic": "box/state", "tell": 'box/set {"amp": {a}}', "sends_s": 1} if mqtt else {}
    room = box(mqtt, **told)
    room.device.arm()
    room.wanted = Setpoint(Phases(10_900, 16_000, 16_000), 0)
    room.device.apply(room.wanted)
    said = room.watch_s(60)
    assert room.twin.level == 10_000
    assert min(room.part.current_ma) > 9_000
    assert said.state == "C"
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)
    assert said.total_w == room.part.power_w.total()
    assert said.import_wh == room.part.import_wh
    room.wanted = Setpoint(Phases(5_999, 16_000, 16_000), 0)
    room.device.apply(room.wanted)
    assert room.watch_s(20).state == "B"
    room.part.unplug()
    assert room.watch_s(1).state == "A"


def test_its_own_word_for_stop() -> None:
    room = box(stop="/set?frc=1", tell="/set?frc=2&amp={a}", step_ma=100)
    room.device.apply(Setpoint(Phases(8_190, 8_190, 8_190), 0))
    assert room.twin.level == 8_100
    room.device.apply(STOP)
    assert room.twin.level == 0


@pytest.mark.parametrize("failsafe_a", [0, 6])
def test_a_described_wallbox_falls_back_as_its_owner_states(failsafe_a: int) -> None:
    room = box(failsafe_s=60, failsafe_a=failsafe_a, tell_every_s=20)
    assert room.able.fallback.current_ma == Phases(*(1000 * failsafe_a,) * 3)
    room.wanted = Setpoint(Phases(16_000, 16_000, 16_000), 0)
    room.device.apply(room.wanted)
    room.watch_s(300)
    assert room.twin.level == 16_000
    room.pass_s(61)
    assert room.twin.level == 1000 * failsafe_a
    room.device.release()
    assert room.twin.level == 1000 * failsafe_a


def test_one_that_does_nothing_is_a_fault() -> None:
    room = box()
    room.device.apply(Setpoint(Phases(16_000, 16_000, 16_000), 0))
    room.watch_s(20)
    room.twin.deaf = True
    room.wanted = Setpoint(Phases(6_000, 6_000, 6_000), 0)
    with pytest.raises(DeviceError, match="told 6000, and 16000 stands in it") as caught:
        room.watch_s(30)
    assert caught.value.kind == REFUSED


def test_a_described_heater_and_storage() -> None:
    numbers: "dict[str, Any]" = {"topic": "/s", "power": "w", "tell": "/w?p={w}", "limit": "told"}
    room = Room("json_device", Tank((1,), seed=1), kind="heater", max_w=3_000, **numbers)
    for asked_w, told_w in ((2_345, 2_345), (9_000, 3_000), (-5, 0)):
        room.tell(asked_w)
        assert room.watch_s(5).limit_w == told_w
        assert room.part.power_w.total() == told_w
    battery = Battery((0, 1, 2), seed=1, standby_w=0)
    room = Room("json_device", battery, kind="storage", max_w=3_000, discharge_w=2_000,
                **{**numbers, "tell": "/w?p={-w}", "limit": "told * -1", "soc": "charge"})
    for asked_w, told_w in ((2_345, 2_345), (-9_000, -2_000)):
        room.tell(asked_w)
        room.pass_s(10)
        assert battery.target_w == told_w


V2H: "dict[str, Any]" = {"kind": "storage", "topic": "/v", "power": "w", "tell": "/w?p={w}", "max_w": 10_000,
                         "discharge_w": 5_000, "state": "car", "states": ("1=A", "2=C", "3=B"), "soc": "battery.soc",
                         "capacity": "battery.kwh * 1000", "charge_most": "battery.in", "discharge_most": "battery.out"}


def test_a_wallbox_that_works_both_ways_is_a_storage_that_can_be_unplugged() -> None:
    car = Battery((0, 1, 2), seed=1, standby_w=0, capacity_wh=60_000, max_w=7_000, soc_permille=612)
    room = Room("json_device", car, **V2H)
    room.tell(-3_000)
    said = room.watch_s(10)
    assert (said.state, said.soc_permille, said.capacity_wh) == ("C", car.soc_permille, 60_000)
    assert (said.take_w, said.give_w, said.total_w) == (7_000, 7_000, -3_000)
    car.unplug()
    said = room.watch_s(2)
    assert (said.state, said.take_w, said.give_w, said.total_w) == ("A", 0, 0, 0)
    car.plug(980)
    room.tell(3_000)
    said = room.watch_s(10)
    assert said.state == "C"
    assert said.take_w < 7_000  # nearly full
    assert said.soc_permille >= 980


def test_a_charge_that_cannot_be_is_a_fault() -> None:
    car = Battery((0, 1, 2), seed=1)
    room = Room("json_device", car, **{**V2H, "soc": "battery.soc * 2"})
    room.twin.said = lambda: (("/v", b'{"w": 5, "car": 3, "battery": {"soc": 61}}'),)
    with pytest.raises(DeviceError, match="charge 1220 permille"):
        room.watch_s(1)
    room.twin.said = lambda: (("/v", b'{"w": 5, "car": 3, "battery": {"soc": null}}'),)
    assert room.watch_s(1).soc_permille is None


def test_a_storage_that_regulates_by_itself_is_left_to_it() -> None:
    battery = Battery((0, 1, 2), seed=1, standby_w=0)
    room = Room("json_device", battery, **{**V2H, "state": "", "states": (), "itself": "/auto", "stop": "/hold"})
    room.twin.grid = grid = Point()
    assert room.able.own == "limit"
    for told_w, house_w, flows_w in ((-5_000, 900, -900), (-5_000, -700, 700), (0, 900, 0), (0, -700, 700),
                                     (1_200, 900, 1_200), (-400, 900, -400)):
        room.tell(told_w)
        for _ in range(15):
            room.clock.advance(1_000)
            battery.step(room.clock.now_ms(), 1_000)
            grid.power_w = Phases(house_w + battery.power_w.total(), 0, 0)
            room.twin.tick(room.clock.now_ms())
        assert abs(battery.power_w.total() - flows_w) <= 2, (told_w, house_w)
    room.device.release()
    assert room.twin.by_itself


@pytest.mark.parametrize("how", ["POST", "PUT"])
def test_what_is_sent_instead_of_asked_for(how: str) -> None:
    room = box(tell=how + ' /set {"amp": {a}}', stop=how + " /set off=1", failsafe_s=60, tell_every_s=20)
    room.device.arm()
    room.device.apply(Setpoint(Phases(9_900, 9_900, 9_900), 0))
    assert room.twin.level == 9_000
    room.device.release()
    assert room.twin.level == 0
    with pytest.raises(ValueError, match="tell: 'POST set"):
        box(tell="POST set {a}")


@pytest.mark.parametrize(("template", "words"), [
    ("/set?amp={a}", "/set?amp=6"), ("t {ma}", "t 6000"), ("t {w} {-w}", "t 4140 -4140"),
    ("t {'x': {a}}", "t {'x': 6}")])
def test_how_it_is_written(template: str, words: str) -> None:
    assert written(template, 6_000, 4_140) == words
    assert written("{a}", 6_500, 0) == "6.5"


@pytest.mark.parametrize(("given", "words"), [
    ({"power": ""}, "power: allowed is where"), ({"tell": "/set?amp=6"}, "tell: '/set"),
    ({"tell": "box{a}"}, "tell: 'box"),
    ({"states": ("1=X",)}, "states: '1=X'"), ({"failsafe_s": 60}, "tell_every_s: it falls back after 60 s"),
    ({"failsafe_a": 3}, "failsafe_a: "), ({"limit": "other#amp"}, "limit: allowed is a place"),
    ({"kind": "storage"}, "soc: needed of a storage"), ({"itself": "/own"}, "itself: a wallbox has none"),
    ({"kind": "storage", "soc": "s", "max_w": 9, "itself": "own"}, "itself: 'own'"),
    ({"capacity": "other#wh"}, "capacity: allowed is a place"),
    ({"kind": "heater"}, "max_w, discharge_w: "), ({"stop": "halt"}, "stop: 'halt'"),
])
def test_a_description_that_cannot_be_is_refused(given: "dict[str, Any]", words: str) -> None:
    with pytest.raises(ValueError, match=words):
        box(**given)


def test_without_a_broker_nothing_is_told() -> None:
    class Gone(Inbox):
        def watch(self, name: str) -> None:
            pass

        def tell(self, name: str, message: str) -> None:
            raise DeviceError(TIMEOUT, "no broker")

    room = box(True, topic="box/state", tell="box/set {a}")
    device = driver("json_device").build(Gone(), room.options)
    for attempt in (device.release, lambda: device.apply(STOP)):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


def test_the_goe_of_the_readme() -> None:
    """What the README describes is understood, and reads the status its maker describes."""
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    table = readme.partition('```toml\n[device.carport]\ndriver = "json_device"')[2].partition("```")[0]
    described = tomli.loads(table)
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in described.items()
             if key not in ("line", "node", "phases")}
    status = (b'{"car":2,"amp":10,"frc":2,"eto":123456,"nrg":[230,231,229,0,10.1,10,9.9,2323,2310,2267,0,6900,100,100,'
              b'100,0]}')
    room = box(**{**dict.fromkeys(BOX, ""), **given})
    said = driver("json_device").build(Silent(status), room.options).read(5)
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 123_456)
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)
    room.device.apply(Setpoint(Phases(8_000, 8_000, 8_000), 0))
    assert room.twin.level == 8_000
    room.device.apply(STOP)
    assert room.twin.level == 0


def test_a_described_inverter_makes_no_more_than_it_is_told() -> None:
    sky = (Sky(DAY_MS, (1_000, 1_000), (1_000, 1_000), (600, 600), (600, 600), (1_000, 1_000)),)
    part = Inverter((0, 1, 2), Sun(48_100, 172, 12 * 3_600_000, sky, 1), 1, 6_000, 4_000)
    for tell, told_w in (("/limit?w={w}", 1_234), ("/limit?pct={pct}", 1_200)):
        room = Room("json_device", part, kind="inverter", topic="/s", power="ac", tell=tell, limit="lim", max_w=4_000,
                    fallback_w=1_000, failsafe_s=60, tell_every_s=20)
        room.clock.put(DAY_MS // 2)
        room.pass_s(10)
        assert (room.able.min_w, room.able.max_w, room.able.fallback.power_w) == (-4_000, 0, -1_000)
        room.tell(-1_234)
        said = room.watch_s(15)
        assert said.total_w == -told_w
        assert said.limit_w == -told_w
        room.wanted = None
        room.pass_s(70)
        assert part.power_w.total() == -1_000
        room.device.release()
        assert room.twin.level == 1_000
    with pytest.raises(ValueError, match="max_w: needed of an inverter"):
        driver("json_device").ability({**room.options, "max_w": 0})
