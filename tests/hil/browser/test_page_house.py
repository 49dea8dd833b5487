"""The page of a living house: every view looked at, the house steered from it, and each part of the house lost."""

import json
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

PICTURES = Path(__file__).parents[3] / "var" / "page"
VIEWS = ("now", "curves", "health", "decisions", "setup", "login")
DESKTOP, TABLET, PHONE = (1_360, 850), (1_024, 768), (390, 800)
LOOKS = (("en", "light", DESKTOP), ("de", "dark", DESKTOP), ("de", "light", PHONE), ("en", "dark", PHONE),
         ("de", "light", TABLET))
AT_ONCE_S = 5.0  # 3 s, and what a busy machine takes to run a browser
Until = Callable[..., None]


@pytest.fixture
def seen(home: Any, browser: Any, until: Until) -> Any:
    """The first view of the living house, in English on a desktop."""
    browser.size(*DESKTOP)
    browser.speaks("en")
    until(lambda: answers(home), "the page is served")
    browser.go(home.url)
    until(lambda: browser.shown("#link") == "Live" and "kW" in browser.shown("#headline") + browser.shown(".flows"),
          "live", 60)
    return browser


def answers(home: Any) -> bool:
    import socket
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", home.page_port)) == 0


def flat(words: str) -> str:
    return " ".join(words.split())


def look(browser: Any, view: str, until: Until) -> None:
    browser.ask(f"location.hash = '#{view}'")
    until(lambda: browser.ask("document.body.dataset.view") == view
          and browser.ask("document.querySelector('#view').innerText.length") > 20, view)


def log_in(browser: Any, home: Any, until: Until) -> None:
    look(browser, "login", until)
    browser.ask("document.querySelector('[name=user]').value = 'anna'")
    browser.ask(f"document.querySelector('[name=password]').value = {json.dumps(home.password)}")
    browser.click("form.login button")
    until(lambda: "anna" in browser.shown("#account"), "logged in")


def pick(browser: Any, mode: str) -> None:
    browser.click(f".device.cars input[value={mode}]")


def test_every_view_is_clean_in_both_languages_and_colours_on_every_screen(
        seen: Any, home: Any, until: Until) -> None:
    seen.complaints.clear()
    barriers = []
    for (language, theme, size), view in product(LOOKS, VIEWS):
        if size == TABLET and view != "now":
            continue
        if view == "now":
            seen.speaks(language, theme)
            seen.size(*size)
            seen.go(home.url)
            until(lambda: seen.ask("document.body?.dataset.link") == "live", "live")
        look(seen, view, until)
        if view == "curves":
            until(lambda: seen.ask("!!document.querySelector('canvas')"), "a curve", 60)
        name = f"{view}-{language}-{theme}-{size[0]}"
        barriers += [f"{name}: {one}" for one in seen.barriers()]
        assert seen.ask("document.documentElement.scrollWidth") <= size[0], name
        seen.photograph(PICTURES / f"{name}.png")
    assert barriers == []
    assert seen.complaints == []


def test_who_may_set_steers_the_house_and_sees_why(seen: Any, home: Any, until: Until) -> None:
    until(lambda: seen.ask("document.querySelectorAll('.device.cars .modes input').length") == 5, "the modes")
    pick(seen, "fast")
    until(lambda: seen.ask("document.body.dataset.view") == "login", "who has not logged in is asked to")
    log_in(seen, home, until)
    until(lambda: seen.ask("!!document.querySelector('.device.cars .modes input:not(:disabled)')"), "may set")
    pick(seen, "fast")
    until(lambda: "Fast is set" in seen.shown("#toast"), "the answer")
    until(lambda: min(home.car.current_ma) > 5_000, "the wallbox in the simulator follows", 60)
    until(lambda: "kW" in seen.shown(".device.cars .draw"), "and is seen to")
    assert seen.ask("document.querySelector('.device.cars .modes :checked').value") == "fast"
    pick(seen, "target")
    until(lambda: not seen.ask("document.querySelector('.device.cars .target').hidden"), "target and departure")
    seen.ask("document.querySelector('.device.cars .target [type=number]').value = 12")
    seen.click(".device.cars .target button.main")
    until(lambda: "12.0 kWh by" in seen.shown(".device.cars .set"), "the departure is set")
    until(lambda: seen.ask("document.querySelector('.device.cars .modes :checked').value") == "target", "its mode", 10)
    pick(seen, "off")
    until(lambda: "0 A switched off" in flat(seen.shown(".device.cars .why")), "off, and why")
    until(lambda: max(home.car.current_ma) == 0, "the wallbox follows")
    look(seen, "decisions", until)
    until(lambda: "Carport 0 A switched off" in flat(seen.shown(".timeline")), "the log holds it")
    look(seen, "setup", until)
    wired = "Carport heidelberg_energy_control, wallbox 1, L2 L3 L1"
    until(lambda: wired in flat(seen.shown(".configtree")), "the tree")
    assert "The configuration is in order." in seen.shown(".setup")
    assert home.password not in seen.shown(".setup")
    seen.click("#account")
    until(lambda: seen.shown("#account") == "Log in", "logged out")
    assert [one for one in seen.complaints if "exception" in str(one).lower()] == []


def test_what_is_lost_is_said_at_once_and_comes_back_by_itself(seen: Any, home: Any, until: Until) -> None:
    home.silence_the_grid_meter(True)
    until(lambda: "no answer" in seen.shown(".device.meter .note"), "a meter that does not answer", AT_ONCE_S)
    until(lambda: "Grid does not answer" in seen.shown("#alarms"), "its alarm", 15)
    assert seen.shown("#headline").startswith("The grid meter is not believed")
    home.silence_the_grid_meter(False)
    until(lambda: "Grid" not in seen.shown("#alarms"), "the meter is back", 60)

    home.stop_the_broker()
    until(lambda: "No connection to the MQTT broker" in seen.shown("#alarms"), "the broker is gone", AT_ONCE_S)
    assert seen.shown("#link") == "Live"
    home.start_the_broker()
    until(lambda: "MQTT broker" not in seen.shown("#alarms"), "the broker is back", 60)

    home.kill_the_daemon()
    until(lambda: seen.shown("#link") == "No connection", "the daemon is dead", AT_ONCE_S)
    assert seen.shown("#banner").startswith("No connection to the house. Everything below is as it was at")
    assert seen.shown("#headline") == "These values are not live"
    home.start_the_daemon()
    until(lambda: seen.shown("#link") == "Live", "the daemon is back", 60)


def test_a_moment_of_a_curve_leads_to_its_reason(seen: Any, home: Any, until: Until) -> None:
    look(seen, "curves", until)
    until(lambda: seen.ask("!!document.querySelector('.u-over')"), "a curve", 90)
    for _ in range(5):
        seen.click("[aria-label='Zoom in']")
    time.sleep(3)
    seen.ask("(over => { const at = over.getBoundingClientRect(); const where = {bubbles: true, clientX: at.right - 2,"
             " clientY: at.top + 50}; for (const what of ['mousemove', 'mousedown', 'mouseup', 'click'])"
             " over.dispatchEvent(new MouseEvent(what, where)) })(document.querySelector('.u-over'))")
    until(lambda: "Carport" in seen.shown(".moment"), "what was decided then")
    seen.click(".moment a")
    until(lambda: "Around" in seen.shown(".around"), "the log around that moment")
