"""Plugs and described devices on real sockets: HTTP with digest, an MQTT broker; served by the product's own serve."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.clock import MonotonicClock
from firmware import build
from firmware.config.file import load
from firmware.serve import Served
from hal.faults import DeviceError
from hal.values import ZERO, Phases, Setpoint

HOST = "127.0.0.1"
SITE = """\
[site]
name = "Told"
latitude = 48
longitude = 11
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {meters}
[line.plug]
kind = "http"
host = "127.0.0.1"
port = {http}
user = "admin"
password = "secret"
[line.broker]
kind = "mqtt"
host = "127.0.0.1"
port = {mqtt}
[node.house]
rated_a = 50
curve = "gg"
meter = "grid"
rest_a = 10
[device.grid]
driver = "eastron_sdm630"
line = "meters"
[device.heater]
driver = "shelly_plug"
line = "plug"
node = "house"
phases = "L2"
power_w = 1500
[device.box]
driver = "json_device"
line = "broker"
node = "house"
phases = "L1 L2 L3"
kind = "wallbox"
sends_s = 1
topic = "box/state"
power = "p"
state = "car"
states = ["1=A", "2=C", "3=B"]
limit = "amp"
tell = "box/set amp {{a}}"
"""


def test_a_plug_and_a_described_box(until: "Callable[..., None]", free_port: "Callable[[], int]", tmp_path: Path,
                                    broker: int) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(meters=free_port(), http=free_port(), mqtt=broker))
    file = load(path)
    ports: "list[Any]" = []

    def device(name: str) -> Any:
        found = next(each for each in file.devices if each.name == name)
        line = next(each for each in file.lines if each.name == found.line)
        ports.append(build.real_port(line))
        return build.driver(found, ports[-1], MonotonicClock())

    with Served(file, "sunny", 3, 0) as served:
        twins = dict(zip((each.name for each in file.devices), served.simulated.twins))
        plug, box = device("heater"), device("box")
        plug.arm()
        plug.apply(Setpoint(ZERO, 1_500))
        assert twins["heater"].on
        assert plug.read(1).state == "on"
        plug.release()
        assert not twins["heater"].on

        def heard() -> bool:
            try:
                return bool(box.read(1).state)
            except DeviceError:
                return False

        until(heard, "a message of the box")
        box.apply(Setpoint(Phases(8_000, 8_000, 8_000), 0))
        until(lambda: twins["box"].level == 8_000, "the box told")
        until(lambda: heard() and box.read(1).limit_ma == Phases(8_000, 8_000, 8_000), "the box that says so")
        again = device("box")  # as `release` does: it begins, tells and ends
        again.release()
        until(lambda: twins["box"].level == 0, "the box released")
        for port in ports:
            port.close()
