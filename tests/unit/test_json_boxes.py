"""Wallboxes that tell in JSON or in reports: words as their descriptions have them, and the quirks of single makes."""

import json
from typing import Any

import pytest

from drivers.cards import ASCII, HEX, UTF16, card_text, card_words
from drivers.json_wallbox import Heard, Place
from firmware.config import driver_modules
from firmware.simulated.push import SimInbox, SimTalk, SimWeb
from hal.faults import FRAME, RANGE, REFUSED, TIMEOUT, DeviceError
from hal.ports import LONG_AGO_MS, Talk, Web
from hal.values import STOP, Phases, Setpoint
from sim.car import Car
from sim.clock import SimClock
from sim.twins import hardy_barth_salia, keba_udp, tesla_wall_connector

TEN = Setpoint(Phases(10_000, 10_000, 10_000), 0)
HOST = "127.0.0.2"


def options(name: str, **given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in driver_modules.module(name).OPTIONS}
    out.update({key: 1 for key in ("confirm_single_source", "cards") if key in out})
    return {**out, "host": HOST, "phases": (0, 1, 2), "max_a": 32, "clock": SimClock(), **given}


class Says(Web):
    """Always the same documents; keeps what it is told."""

    def __init__(self, documents: "dict[str, object]", answer: object = None) -> None:
        self._documents = documents
        self._answer = answer
        self.told: "list[tuple[str, str, str]]" = []

    def get(self, path: str) -> bytes:
        if path in self._documents:
            return json.dumps(self._documents[path]).encode()
        self.told.append(("GET", path, ""))
        return json.dumps(self._answer).encode()

    def post(self, path: str, form: str) -> bytes:
        self.told.append(("POST", path, form))
        return json.dumps(self._answer).encode()

    def put(self, path: str, form: str) -> bytes:
        self.told.append(("PUT", path, form))
        return json.dumps(self._answer).encode()


def built(name: str, web: Any, **given: object) -> Any:
    return driver_modules.module(name).build(web, options(name, **given))


GOE = {"/api/status?filter=car,amp,frc,psm,nrg,wh,eto,trx": {
    "car": 2, "amp": 10, "frc": 2, "psm": 2, "wh": 4_321.6, "eto": 123_456, "trx": 3,
    "nrg": [230, 231, 229, 0, 10.1, 10, 9.9, 2_323, 2_310, 2_267, 0, 6_900, 100, 100, 100, 0]}}
PRO = {"/connect.php": {
    "powers": [1_444.4, 1_423.7, 1_438.1], "power_all": 4_306.2, "currents": [6.133, 6.066, 6.122],
    "voltages": [230.67, 231, 229.9], "imported": 10_839, "plug_state": True, "charge_state": True, "phases_actual": 3,
    "phases_target": 3, "offered_current": 6, "rfid_tag": "001180644", "vehicle_id": None}}
ECB1 = {
    "/api/v1/chargecontrols/1": {"chargecontrol": {
        "mode": "manual", "connected": True, "manualmodeamp": 16.0, "stateid": 5, "currentpwmamp": 16.0}},
    "/api/v1/meters/1": {"meter": {"data": {
        "1-0:1.4.0": 6_900.4, "1-0:1.8.0": 6_541.3684, "1-0:21.4.0": 2_300.0, "1-0:41.4.0": 2_310.0,
        "1-0:61.4.0": 2_290.4, "1-0:31.4.0": 10.018, "1-0:51.4.0": 10.0, "1-0:71.4.0": 10.0, "1-0:32.4.0": 228.373,
        "1-0:52.4.0": 229.971, "1-0:72.4.0": 228.62}}}}
SALIA = {"/api": {"device": {"software_version": "2.3.81"}, "secc": {"port0": {
    "ev_present": "1", "charging": "1", "ci": {"evse": {"basic": {"offered_current_limit": "16"}}},
    "salia": {"chargemode": "manual", "pausecharging": 0, "phase_switching": {"actual": 3}},
    "metering": {"power": {"active_total": {"actual": "69000"}}, "energy": {"active_import": {"actual": "123456"}},
                 "current": {"ac": {f"l{at}": {"actual": "10100"} for at in (1, 2, 3)}}}}}}}


def test_go_e_over_http() -> None:
    web = Says(GOE, {"frc": True})
    box = built("goe_api", web)
    said = box.read(0)
    assert (said.state, said.total_w, said.import_wh, said.session_wh, said.card) == ("C", 6_900, 123_456, 4_322, "3")
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.power_w == Phases(2_323, 2_310, 2_267)
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)
    box.apply(Setpoint(Phases(8_900, 8_900, 8_900), 0))
    box.apply(STOP)
    assert [path for _, path, _ in web.told] == ["/api/set?amp=8", "/api/set?frc=2", "/api/set?frc=1"]


