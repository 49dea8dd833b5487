"""Commands from outside: what is allowed, what is answered, and how long it holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from control.values import (
    FAST,
    MINIMUM,
    NO_WISH,
    NONE,
    OFF,
    SURPLUS,
    DeviceSpec,
    Heard,
    NodeSpec,
    Prices,
    Site,
    Snapshot,
    Wish,
    store,
)
from drivers.mqtt import MOST_HEARD_BYTES, Message
from firmware.commands import MOST_FOR_S, Commands
from firmware.config.site import MODES
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.kept import Kept
from hal.values import ability, reading

UNSET = {"power_w": None, "power_w_until_s": None, "target_wh": None, "target_wh_until_s": None,
         "worth": None, "worth_until_s": None, "limit": None, "limit_until_s": None}
ROOT = "hutschiene/haus/"
WALL_S = 1_800_000_000
CAR_MODES, ROD_MODES = (f"allowed are {', '.join(MODES[kind])} and default" for kind in ("wallbox", "heater"))
CAR, ROD, GRID = 1, 2, 0


def device(name: str, kind: str, mode: str = SURPLUS) -> DeviceSpec:
    able = ability(kind, failsafe_ms=10_000, min_ma=6_000 if kind == "wallbox" else 0, max_ma=16_000, min_w=-2_500,
                   max_w=3_000)
    return DeviceSpec(name, 0, (0, 1, 2), able, 0, mode, 5_000, 0, None, NONE, "")


SITE = Site("Haus", (NodeSpec("house", NONE, 0, 35_000, 32_000, "sls-e", 5_000, 0, 0),),
            (device("grid", "meter", OFF), device("Car port", "wallbox"), device("rod", "heater", FAST),
             device("store", "storage", OFF)), 1_000, NONE, None)


class Desk:
    """Commands with a clock that moves when told."""

    def __init__(self, path: "Path | None" = None, site: Site = SITE) -> None:
        self.now_ms, self.wall_s = 0, WALL_S
        self.kept = Kept(path, 0) if path else None
        self.commands = Commands(site, self.kept, self.now_ms, lambda: self.wall_s)
        self.cycle = Cycle(site, Image(4), 0)

    def say(self, place: str, payload: "str | bytes", retained: bool = False) -> "dict[str, Any]":
        payload = payload.encode() if isinstance(payload, str) else payload
        answer = self.commands.take(Message(ROOT + place, payload, retained), self.now_ms)
        assert answer is not None
        assert answer[0] == ROOT + place + "/result"
        said: "dict[str, Any]" = json.loads(answer[1])
        return said

    def modes(self, after_s: int = 0) -> "tuple[str, ...]":
        self.now_ms += 1_000 * after_s
        self.wall_s += after_s
        self.commands.apply(self.cycle, self.now_ms)
        return self.cycle.modes

    def settings(self) -> "dict[str, Any]":
        return {topic.removeprefix(ROOT): json.loads(payload) for topic, payload in self.commands.pairs()}


@pytest.mark.parametrize("payload", ["fast", '"fast"', " fast\n", '{"value": "fast"}'])
def test_a_mode_holds_until_another_is_ordered(payload: str) -> None:
    desk = Desk()
    assert desk.modes() == (OFF, SURPLUS, FAST, OFF)
    assert desk.say("car_port/set/mode", payload) == {"ok": True, "value": "fast", "until_s": None}
    assert desk.modes() == (OFF, FAST, FAST, OFF)
    assert desk.modes(10 * 86_400) == (OFF, FAST, FAST, OFF)
    desk.say("car_port/set/mode", MINIMUM)
    assert desk.modes() == (OFF, MINIMUM, FAST, OFF)
    desk.say("car_port/set/mode", "default")
    assert desk.modes() == (OFF, SURPLUS, FAST, OFF)


def test_a_lease_lapses_and_what_held_before_holds_again() -> None:
    desk = Desk()
    desk.say("car_port/set/mode", MINIMUM)
    answer = desk.say("car_port/set/mode", '{"value": "fast", "for_s": 600, "id": 7}')
    assert answer == {"ok": True, "value": "fast", "until_s": WALL_S + 600, "id": 7}
    assert desk.modes(599) == (OFF, FAST, FAST, OFF)
    assert desk.settings()["car_port/settings"] == {"mode": "fast", "mode_until_s": WALL_S + 600, **UNSET}
    assert desk.modes(1) == (OFF, MINIMUM, FAST, OFF)
    assert desk.settings()["car_port/settings"] == {"mode": "minimum", "mode_until_s": None, **UNSET}
    desk.say("car_port/set/mode", '{"value": "fast", "for_s": 600}')
    desk.say("car_port/set/mode", OFF)  # a lasting word ends the lease
    assert desk.modes() == (OFF, OFF, FAST, OFF)


def test_a_ceiling_of_the_house_comes_and_goes() -> None:
    desk = Desk()
    desk.modes()
    assert desk.cycle.obligations == ()
    desk.say("site/set/ceiling_w", '{"value": 4200, "for_s": 60}')
    desk.modes()
    assert [one[:2] for one in desk.cycle.obligations] == [("consume", 4_200)]
    assert desk.settings()["site/settings"] == {
        "ceiling_w": 4_200, "ceiling_w_until_s": WALL_S + 60, "feed_in_w": None, "feed_in_w_until_s": None,
        "import_price": None, "import_price_until_s": None,
        "import_prices": None, "import_prices_until_s": None, "import_prices_from_s": None, "export_price": None,
        "export_price_until_s": None}
    desk.modes(60)
    assert desk.cycle.obligations == ()


def test_an_exact_power_and_a_target_become_a_wish_with_an_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "orders.json")
    counted = [Heard(reading(0, import_wh=1_000), None)] * 4
    desk.commands.hear(Snapshot(0, tuple(counted), (), (), (), (), None, NONE))
    desk.say("car_port/set/worth", '{"value": 7, "for_s": 86400}')
    desk.say("store/set/power_w", '{"value": -2500, "for_s": 60}')
    desk.say("car_port/set/target_wh", '{"value": 20000, "for_s": 3600}')
    desk.modes(10)
    assert desk.cycle.wishes == (None, Wish(21_000, 3_600_000, None, 0, 7, None, None), None,
                                 Wish(None, 0, -2_500, 60_000, None, None, None))
    assert desk.settings()["car_port/settings"]["target_wh"] == 20_000
    assert desk.kept is not None
    desk.kept.close()
    desk.modes(50)
    assert desk.cycle.wishes == (None, Wish(21_000, 3_600_000, None, 0, 7, None, None), None, None)
    desk.say("car_port/set/target_wh", "default")
    desk.modes()
    assert desk.cycle.wishes[CAR] == NO_WISH._replace(worth=7)
    again = Desk(tmp_path / "orders.json")
    again.modes()
    assert again.cycle.wishes[CAR] == Wish(21_000, 3_600_000, None, 0, 7, None, None)


def test_prices_are_known_while_both_are() -> None:
    desk = Desk()
    desk.say("site/set/import_price", '{"value": 31000, "for_s": 900}')
    desk.modes()
    assert desk.cycle.prices is None
    desk.say("site/set/export_price", '{"value": 8000, "for_s": 600}')
    desk.modes()
    assert desk.cycle.prices == Prices(31_000, 8_000, 600_000, ())
    desk.modes(600)
    assert desk.cycle.prices is None
    assert desk.say("site/set/import_price", "31000")["why"].startswith("for_s: needed")


def test_an_owners_limit_holds_for_good_or_for_a_while() -> None:
    desk = Desk()
    assert desk.say("car_port/set/limit", "10000")["ok"]
    desk.say("rod/set/limit", '{"value": 0, "for_s": 60}')
    desk.modes()
    assert [wish and wish.limit for wish in desk.cycle.wishes] == [None, 10_000, 0, None]
    assert desk.settings()["rod/settings"]["limit_until_s"] == WALL_S + 60
    desk.modes(60)
    assert [wish and wish.limit for wish in desk.cycle.wishes] == [None, 10_000, None, None]
    desk.say("car_port/set/limit", "default")
    desk.modes()
    assert desk.cycle.wishes == (None,) * 4


def test_prices_of_hours_that_come_are_told_as_they_pass(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "orders.json")
    said = desk.say("site/set/import_prices", '{"value": [[0, 30000], [900, 18000], [1800, 25000]], "for_s": 2700}')
    assert said["ok"]
    desk.modes(10)
    assert desk.cycle.prices == Prices(30_000, None, 2_700_000, ((900_000, 18_000), (1_800_000, 25_000)))
    desk.say("site/set/import_price", '{"value": 99, "for_s": 900}')  # the series goes before
    desk.say("site/set/export_price", '{"value": 8000, "for_s": 900}')
    desk.modes(890)
    assert desk.cycle.prices == Prices(18_000, 8_000, 2_700_000, ((1_800_000, 25_000),))
    settings = desk.settings()["site/settings"]
    assert settings["import_prices"] == [[0, 30_000], [900, 18_000], [1_800, 25_000]]
    assert (settings["import_prices_from_s"], settings["import_prices_until_s"]) == (WALL_S, WALL_S + 2_700)
    assert desk.kept is not None
    desk.kept.close()
    desk.modes(1_800)
    assert desk.cycle.prices is None
    again = Desk(tmp_path / "orders.json")  # a restart: its hours are where they were
    again.modes()
    assert again.cycle.prices is not None
    assert [price for _, price in again.cycle.prices.later] == [18_000, 25_000]


@pytest.mark.parametrize("value", [
    "[]", "[[5, 30000]]", "[[0, 30000], [0, 20000]]", "[[0, 30000], [60, 2000000]]", "[[0]]", "[[0, 1.5]]", "30000",
    "[[0, true]]", '{"0": 30000}', "[[0, 1], [60, 2], [30, 3]]", str([[n, n] for n in range(201)]),
])
def test_a_series_that_is_none_is_refused(value: str) -> None:
    why = Desk().say("site/set/import_prices", f'{{"value": {value}, "for_s": 3600}}')["why"]
    assert "allowed are 1 to 200 pairs [[0, PRICE], [SECONDS FROM NOW, PRICE], ...]" in why


def test_a_charge_is_aimed_at_where_one_is_told() -> None:
    battery = device("store", "storage")._replace(store=store(capacity_wh=60_000))
    desk = Desk(site=SITE._replace(devices=(*SITE.devices[:3], battery)))
    assert desk.say("store/set/target_permille", '{"value": 800, "for_s": 3600}')["ok"]
    desk.modes()
    assert desk.cycle.wishes[-1] == NO_WISH._replace(target_permille=800, target_ms=3_600_000)
    assert desk.say("store/set/target_permille", '{"value": 1001, "for_s": 3600}')["why"].endswith(
        "allowed are 0 to 1000 (permille) and default")
    assert desk.say("store/set/target_permille", "800")["why"].startswith("for_s: needed")
    assert not desk.say("store/set/target_wh", '{"value": 8000, "for_s": 3600}')["ok"]
    said = desk.say("car_port/set/target_permille", '{"value": 800, "for_s": 3600}')  # its car tells no charge
    assert not said["ok"]


def test_a_worth_lapses() -> None:
    desk = Desk()
    desk.say("rod/set/worth", '{"value": -500, "for_s": 60}')
    desk.modes()
    assert desk.cycle.wishes == (None, None, NO_WISH._replace(worth=-500), None)
    desk.modes(60)
    assert desk.cycle.wishes == (None,) * 4


@pytest.mark.parametrize(("place", "payload", "why"), [
    ("car_port/set/mode", "fest", f'mode "fest": {CAR_MODES}'),
    ("car_port/set/mode", "", f'mode "": {CAR_MODES}'),
    ("rod/set/mode", "minimum", f'mode "minimum": {ROD_MODES}'),
    ("rod/set/mode", '["fast"]', f'mode ["fast"]: {ROD_MODES}'),
    ("rod/set/mode", b"\xff\xfe", f'mode "\ufffd\ufffd": {ROD_MODES}'),
    ("rod/set/speed", "3", "there is no speed to set; mode, power_w, target_wh, worth, limit can be"),
    ("rod/set/limit", "3001", "limit 3001: allowed are 0 to 3000 (W) and default"),
    ("car_port/set/limit", "16001", "limit 16001: allowed are 0, 6000 to 16000 (mA) and default"),
    ("car_port/set/limit", "10", "limit 10: allowed are 0, 6000 to 16000 (mA) and default"),  # amperes were meant
    ("rod/set/power_w", "300", "for_s: needed; allowed are 1 to 86400 (seconds until it lapses)"),
    ("rod/set/power_w", '{"value": 3001, "for_s": 60}', "power_w 3001: allowed are 0 to 3000 (W) and default"),
    ("store/set/power_w", '{"value": -2501, "for_s": 60}', "power_w -2501: allowed are -2500 to 3000 (W) and default"),
    ("rod/set/target_wh", '{"value": 5000, "for_s": 60}', "the energy counter of rod is not known now"),
    ("grid/set/mode", "fast", "there is no mode to set; nothing can be"),
    ("car/set/mode", "fast", "there is no car; known are site, grid, car_port, rod, store"),
    ("site/set/ceiling_w", "-1", "ceiling_w -1: allowed are 0 to 1000000 (W) and default"),
    ("site/set/ceiling_w", "4200.5", "ceiling_w 4200.5: allowed are 0 to 1000000 (W) and default"),
    ("site/set/ceiling_w", "true", "ceiling_w true: allowed are 0 to 1000000 (W) and default"),
    ("site/set/ceiling_w", "1e999", "ceiling_w Infinity: allowed are 0 to 1000000 (W) and default"),
    ("rod/set/mode", '{"value": "off", "for_s": 0}',
     f"for_s: allowed are 1 to {MOST_FOR_S} (seconds until it lapses)"),
    ("rod/set/mode", '{"value": "off", "for_s": true}',
     f"for_s: allowed are 1 to {MOST_FOR_S} (seconds until it lapses)"),
    ("rod/set/mode", '{"value": "off", "fors": 5}', "no such key: fors; allowed are value, for_s, id, by"),
    ("rod/set/mode", '{"value": "off", "id": {}}', "id: allowed is text or a number of at most 64 characters"),
    ("rod/set/mode", "{}", f"mode null: {ROD_MODES}"),
    ("rod/set/mode", "[" * MOST_HEARD_BYTES, None),
    ("rod/set/mode", "x" * (MOST_HEARD_BYTES + 1), f"too long; allowed are {MOST_HEARD_BYTES} bytes"),
])
def test_what_is_not_allowed_is_refused_in_words_and_changes_nothing(
        place: str, payload: "str | bytes", why: "str | None") -> None:
    desk = Desk()
    answer = desk.say(place, payload)
    assert answer["ok"] is False
    assert why is None or answer["why"] == why
    assert desk.modes() == (OFF, SURPLUS, FAST, OFF)
    assert desk.cycle.obligations == ()


def test_a_retained_command_is_refused() -> None:
    desk = Desk()
    assert desk.say("car_port/set/mode", "fast", retained=True)["why"].startswith("a retained command")
    assert desk.modes() == (OFF, SURPLUS, FAST, OFF)


def test_the_gateway_of_radio_meters_answers_for_itself() -> None:
    assert Desk().commands.take(Message(ROOT + "carry/set/interval_s", b"900", False), 0) is None


def test_orders_outlive_a_restart_where_they_are_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state" / "orders.json")
    desk.say("car_port/set/mode", MINIMUM)
    desk.say("rod/set/mode", '{"value": "off", "for_s": 600}')
    desk.say("site/set/ceiling_w", '{"value": 4200, "for_s": 60}')
    assert desk.kept is not None
    desk.kept.close()
    again = Desk(tmp_path / "state" / "orders.json")
    assert again.modes() == (OFF, MINIMUM, OFF, OFF)
    assert [one[:2] for one in again.cycle.obligations] == [("consume", 4_200)]
    assert again.modes(600) == (OFF, MINIMUM, FAST, OFF)


@pytest.mark.parametrize(("gone_s", "holds_s"), [(100, 500), (599, 1), (600, 0), (-10 ** 9, 600)])
def test_a_kept_lease_never_holds_for_longer_than_it_was_given(tmp_path: Path, gone_s: int, holds_s: int) -> None:
    """Also when the clock was set back meanwhile."""
    path = tmp_path / "orders.json"
    path.write_text(json.dumps({"format": 1, "orders": [
        {"place": "rod", "what": "mode", "value": "off", "for_s": 600, "until_s": WALL_S + 600 - gone_s}]}))
    desk = Desk(path)
    assert desk.commands.left_out == ()
    assert (desk.modes()[ROD] == OFF) == (holds_s > 0)
    assert desk.modes(max(0, holds_s - 1))[ROD] == (OFF if holds_s > 0 else FAST)
    assert desk.modes(1)[ROD] == FAST


@pytest.mark.parametrize("content", ["", "{", "null", "[1]", '{"format": 2}', '{"format":1,"orders":7}', "[" * 100_000])
def test_a_damaged_file_of_orders_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "orders.json").write_text(content)
    assert Desk(tmp_path / "orders.json").modes() == (OFF, SURPLUS, FAST, OFF)


def test_a_kept_order_the_configuration_does_not_know_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(json.dumps({"format": 1, "orders": [
        {"place": "pool", "what": "mode", "value": "off", "for_s": None, "until_s": None},
        {"place": "rod", "what": "mode", "value": "minimum", "for_s": None, "until_s": None}, 5,
        {"place": "car_port", "what": "mode", "value": "off", "for_s": None, "until_s": None}]}))
    desk = Desk(tmp_path / "orders.json")
    assert desk.modes() == (OFF, OFF, FAST, OFF)
    assert len(desk.commands.left_out) == 3
    assert "there is no such device" in desk.commands.left_out[0]
