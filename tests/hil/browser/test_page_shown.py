"""What a person sees of values that were published: in a real browser, from the real server."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from control.reasons import NO_POWER, STALE
from firmware.config.file import load
from firmware.troubles import Trouble, of_alarm, pairs
from firmware.web.page import Page, Place
from firmware.web.routes import House

DEMO = Path(__file__).parents[3] / "deploy" / "demo.toml"
ROOT = "hutschiene/haus_sonnenhang/"
NO_READING = {"power_w": None, "current_ma": None, "voltage_mv": None, "power_factor_permille": None,
              "frequency_mhz": None, "energy_wh": None, "export_wh": None, "state": None, "soc_permille": None,
              "temperature_mdegc": None, "age_ms": 0, "stale": False, "fault": None, "node": "house",
              "phases": [1, 2, 3]}
Until = Callable[..., None]


@pytest.fixture
def page() -> "Iterator[Page]":
    made = Page(Place("127.0.0.1", 0), {"haus_sonnenhang": House(), "hof": House()})
    made.start()
    yield made
    made.close()


def publish(page: Page, topic: str, **values: object) -> None:
    page.publish(ROOT + topic, json.dumps(values))


def publish_house(page: Page, up_s: int = 0, root: str = ROOT, **changed: object) -> None:
    site = {"name": "Haus Sonnenhang", "grid_w": -840, "pv_w": -7_340, "storage_w": None, "house_w": 5_120,
            "cars_w": 1_380, "heat_w": 0, "surplus_w": 4_200, "alarms": [], "broker": True, "broker_fault": None,
            "journal": None, "cycle_ms": 1_000, "up_s": up_s}
    page.publish(root + "site/state", json.dumps({**site, **changed}))


def publish_devices(page: Page, **changed: object) -> None:
    publish(page, "grid/state", **{**NO_READING, "kind": "meter", "power_w": -840, **changed})
    publish(page, "roof/state", **{**NO_READING, "kind": "source", "power_w": -7_340})
    publish(page, "carport/state", **{**NO_READING, "kind": "wallbox", "power_w": 1_380, "state": "C",
                                      "current_ma": [0, 6_000, 0]})
    publish(page, "carport/decision", mode="surplus", granted_w=1_380, granted_ma=[0, 6_000, 0], wanted_w=11_040,
            wanted_ma=[16_000] * 3, reason=10, why="6 A: house fuse, L2", why_de="6 A: Sicherung house, L2",
            bound_by={"node": "house", "phase": 2}, fault=None)
    publish(page, "carport/ability", modes=["off", "fast"], priority=40, current_ma=[6_000, 16_000], power_w=None,
            stages_w=None, failsafe_ms=14_000, left_alone_ma=[0, 6_000, 0])
    publish(page, "node_house/state", parent=None, meter="grid", measured_ma=[-3_900, 34_500, 2_200],
            rest_ma=[0, 28_500, 0], issued_ma=[0, 6_000, 0], rated_ma=35_000, continuous_ma=32_000, believed=True)
    publish(page, "line_rs485/state", ok=True, errors=2, devices=[
        {"name": "grid", "ok": True, "reads": 4_000, "errors": 2, "fault": None, "age_ms": 0}])


@pytest.fixture
def shown(page: Page, browser: Any, until: Until) -> Any:
    """A desktop in English on the first view, live."""
    publish_house(page)
    publish_devices(page)
    browser.size(1_280, 900)
    browser.speaks("en")
    browser.go(page.url)
    until(lambda: browser.shown("#link") == "Live", "live")
    return browser


def told(one: Trouble) -> object:
    """As the daemon tells it."""
    return json.loads(pairs(load(DEMO).site, (one,))[0][1])["troubles"][0]


def flat(words: str) -> str:
    return " ".join(words.split())


def test_why_the_car_gets_six_amperes_is_seen_at_a_glance(page: Page, shown: Any, until: Until) -> None:
    assert shown.shown("h1") == "Haus Sonnenhang"
    assert shown.shown("#headline") == "840 W left over, sent to the grid"
    why = flat(shown.shown(".device.cars .why"))
    assert why.endswith("6 A house fuse, L2 House L2: 28.5 A other loads + 6 A this one = 34.5 A of 35 A")
    assert "1.38 kW" in shown.shown(".device.cars .draw")
    fuse = flat(shown.shown("#fuse-house"))
    assert "L2 34.5 of 35 A holds back Carport" in fuse
    assert "L1 −3.9 of 35 A" in fuse
    assert shown.ask("document.querySelectorAll('#fuse-house [data-load=high]').length") == 1
    flow = "document.querySelector('.leaf:has(.{}) .side').dataset.flow"
    assert [shown.ask(flow.format(hue)) for hue in ("pv", "cars")] == ["out", "in"]
    publish_house(page, grid_w=2_000, up_s=5)
    until(lambda: shown.shown("#headline") == "2.00 kW drawn from the grid", "the change")
    assert shown.complaints == []


def test_a_device_tells_the_values_of_its_own_phases_alone(page: Page, shown: Any, until: Until) -> None:
    publish(page, "rod/state", **{**NO_READING, "kind": "heater", "power_w": 2_300, "phases": [3],
                                  "current_ma": [0, 0, 10_000], "voltage_mv": [0, 0, 229_600]})
    until(lambda: "Rod" in shown.shown(".device.heat h3"), "the rod")
    shown.click(".device.heat summary")
    until(lambda: "Current L3 10.0 A Voltage L3 230 V Wired to L3" in flat(shown.shown(".device.heat dl")), "L3", 10)
    shown.click(".device.meter summary")
    until(lambda: "Its curve" in shown.shown(".device.meter .links"), "its curve", 10)
    assert "Its decisions" not in shown.shown(".device.meter .links"), "a meter is granted nothing"


def test_the_details_of_a_device_tell_its_failsafe(page: Page, shown: Any, until: Until) -> None:
    shown.click(".device.cars summary")
    until(lambda: "at most 6 A (L2) after 14 s" in flat(shown.shown(".device.cars dl")), "the fail-safe", 10)
    assert "priority 40" in shown.shown(".device.cars dl")


def test_a_silent_meter_is_an_alarm_that_says_what_to_do(page: Page, shown: Any, until: Until) -> None:
    publish_house(page, grid_w=None, house_w=None)
    publish(page, "site/troubles", troubles=[told(of_alarm(load(DEMO).site, STALE, 0))])
    publish_devices(page, power_w=None, stale=True, fault="timeout", age_ms=30_000)
    until(lambda: flat(shown.shown("#alarms")).startswith("Grid does not answer Until it is believed again"), "alarm")
    assert "Check its power and its cable." in shown.shown("#alarms")
    assert shown.shown("#headline").startswith("The grid meter is not believed")
    assert shown.shown(".device.meter .draw strong") == "–"
    shown.ask("location.hash = '#health'")
    until(lambda: "silent for over 30 s: no answer" in flat(shown.shown("#view")), "the age")
    assert shown.ask("document.querySelector('#view td').closest('tr').querySelector('.lamp').dataset.how") == "bad"
    assert "< 1 % (2 of about 4,000)" in shown.shown("#view")


def test_a_locked_meter_is_an_alarm_that_says_how_to_unlock_it(page: Page, shown: Any, until: Until) -> None:
    publish_devices(page, power_w=None, state="locked", stale=True)
    publish(page, "site/troubles", troubles=[told(of_alarm(load(DEMO).site, NO_POWER, 0))])
    until(lambda: "Grid tells no power" in shown.shown("#alarms"), "the alarm")
    assert "Ask the metering operator for its PIN, enter it at the meter, and set INF on." in shown.shown("#alarms")


def test_what_is_not_live_is_never_shown_as_live(page: Page, shown: Any, until: Until) -> None:
    publish_house(page, up_s=1)
    until(lambda: shown.shown("#link") == "Not live", "the daemon has stopped publishing", 5)
    assert shown.shown("#banner").startswith("The energy manager has not reported since")
    assert shown.shown("#headline") == "These values are not live"
    assert shown.ask("getComputedStyle(document.querySelector('.now')).filter") == "grayscale(1)"
    publish_house(page, up_s=30)
    until(lambda: shown.shown("#link") == "Live", "live again", 5)
    page.publish(ROOT + "status", "offline")
    until(lambda: shown.shown("#link") == "Switched off", "offline", 5)
    page.close()
    until(lambda: shown.shown("#link") == "No connection", "the server has gone", 5)
    assert shown.shown("#banner").startswith("No connection to the house.")


def test_several_houses_are_chosen_from(page: Page, shown: Any, until: Until) -> None:
    assert shown.ask("document.querySelector('#sites').hidden")
    publish_house(page, root="hutschiene/hof/", name="Hof", grid_w=1_234)
    until(lambda: shown.shown("#sites").split("\n") == ["Haus Sonnenhang", "Hof"], "both")
    shown.ask("(s => { s.value = 'hof'; s.dispatchEvent(new Event('change')) })(document.querySelector('#sites'))")
    until(lambda: shown.shown("h1") == "Hof" and "1.23 kW" in shown.shown("#headline"), "the other house")
    assert "Carport" not in shown.shown("#view")
    until(lambda: shown.shown("#link") == "Not live", "one house is silent")
    publish_house(page, up_s=1)
    assert shown.shown("#link") == "Not live", "another house's news do not make this one live"


def test_whoever_reads_german_reads_german(page: Page, shown: Any, until: Until) -> None:
    shown.speaks("de-DE")
    shown.go(page.url)
    until(lambda: "Sicherung house, L2" in shown.shown(".device.cars .why"), "German")
    assert shown.ask("document.documentElement.lang") == "de"
    assert "28,5 A andere Lasten" in flat(shown.shown(".device.cars .why"))
    shown.click("header button[lang=en]")
    until(lambda: "house fuse, L2" in shown.shown(".device.cars .why"), "English by choice")
    shown.ask("localStorage.clear()")


def test_nothing_is_wider_than_a_small_phone(page: Page, shown: Any, until: Until) -> None:
    shown.size(360, 740)
    for view in ("now", "curves", "health", "decisions", "setup", "login"):
        shown.ask(f"location.hash = '#{view}'")
        until(lambda view=view: shown.ask("document.body.dataset.view") == view, view)
        assert shown.ask("document.documentElement.scrollWidth") == 360, view


def test_a_dashboard_that_has_lost_its_broker_says_so(page: Page, shown: Any, until: Until) -> None:
    page.publish("dashboard/broker", '{"fault": "connection lost: unspecified error"}')
    until(lambda: shown.shown("#link") == "No broker", "that it is gone", 3)
    assert shown.shown("#banner").startswith("This page has no connection to the MQTT broker (connection lost")
    assert shown.shown("#headline") == "These values are not live"
    assert shown.ask("getComputedStyle(document.querySelector('.now')).filter") == "grayscale(1)"
    page.publish("dashboard/broker", '{"fault": ""}')
    publish_house(page, up_s=3)
    until(lambda: shown.shown("#link") == "Live", "that it is back", 3)