@pytest.mark.parametrize(("answer", "kind"), [({"amp": "out of range"}, REFUSED), ({}, FRAME), ([], FRAME)])
def test_a_go_e_that_says_no(answer: object, kind: str) -> None:
    with pytest.raises(DeviceError) as caught:
        built("goe_api", Says(GOE, answer)).apply(TEN)
    assert caught.value.kind == kind


def test_over_mqtt_a_go_e_has_a_number() -> None:
    ability = driver_modules.module("goe_api").ability
    for given in ({"line_kind": "mqtt"}, {"line_kind": "http", "goe_serial": "012345"},
                  {"line_kind": "mqtt", "goe_serial": "012345", "confirm_single_source": 0}):
        with pytest.raises(ValueError, match=r"goe_serial|confirm_single_source"):
            ability(options("goe_api", **given))
    assert ability(options("goe_api", line_kind="mqtt", goe_serial="012345")).max_ma == 32_000


def test_openwb_pro() -> None:
    web = Says(PRO)
    box = built("openwb_pro", web)
    said = box.read(0)
    assert (said.state, said.total_w, said.import_wh, said.card) == ("C", 4_306, 10_839, "001180644")
    assert said.current_ma == Phases(6_133, 6_066, 6_122)
    assert said.limit_ma == Phases(6_000, 6_000, 6_000)
    box.apply(Setpoint(Phases(8_900, 8_900, 8_900), 0))
    assert web.told == [("POST", "/connect.php", "ampere=8")]


def test_hardy_barth_ecb1() -> None:
    web = Says(ECB1)
    box = built("hardy_barth_ecb1", web)
    said = box.read(0)
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 6_541_368)
    assert said.current_ma == Phases(10_018, 10_000, 10_000)
    assert said.voltage_mv == Phases(228_373, 229_971, 228_620)
    box.arm()
    assert web.told == []  # it is in its mode "manual"
    box.apply(TEN)
    box.apply(STOP)
    at = "/api/v1/chargecontrols/1"
    assert web.told == [("POST", at + "/mode/manual/ampere", "manualmodeamp=10"), ("POST", at + "/start", ""),
                        ("POST", at + "/stop", "")]


@pytest.mark.parametrize(("version", "how", "where"), [
    ("2.3.81", "POST", "/save_mqtt.php"), ("2.0.9", "PUT", "/api/secc"), ("1.87.0", "PUT", "/api/secc")])
def test_hardy_barth_salia(version: str, how: str, where: str) -> None:
    web = Says({"/api": {**SALIA["/api"], "device": {"software_version": version}}}, {"result": "ok"})
    box = built("hardy_barth_salia", web)
    said = box.read(0)
    assert (said.state, said.total_w, said.import_wh) == ("C", 6_900, 123_456)
    assert said.current_ma == Phases(10_100, 10_100, 10_100)
    assert said.limit_ma == Phases(16_000, 16_000, 16_000)
    box.apply(TEN)
    box.apply(STOP)
    told = [("grid_current_limit", "10"), ("salia/pausecharging", "0"), ("grid_current_limit", "0"),
            ("salia/pausecharging", "1")]
    assert web.told == [(how, where, json.dumps({key: value})) for key, value in told]


def test_a_salia_of_unknown_version_is_told_nothing() -> None:
    web = Says({"/api": {**SALIA["/api"], "device": {}}}, {"result": "ok"})
    with pytest.raises(DeviceError, match="software_version"):
        built("hardy_barth_salia", web).apply(TEN)
    assert web.told == []


def test_a_salia_is_sent_its_heartbeat() -> None:
    car = Car((0, 1, 2), seed=2)
    twin = hardy_barth_salia.build(car, options("hardy_barth_salia"))
    twin.tick(0)
    box = built("hardy_barth_salia", SimWeb([twin]))
    box.arm()
    for now_ms in range(0, 120_000, 1_000):
        twin.tick(now_ms)
        box.read(now_ms)
    assert 4 <= twin.beats <= 5


@pytest.mark.parametrize("name", ["goe_api", "openwb_pro", "hardy_barth_ecb1", "hardy_barth_salia",
                                  "tesla_wall_connector"])
@pytest.mark.parametrize("document", [{}, [], None, "no", {"car": "x"}, {"plug_state": {"a": 1}}, [[[[]]]],
                                      {"secc": {"port0": []}}, {"contactor_closed": 7, "vehicle_connected": 1}])
