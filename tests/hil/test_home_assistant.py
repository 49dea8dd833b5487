"""A demo house announces itself, and Home Assistant's own code judges every message and every template on what was
really published. Its package lives in an environment of its own (./dev setup makes it where there is a Python for it).
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from control.values import NONE, Snapshot
from firmware.broker import Broker
from firmware.build import real_port
from firmware.config.file import LineSpec, SiteFile, load
from firmware.demo import moved
from firmware.home_assistant.discovery import HomeAssistant
from firmware.home_assistant.measured import SHAPES
from firmware.run import Daemon
from firmware.serve import Served

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / "var" / "home-assistant" / "bin" / "python"
HOST = "127.0.0.1"
DEVICES = ("site", "grid", "roof", "carport", "rod", "battery", "heatpump")
STATES = "hutschiene/haus_sonnenhang/"
PLACE = "homeassistant/device/hutschiene_haus_sonnenhang/"


def until(true: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Ear:
    """Somebody at the broker: the newest of each topic, and how often each came."""

    def __init__(self, port: int) -> None:
        self.told: "dict[str, str]" = {}
        self.count: "dict[str, int]" = {}
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_message = self._on_message
        self.client.connect(HOST, port)
        self.client.loop_start()

    def _on_message(self, _client: Client, _: object, message: MQTTMessage) -> None:
        self.told[message.topic] = message.payload.decode()
        self.count[message.topic] = self.count.get(message.topic, 0) + 1

    def say(self, topic: str, payload: str, retain: bool = False) -> None:
        self.client.publish(topic, payload, 1, retain).wait_for_publish(10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Ear]":
    """The demo house at an embedded broker on which an older configuration has left something behind."""
    broker = Broker(HOST, 0)
    _, port = broker.start()
    ear = Ear(port)
    for topic in (PLACE + "pool/config", STATES + "pool/state", STATES + "pool/measured/gas", STATES + "grid/settings"):
        ear.say(topic, '{"old":1}', retain=True)
    ear.say(PLACE + "carport/config", json.dumps({"device": {}, "components": {
        "boost": {"platform": "button", "name": "Boost"}, "mode": {"platform": "select", "name": "Mode"}}}), True)
    ear.say("homeassistant/device/hutschiene_haus_sonnenhang_2/pool/config", '{"others":1}', retain=True)
    folder = tmp_path_factory.mktemp("house")
    file: SiteFile = moved(load(ROOT / "deploy" / "demo.toml"), folder, port)
    assert file.mqtt is not None
    file = file._replace(mqtt=type(file.mqtt)(host=HOST, port=port, discovery="homeassistant"), page=None)
    with Served(file, "sunny", 1, 43_200_000, 1) as served:
        def port_of(spec: LineSpec) -> Any:
            return served.simulated.port(spec) if spec.kind == "gpio" else real_port(spec)

        daemon = Daemon(file, port_of=port_of)
        running = threading.Thread(target=daemon.run)
        running.start()
        try:
            until(lambda: all(PLACE + name + "/config" in ear.told for name in DEVICES), "every announcement")
            until(lambda: all(STATES + name + "/state" in ear.told for name in DEVICES), "every state")
            until(lambda: "export_wh" in ear.told[PLACE + "grid/config"], "the grid meter's energies")
            yield ear
        finally:
            daemon.stop()
            running.join(20)
            ear.close()
            broker.stop()


def test_a_button_of_home_assistant_records_a_reading(house: Ear) -> None:
    button = json.loads(house.told[PLACE + "grid/config"])["components"]["event_reading"]
    house.say(button["command_topic"], button["payload_press"])
    until(lambda: "Home Assistant" in house.told.get(STATES + "records/events", ""), "the reading")
    newest = next(one for one in json.loads(house.told[STATES + "records/events"])["events"]
                  if one["ok"] and one["event"]["text"] == "Home Assistant")
    event = newest["event"]
    assert (newest["kept"], event["meter"], event["obis"], event["also"][0][0]) == (
        True, "grid", "1-0:1.8.0", "1-0:2.8.0")
    shown = json.loads(house.told[PLACE + "site/config"])["components"]["event"]
    assert shown["state_topic"] == STATES + "records/events"


def test_home_assistant_takes_every_message_and_every_template(house: Ear) -> None:
    if not PYTHON.is_file():
        pytest.skip("no Home Assistant: ./dev setup installs it where there is a Python 3.13")
    def announced() -> "dict[str, Any]":
        return {topic: json.loads(payload) for topic, payload in house.told.items()
                if topic.startswith(PLACE) and payload and "old" not in payload}

    until(lambda: '"boost":{"platform":"button"}' in house.told[PLACE + "carport/config"], "the button is removed")
    until(lambda: all(entity.get("state_topic", STATES + "status") in house.told for message in announced().values()
                      for entity in message["components"].values()), "a payload of each that is announced")
    messages = announced()
    states = {topic: payload for topic, payload in house.told.items() if topic.startswith("hutschiene/") and payload}
    judged = subprocess.run([PYTHON, Path(__file__).parent / "home_assistant" / "judge.py"], text=True, timeout=120,
                            input=json.dumps({"messages": messages, "states": states}), capture_output=True)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert int(judged.stdout.split()[0]) > 60


def test_home_assistant_takes_heat_water_and_gas_meters() -> None:
    if not PYTHON.is_file():
        pytest.skip("no Home Assistant: ./dev setup installs it where there is a Python 3.13")
    site = load(ROOT / "deploy" / "demo.toml").site
    one = {"time": None, "clock": "none", "function": "now", "storage": 0, "tariff": 0, "subunit": 0, "qualifiers": []}
    pairs = {STATES + "grid/measured/" + medium.replace(" ", "_"): json.dumps({
        "meter": medium, "medium": medium, "status": [], "values": [
            {"quantity": quantity, "value": 1_234_567, "scaler": -3, "unit": unit, **one, **more}
            for quantity, unit in SHAPES for more in ({"storage": 1}, {})]})
        for medium in ("heat", "gas", "cold water", "room")}
    nothing = Snapshot(0, (), (), (), (), (), None, NONE)
    announced = HomeAssistant(site._replace(devices=site.devices[:1]), "homeassistant", True, "1", -60_000).news(
        nothing, (), tuple(pairs.items()))
    messages = {topic: json.loads(payload) for topic, payload in announced if topic.endswith("grid/config")}
    for message in messages.values():
        message["components"] = {key: value for key, value in message["components"].items() if "measured" in key}
    judged = subprocess.run([PYTHON, Path(__file__).parent / "home_assistant" / "judge.py"], text=True, timeout=120,
                            input=json.dumps({"messages": messages, "states": pairs}), capture_output=True)
    quantities = {quantity for quantity, _ in SHAPES}
    assert (judged.returncode, judged.stdout) == (0, f"{4 * len(quantities)} entities\n"), judged.stdout + judged.stderr


def test_what_is_gone_is_removed_and_what_is_anothers_stays(house: Ear) -> None:
    until(lambda: house.told[PLACE + "pool/config"] == "", "the old announcement is removed")
    for topic in ("pool/state", "pool/measured/gas", "grid/settings"):
        until(lambda topic=topic: house.told[STATES + topic] == "", f"{topic} is removed")
    until(lambda: '"boost":{"platform":"button"}' in house.told[PLACE + "carport/config"], "the button is removed")
    assert json.loads(house.told[PLACE + "carport/config"])["components"]["mode"]["options"]
    assert json.loads(house.told[STATES + "carport/settings"])["mode"] == "surplus"
    assert house.told["homeassistant/device/hutschiene_haus_sonnenhang_2/pool/config"] == '{"others":1}'
    assert all(house.told[PLACE + name + "/config"] for name in DEVICES)


def test_everything_is_said_again_when_home_assistant_starts(house: Ear) -> None:
    before = house.count[PLACE + "carport/config"]
    house.say("homeassistant/status", "offline")
    house.say("homeassistant/status", "online")
    until(lambda: house.count[PLACE + "carport/config"] > before, "announced again")


def test_a_select_of_home_assistant_sets_the_mode(house: Ear) -> None:
    mode = json.loads(house.told[PLACE + "rod/config"])["components"]["mode"]
    house.say(mode["command_topic"], mode["command_template"].replace("{{ value }}", "off"))
    until(lambda: json.loads(house.told[mode["state_topic"]])["mode"] == "off", "the state follows")
    until(lambda: json.loads(house.told["hutschiene/haus_sonnenhang/rod/decision"])["reason"] == 1, "the reason: off")
