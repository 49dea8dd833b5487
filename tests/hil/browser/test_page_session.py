"""A session that ends while its page is open: the page says so, forgets what it was told, and asks nothing in vain."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.access.accounts import Accounts
from firmware.access.door import Door
from firmware.access.roles import OWNER
from firmware.checks.facts import setup
from firmware.config.file import load
from firmware.web.page import Page, Place
from firmware.web.routes import House

DEMO = Path(__file__).parents[3] / "deploy" / "demo.toml"
PASSWORD = "correct horse battery"
WEEK_S = 7 * 86_400
STATE = {"name": "Haus", "grid_w": 20, "pv_w": None, "storage_w": None, "house_w": 20, "cars_w": None, "heat_w": None,
         "surplus_w": None, "alarms": [], "broker": None, "broker_fault": None, "journal": None, "cycle_ms": 1_000,
         "up_s": 1}
Until = Callable[..., None]


class Served:
    """A house that is shown to `guests` or to nobody who has not logged in; `later_s` moves the sessions' clock."""

    def __init__(self, folder: Path, guests: bool) -> None:
        self.accounts = Accounts(folder / "accounts")
        self.accounts.put("anna", OWNER, PASSWORD)
        path = folder / "site.toml"
        path.write_text(DEMO.read_text().replace("rated_a = 20", "rated_a = 63"))
        file = load(path)
        self.later_s = 0.0
        self.door = Door(self.accounts, guests, now_s=lambda: self.later_s)
        self.page = Page(Place("127.0.0.1", 0), {"haus": House(setup=lambda: setup(file))}, self.door)
        self.closed = threading.Event()
        self._house = threading.Thread(target=self._lives)
        self.page.start()
        self.port = int(self.page.url.rsplit(":", 1)[1])
        self._house.start()

    def cut(self) -> None:
        """Every connection, and the server is back."""
        self.page.close()
        self.page = Page(Place("127.0.0.1", self.port), {"haus": House()}, self.door)
        self.page.start()

    def _lives(self) -> None:
        while not self.closed.wait(0.5):
            self.page.publish("hutschiene/haus/site/state", json.dumps(STATE))

    def close(self) -> None:
        self.closed.set()
        self._house.join()
        self.page.close()


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> "Iterator[Served]":
    made = Served(tmp_path, request.param)
    yield made
    made.close()


@pytest.fixture
def inside(served: Served, browser: Any, until: Until) -> Any:
    """Logged in, live, with an empty console."""
    browser.size(1_280, 900)
    browser.speaks("en")
    browser.go(served.page.url + "/#login")
    until(lambda: browser.ask("!!document.querySelector('form.login')"), "the form")
    browser.ask("document.querySelector('[name=user]').value = 'anna'")
    browser.ask(f"document.querySelector('[name=password]').value = {json.dumps(PASSWORD)}")
    browser.click("form.login button")
    until(lambda: "anna" in browser.shown("#account"), "logged in")
    until(lambda: browser.ask("document.body.dataset.link") == "live", "live")
    browser.complaints.clear()
    return browser


def ends_by(how: str, served: Served, browser: Any) -> None:
    if how == "log-out":
        browser.click("#account")
    elif how == "its longest time":
        served.later_s = WEEK_S + 1.0
    else:
        served.accounts.put("anna", OWNER, PASSWORD + "!")


@pytest.mark.parametrize("how", ["log-out", "its longest time", "another password"])
@pytest.mark.parametrize(("view", "told"), [("curves", ".curves h2"), ("setup", ".configtree")])
@pytest.mark.parametrize("served", [False], indirect=True)
def test_who_is_not_logged_in_any_more_sees_the_login_and_nothing_else(
        served: Served, inside: Any, until: Until, how: str, view: str, told: str) -> None:
    inside.ask(f"location.hash = '#{view}'")
    until(lambda: inside.shown(told), "what is asked for, told")  # while that is asked, an end refuses it, rightly
    ends_by(how, served, inside)
    until(lambda: inside.ask("document.body.dataset.view") == "login", "the login")
    assert inside.shown("#account") == "Log in"
    inside.ask("location.hash = '#now'")
    until(lambda: inside.ask("document.body.dataset.view") == "now", "another view")
    assert "only to those who log in" in inside.shown("#banner")
    assert "20" not in inside.shown("#view")
    assert inside.complaints == []


