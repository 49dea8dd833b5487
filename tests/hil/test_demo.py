"""`demo` as a newcomer starts it: page and broker come up, tell the same, and Ctrl-C leaves nothing behind."""

import contextlib
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

ROOT = Path(__file__).parents[2]
UP_S = 60
END_S = 10
PREFIX = "hutschiene/haus_sonnenhang/"


class Demo:
    """A running demo whose temporary files go to `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "firmware", "demo"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)})
        self.told = self._told()
        self.page = self._address("http")
        self.broker = self._address("mqtt")

    def _told(self) -> str:
        """What it prints until it waits for Ctrl-C."""
        assert self.process.stdout is not None
        told, end_s = b"", time.monotonic() + UP_S
        while b"Ctrl-C" not in told:
            ready = select.select([self.process.stdout], [], [], max(0, end_s - time.monotonic()))[0]
            lump = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            assert lump, f"it said {told!r} and {self.process.poll()}"
            told += lump
        return told.decode()

    def _address(self, scheme: str) -> "tuple[str, int]":
        found = re.search(scheme + r"://([\d.]+):(\d+)", self.told)
        assert found is not None, self.told
        return found.group(1), int(found.group(2))

    def shown(self) -> "dict[str, Any]":
        """What the page shows, by topic."""
        host, port = self.page
        with urllib.request.urlopen(f"http://{host}:{port}/api/state", timeout=10) as answer:
            shown: "dict[str, Any]" = json.load(answer)
            return shown

    def end(self) -> "tuple[int, str, str]":
        """Ctrl-C; (exit code, what it said last, what it complained about)."""
        os.killpg(self.process.pid, signal.SIGINT)  # as a terminal does: to all of them
        said, errors = self.process.communicate(timeout=END_S)
        return self.process.returncode, said.decode(), errors.decode()


@pytest.fixture
def demo(tmp_path: Path) -> "Iterator[Demo]":
    """Started while the ports it would like are taken, by us or by somebody else."""
    with contextlib.ExitStack() as stack:
        for port in (8080, 1883):
            with contextlib.suppress(OSError):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
        made = Demo(tmp_path)
        yield made
        if made.process.poll() is None:
            os.killpg(made.process.pid, signal.SIGKILL)
            made.process.wait()


class Listener:
    """What the broker tells a client that has just come, and from then on; by topic."""

    def __init__(self, host: str, port: int) -> None:
        self.topics: "dict[str, Any]" = {}
        self.retained: "set[str]" = set()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(PREFIX + "#", qos=1)
        self._client.on_message = lambda _client, _data, message: self._heard(message)
        self._client.connect(host, port)
        self._client.loop_start()

    def _heard(self, message: mqtt.MQTTMessage) -> None:
        text = message.payload.decode()
        self.topics[message.topic] = json.loads(text) if text.startswith("{") else text
        if message.retain:
            self.retained.add(message.topic)

    def say(self, topic: str, payload: str) -> None:
        self._client.publish(topic, payload, 1).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def obeyed(listener: Listener, end_s: float) -> None:
    """A mode set over the broker is answered, decided by, and leads to a grant with another reason."""
    decision = PREFIX + "carport/decision"
    before = listener.topics[decision]
    assert before["mode"] == "surplus"
    listener.say(PREFIX + "carport/set/mode", "fast")
    while (listener.topics[decision]["mode"] != "fast" or listener.topics[decision]["wanted_w"] <= 10_000
           or listener.topics[PREFIX + "carport/settings"]["mode"] != "fast"):
        assert time.monotonic() < end_s, listener.topics
        time.sleep(0.05)
    assert listener.topics[PREFIX + "carport/set/mode/result"] == {"ok": True, "value": "fast", "until_s": None}


def obeyed_over_http(demo: Demo, listener: Listener, end_s: float) -> None:
    """The owner logs in with the password that was printed, and takes the mode back."""
    found = re.search(r"owner +([a-z0-9-]{17})\n", demo.told)
    assert found is not None, demo.told
    client = http.client.HTTPConnection(*demo.page, timeout=10)
    client.request("POST", "/api/v1/login", json.dumps({"user": "owner", "password": found.group(1)}),
                   {"content-type": "application/json"})
    answer = client.getresponse()
    csrf, cookie = json.load(answer)["csrf"], str(answer.getheader("set-cookie")).partition(";")[0]
    client.request("POST", "/api/v1/sites/haus_sonnenhang/devices/carport/set/mode", '{"value":"default"}',
                   {"content-type": "application/json", "cookie": cookie, "x-csrf-token": csrf})
    answer = client.getresponse()
    assert (answer.status, json.load(answer)) == (200, {"ok": True, "value": "default", "until_s": None})
    client.close()
    while listener.topics[PREFIX + "carport/decision"]["mode"] != "surplus":
        assert time.monotonic() < end_s, listener.topics
        time.sleep(0.05)


def test_the_demo_comes_up_tells_one_story_and_goes(demo: Demo) -> None:
    assert demo.page[1] != 8080
    assert demo.broker[1] != 1883
    links = [path for path in demo.folder.rglob("*") if path.is_symlink()]
    assert links
    assert all(os.path.realpath(link).startswith("/dev/pts/") for link in links)

    end_s = time.monotonic() + UP_S
    while demo.shown().get(PREFIX + "site/state", {}).get("house_w") is None:
        assert time.monotonic() < end_s, demo.shown()
        time.sleep(0.2)
    listener = Listener(*demo.broker)
    agreed = False
    while not agreed:  # a moment in which neither has just changed
        assert time.monotonic() < end_s, (demo.shown(), listener.topics)
        time.sleep(0.1)
        shown, heard = demo.shown(), dict(listener.topics)
        agreed = {**shown, PREFIX + "status": "online", PREFIX + "records/status": "online"} == heard
    obeyed(listener, end_s)
    obeyed_over_http(demo, listener, end_s)
    listener.close()
    assert listener.retained == set(listener.topics) - {PREFIX + "carport/set/mode", PREFIX + "carport/set/mode/result"}
    names = ("grid", "roof", "carport", "rod", "battery", "heatpump")
    assert {PREFIX + name + "/state" for name in names} <= set(shown)
    assert {PREFIX + name + "/decision" for name in names[2:]} <= set(shown)
    assert shown[PREFIX + "grid/state"]["fault"] is None
    assert shown[PREFIX + "carport/decision"]["why"]

    code, said, errors = demo.end()
    logged = [line.partition(":")[0] for line in errors.splitlines()]
    assert (code, logged) == (0, ["page", "set by owner"]), errors
    assert said.strip().endswith("every device was left on its fallback")
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.process.pid, 0)
    assert list(demo.folder.iterdir()) == []
    for host, port in (demo.page, demo.broker):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port), 5)
