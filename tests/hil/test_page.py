"""The page on its real server, read by a plain HTTP client and by headless Chromium."""

import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware import page as page_module
from firmware.history import History
from firmware.history_store import HistoryStore
from firmware.page import FOLDER, MOST_CLIENTS, STOP_S, Page

CHROMIUM = shutil.which("chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-component-update", "--disable-background-networking", "--disable-sync", "--remote-debugging-pipe")
ROOT = "hutschiene/haus_sonnenhang/"


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page("127.0.0.1", 0)
    made.start()
    yield made
    made.close()


def until(true: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def connection(page: Page) -> http.client.HTTPConnection:
    host, port = page.url.removeprefix("http://").split(":")
    return http.client.HTTPConnection(host, int(port), timeout=10)


def get(page: Page, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    client = connection(page)
    client.request(method, path)
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer.status, {key.lower(): value for key, value in answer.getheaders()}, body


class Stream:
    """An open event stream."""

    def __init__(self, page: Page) -> None:
        self._client = connection(page)
        self._client.request("GET", "/events")
        self.answer = self._client.getresponse()

    def next(self) -> tuple[str, Any]:
        """(event, data) of the next event; ("end", None) when the server closed the stream."""
        event = "message"
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return event, json.loads(line.removeprefix("data: "))
            elif not line and self.answer.isclosed():
                return "end", None

    def until(self, wanted: tuple[str, Any]) -> list[tuple[str, Any]]:
        events = [self.next()]
        while events[-1] != wanted:
            assert events[-1][0] != "end"
            assert len(events) < 10_000
            events.append(self.next())
        return events

    def close(self) -> None:
        self.answer.close()
        self._client.close()


def test_first_what_is_retained_then_what_changes(page: Page) -> None:
    for number in range(5):
        page.publish("a/state", str(number))
    page.publish("b/state", '{"ä":"<\\n>"}')
    stream = Stream(page)
    assert stream.answer.getheader("content-type") == "text/event-stream; charset=utf-8"
    assert [stream.next(), stream.next()] == [
        ("message", ["a/state", "4"]), ("message", ["b/state", '{"ä":"<\\n>"}'])]
    event, quiet_ms = stream.next()
    assert event == "quiet"
    assert quiet_ms >= 0
    page.publish("a/state", "5")
    assert [event for event in stream.until(("message", ["a/state", "5"])) if event[0] == "message"] == [
        ("message", ["a/state", "5"])]
    stream.close()


def test_the_same_state_as_one_object(page: Page) -> None:
    page.publish("x/status", "online")
    page.publish("x/car/state", '{"power_w":1380}')
    status, headers, body = get(page, "/api/state")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body) == {"x/status": "online", "x/car/state": {"power_w": 1380}}


def test_programs_read_it_by_name_and_prometheus_as_metrics(page: Page) -> None:
    page.publish("hutschiene/home/site/state", json.dumps({
        "name": "Home", "grid_w": 5, "alarms": [], "up_s": 5, "broker": None,
        **{part + "_w": None for part in ("pv", "storage", "house", "cars", "heat", "surplus")}}))
    page.publish("hutschiene/home/node_house/state", '{"rated_ma":35000}')
    assert json.loads(get(page, "/api/v1/sites")[2]) == ["home"]
    assert json.loads(get(page, "/api/v1/sites/home/nodes/house")[2]) == {"rated_ma": 35_000}
    status, headers, body = get(page, "/api/v1/sites/home/nodes/none")
    assert (status, headers["content-type"], json.loads(body)) == (
        404, "application/json", {"error": "there is none of this name"})
    status, headers, body = get(page, "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b'hutschiene_site_power_watts{site="home",part="grid"} 5\n' in body
    assert json.loads(get(page, "/api/openapi.json")[2])["openapi"] == "3.1.0"


def test_curves_are_read_over_http(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path)
    store.put(1_800_000_000, {"car.power_w": [[7] * 60]})
    store.close()
    page = Page("127.0.0.1", 0, any_port=True, history=History(tmp_path, 2, 31, 20))
    page.start()
    try:
        page.publish("hutschiene/home/site/state", "{}")
        where, minute = "/api/v1/sites/home/history", "?from=1800000000&to=1800000060"
        assert json.loads(get(page, where + minute)[2])["names"] == ["car.power_w"]
        status, _, body = get(page, where + minute + "&series=car.power_w,none")
        assert (status, json.loads(body)) == (
            200, {"from_s": 1_800_000_000, "step_s": 1, "series": {"car.power_w": {"values": [7] * 60}}})
        status, _, body = get(page, where + "?from=5&to=x")
        assert (status, json.loads(body)) == (400, {"error": "from, to: needed, in seconds since 1970"})
        assert get(page, "/api/v1/sites/other/history" + minute)[0] == 404
    finally:
        page.close()


@pytest.mark.parametrize("path", ["/", "/index.html", "/app.js", "/style.css", "/api/state", "/api/v1/sites",
                                  "/metrics", "/api/openapi.json", "/nothing"])
def test_every_answer_allows_only_what_we_serve(page: Page, path: str) -> None:
    _, headers, _ = get(page, path)
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/nothing", "/../page.py", "/..%2f..%2fpyproject.toml", "/%2e%2e/page.py", "/api",
                                  "/page.py", "/.git/config", "//etc/passwd", "/app.js/"])
