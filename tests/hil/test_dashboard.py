"""The dashboard of its own: fed by a real broker, setting over it, and saying so while the broker is away."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt import Mqtt
from drivers.mqtt_link import Access
from firmware.access import accounts as accounts_module
from firmware.access.accounts import Accounts
from firmware.access.door import Door
from firmware.access.roles import OWNER
from firmware.dashboard import MOST_SITES, Dashboard
from firmware.web.page import Place

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
PASSWORD = "roof over all"
STATE = {"name": "Home", "alarms": [], "up_s": 5, "broker": True, "broker_fault": None, "journal": None,
         "cycle_ms": 1_000,
         **{part + "_w": 7 for part in ("grid", "pv", "storage", "house", "cars", "heat", "surplus")}}
DECISION = {"mode": "fast", "granted_w": 4_140, "reason": 2, "why": "6 A: all", "why_de": "6 A: alles",
            "bound_by": None}


def until(true: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class House:
    """What a daemon is to its broker: state, and answers to what is set."""

    def __init__(self, port: int, name: str) -> None:
        self.root = f"hutschiene/{name}/"
        self.mqtt = Mqtt(Access(HOST, port), name, (self.root + "+/set/+",), self._wake)
        self.heard: "list[tuple[str, Any]]" = []
        self.mqtt.start()
        self.tell(5)

    def tell(self, up_s: int) -> None:
        self.mqtt.publish(self.root + "site/state", json.dumps({**STATE, "up_s": up_s}))
        self.mqtt.publish(self.root + "car/decision", json.dumps(DECISION))

    def _wake(self) -> None:
        for message in self.mqtt.heard():
            said = json.loads(message.payload)
            self.heard.append((message.topic, said))
            self.mqtt.answer(message.topic + "/result", json.dumps(
                {"ok": said["value"] == "fast", "value": said["value"], "until_s": None, "id": said["id"]}))


class Looker:
    def __init__(self, dashboard: Dashboard) -> None:
        self.port = int(dashboard.page.url.rsplit(":", 1)[1])
        self.headers: "dict[str, str]" = {}

    def ask(self, method: str, path: str, said: object = None) -> "tuple[int, Any]":
        client = http.client.HTTPConnection(HOST, self.port, timeout=10)
        body = None if said is None else json.dumps(said)
        client.request(method, path, body, {"content-type": "application/json", **self.headers})
        answer = client.getresponse()
        told = json.loads(answer.read() or "null")
        if path == "/api/v1/login":
            self.headers = {"cookie": str(answer.getheader("set-cookie")).partition(";")[0],
                            "x-csrf-token": told["csrf"]}
        client.close()
        return answer.status, told

    def state(self, site: str) -> "dict[str, Any]":
        told: "dict[str, Any]" = self.ask("GET", "/api/state")[1].get(f"hutschiene/{site}/site/state", {})
        return told

    def fault(self) -> str:
        """Why there is no broker, as every page is told."""
        return str(self.ask("GET", "/api/state")[1]["dashboard/broker"]["fault"])


@pytest.fixture
def stack() -> "Iterator[contextlib.ExitStack]":
    with contextlib.ExitStack() as made:
        yield made


def dashboard_of(stack: contextlib.ExitStack, port: int, *sites: str, door: "Door | None" = None) -> Dashboard:
    made = Dashboard(Access(HOST, port), sites, Place(HOST, 0), door or Door())
    made.start()
    stack.callback(made.close)
    return made


class Broker:
    """mosquitto, whom everybody on this computer may reach."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text(f"user root\nlistener {port} {HOST}\nallow_anonymous true\n")
        self.process: "subprocess.Popen[bytes] | None" = None
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(self._conf)], stderr=subprocess.DEVNULL)

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex((HOST, self.port)) == 0

        until(listens, "mosquitto listens")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def broker(tmp_path: Path) -> "Iterator[Broker]":
    if MOSQUITTO is None:
        assert "CI" not in os.environ, "mosquitto is missing"
        pytest.skip("mosquitto is not installed")
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    made = Broker(tmp_path, port)
    yield made
    made.stop()


def house_at(stack: contextlib.ExitStack, port: int, name: str) -> House:
    house = House(port, name)
    stack.callback(house.mqtt.close)
    return house


def test_several_sites_are_shown_with_curves_and_decisions_of_their_own(stack: contextlib.ExitStack,
                                                                        broker: Broker) -> None:
    port = broker.port
    house_at(stack, port, "home")
    barn = house_at(stack, port, "barn")
    made = dashboard_of(stack, port)
    all_of_them, one = Looker(made), Looker(dashboard_of(stack, port, "Barn"))
    until(lambda: all_of_them.ask("GET", "/api/v1/sites")[1] == ["barn", "home"], "both sites")
    until(lambda: one.ask("GET", "/api/v1/sites")[1] == ["barn"], "the one")
    span = f"?from={int(time.time()) - 60}&to={int(time.time()) + 60}"
    until(lambda: all_of_them.ask("GET", "/api/v1/sites/home/decisions" + span)[1], "the decision")
    found = all_of_them.ask("GET", "/api/v1/sites/home/decisions" + span)[1]
    assert [(entry["device"], entry["grant"], entry["why_de"]) for entry in found] == [("car", 4_140, "6 A: alles")]
    curves = made._sites["home"].history
    until(lambda: "site.grid_w" in curves._minute, "the curve's first seconds")
    assert all_of_them.ask("GET", "/api/v1/sites/home/setup")[0] == 204
    barn.mqtt.close()
    until(lambda: all_of_them.ask("GET", "/api/state")[1]["hutschiene/barn/status"] == "offline", "its last word")


