"""`check --live`: the meters of a configuration say who they are, beside what their owner says of them."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from firmware.config.file import load
from firmware.serve import Served
from firmware.simulated.house import Simulated
from sim.modbus_slave import TcpSlave, ThreadLock

ROOT = Path(__file__).parents[2]
SITE = """
[site]
name = "Live"
latitude = 48.0
longitude = 11.0
[line.net]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "abb_b23_b24"
line = "net"
ct_ratio = 40
serial = "{serial}"
accuracy_class = "B"
mid = true
rated_a = 5
checked = "2026-03-31"
[device.roof]
driver = "janitza_umg"
line = "net"
unit = 2
node = "house"
phases = "L1 L2 L3"
role = "source"
"""


def check(path: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firmware", "check", str(path), *more], cwd=ROOT,
                          capture_output=True, text=True, timeout=60)


def served(path: Path) -> Any:
    """The configured house at noon, at a port of the system's choice, named in `path` from now on."""
    path.write_text(SITE.format(port=502, serial="21043217"))
    simulated = Simulated(load(path), "sunny", 7, ThreadLock())
    simulated.step(12 * 3_600_000, 1_000)
    return simulated, TcpSlave(simulated.banks["net"])


def test_who_hangs_there(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    simulated, slave = served(path)
    with slave:
        path.write_text(SITE.format(port=slave.port, serial="21043217"))
        done = check(path, "--live")
        assert done.returncode == 0, done.stderr
        words = done.stdout
        assert "   serial 21043217, accuracy class B, MID yes, transformer ratio 40, rated current in mA 5000" in words
        assert "  grid: model B23, serial 21043217, firmware 1.2.3, accuracy class B, MID yes, transformer rat" in words
        assert "checked 2026-03-31" in words
        assert "  roof: it does not say" in words
        answer = json.loads(check(path, "--live", "--json").stdout)
        assert answer["live"][0]["reading"]["total_w"] != 0
        assert abs(answer["live"][1]["reading"]["total_w"] - simulated.points[1].power_w.total()) <= 3

        path.write_text(SITE.format(port=slave.port, serial="99"))
        done = check(path, "--live")
        assert done.returncode == 1
        assert "another meter: its number is 21043217, the configuration says 99" in done.stdout
    done = check(path, "--live")
    assert done.returncode == 1
    assert "  grid: timeout: " in done.stdout
    assert check(path).returncode == 0  # without --live no wire is touched


def test_a_plate_on_what_is_no_meter_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE.format(port=502, serial="1") + """
[device.rod]
driver = "mypv_elwa2"
line = "net"
unit = 3
node = "house"
phases = "L3"
mid = true
""")
    done = check(path)
    assert (done.returncode, "device.rod.mid" in done.stderr) == (1, True)
    path.write_text(SITE.format(port=502, serial="1").replace("2026-03-31", "31.3.26"))
    assert 'like "2026-03-31"' in check(path).stderr


HEARD = """
[site]
name = "Heard"
latitude = 48.0
longitude = 11.0
[line.sml]
kind = "sml"
port = "{folder}/sml"
[line.p1]
kind = "p1"
port = "{folder}/p1"
[line.d0]
kind = "d0"
port = "{folder}/d0"
[line.wire]
kind = "m-bus"
port = "{folder}/wire"
[line.shelly]
kind = "http"
host = "127.0.0.1"
port = {port}
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "sml_head"
line = "sml"
serial = "{serial}"
accuracy_class = "A"
[device.street]
driver = "p1_head"
line = "p1"
{source}
[device.barn]
driver = "d0_head"
line = "d0"
{source}
[device.roof]
driver = "shelly_em"
line = "shelly"
{source}
[device.boiler]
driver = "mbus_meter"
line = "wire"
address = 5
accuracy_class = "3"
mid = true
"""


def test_meters_that_send_by_themselves_say_who_they_are(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "site.toml"
    text = HEARD.replace("{source}", 'node = "house"\nphases = "L1 L2 L3"\nrole = "source"')
    path.write_text(text.format(folder=tmp_path, port=port, serial="1HUT00 00000001"))
    with Served(load(path), "sunny", 7, 12 * 3_600_000):
        answer = json.loads(check(path, "--live", "--json").stdout)
        said = {one["device"]: one["passport"] for one in answer["live"]}
        number = str(said["grid"]["serial"])
        path.write_text(text.format(folder=tmp_path, port=port, serial=f"{number[:6]} {number[6:]}"))
        same = check(path, "--live")  # every port is opened once more
    assert "another meter: its number is" in answer["live"][0]["differs"]
    assert [one["fault"] for one in answer["live"]] == [None] * 5
    assert (said["grid"]["maker"], number[:6], len(number)) == ("HUT", "1HUT00", 14)
    assert said["grid"]["accuracy_class"] == "A"
    assert (said["street"]["maker"], said["street"]["model"], said["street"]["serial"][:1]) == ("HUT", "v5", "E")
    assert (said["barn"]["maker"], said["barn"]["model"], said["barn"]["serial"][:4]) == ("HUT", "SIM V1", "1HUT")
    assert (said["roof"]["maker"], said["roof"]["model"], said["roof"]["firmware"]) == (
        "Shelly", "SPEM-003CEBEU", "1.4.4")
    assert len(said["boiler"]["serial"]) == 8
    assert (said["boiler"]["accuracy_class"], said["boiler"]["mid"]) == ("3", "yes")  # a heat meter has a plate too
    assert (same.returncode, "another meter" in same.stdout) == (0, False), same.stdout