def test_what_makes_no_sense_is_a_fault(name: str, document: object) -> None:
    class Same(Says):
        def get(self, path: str) -> bytes:
            return json.dumps(document).encode()

    with pytest.raises(DeviceError) as caught:
        built(name, Same({})).read(0)
    assert caught.value.kind in (RANGE, FRAME)


GOE_STATES = {0: "F", 1: "A", 2: "C", 3: "B", 4: "B"}
KEBA_STATES = {(code, plug): "E" if code == 4 else "A" if plug < 5 else "C" if code == 3 else "B"
               for code in range(6) for plug in (0, 1, 3, 5, 7)}


@pytest.mark.parametrize("code", range(8))
def test_states_of_a_go_e(code: int) -> None:
    path, said = next(iter(GOE.items()))
    box = built("goe_api", Says({path: {**said, "car": code}}))
    if code in GOE_STATES:
        assert box.read(0).state == GOE_STATES[code]
    else:
        with pytest.raises(DeviceError, match="state"):
            box.read(0)


@pytest.mark.parametrize(("code", "plug"), KEBA_STATES)
def test_states_of_a_keba(code: int, plug: int) -> None:
    notes = (json.dumps({"State": code}), json.dumps({"Plug": plug}))
    assert built("keba_udp", Keba(*notes)).read(0).state == KEBA_STATES[code, plug]


def test_a_state_that_no_keba_has() -> None:
    with pytest.raises(DeviceError, match="state 6"):
        built("keba_udp", Keba('{"State": 6}')).read(0)


# KEBA over UDP

REPORT_2 = ('{"ID": "2","State": 3,"Error1": 0,"Error2": 0,"Plug": 7,"AuthON": 0,"Authreq": 0,"Enable sys": 1,'
            '"Enable user": 1,"Max curr": 16000,"Max curr %": 266,"Curr HW": 32000,"Curr user": 16000,"Curr FS": 6000,'
            '"Tmo FS": 30,"Curr timer": 0,"Tmo CT": 0,"Setenergy": 0,"Output": 0,"Input": 0,"X2 phaseSwitch source": 4,'
            '"X2 phaseSwitch": 1,"Serial": "15017355","Sec": 1234}')
REPORT_3 = ('{"ID": "3","U1": 230,"U2": 231,"U3": 229,"I1": 10100,"I2": 10000,"I3": 9900,"P": 6900000,"PF": 998,'
            '"E pres": 43216,"E total": 1234567,"Serial": "15017355","Sec": 1234}')
REPORT_100 = '{"ID": "100","Session ID": 35,"RFID tag": "e3f76b8d00000000","Serial": "15017355"}'


class Keba(Talk):
    """What else it says comes before its answers."""

    def __init__(self, *unasked: str) -> None:
        self.unasked = unasked
        self.heard: "list[str]" = []

    def ask(self, host: str, words: str, fits: object) -> str:
        assert callable(fits)
        self.heard.append(words)
        answers = {"report 2": REPORT_2, "report 3": REPORT_3, "report 100": REPORT_100}
        said = (*self.unasked, *answers.values(), "TCH-ERR", "TCH-OK :done\n")
        return next(text for text in said if fits(text) and (words in answers or "ERR" not in text))

    def told(self, host: str) -> "tuple[str, ...]":
        return self.unasked


def test_keba_reports() -> None:
    said = built("keba_udp", Keba()).read(0)
    assert (said.state, said.total_w, said.import_wh, said.session_wh) == ("C", 6_900, 123_457, 4_322)
    assert said.card == "e3f76b8d00000000"
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.limit_ma == Phases(16_000, 16_000, 16_000)


def test_what_a_keba_says_by_itself_is_newer_than_its_report() -> None:
    assert built("keba_udp", Keba('{"State": 2}')).read(0).state == "B"
    assert built("keba_udp", Keba('{"Plug": 3}', '{"State": 1}')).read(0).state == "A"
    assert built("keba_udp", Keba("{", "TCH-OK :done", '{"ID": "4"}', "[]")).read(0).state == "C"


def test_how_a_keba_is_told() -> None:
    talk = Keba()
    box = built("keba_udp", talk, failsafe_a=0, failsafe_s=60)
    box.apply(TEN)
    box.apply(STOP)
    assert [words for words in talk.heard if not words.startswith("report")] == ["curr 10000", "currtime 0 1"]
    with pytest.raises(DeviceError, match="told 0, kept 6000") as caught:  # its report says so
        box.arm()
    assert caught.value.kind == REFUSED
    assert "failsafe 60 0 1" in talk.heard