def test_what_is_set_goes_to_the_site_and_its_answer_comes_back(
        stack: contextlib.ExitStack, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "LANES", 1)
    accounts = Accounts(tmp_path / "accounts")
    accounts.put("anna", OWNER, PASSWORD)
    port = broker.port
    home = house_at(stack, port, "home")
    looker = Looker(dashboard_of(stack, port, door=Door(accounts)))
    path = "/api/v1/sites/home/devices/car/set/mode"
    assert looker.ask("POST", path, {"value": "fast"})[0] == 401
    assert looker.ask("POST", "/api/v1/login", {"user": "anna", "password": PASSWORD})[0] == 200
    until(lambda: looker.state("home"), "the site")
    assert looker.ask("POST", path, {"value": "fast", "for_s": 60}) == (
        200, {"ok": True, "value": "fast", "until_s": None})
    assert looker.ask("POST", path, {"value": "fest", "id": 7}) == (
        400, {"ok": False, "value": "fest", "until_s": None, "id": 7})
    assert [(topic, said["value"], said.get("for_s"), said["id"].partition("@")[0]) for topic, said in home.heard] == [
        ("hutschiene/home/car/set/mode", "fast", 60, "anna"), ("hutschiene/home/car/set/mode", "fest", None, "anna")]
    assert all("set" not in topic for topic in looker.ask("GET", "/api/state")[1])
    broker.stop()
    until(looker.fault, "the page says so", 3)
    status, told = looker.ask("POST", path, {"value": "fast"})
    assert (status, told["ok"]) == (400, False)
    assert told["why"].startswith("no connection to the broker, nothing is set: ")


def test_a_broker_that_goes_is_said_and_comes_back_by_itself(stack: contextlib.ExitStack, broker: Broker) -> None:
    port = broker.port
    home = house_at(stack, port, "home")
    looker = Looker(dashboard_of(stack, port))
    until(lambda: looker.state("home").get("broker") is True, "the site")
    broker.stop()
    until(looker.fault, "that it is gone", 3)
    assert looker.fault().startswith(("connection lost", "no answer"))
    broker.start()
    home.tell(9)
    until(lambda: not looker.fault() and looker.state("home")["up_s"] == 9, "that it is back")


def test_what_others_publish_there_stops_nothing(stack: contextlib.ExitStack, broker: Broker) -> None:
    port = broker.port
    strange = Mqtt(Access(HOST, port), "strange")
    stack.callback(strange.close)
    strange.start()
    wrong = ("{", "[]", "5", '"x"', "null", '{"granted_w":"x"}', '{"measured_ma":{}}', "[" * 9_000)
    for number, payload in enumerate(wrong):
        for place in ("car/decision", "car/state", "site/state", "node_a/state", "site/settings", "car/energy"):
            strange.publish(f"hutschiene/s{number}/{place}", payload)
    strange.publish("hutschiene/x", "1")
    for number in range(MOST_SITES + 5):
        strange.publish(f"hutschiene/many{number}/site/state", json.dumps(STATE))
    home = house_at(stack, port, "home")
    looker = Looker(dashboard_of(stack, port, "home", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s0"))
    until(lambda: looker.state("home"), "the site")
    span = f"?from={int(time.time()) - 60}&to={int(time.time()) + 600}"

    def decided() -> bool:
        home.tell(6)
        return bool(looker.ask("GET", "/api/v1/sites/home/decisions" + span)[1])

    until(decided, "curves go on")
    crowded = dashboard_of(stack, port)
    until(lambda: len(crowded._sites) == MOST_SITES, "so many sites and no more")
    assert Looker(crowded).ask("GET", "/api/v1/sites")[0] == 200


@pytest.mark.parametrize(("arguments", "why"), [
    (("--broker", "http://h"), "--broker http://h: allowed is mqtt://[USER@]HOST[:PORT] or mqtts://..."),
    (("--broker", "mqtt://h:x"), "--broker mqtt://h:x: allowed is"),
    (("--broker", "mqtt://u:secret@h"), "--broker (not shown): a password there is seen by everybody"),
    (("--broker", "mqtt://h", "--host", "0.0.0.0"), "without --accounts allowed is 127.0.0.1"),
    (("--broker", "mqtt://u@h", "--password-file", "/none"), "--password-file /none: no password"),
    (("--broker", "mqtts://h", "--ca", "/none"), "ca = '/none': not usable"),
])
def test_what_cannot_be_is_said(arguments: "tuple[str, ...]", why: str) -> None:
    done = subprocess.run([sys.executable, "-m", "firmware", "dashboard", *arguments], cwd=ROOT, capture_output=True,
                          text=True, timeout=30, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert why in done.stderr
    assert "secret" not in done.stderr


def test_it_starts_while_the_broker_is_away_and_ends_in_order() -> None:
    arguments = ("dashboard", "--broker", "mqtt://127.0.0.1:9", "--port", "18079")
    process = subprocess.Popen([sys.executable, "-m", "firmware", *arguments], cwd=ROOT, stdout=subprocess.PIPE,
                               text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("page http://127.0.0.1:18079, fed by mqtt://127.0.0.1:9; ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.communicate()