def test_nothing_but_the_pages_files_can_be_read(page: Page, path: str) -> None:
    assert get(page, path)[0] == 404


@pytest.mark.parametrize("path", ["/", "/events", "/api/state", "/api/v1/sites", "/metrics", "/api/openapi.json"])
def test_the_page_only_reads(page: Page, path: str) -> None:
    assert get(page, path, "POST")[0] == 405


def test_a_crowd_is_turned_away_and_leaves_its_places(page: Page) -> None:
    crowd = [Stream(page) for _ in range(MOST_CLIENTS)]
    status, headers, _ = get(page, "/events")
    assert (status, headers["retry-after"]) == (503, "10")
    assert get(page, "/api/state")[0] == 200
    for stream in crowd:
        stream.close()

    def served() -> bool:
        stream = Stream(page)
        taken = stream.answer.status == 200
        stream.close()
        return taken

    until(served, "a place is free again")


def test_a_browser_that_does_not_read_costs_one_payload_a_topic(page: Page) -> None:
    sleeper = Stream(page)
    reader = Stream(page)
    large = "x" * 10_000
    for number in range(3_000):
        page.publish(f"t{number % 10}", f'"{number}{large}"')
    page.publish("last", "1")
    events = reader.until(("message", ["last", "1"]))
    newest = {data[0]: data[1] for event, data in events if event == "message"}
    assert newest["t9"] == f'"2999{large}"'
    slept = {data[0]: data[1] for event, data in sleeper.until(("message", ["last", "1"])) if event == "message"}
    assert slept == newest
    reader.close()
    sleeper.close()


def test_a_browser_that_takes_nothing_loses_its_place(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "SEND_S", 0.3)
    host, port = page.url.removeprefix("http://").split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect((host, int(port)))
    client.sendall(b"GET /events HTTP/1.1\r\nHost: house\r\n\r\n")
    until(lambda: page.watched() == 1, "the stream is open")
    large = "x" * 1_000_000

    def published() -> bool:
        page.publish("large", large)
        return page.watched() == 0

    until(published, "the stream is given up")
    client.close()


