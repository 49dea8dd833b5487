"""A house with a charge point in the loop: the daemon is a process of its own, the station calls it on a socket."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import MonotonicClock
from firmware import build
from firmware.config.file import load
from firmware.image import Image, Lease
from firmware.loop import Worker
from firmware.serve import Served
from hal.values import Phases, Setpoint
from sim.ocpp_socket import OcppSocket

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
SECRET = "0123456789abcdef"
SITE = """\
[site]
name = "Stations"
latitude = 48
longitude = 11
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {meters}
[line.stations]
kind = "ocpp"
host = "127.0.0.1"
port = {stations}
path = "ocpp"
passwords = "{folder}/passwords"
[node.house]
rated_a = 50
curve = "gg"
meter = "grid"
rest_a = 10
[node.yard]
parent = "house"
rated_a = 10
curve = "mcb-b"
rest_a = 0
[device.grid]
driver = "eastron_sdm630"
line = "meters"
[device.old]
driver = "ocpp_station"
line = "stations"
station = "OLD-1"
node = "yard"
phases = "L2 L3 L1"
max_a = 16
mode = "fast"
failsafe_s = 60
every_s = 5
[device.garden]
driver = "ocpp_station"
line = "stations"
station = "GARDEN"
node = "house"
phases = "L1 L2 L3"
max_a = 16
mode = "fast"
authorisation = "free"
failsafe_s = 60
every_s = 5
"""


def until(true: "Callable[[], object]", what: str, seconds: float = 25.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Daemon:
    def __init__(self, site: Path) -> None:
        self._site = site
        self.process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "firmware", "run", str(self._site)], cwd=ROOT,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def end(self, number: int) -> str:
        assert self.process is not None
        self.process.send_signal(number)
        said = self.process.communicate(timeout=15)[1]
        self.process = None
        return said


@pytest.fixture
def daemon(free_port: "Callable[[], int]", tmp_path: Path) -> "Iterator[Daemon]":
    passwords = tmp_path / "passwords"
    passwords.write_text(f"OLD-1 {SECRET}\nGARDEN {SECRET}\n")
    passwords.chmod(0o600)
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(meters=free_port(), stations=free_port(), folder=tmp_path))
    one = Daemon(site)
    yield one
    if one.process is not None:
        one.end(signal.SIGKILL)


def test_two_stations_charge_call_again_and_outlive_us(daemon: Daemon) -> None:
    file = load(daemon._site)
    with Served(file, "sunny", 3, 11 * 3_600_000) as served:
        twins: "dict[str, Any]" = dict(zip((each.name for each in file.devices), served.simulated.twins))
        old, garden = served.simulated.part("old"), served.simulated.part("garden")
        old.plug()
        garden.plug()
        daemon.start()
        until(lambda: max(old.current_ma) > 5_500, "the station in the yard charges", 40)
        until(lambda: max(garden.current_ma) > 5_500, "the other one, without a card")
        for sender in served._senders:
            if isinstance(sender, OcppSocket):
                sender.cut()
        until(lambda: all(sender.connections == 2 for sender in served._senders if isinstance(sender, OcppSocket)),
              "both call again")
        time.sleep(3)
        assert min(max(old.current_ma), max(garden.current_ma)) > 5_500  # and charge on
        assert 6_000 <= twins["old"].socket.offered_ma <= 10_000  # within the fuse of the yard
        daemon.end(signal.SIGKILL)
        time.sleep(1)
        assert max(garden.current_ma) > 5_500
        with served.simulated.lock:
            for twin in (twins["old"], twins["garden"]):
                twin.point.ahead_ms += 65_000  # a minute passes by its clock
        until(lambda: max(old.current_ma) + max(garden.current_ma) == 0, "the lease has ended by itself", 10)


def test_a_station_that_does_not_answer_delays_no_other(daemon: Daemon) -> None:
    """It is connected and mute: each question to it takes five seconds."""
    file = load(daemon._site)
    image, clock = Image(3), MonotonicClock()
    with Served(file, "sunny", 3, 11 * 3_600_000) as served:
        twins: "dict[str, Any]" = dict(zip((each.name for each in file.devices), served.simulated.twins))
        lines = build.lines(file, image, clock, build.real_port)
        assert [line.name for line in lines] == ["meters", "stations", "stations"]
        workers = [Worker(line, lambda: None) for line in lines]
        for worker in workers:
            worker.start()

        (old,), (garden,) = lines[1].slots, lines[2].slots
        until(lambda: old.armed and garden.armed, "both are armed")
        twins["garden"].point.silent = True
        until(lambda: garden.failures, "one is not heard any more", 30)
        for current_ma in (10_000, 6_000, 10_000, 6_000):  # told and done at once, again and again
            limit, reads = Setpoint(Phases(current_ma, current_ma, current_ma), 0), old.reads
            image.lease(old.index, Lease(limit, clock.now_ms() + 15_000))
            begun_s = time.monotonic()
            until(lambda ma=current_ma: twins["old"].socket.offered_ma == ma, f"{current_ma} mA")  # type: ignore[misc]
            until(lambda then=reads: old.reads > then + 1, "read on")  # type: ignore[misc]
            assert time.monotonic() - begun_s < 4
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join(10)


def test_a_house_without_stations_does_not_load_them(daemon: Daemon) -> None:
    text = daemon._site.read_text()
    without = text.replace(text[text.index("[line.stations]"):text.index("[node.house]")], "")
    daemon._site.write_text(without[:without.index("[device.old]")])
    with Served(load(daemon._site), "sunny", 3, 0):
        daemon.start()
        assert daemon.process is not None
        time.sleep(2)
        maps = Path(f"/proc/{daemon.process.pid}/maps").read_text()
        threads = {Path(f"/proc/{daemon.process.pid}/task/{task}/comm").read_text().strip()
                   for task in os.listdir(f"/proc/{daemon.process.pid}/task")}
        assert "rpds" not in maps
        assert "ocpp" not in threads
        assert daemon.end(signal.SIGTERM) == ""
