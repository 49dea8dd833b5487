"""`decode json` and `decode smgw` at real ports: a broker, an HTTP device with digest, a gateway behind TLS."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.mqtt_inbox import MqttInbox
from drivers.mqtt_link import Access
from sim.https_device import HttpsDevice
from sim.network_meters import HttpDevice
from sim.smgw_gateway import SimGateway
from sim.smgw_pages import Counted

ROOT = Path(__file__).parents[2]
HOST, METER = "127.0.0.1", "1emh0012345678"
STATUS = b'{"id":0,"total_act_power":-1234.5,"a_act_power":7}'
NOTE = '{\n"method": "NotifyStatus", "params": {"em:0": {"total_act_power": 5}}}'


@pytest.fixture
def logins(tmp_path: Path) -> Path:
    path = tmp_path / "logins"
    path.touch(0o600)
    path.write_text("json admin geheim\nsmgw user geheim\n")
    return path


def decode(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firmware", "decode", *words], cwd=ROOT, capture_output=True,
                          text=True, timeout=60)


def test_what_is_published_with_its_topics(broker: int) -> None:
    sender, done = MqttInbox(Access(HOST, broker)), threading.Event()
    sender.watch("none")

    def send() -> None:
        while not done.wait(0.1):
            sender.publish("shelly/status/em:0", STATUS.decode())
            sender.publish("shelly/events/rpc", NOTE)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        got = decode("json", f"mqtt://{HOST}:{broker}/shelly/#", "--frames", "4", "--seconds", "20", "--json")
    finally:
        done.set()
        thread.join()
        sender.close()
    said = [json.loads(line) for line in got.stdout.splitlines()]
    assert {one["topic"]: one["meters"][0]["power_w"] for one in said} == {
        "shelly/status/em:0": -1234.5, "shelly/events/rpc": 5}, got.stderr


def test_no_broker_is_said(free_port: "Callable[[], int]") -> None:
    begun_s = time.monotonic()
    got = decode("json", f"mqtt://{HOST}:{free_port()}/x")
    assert (got.returncode, "lets us in: no answer from the broker" in got.stderr) == (1, True)
    assert time.monotonic() - begun_s < 40


def test_a_device_is_asked_with_its_login(logins: Path) -> None:
    device = HttpDevice(HOST, 0, lambda: {"/rpc/EM.GetStatus?id=0": STATUS}, "admin", "geheim")
    place = f"http://{HOST}:{device.port}/rpc/EM.GetStatus?id=0"
    try:
        got = decode("json", place, "--frames", "2", "--json", "--logins", str(logins))
        refused = decode("json", place, "--frames", "2")
        absent = decode("json", f"http://{HOST}:{device.port}/nothing", "--logins", str(logins))
    finally:
        device.close()
    assert [json.loads(line)["meters"][0]["power_w"] for line in got.stdout.splitlines()] == [-1234.5] * 2, got.stderr
    assert (refused.returncode, "401" in refused.stderr) == (1, True)
    assert (absent.returncode, "404" in absent.stderr) == (1, True)


def test_a_gateway_is_asked_once_and_then_left_alone(tmp_path: Path, logins: Path) -> None:
    sim = SimGateway("ppc", "user", "geheim", lambda: ((METER, (Counted("0100010800ff", 12_345_678, -1, 30),)),))
    sim.capture("2026-06-21 12:15:00")
    device = HttpsDevice(HOST, 0, sim.answer)
    words = ("smgw", f"https://{HOST}:{device.port}", "--maker", "ppc", "--logins", str(logins), "--state",
             str(tmp_path / "state"), "--json")
    try:
        got = decode(*words)
        asked = sim.requests
        again = decode(*words)
    finally:
        device.close()
    assert json.loads(got.stdout)["import_wh"] == 1_234_567.8, got.stderr
    assert (sim.session, sim.failed, device.handshakes) == ("", 0, 1)
    assert (again.returncode, "left alone for" in again.stderr, sim.requests) == (1, True, asked)