def keba(**given: object) -> "tuple[keba_udp.KebaUdpTwin, Any]":
    twin = keba_udp.build(Car((0, 1, 2), seed=2), options("keba_udp", **given))
    twin.tick(0)
    return twin, built("keba_udp", SimTalk([twin]), **given)


def test_a_disabled_keba_is_enabled_at_0() -> None:
    twin, box = keba()
    twin.told["enabled_user"] = 0
    heard: "list[str]" = []
    say = twin.say
    twin.say = lambda text: heard.append(text) or say(text)  # type: ignore[func-returns-value,method-assign]
    box.arm()
    assert [words for words in heard if not words.startswith("report")][-2:] == ["currtime 0 1", "ena 1"]
    twin.tick(1_000)
    assert twin.offered_ma == 0


def test_its_fail_safe_is_saved_once_and_outlives_a_power_cut() -> None:
    twin, box = keba(failsafe_a=6, failsafe_s=60)
    box.arm()
    written = [field for field, _ in twin.written]
    assert written.count("failsafe_s") == 1
    twin.power_cycle()
    box.arm()
    assert [field for field, _ in twin.written].count("failsafe_s") == 1
    assert (twin.told["failsafe_ma"], twin.told["failsafe_s"]) == (6_000, 60)


@pytest.mark.parametrize("host", ["keba", "1.2.3", "1.2.3.4.5", "wall.box"])
def test_a_keba_is_known_by_its_address(host: str) -> None:
    with pytest.raises(ValueError, match="host: allowed is an IPv4 address"):
        driver_modules.module("keba_udp").ability(options("keba_udp", host=host))


# topics

PLACES = (Place("a", "box/a", ()), Place("b", "box/b", ()))


def test_topics_stand_while_the_box_says_anything() -> None:
    clock, inbox = SimClock(), SimInbox([])
    heard = Heard(inbox, clock, ("box/a", "box/b"), 5_000)
    with pytest.raises(DeviceError) as caught:
        heard.documents(("box/a",))
    assert caught.value.kind == TIMEOUT
    inbox.put("box/a", b"7", LONG_AGO_MS)  # kept by the broker
    with pytest.raises(DeviceError):
        heard.documents(("box/a",))
    inbox.put("box/b", b"[1]", 0)
    clock.advance(6_000)
    assert heard.documents(("box/a", "box/b")) == {"box/a": 7, "box/b": [1]}
    assert heard.heard_ms == 0
    clock.advance(1_000)
    with pytest.raises(DeviceError):
        heard.documents(("box/a",))


# what is only read

def test_a_tesla_is_read_and_never_told() -> None:
    car = Car((0, 1, 2), seed=2)
    twin = tesla_wall_connector.build(car, {"phases": (0, 1, 2)})
    device = built("tesla_wall_connector", SimWeb([twin]))
    assert (device.read(0).state, device.read(0).total_w) == ("A", 0)
    car.plug()
    car.offer((16_000, 16_000, 16_000))
    for now_ms in range(0, 60_000, 1_000):
        car.step(now_ms, 1_000)
    said = device.read(61_000)
    assert said.state == "C"
    assert said.power_w is not None
    assert abs(said.power_w.total() - car.power_w.total()) <= 5
    assert said.import_wh == car.import_wh
    assert not hasattr(device, "apply")
    assert set(twin.asked) == {"/api/1/vitals", "/api/1/lifetime"}
    assert twin.posted == 0


# cards

@pytest.mark.parametrize(("how", "words", "text"), [
    (HEX, (0x04A1, 0xB2C3), "04A1B2C3"), (ASCII, (0x3034, 0x4131, 0), "04A1"), (UTF16, (0x30, 0x34, 0, 0), "04"),
    (ASCII, (0, 0), None), (ASCII, (0xFFFF, 0xFFFF), None), (ASCII, (None, None), None), (ASCII, (0x0102,), None),
    (HEX, (0, 0), None)])
def test_a_card_is_text_or_nothing(how: str, words: "tuple[int | None, ...]", text: "str | None") -> None:
    assert card_text(words, how) == text
    if text is not None:
        assert card_words(text, len(words), how) == words


CARDS = [name for name in driver_modules.known() if hasattr(driver_modules.module(name), "BOX")
         and "cards" in [option.name for option in driver_modules.module(name).OPTIONS]]


def test_boxes_that_know_cards() -> None:
    assert len(CARDS) == 12


@pytest.mark.parametrize("name", ["goe_api", "openwb_pro", "keba_udp"])
def test_who_charges_is_told_only_where_the_owner_wants_it(name: str) -> None:
    web: Any = Keba() if name == "keba_udp" else Says({**GOE, **PRO})
    assert built(name, web).read(0).card
    assert built(name, web, cards=0).read(0).card is None
