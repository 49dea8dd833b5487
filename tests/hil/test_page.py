"""The page's server, read by a plain HTTP client; tests/hil/browser has what a person sees."""

import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.history import History
from firmware.history_store import HistoryStore
from firmware.web import page as page_module
from firmware.web.page import FOLDER, MOST_CLIENTS, STOP_S, Page, Place
from firmware.web.routes import House


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page(Place("127.0.0.1", 0))
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
    assert [stream.next(), stream.next(), stream.next()] == [
        ("who", ""), ("message", ["a/state", "4"]), ("message", ["b/state", '{"ä":"<\\n>"}'])]
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
        404, "application/problem+json", {"status": 404, "why": "there is none of this name",
                                           "why_de": "unter diesem Namen gibt es nichts"})
    status, headers, body = get(page, "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b'hutschiene_site_power_watts{site="home",part="grid"} 5\n' in body
    assert json.loads(get(page, "/api/openapi.json")[2])["openapi"] == "3.1.0"


def test_curves_are_read_over_http(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path)
    store.put(1_800_000_000, {"car.power_w": [[7] * 60]})
    store.close()
    page = Page(Place("127.0.0.1", 0), {"home": House(History(tmp_path, 2, 31, 20)), "bare": House()})
    page.start()
    try:
        page.publish("hutschiene/home/site/state", "{}")
        where, minute = "/api/v1/sites/home/history", "?from=1800000000&to=1800000060"
        assert json.loads(get(page, where + minute)[2])["names"] == ["car.power_w"]
        status, _, body = get(page, where + minute + "&series=car.power_w,none")
        assert (status, json.loads(body)) == (
            200, {"from_s": 1_800_000_000, "step_s": 1, "series": {"car.power_w": {"values": [7] * 60}}})
        status, _, body = get(page, where + "?from=5&to=x")
        assert (status, json.loads(body)) == (
            400, {"status": 400, "why": "from, to: needed, in seconds since 1970",
                   "why_de": "from, to: nötig, in Sekunden seit 1970"})
        assert get(page, "/api/v1/sites/other/history" + minute)[0] == 404
        page.publish("hutschiene/bare/site/state", "{}")
        assert [get(page, "/api/v1/sites/bare/" + what)[0] for what in (
            "history" + minute, "decisions" + minute, "setup", "nothing")] == [204, 204, 204, 404]
        assert json.loads(get(page, "/api/v1/sites/home/decisions" + minute)[2]) == []
        assert get(page, "/api/v1/sites/home/decisions")[0] == 400
    finally:
        page.close()


@pytest.mark.parametrize("path", ["/", "/index.html", "/app.js", "/index.css", "/api/state", "/api/v1/sites",
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
    client.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
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
        Page(Place("127.0.0.1", port)).start()
    other = Page(Place("127.0.0.1", port, any_port=True))
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
    page = Page(Place("127.0.0.1", 0))
    page.start()
    page.close()
    with pytest.raises(ConnectionRefusedError):
        get(page, "/")


def test_the_page_asks_nobody_else() -> None:
    text = "\n".join(path.read_text() for path in FOLDER.iterdir())
    assert set(re.findall(r"(?:https?:|wss?:)?//[\w.-]+\.\w+", text)) <= {"http://www.w3.org"}  # a name, not an address
