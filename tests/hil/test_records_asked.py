"""A reading asked for over a real broker, while snapshots come in: answered, on the disk, and refused with a reason."""

import json
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from control.values import Obeyed, Plan
from firmware.broker import Broker
from firmware.config.file import load
from firmware.image import Image
from firmware.records.recorder import Recorder
from hal.values import reading
from sim.time_service import SimTime

WAIT_S = 30.0
MQTT = """
events = true
[mqtt]
host = "127.0.0.1"
port = {port}
"""


class Asker:
    def __init__(self, host: str, port: int) -> None:
        self.answers: "queue.Queue[dict[str, Any]]" = queue.Queue()
        self.there: "queue.Queue[str]" = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, "asker")
        self._client.on_message = self._heard
        self._client.connect(host, port)
        self._client.subscribe([("hutschiene/test/records/set/event/result", 1), ("hutschiene/test/records/status", 1)])
        self._client.loop_start()

    def _heard(self, _client: Any, _: Any, message: Any) -> None:
        if message.topic.endswith("/status"):
            self.there.put(message.payload.decode())
        else:
            self.answers.put(json.loads(message.payload))

    def keep(self, text: str) -> None:
        """Left at the broker, retained, for whoever comes."""
        self._client.publish("hutschiene/test/records/set/event", text, qos=1, retain=True).wait_for_publish(WAIT_S)

    def ask(self, text: str) -> "dict[str, Any]":
        self._client.publish("hutschiene/test/records/set/event", text, qos=1)
        return self.answers.get(timeout=WAIT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker() -> "Iterator[tuple[str, int]]":
    one = Broker()
    yield one.start()
    one.stop()


def test_asked_over_mqtt(broker: "tuple[str, int]", recorded_site: "Callable[[str], Path]") -> None:
    file = load(recorded_site(MQTT.format(port=broker[1])))
    clock, image = SimTime(1_792_888_000_000), Image(1)
    recorder = Recorder(file, clock)
    asker = Asker(*broker)
    asker.keep('{"meter": "grid", "what": "begin"}')
    recorder.start()
    try:
        assert asker.there.get(timeout=WAIT_S) == "online"
        end_s = time.monotonic() + WAIT_S
        while not json.loads(recorder.pairs()[0][1])["heads"] and time.monotonic() < end_s:
            time.sleep(0.05)
        clock.wait(1_000)
        image.hear(0, reading(clock.read().mono_ms + 500, import_wh=1_234, export_wh=0))
        recorder.hear(image.snapshot(clock.read().mono_ms + 500, ("surplus",)),
                      Plan((None,), (), None, (), Obeyed((), None, None)))
        assert "retained command" in asker.answers.get(timeout=WAIT_S)["why"]
        refused = asker.ask('{"meter": "roof", "external": "x1"}')
        assert refused == {"ok": False, "why": "there is no meter 'roof'", "why_de": "den Zähler 'roof' gibt es nicht",
                           "external": "x1"}
        assert asker.ask('{"meter": 5}')["ok"] is False
        feed = 0

        def seen() -> None:
            nonlocal feed
            feed += 1
            t_ms = clock.read().mono_ms + feed
            image.hear(0, reading(t_ms, import_wh=1_240, export_wh=0))
            recorder.hear(image.snapshot(t_ms, ("surplus",)), Plan((None,), (), None, (), Obeyed((), None, None)))

        asker._client.publish("hutschiene/test/records/set/event",
                              '{"meter": "grid", "what": "begin", "group": "11XSUPPLIER", "external": "x2"}', qos=1)
        answer = None
        while answer is None and time.monotonic() < end_s:
            seen()
            try:
                answer = asker.answers.get(timeout=0.2)
            except queue.Empty:
                continue
        assert answer is not None
        assert (answer["ok"], answer["kept"]) == (True, True)
        event = answer["event"]
        assert (event["value"], event["what"]) == (1_240, "begin")
        assert (event["group"], event["external"]) == ("11XSUPPLIER", "x2")
    finally:
        asker.close()
        recorder.stop()
