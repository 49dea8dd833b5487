"""Generators on real sockets and a control box on simulated pins: the limit reaches the wire, over restarts of the
inverter, and when our process is killed the inverter's own timer acts."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import MonotonicClock
from firmware import build
from firmware.config.file import LineSpec, load
from firmware.run import Daemon
from firmware.serve import Served
from hal.faults import REFUSED, DeviceError
from hal.values import ZERO, Setpoint
from sim.battery import Battery
from sim.pv import Inverter

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
NOON_MS = 12 * 3_600_000
SITE = """\
[site]
name = "Roof"
latitude = 48
longitude = 11
generator_w = 10000
{feed_in}
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {meters}
[line.roof]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {roof}
[node.house]
rated_a = 50
curve = "gg"
meter = "grid"
rest_a = 10
[device.grid]
driver = "eastron_sdm630"
line = "meters"
[device.roof]
driver = "sunspec_inverter"
line = "roof"
node = "house"
phases = "L1 L2 L3"
rated_w = 8000
revert_s = 15
"""
BOX = """\
[line.pins]
kind = "gpio"
[device.box]
driver = "control_box"
line = "pins"
s1_pin = 5
w3_pin = 6
[page]
port = {page}
"""
BATTERY = """\
[device.battery]
driver = "fronius_gen24"
line = "roof"
node = "house"
phases = "L1 L2 L3"
max_charge_w = 4000
max_discharge_w = 4000
[page]
port = {page}
"""
DTU = """\
[site]
name = "Balcony"
latitude = 48
longitude = 11
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {meters}
[line.broker]
kind = "mqtt"
host = "127.0.0.1"
port = {mqtt}
[line.web]
kind = "http"
host = "127.0.0.1"
port = {http}
user = "admin"
password = "{password}"
[node.house]
rated_a = 50
curve = "gg"
meter = "grid"
rest_a = 10
[device.grid]
driver = "eastron_sdm630"
line = "meters"
[device.over_mqtt]
driver = "open_dtu"
line = "broker"
node = "house"
phases = "L1"
rated_w = 800
serial_number = "1161"
sends_s = 1
[device.over_http]
driver = "open_dtu"
line = "web"
node = "house"
phases = "L2"
rated_w = 800
serial_number = "1162"
"""


def served_of(path: Path, text: str) -> "tuple[Any, Served]":
    path.write_text(text)
    file = load(path)
    return file, Served(file, "sunny", 3, NOON_MS)


def test_contacts_limit_the_roof_on_the_wire_and_a_restarted_inverter_is_limited_again(until: "Callable[..., None]",
                                                                                       free_port: "Callable[[], int]",
                                                                                       tmp_path: Path) -> None:
    text = (SITE + BOX).format(feed_in="", meters=free_port(), roof=free_port(), page=free_port())
    file, served = served_of(tmp_path / "site.toml", text)

    def port_of(spec: LineSpec) -> Any:
        return served.simulated.port(spec) if spec.kind == "gpio" else build.real_port(spec)

    twins = dict(zip((each.name for each in file.devices), served.simulated.twins))
    roof, box = twins["roof"], twins["box"]
    part = served.simulated.part("roof")
    with served:
        daemon = Daemon(file, port_of=port_of, tell=lambda words: True)
        running = threading.Thread(target=daemon.run, daemon=True)
        running.start()
        try:
            until(lambda: part.told_w == 8_000 and -part.power_w.total() > 6_000, "all the roof can make")
            box.demand("w3", True)
            until(lambda: roof.told["enabled"] == 1 and -served.simulated.house.nodes[0].power_w.total() <= 50,
                  "no feed-in", 10)
            roof.power_cycle()
            assert roof.told["enabled"] == 0
            until(lambda: roof.told["enabled"] == 1 and roof.told["limit_ppm"] < 200_000, "limited again", 10)
            assert roof.told["revert_s"] == 15
            duties = daemon._duties.pairs()[0][1]
            in_force = json.loads(duties)["in_force"]
            assert [(one["source"], one["direction"], one["ceiling_w"], one["input_lost"]) for one in in_force] == [
                ("box", "produce", 0, False)]
            assert in_force[0]["applied"]
            box.demand("w3", False)
            until(lambda: part.told_w > 3_000, "the roof that comes back", 20)
        finally:
            daemon.stop()
            running.join(10)
        assert not running.is_alive()
        assert roof.told["enabled"] == 0  # released


def test_roof_and_battery_of_one_inverter_are_told_on_one_wire(until: "Callable[..., None]",
                                                                free_port: "Callable[[], int]",
                                                                tmp_path: Path) -> None:
    text = (SITE + BATTERY).format(feed_in="feed_in_w = 0", meters=free_port(), roof=free_port(), page=free_port())
    file, served = served_of(tmp_path / "site.toml", text)
    house, roof, store = served.simulated, served.simulated.part("roof"), served.simulated.part("battery")
    assert isinstance(roof, Inverter)
    assert isinstance(store, Battery)
    store.plug(1_000)  # full
    with served:
        twin: Any = house.twins[2]
        daemon = Daemon(file, tell=lambda words: True)
        running = threading.Thread(target=daemon.run, daemon=True)
        running.start()
        try:
            until(lambda: twin.told["enabled"] == 1 and -house.house.nodes[0].power_w.total() <= 50
                  and roof.power_w.total() < -100, "no feed-in, and the house is fed", 20)
            assert roof.could_w > 6_000
            house.world.sun.held_permille = 0
            until(lambda: roof.power_w.total() == 0 and store.power_w.total() < -100
                  and abs(house.house.nodes[0].power_w.total()) < 100, "the battery feeds it in the dark", 20)
        finally:
            daemon.stop()
            running.join(10)
        assert not running.is_alive()
        assert (twin.told["enabled"], twin.mode) == (0, 0)  # both released


def test_killed_the_inverter_lifts_its_limit_by_itself(until: "Callable[..., None]", free_port: "Callable[[], int]",
                                                       tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    _, served = served_of(path, SITE.format(feed_in="feed_in_w = 0", meters=free_port(), roof=free_port()))
    with served, subprocess.Popen([sys.executable, "-m", "firmware", "run", str(path)], cwd=ROOT,
                                  stdout=subprocess.DEVNULL) as process:
        roof: Any = served.simulated.twins[1]
        try:
            until(lambda: roof.told["enabled"] == 1 and roof.told["limit_ppm"] < 500_000, "zero export", 20)
        finally:
            process.send_signal(signal.SIGKILL)
        assert roof.told["enabled"] == 1
        roof.heard_ms -= 10_000  # the rest of its 15 s is waited for
        killed_s = time.monotonic()
        until(lambda: roof.told["enabled"] == 0, "its own timer", 10)
        assert roof.told["revert_s"] == 15
        assert time.monotonic() - killed_s >= 1
        until(lambda: -served.simulated.part("roof").power_w.total() > 6_000, "all it can make")


def test_a_dtu_over_a_broker_and_over_http_with_its_password(until: "Callable[..., None]",
                                                             free_port: "Callable[[], int]",
                                                             tmp_path: Path, broker: int) -> None:
    ports: "list[Any]" = []

    def device(file: Any, name: str) -> Any:
        found = next(each for each in file.devices if each.name == name)
        line = next(each for each in file.lines if each.name == found.line)
        ports.append(build.real_port(line))
        return build.driver(found, ports[-1], MonotonicClock())

    text = DTU.format(meters=free_port(), http=free_port(), mqtt=broker, password="{password}")
    file, served = served_of(tmp_path / "site.toml", text.format(password="secret"))
    with served:
        twins = dict(zip((each.name for each in file.devices), served.simulated.twins))
        for name in ("over_mqtt", "over_http"):
            dtu, twins[name].radio_ms = device(file, name), (500, 1_000)

            def heard(one: Any = dtu) -> bool:
                try:
                    return bool(one.read(MonotonicClock().now_ms()).state == "producing")
                except DeviceError:
                    return False

            until(heard, f"{name}: what it makes")
            dtu.apply(Setpoint(ZERO, -300))
            until(lambda told=twins[name]: told.told >= 1, f"{name}: told")
            until(lambda told=twins[name]: told.limit_w == 300, f"{name}: through the radio", 20)
            dtu.release()
            until(lambda told=twins[name]: told.told == 2, f"{name}: released")
        wrong = load_with(tmp_path, text.format(password="other"))
        stranger = device(wrong, "over_http")
        assert stranger.read(1).state in ("producing", "idle")  # reading needs no password
        with pytest.raises(DeviceError, match="user and password are not taken") as caught:
            stranger.release()
        assert caught.value.kind == REFUSED
        for port in ports:
            port.close()


def load_with(folder: Path, text: str) -> Any:
    path = folder / "other.toml"
    path.write_text(text)
    return load(path)
