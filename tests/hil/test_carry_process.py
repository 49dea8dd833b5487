"""The carrying gateway as a process: fed through a pipe, killed with -9, its way to the broker cut. No key in it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from firmware.broker import Broker
from firmware.carrying.recent import place as recent
from firmware.carrying.spool import Spool
from sim.rng import Rng
from sim.twins.oms_meter import RadioMeter, on_stick

ROOT = Path(__file__).parents[2]
METERS = 250
WAIT_S = 30.0
SITE = """
[site]
name = "Block"
latitude = 48.0
longitude = 11.0
[line.air]
kind = "wm-bus"
stick = "hex"
port = "{folder}/air"
[mqtt]
host = "127.0.0.1"
port = {port}
[carry]
line = "air"
folder = "{folder}/spool"
"""


class Way:
    """The network between gateway and broker: carries bytes, until it is cut."""

    def __init__(self, to: "tuple[str, int]") -> None:
        self._to = to
        self.cut = False
        self._open: "list[socket.socket]" = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                if self.cut:
                    here.close()
                    continue
                there = socket.create_connection(self._to)
                self._open += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def set_cut(self, cut: bool) -> None:
        self.cut = cut
        for each in self._open if cut else ():
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.set_cut(True)
        self._listening.close()


class Office:
    def __init__(self, host: str, port: int) -> None:
        self.heard: "dict[str, list[str]]" = {}
        self._client = Client(CallbackAPIVersion.VERSION2, "office")
        self._client.on_connect = lambda client, *_: client.subscribe("hutschiene/block/carry/#", qos=1)
        self._client.on_message = lambda _, __, message: self.heard.setdefault(
            message.topic.removeprefix("hutschiene/block/carry/"), []).append(message.payload.decode())
        self._client.connect(host, port)
        self._client.loop_start()

    def say(self, topic: str, payload: str) -> None:
        self._client.publish("hutschiene/block/carry/" + topic, payload, qos=1).wait_for_publish(5)

    def frames(self) -> "list[str]":
        """Of each number once."""
        parts = {}
        for payload in self.heard.get("frames", []):
            part = json.loads(payload)
            assert parts.setdefault((part["series"], part["number"]), payload) == payload
        return [one["frame"] for payload in parts.values() for one in json.loads(payload)["frames"]]

    def close(self) -> None:
        self._client.loop_stop()
        self._client.disconnect()


@pytest.fixture
def place(tmp_path: Path) -> "Iterator[tuple[Path, Way, Office]]":
    broker = Broker("127.0.0.1", 0)
    way = Way(broker.start())
    office = Office("127.0.0.1", way._to[1])
    os.mkfifo(tmp_path / "air")
    (tmp_path / "site.toml").write_text(SITE.format(folder=tmp_path, port=way.port))
    spool = Spool(tmp_path / "spool", 1_000_000)
    spool.put("interval_s", "2")  # quicker than anyone may ask from afar
    spool.close()
    yield tmp_path, way, office
    way.close()
    office.close()
    broker.stop()


def started(folder: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-m", "firmware", "carry", str(folder / "site.toml")], cwd=ROOT,
                               env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "carries from hex" in process.stdout.readline()
    return process


def refused(folder: Path) -> str:
    """What a second one says that is started beside it."""
    done = subprocess.run([sys.executable, "-m", "firmware", "carry", str(folder / "site.toml")], cwd=ROOT, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 1
    return done.stderr


def in_memory(pid: int, words: "list[bytes]") -> "set[bytes]":
    """Which of the words stand anywhere in the writable memory of a process."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if match:
                begin, end = (int(word, 16) for word in match.groups())
                with contextlib.suppress(OSError, ValueError):
                    memory.seek(begin)
                    data = memory.read(end - begin)
                    found |= {word for word in words if word in data}
    return found


def until(what: str, done: "object") -> None:
    end_s = time.monotonic() + WAIT_S
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end_s, what
        time.sleep(0.05)


def test_killed_and_cut_every_frame_arrives_once(place: "tuple[Path, Way, Office]") -> None:
    folder, way, office = place
    rng = Rng(11)
    meters = [RadioMeter(3, number) for number in range(METERS)]
    sent: "dict[str, str]" = {}
    process = started(folder)
    memory = recent(folder / "spool")
    assert memory is not None
    air = os.open(folder / "air", os.O_RDWR)  # so the pipe outlives a dead reader
    try:
        for round_ in range(3):
            way.set_cut(round_ == 1)
            assert round_ or "another process carries from it" in refused(folder)
            for meter in meters:
                frame = meter.send(0)
                sent[frame.hex()] = meter.address.text()
                os.write(air, on_stick("hex", frame))
            time.sleep(rng.between(200, 2_500) / 1000)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            assert memory.exists()
            process = started(folder)
        way.set_cut(False)
        last = [meter.send(0) for meter in meters]
        for frame in last:
            os.write(air, on_stick("hex", frame))
        for meter in meters:  # a confirmation holds no data
            words = b"\x47" + meter.address.packed() + bytes.fromhex("8a2a000000")
            os.write(air, on_stick("hex", bytes((len(words),)) + words))
        until("the newest of every meter", lambda: {frame.hex() for frame in last} <= set(office.frames()))
        got = office.frames()
        assert len(got) == len(set(got))
        assert set(got) <= set(sent) | {frame.hex() for frame in last}
        keys = [word for meter in meters for word in (meter.key, meter.key.hex().encode())]
        there = b"hutschiene/block/carry/"
        assert in_memory(process.pid, [there, *keys]) == {there}
        assert "cryptography" not in Path(f"/proc/{process.pid}/maps").read_text()
    finally:
        os.close(air)
        process.terminate()
        assert process.wait(20) == 0
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not memory.exists()  # a good end leaves nothing there
    assert not any(meter.key in kept or meter.key.hex().encode() in kept for meter in meters)


def test_what_is_wrong_is_told_where_there_is_no_broker_to_tell(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE.format(folder=tmp_path, port=1).replace('"hex"', '"im871a"'))
    process = subprocess.Popen([sys.executable, "-m", "firmware", "carry", str(tmp_path / "site.toml")], cwd=ROOT,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    try:
        said = sorted(process.stderr.readline() for _ in range(2))
    finally:
        process.terminate()
        assert process.wait(20) == 0
    assert said[0].startswith("broker: no answer from the broker")
    assert said[1].startswith(f"stick: {tmp_path}/air: ")


def test_the_interval_is_set_from_afar(place: "tuple[Path, Way, Office]") -> None:
    folder, _, office = place
    process = started(folder)
    try:
        until("a state", lambda: office.heard.get("status") == ["online"])
        for wanted, ok in (("60", False), ("3600", True)):
            before = len(office.heard.get("set/interval_s/result", []))
            office.say("set/interval_s", wanted)
            until("an answer", lambda before=before: len(office.heard.get("set/interval_s/result", [])) > before)
            assert json.loads(office.heard["set/interval_s/result"][-1])["ok"] is ok
        until("the new state", lambda: any(
            json.loads(state)["interval_s"] == 3600 for state in office.heard.get("state", [])))
    finally:
        process.terminate()
        assert process.wait(20) == 0
    until("the last word", lambda: office.heard["status"][-1] == "offline")
