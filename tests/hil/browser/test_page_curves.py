"""Curves of a history whose numbers are known: what is drawn, summed up and exported."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from firmware.history import History
from firmware.history_store import HistoryStore
from firmware.web.page import Page, Place
from firmware.web.routes import House

ROOT = "hutschiene/home/"
Until = Callable[..., None]
NONE = {"power_w": None, "current_ma": None, "voltage_mv": None, "power_factor_permille": None, "frequency_mhz": None,
        "energy_wh": None, "export_wh": None, "state": None, "soc_permille": None, "temperature_mdegc": None,
        "age_ms": 0, "stale": False, "fault": None, "node": "house", "phases": [1, 2, 3]}


def noon(days_ago: int) -> int:
    day = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)
    return int(day.timestamp())


def minute(**values: int) -> "dict[str, list[list[int | None]]]":
    return {name.replace("__", "."): [[value] * 60] for name, value in values.items()}


@pytest.fixture
def page(tmp_path: Path) -> "Iterator[Page]":
    store = HistoryStore(tmp_path)
    store.put(noon(3), minute(grid__import_wh=1_000, grid__export_wh=500, roof__export_wh=7_000, car__import_wh=0))
    store.put(noon(2), minute(grid__import_wh=4_000, grid__export_wh=700, roof__export_wh=17_000, car__import_wh=6_000))
    for ago in range(5, 1, -1):
        store.put(int(time.time()) // 60 * 60 - 60 * ago, minute(
            site__pv_w=-3_000, site__grid_w=-1_000, site__house_w=500, site__cars_w=1_500, site__import_price=31_250))
    store.close()
    made = Page(Place("127.0.0.1", 0), {"home": House(History(tmp_path, 31, 400, 20))})
    made.start()
    made.publish(ROOT + "site/state", json.dumps({"name": "Home", "alarms": [], "up_s": 1, "broker": None,
                                                  **{part + "_w": None for part in (
                                                      "grid", "pv", "storage", "house", "cars", "heat", "surplus")}}))
    for name, kind in (("grid", "meter"), ("roof", "source"), ("car", "wallbox")):
        made.publish(f"{ROOT}{name}/state", json.dumps({**NONE, "kind": kind}))
    made.publish(ROOT + "node_house/state", json.dumps({
        "parent": None, "meter": "grid", "measured_ma": [0, 0, 0], "rest_ma": [0, 0, 0], "issued_ma": [0, 0, 0],
        "rated_ma": 35_000, "continuous_ma": 32_000, "believed": True}))
    yield made
    made.close()


@pytest.fixture
def shown(page: Page, browser: Any, until: Until) -> Any:
    browser.size(1_280, 900)
    browser.speaks("en")
    browser.go(page.url + "/#curves")
    until(lambda: browser.ask("!!document.querySelector('canvas')"), "a curve")
    return browser


def table(shown: Any) -> "list[list[str]]":
    """Opened anew: what is drawn, as numbers."""
    shown.ask("document.querySelector('.curves details').open = false")
    shown.ask("document.querySelector('.curves details').open = true")
    rows: "list[list[str]]" = shown.ask(
        "[...document.querySelectorAll('.curves details tr')].map(row => [...row.children].map(one => one.innerText))")
    return [[cell.replace("\u00a0", " ") for cell in row] for row in rows]


def test_what_came_and_where_it_went_in_the_last_hour(shown: Any, until: Until) -> None:
    until(lambda: len(table(shown)) > 2, "the table")
    head, *rows = table(shown)
    assert head == ["Time", "Roof", "Everything else", "Charging", "Into the grid", "Price of import"]
    assert ["3.00 kW", "500 W", "1.50 kW", "1.00 kW", "31.25 ct"] in [row[1:] for row in rows]
    assert "67 % of what the roof made was used here" in shown.shown(".curves")


def test_a_week_is_energies_a_day_from_the_counters(shown: Any, until: Until) -> None:
    shown.ask("[...document.querySelectorAll('.ranges button')].find(one => one.innerText === 'Week').click()")
    until(lambda: any("kWh" in cell for row in table(shown) for cell in row), "bars")
    head, *rows = table(shown)
    assert head == ["Time", "Roof", "From the grid", "Everything else", "Charging", "Into the grid"]
    assert len(rows) == 8
    assert rows[5][1:] == ["10.0 kWh", "3.0 kWh", "6.8 kWh", "6.0 kWh", "0.2 kWh"]
    assert rows[4][1:] == ["0.0 kWh"] * 5  # its first reading counts for nothing
    assert rows[6][1:] == ["–"] * 5  # and a day without any is not a day of nothing


def test_what_is_seen_can_be_exported(shown: Any) -> None:
    shown.ask("window.saved = null; URL.createObjectURL = blob => { window.saved = blob; return '#curves' }")
    shown.click("[aria-label='Export as CSV']")
    head, *rows = shown.ask("window.saved.text()").strip().split("\r\n")
    assert head.startswith("time,site.grid_w,site.pv_w,")
    assert "-1000,-3000," in rows[-1] or "-1000,-3000," in rows[0]
    assert rows[0].startswith(datetime.now().strftime("20"))


def test_the_hours_ahead_show_what_is_known_of_them(page: Page, shown: Any, until: Until) -> None:
    now_s = int(time.time())
    page.publish(ROOT + "site/settings", json.dumps({
        "import_prices": [[0, 31_000], [900, 18_500], [1_200, 24_000]], "import_prices_from_s": now_s - 60,
        "import_prices_until_s": now_s + 1_500}))
    page.publish(ROOT + "car/settings", json.dumps({"target_wh": 20_000, "target_wh_until_s": now_s + 1_600}))
    page.publish(ROOT + "car/decision", json.dumps({
        "mode": "target", "granted_w": 0, "granted_ma": [0] * 3, "wanted_w": 0, "wanted_ma": [0] * 3, "reason": 2,
        "why": "x", "why_de": "x", "bound_by": None, "fault": None}))
    shown.ask("[...document.querySelectorAll('.ranges button')].find(one => one.innerText === 'Hour').click()")
    until(lambda: ["18.50 ct"] in [row[-1:] for row in table(shown)], "the price to come")
    ahead = [row for row in table(shown)[1:] if row[1:-1] == ["–"] * 4 and row[-1] != "–"]
    assert [row[-1] for row in ahead][-3:] == ["18.50 ct", "24.00 ct", "24.00 ct"]  # before them, the price of now
    assert ahead[-3][0] == datetime.fromtimestamp(now_s + 840).strftime("%H:%M")


def test_a_tablet_whose_clock_is_wrong_shows_the_house_in_the_house_s_time(page: Page, browser: Any, until: Until
                                                                           ) -> None:
    """Without internet nobody sets it."""
    shift = browser.call("Page.addScriptToEvaluateOnNewDocument", source="""
        const Real = Date;
        globalThis.Date = class extends Real {
            constructor(...at) { at.length ? super(...at) : super(Real.now() + 3 * 3600e3); }
            static now() { return Real.now() + 3 * 3600e3; }
        };""")
    try:
        browser.size(1_280, 900)
        browser.speaks("en")
        browser.go(page.url + "/#curves")
        until(lambda: browser.ask("!!document.querySelector('canvas')"), "a curve")
        until(lambda: "3.00 kW" in str(table(browser)), "the last hour")
        first = browser.shown(".curves h2").split(", ")[-1].split(" ")[0]
        began = datetime.strptime(first, "%H:%M").replace(year=2_000)
        hour_ago = (datetime.now() - timedelta(hours=1)).replace(year=2_000, month=1, day=1)
        apart_s = abs((hour_ago - began).total_seconds())
        assert min(apart_s, 86_400 - apart_s) < 120
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", **shift)


def test_two_fingers_zoom(shown: Any, until: Until) -> None:
    before = shown.shown(".curves h2")
    left, top, width = shown.ask("(at => [at.left, at.top, at.width])(document.querySelector('.u-over')"
                                 ".getBoundingClientRect())")

    def fingers(kind: str, *places: float) -> None:
        shown.call("Input.dispatchTouchEvent", type=kind, touchPoints=[
            {"x": left + width * place, "y": top + 80, "id": number} for number, place in enumerate(places)])

    shown.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
    fingers("touchStart", 0.4, 0.6)
    for apart in (0.15, 0.2, 0.3, 0.4):
        fingers("touchMove", 0.5 - apart, 0.5 + apart)
    fingers("touchEnd")
    shown.call("Emulation.setTouchEmulationEnabled", enabled=False)
    until(lambda: shown.shown(".curves h2") != before, "another stretch")
    begin, end = (datetime.strptime(one[-5:], "%H:%M") for one in shown.shown(".curves h2").split(" – "))
    assert timedelta(minutes=14) <= (end - begin) % timedelta(days=1) <= timedelta(minutes=17)