@pytest.mark.parametrize("served", [True, False], indirect=True)
def test_a_wrong_password_is_said_and_is_no_error_of_the_page(served: Served, browser: Any, until: Until) -> None:
    browser.size(390, 844)
    browser.speaks("de")
    browser.go(served.page.url + "/#login")
    until(lambda: browser.ask("!!document.querySelector('form.login')"), "the form")
    browser.complaints.clear()
    browser.ask("document.querySelector('[name=user]').value = 'anna'")
    browser.ask("document.querySelector('[name=password]').value = 'wrong'")
    browser.click("form.login button")
    until(lambda: browser.shown(".login .bad") == "Konto oder Passwort ist falsch.", "why not")
    browser.ask(f"document.querySelector('[name=password]').value = {json.dumps(PASSWORD)}")
    browser.click("form.login button")
    until(lambda: browser.shown("#account") == "Abmelden", "logged in, shortly said on a phone")
    assert browser.complaints == []


@pytest.mark.parametrize("how", ["log-out", "its longest time"])
@pytest.mark.parametrize("served", [True], indirect=True)
def test_where_guests_look_the_page_goes_on_as_a_guests(served: Served, inside: Any, until: Until, how: str) -> None:
    ends_by(how, served, inside)
    until(lambda: inside.shown("#account") == "Log in", "a guest now")
    until(lambda: inside.ask("document.body.dataset.link") == "live", "still live")
    assert inside.complaints == []


@pytest.mark.parametrize("served", [True], indirect=True)
def test_over_a_slow_link_who_is_logged_in_comes_back_too(served: Served, inside: Any, until: Until) -> None:
    """Who one is is answered later than the pause before it would be asked again."""
    line = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    inside.call("Network.emulateNetworkConditions", latency=1_500, **line)
    try:
        served.cut()
        until(lambda: inside.ask("document.body.dataset.link") == "lost", "the connection is lost")
        until(lambda: inside.ask("document.body.dataset.link") == "live", "live again", 20)
        assert "anna" in inside.shown("#account")
    finally:
        inside.call("Network.emulateNetworkConditions", latency=0, **line)


@pytest.mark.parametrize("served", [True], indirect=True)
def test_what_the_check_doubts_is_said_in_german_to_who_reads_german(served: Served, browser: Any, until: Until
                                                                     ) -> None:
    browser.speaks("de")
    browser.go(served.page.url + "/#setup")
    words = "node.garage: seine Sicherung (63 A) ist größer als die von house, hinter der er hängt (35 A)"
    until(lambda: words in browser.shown(".setup"), "in German", 15)
    assert "Ist das so gemeint?" in browser.shown(".setup")
    assert "Der Aufzeichnung fehlt zum Abrechnen" in browser.shown(".setup")
    assert "kein mid = true: grid, roof; was aus ihnen abgerechnet wird" in browser.shown(".setup")


@pytest.mark.parametrize("served", [True], indirect=True)
def test_who_logs_in_elsewhere_in_the_browser_is_known_when_the_page_is_told_anew(
        served: Served, browser: Any, until: Until) -> None:
    browser.speaks("en")
    browser.go(served.page.url)
    until(lambda: browser.ask("document.body?.dataset.link") == "live", "live, as a guest's")
    sent = json.dumps({"method": "POST", "headers": {"content-type": "application/json"},
                       "body": json.dumps({"user": "anna", "password": PASSWORD})})
    assert browser.ask(f"fetch('api/v1/login', {sent}).then(answer => answer.status)") == 200
    browser.ask("dispatchEvent(new Event('pagehide'))")
    until(lambda: "anna" in browser.shown("#account"), "who is logged in")
