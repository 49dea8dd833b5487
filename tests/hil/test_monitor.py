"""`monitor` as a user starts it: the service's page while it runs, else the meters read by itself."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from firmware.access.accounts import Accounts
from firmware.access.door import Door
from firmware.access.roles import VIEWER
from firmware.config.file import load
from firmware.serve import Served
from firmware.simulated.house import Simulated
from firmware.web.page import Page, Place
from sim.modbus_slave import TcpSlave, ThreadLock

ROOT = Path(__file__).parents[2]
SITE = """
[site]
name = "Live"
latitude = 48.0
longitude = 11.0
[page]
port = {page}
[line.net]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "kostal_ksem"
line = "net"
[device.gone]
driver = "shelly_pro3em"
line = "net"
unit = 9
node = "house"
phases = "L1 L2 L3"
role = "source"
[line.bus]
kind = "m-bus"
port = "/dev/no-such-port"
[device.flat]
driver = "mbus_meter"
line = "bus"
address = 5
node = "house"
phases = "L1 L2 L3"
role = "source"
[device.rod]
driver = "mypv_elwa2"
line = "net"
unit = 2
node = "house"
phases = "L3"
[device.half]
driver = "virtual_meter"
role = "sum"
sum = "0.5 grid"
[device.lost]
driver = "virtual_meter"
role = "sum"
sum = "grid + gone"
"""


def command(path: Path, *more: str) -> "list[str]":
    return [sys.executable, "-m", "firmware", "monitor", str(path), *more]


def shown(path: Path) -> "tuple[int, dict[str, Any]]":
    done = subprocess.run(command(path, "--json", "--once"), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.toml"


def house(path: Path) -> Simulated:
    path.write_text(SITE.format(page=1, port=502))
    made = Simulated(load(path), "sunny", 7, ThreadLock())
    made.step(12 * 3_600_000, 1_000)
    return made


def test_without_the_service_the_meters_are_read_and_nothing_else(path: Path) -> None:
    simulated = house(path)
    written = []
    simulated.banks["net"].unit(2).on_write(lambda *what: written.append(what))
    with TcpSlave(simulated.banks["net"]) as slave:
        path.write_text(SITE.format(page=1, port=slave.port))
        simulated.banks["net"]._units.pop(9)
        code, rows = shown(path)
        assert code == 0
        assert abs(rows["grid"]["power_w"] - simulated.points[0].power_w.total()) <= 3
        assert rows["grid"]["frequency_mhz"] in (None, 50_000)
        assert rows["gone"]["why"].startswith("timeout: ")
        assert rows["flat"]["why"].startswith("timeout: ")
        assert rows["rod"] == {"kind": "heater", "why": "not read: the service speaks to it"}
        assert abs(rows["half"]["power_w"] - rows["grid"]["power_w"] / 2) <= 1
        assert rows["lost"] == {"kind": "meter", "why": rows["gone"]["why"]}
        assert slave.numbers.get(2) is None
        assert written == []


def test_the_terminal_shows_it_again_and_again(path: Path) -> None:
    simulated = house(path)
    with TcpSlave(simulated.banks["net"]) as slave:
        path.write_text(SITE.format(page=1, port=slave.port))
        ours, theirs = pty.openpty()
        process = subprocess.Popen(command(path), cwd=ROOT, stdout=theirs, stderr=theirs)
        os.close(theirs)
        heard, until_s = b"", time.monotonic() + 20
        while heard.count(b"\ngrid ") < 3 and time.monotonic() < until_s:
            heard += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        os.close(ours)
    assert heard.count(b"\x1b[H\x1b[2J") >= heard.count(b"\ngrid ") >= 3
    assert b"read here, the service does not run" in heard


HEAT = """
[site]
name = "Heat"
latitude = 48.0
longitude = 11.0
[line.wire]
kind = "m-bus"
port = "{folder}/wire"
[line.eye]
kind = "sml"
port = "{folder}/eye"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "sml_head"
line = "eye"
[device.boiler]
driver = "mbus_meter"
line = "wire"
address = 5
"""


def test_a_heat_meter_shows_what_it_measures(path: Path, tmp_path: Path) -> None:
    path.write_text(HEAT.format(folder=tmp_path))
    with Served(load(path), "sunny", 7, 12 * 3_600_000):
        done = subprocess.run(command(path, "--once"), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    row = next(line for line in done.stdout.splitlines() if line.startswith("boiler"))
    assert re.search(r" sensor .* energy \d+ Wh, volume [\d.]+ m3, .*flow_temperature [\d.]+ degC", row), row


def test_with_the_service_its_page_is_shown(path: Path) -> None:
    page = Page(Place("127.0.0.1", 0))
    page.start()
    path.write_text(SITE.format(page=page.url.rpartition(":")[2], port=1))
    root = "hutschiene/live/"
    page.publish(root + "site/state", json.dumps({"up_s": 5}))
    page.publish(root + "grid/state", json.dumps({"kind": "meter", "power_w": -77, "age_ms": 0}))
    page.publish(root + "rod/decision", json.dumps({"granted_w": 500, "why": "surplus"}))
    page.publish("hutschiene/other/grid/state", json.dumps({"power_w": 5}))
    values = [{"quantity": "volume", "value": 72819, "scaler": -3, "unit": "m3", "function": "now", "storage": 0,
               "tariff": 0, "subunit": 0}]
    page.publish(root + "flat/measured", json.dumps({"meter": "KAM-1", "values": values}))
    try:
        code, rows = shown(path)
    finally:
        page.close()
    assert code == 0
    assert rows["grid"] == {"kind": "meter", "power_w": -77, "age_ms": 0, "why": None}
    assert rows["rod"] == {"why": "500 W: surplus"}
    assert rows["flat"] == {"measured": values, "why": None}


def test_a_service_with_accounts_is_asked_with_a_login_and_its_meters_are_never_read_beside_it(
        path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = Accounts(tmp_path / "accounts")
    accounts.put("vera", VIEWER, "roof over all")
    page = Page(Place("127.0.0.1", 0), door=Door(accounts))
    page.start()
    path.write_text(SITE.format(page=page.url.rpartition(":")[2], port=1))
    page.publish("hutschiene/live/grid/state", json.dumps({"kind": "meter", "power_w": -77, "age_ms": 0}))
    try:
        done = subprocess.run(command(path), cwd=ROOT, capture_output=True, text=True, timeout=30)
        assert (done.returncode, "HUTSCHIENE_LOGIN=USER:PASSWORD" in done.stderr) == (1, True)
        monkeypatch.setenv("HUTSCHIENE_LOGIN", "vera:roof over all")
        assert shown(path)[1]["grid"]["power_w"] == -77
    finally:
        page.close()