def test_a_port_in_use_is_an_error_unless_any_will_do(page: Page) -> None:
    port = int(page.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        Page("127.0.0.1", port).start()
    other = Page("127.0.0.1", port, any_port=True)
    other.start()
    try:
        assert other.url != page.url
        assert get(other, "/")[0] == 200
    finally:
        other.close()


def test_closing_ends_every_stream_in_time(page: Page) -> None:
    streams = [Stream(page) for _ in range(5)]
    begun_s = time.monotonic()
    page.close()
    assert time.monotonic() - begun_s < STOP_S
    for stream in streams:
        while stream.next()[0] != "end":
            pass
    with pytest.raises(ConnectionRefusedError):
        get(page, "/")
    page.publish("late", "1")


def test_a_page_closed_at_once_gives_its_port_back() -> None:
    page = Page("127.0.0.1", 0)
    page.start()
    page.close()
    with pytest.raises(ConnectionRefusedError):
        get(page, "/")


def test_the_page_is_small_and_asks_nobody_else() -> None:
    files = [path.read_text() for path in FOLDER.iterdir()]
    assert sum(len(text.encode()) for text in files) < 40_000
    outside = [line for text in files for line in text.splitlines() if "//" in line.replace("http://www.w3.org/", "")
               and ("http:" in line.replace("http://www.w3.org/", "") or "https:" in line)]
    assert outside == []


class Browser:
    """Headless Chromium, spoken to over a pipe (DevTools protocol)."""

    def __init__(self, folder: Path) -> None:
        read_there, self._write = os.pipe()
        self._read, write_there = os.pipe()
        start = f'exec 3<&{read_there} 4>&{write_there}; exec "$0" "$@"'  # Chromium reads 3 and writes 4
        self._process = subprocess.Popen(
            ["bash", "-c", start, str(CHROMIUM), *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(read_there, write_there), stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(read_there)
        os.close(write_there)
        self._heard = b""
        self._asked = 0
        self._session: dict[str, str] = {}
        self.complaints: list[object] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self.call("Runtime.enable")
        self.call("Log.enable")

    def call(self, method: str, **params: object) -> Any:
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": params, **self._session}
        os.write(self._write, json.dumps(asked).encode() + b"\0")
        while True:
            heard = json.loads(self._message())
            if heard.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(heard["params"])
            if heard.get("id") == self._asked:
                assert "error" not in heard, heard
                return heard["result"]

    def _message(self) -> bytes:
        end_s = time.monotonic() + 30
        while b"\0" not in self._heard:
            ready, _, _ = select.select([self._read], [], [], end_s - time.monotonic())
            assert ready, "chromium is silent"
            self._heard += os.read(self._read, 1 << 20)
        message, self._heard = self._heard.split(b"\0", 1)
        return message

    def ask(self, script: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def shown(self, selector: str = "body") -> str:
        text: str = self.ask(f"document.querySelector('{selector}')?.innerText ?? ''")
        return text.replace("\u00a0", " ")

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._read)
        os.close(self._write)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    if CHROMIUM is None:
        assert "CI" not in os.environ, "chromium is missing"
        pytest.skip("chromium is not installed")
    made = Browser(tmp_path)
    yield made
    made.close()


def publish(page: Page, topic: str, **values: object) -> None:
    page.publish(ROOT + topic, json.dumps(values))


def publish_house(page: Page, up_s: int = 0, **changed: object) -> None:
    site = {"name": "Haus Sonnenhang", "grid_w": -840, "pv_w": -7_340, "storage_w": None, "house_w": 5_120,
            "cars_w": 1_380, "heat_w": 0, "surplus_w": 4_200, "alarms": [], "broker": True, "up_s": up_s}
    publish(page, "site/state", **{**site, **changed})


def publish_devices(page: Page, **changed: object) -> None:
    common = {"node": "house", "phases": [1, 2, 3], "current_ma": None, "energy_wh": None, "export_wh": None,
              "state": None, "soc_permille": None, "temperature_mdegc": None, "age_ms": 0, "stale": False,
              "fault": None}
    publish(page, "grid/state", **{**common, "kind": "meter", "power_w": -840, **changed})
    publish(page, "roof/state", **{**common, "kind": "source", "power_w": -7_340})
    publish(page, "carport/state", **{**common, "kind": "wallbox", "power_w": 1_380, "state": "C",
                                      "current_ma": [0, 6_000, 0]})
    publish(page, "carport/decision", mode="surplus", granted_w=1_380, granted_ma=[0, 6_000, 0], wanted_w=11_040,
            wanted_ma=[16_000] * 3, reason=10, why="6 A: house fuse, L2", bound_by={"node": "house", "phase": 2},
            fault=None)
    publish(page, "node_house/state", parent=None, meter="grid", measured_ma=[-3_900, 34_500, 2_200],
            rest_ma=[0, 28_500, 0], issued_ma=[0, 6_000, 0], rated_ma=35_000, continuous_ma=32_000, believed=True)
    publish(page, "line_rs485/state", ok=True, errors=2, devices=[
        {"name": "grid", "ok": True, "reads": 4_000, "errors": 2, "fault": None, "age_ms": 0}])


def test_a_person_sees_what_flows_and_why(page: Page, browser: Browser) -> None:
    publish_house(page)
    publish_devices(page)
    browser.call("Page.navigate", url=page.url)
    until(lambda: "Live" in browser.shown("#link"), "live")
    assert browser.shown("h1") == "Haus Sonnenhang"
    assert browser.shown("#headline") == "840 W left over, sent to the grid"
    assert "Why6 A: house fuse, L2" in browser.shown("#devices").replace("\n", "").replace(" 6 A:", "6 A:")
    assert "1.38 kW" in browser.shown("#devices")
    assert "34.5 of 35 A" in browser.shown("#fuses")
    assert "holds back Carport" in browser.shown("#fuses")
    assert "2 of about 4,000 readings failed" in browser.shown("#health")
    assert browser.ask("document.querySelector('.wire.pv').dataset.flow") == "gives"
    assert browser.ask("document.querySelector('.wire.grid').dataset.flow") == "takes"
    assert browser.ask("document.querySelector('.wire.cars').dataset.flow") == "takes"
    assert browser.ask("document.querySelector('.wire.heat')") is None
    publish_house(page, grid_w=2_000, up_s=5)
    until(lambda: browser.shown("#headline") == "2.00 kW drawn from the grid", "the change")
    assert browser.complaints == []


def test_a_silent_meter_is_an_alarm_that_says_what_to_do(page: Page, browser: Browser) -> None:
    publish_house(page, grid_w=None, house_w=None,
                  alarms=[{"reason": 101, "device": "grid", "why": "grid does not answer"}])
    publish_devices(page, power_w=None, stale=True, fault="timeout", age_ms=30_000)
    browser.call("Page.navigate", url=page.url)
    until(lambda: "Live" in browser.shown("#link"), "live")
    assert browser.shown("#alarms").startswith("Grid does not answer Until it is believed again")
    assert "Check its power and its cable." in browser.shown("#alarms")
    assert "silent for over 30 s: no answer" in browser.shown("#health")
    assert browser.ask("document.querySelector('.wire.grid').dataset.flow") == "unknown"


def test_a_locked_meter_is_an_alarm_that_says_how_to_unlock_it(page: Page, browser: Browser) -> None:
    publish_house(page, grid_w=None, house_w=None)
    publish_devices(page, power_w=None, state="locked")
    browser.call("Page.navigate", url=page.url)
    until(lambda: "Grid is locked" in browser.shown("#alarms"), "the alarm")
    assert "Ask the metering operator for its PIN, enter it at the meter, and set INF on." in browser.shown("#alarms")


def test_what_is_not_live_is_never_shown_as_live(page: Page, browser: Browser) -> None:
    publish_house(page)
    publish_devices(page)
    browser.call("Page.navigate", url=page.url)
    until(lambda: browser.shown("#link") == "Live", "live")
    until(lambda: browser.shown("#link") == "Not live", "the daemon has stopped publishing")
    assert browser.shown("#banner").startswith("The energy manager has not reported since")
    publish_house(page, up_s=30)
    until(lambda: browser.shown("#link") == "Live", "live again")
    page.publish(ROOT + "status", "offline")
    until(lambda: browser.shown("#link") == "Switched off", "offline")
    page.close()
    until(lambda: browser.shown("#link") == "No connection", "the server has gone")
    assert browser.shown("#banner").startswith("No connection to the house.")
    assert browser.ask("getComputedStyle(document.querySelector('#devices').parentElement).opacity") == "0.55"


def test_nothing_on_the_page_is_wider_than_a_phone(page: Page, browser: Browser) -> None:
    publish_house(page)
    publish_devices(page)
    browser.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    browser.call("Page.navigate", url=page.url)
    until(lambda: "Live" in browser.shown("#link"), "live")
    assert browser.ask("document.documentElement.scrollWidth") == 360
