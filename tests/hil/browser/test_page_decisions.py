"""The log of decisions as it is read: all of it, however old; what is shown stays while news come."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.decisions import MOST_TOLD, Entry
from firmware.history import History
from firmware.history_store import HistoryStore
from firmware.web.page import Page, Place
from firmware.web.routes import House

DAY_S = 86_400
MORE = 40
Until = Callable[..., None]
STATE = {"name": "Home", "alarms": [], "up_s": 1, "broker": None, "broker_fault": None, "journal": None,
         "cycle_ms": 1_000, **{part + "_w": None for part in (
             "grid", "pv", "storage", "house", "cars", "heat", "surplus")}}


def entry(t_s: int, why: str, why_de: str, device: str = "carport") -> Entry:
    return Entry(t_s, device, 4_140, 10, why, why_de, "garage", 2)


class Log:
    """A house with a log that goes back 40 days: three devices in each second of the newest three minutes."""

    def __init__(self, folder: Path) -> None:
        self.store = HistoryStore(folder)
        self.now_s = int(time.time()) - 60
        self.put(entry(self.now_s - 40 * DAY_S, "6 A: garage fuse, L2", "6 A: Sicherung garage, L2"))
        for n in range(MOST_TOLD + MORE - 1):
            self.put(entry(self.now_s - 200 + n // 3, f"{n} W: follows the surplus", f"{n} W: folgt", f"rod_{n % 3}"))
        self.page = Page(Place("127.0.0.1", 0), {"home": House(History(folder, 31, 400, 20))})
        self.page.start()
        self.page.publish("hutschiene/home/site/state", json.dumps(STATE))

    def put(self, *entries: Entry) -> None:
        self.store.decisions.put(entries)

    def close(self) -> None:
        self.page.close()
        self.store.close()


@pytest.fixture
def log(tmp_path: Path) -> "Iterator[Log]":
    made = Log(tmp_path)
    yield made
    made.close()


@pytest.fixture
def shown(log: Log, browser: Any, until: Until) -> Any:
    browser.size(1_280, 900)
    browser.speaks("en")
    browser.go(log.page.url + "/#decisions")
    until(lambda: entries(browser) == MOST_TOLD, "the newest")
    browser.complaints.clear()
    return browser


def entries(browser: Any) -> int:
    return int(browser.ask("document.querySelectorAll('.entry').length"))


def test_older_ones_are_there_however_long_nothing_happened_and_stay(log: Log, shown: Any, until: Until) -> None:
    shown.ask("[...document.querySelectorAll('.decisions button')].at(-1).click()")
    until(lambda: entries(shown) == MOST_TOLD + MORE, "all of them, those of one second too")
    assert shown.shown(".entry:last-child .said").strip() == "6 A garage fuse, L2"
    assert shown.ask("[...document.querySelectorAll('.decisions button')].at(-1).hidden"), "there are no older ones"
    log.put(entry(log.now_s + 50, "8 A: follows the surplus", "8 A: folgt dem Überschuss"))
    until(lambda: "8 A follows the surplus" in shown.shown(".entry"), "what is new")
    assert entries(shown) == MOST_TOLD + MORE + 1
    assert "garage fuse" in shown.shown(".entry:last-child")


def test_a_word_is_searched_for_in_all_of_them(log: Log, shown: Any, until: Until) -> None:
    shown.ask("(e => { e.value = 'Sicherung garage'; e.dispatchEvent(new Event('input')) })"
              "(document.querySelector('.decisions [type=search]'))")
    until(lambda: entries(shown) == 1, "the one")
    assert "garage fuse, L2" in shown.shown(".entry")
    shown.ask("(e => { e.value = 'hot water'; e.dispatchEvent(new Event('input')) })"
              "(document.querySelector('.decisions [type=search]'))")
    until(lambda: "No decision" in shown.shown(".decisions [role=status]"), "that there is none")
    assert shown.complaints == []
