"""`scan` as an electrician starts it: what hangs on the line is named, and nothing is ever written."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.config import driver_modules
from hal.values import Phases
from sim.bank import Bank, Refused, Registers
from sim.car import Car
from sim.modbus_slave import RtuSlave, TcpSlave, ThreadLock, always
from sim.part import Point
from sim.wire import Wire

ROOT = Path(__file__).parents[2]
BAUD = 38_400
SITE = """
[site]
name = "Scan"
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
driver = "sunspec_meter"
line = "net"
"""


class House(Bank):
    """Twins by unit, and how often anybody wrote."""

    def __init__(self) -> None:
        super().__init__(ThreadLock())
        self.written = 0

    def put(self, unit: int, driver: str, phases: "tuple[int, ...]" = (0, 1, 2)) -> None:
        options: "dict[str, object]" = {each.name: each.default for each in driver_modules.module(driver).OPTIONS}
        options.update(unit=unit, phases=phases, max_a=16)
        point: Any = Car(phases, 7) if driver == "heidelberg_energy_control" else Point()
        if isinstance(point, Point) and not isinstance(point, Car):
            point.power_w = Phases(1_150, 0, 0) if len(phases) == 1 else Phases(-2_300, 690, 0)
        importlib.import_module(f"sim.twins.{driver}").build(self.unit(unit), point, options).tick(0)
        self.unit(unit).on_write(self._told)

    def _told(self, *what: object) -> None:
        self.written += 1


def scan(*arguments: str) -> "tuple[int, list[dict[str, Any]], str]":
    done = subprocess.run([sys.executable, "-m", "firmware", "scan", *arguments, "--json"], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def drivers(answer: "dict[str, Any]") -> "list[str | None]":
    return [each["driver"] for each in answer["known"]]


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def wire() -> "Iterator[Wire]":
    with Wire(BAUD) as made:
        yield made


def test_a_serial_line_with_devices_of_several_makers(house: House, wire: Wire) -> None:
    house.put(1, "eastron_sdm72d_m_2")
    house.put(2, "eastron_sdm120", (0,))
    house.put(3, "heidelberg_energy_control")
    house.put(4, "abb_b23_b24")
    house.put(5, "carlo_gavazzi_em340")
    house.unit(5).poke(3, 0x1103, (0,))
    house.unit(6).poke(3, 9_000, (1,))
    house.put(7, "janitza_umg")
    with RtuSlave(wire.paths[0], house, BAUD, {7: always("bad_crc")}):
        code, found, said = scan(wire.paths[1], "--baud", f"{BAUD},9600", "--parity", "N", "--address", "1-8",
                                 "--delay-ms", "60")
    assert (code, said) == (0, "")
    assert [answer["unit"] for answer in found] == [1, 2, 3, 4, 5, 6, 7]
    assert {(answer["baud"], answer["parity"]) for answer in found} == {(BAUD, "N")}
    assert drivers(found[0]) == ["eastron_sdm630", "eastron_sdm72d_m_2"]
    assert found[0]["known"][0]["reading"]["total_w"] == -1_610
    assert found[0]["known"][1]["passport"]["serial"] == "21043217"
    assert drivers(found[1]) == ["eastron_sdm120", "eastron_sdm230"]
    assert drivers(found[2]) == ["heidelberg_energy_control"]
    assert [each["sure"] for each in found[3]["known"]] == [True]
    assert drivers(found[3]) == ["abb_b23_b24"]
    assert found[4]["known"][0]["warning"].startswith("measurement mode 0")
    assert found[4]["known"][0]["reading"] is None
    assert (drivers(found[5]), found[5]["garbled"]) == ([], False)
    assert found[6]["garbled"] is True
    assert house.written == 0


def test_a_device_on_the_network_by_the_name_of_its_line(house: House, tmp_path: Path) -> None:
    house.put(1, "sunspec_meter")
    house.put(71, "kostal_ksem")
    path = tmp_path / "site.toml"
    with TcpSlave(house) as slave:
        path.write_text(SITE.format(port=slave.port))
        code, found, said = scan("net", "--site", str(path), "--address", "1,71")
    assert (code, said) == (0, "")
    assert [(answer["unit"], drivers(answer)) for answer in found] == [(1, ["sunspec_meter"]), (71, ["kostal_ksem"])]
    assert found[0]["known"][0]["passport"]["maker"] == "Hutschiene"
    assert house.written == 0


class Deaf(House):
    """A device that answers whatever the unit."""

    def _there(self, unit: int) -> Registers:
        return super()._there(1)


class Gateway(House):
    """It answers for units that are not there: exception 11."""

    def _there(self, unit: int) -> Registers:
        if not self.has(unit):
            raise Refused(11)
        return super()._there(unit)


@pytest.mark.parametrize("made", [Deaf, Gateway])
def test_one_device_on_the_network_is_said_once(made: "type[House]") -> None:
    house = made()
    house.put(1, "kostal_ksem")
    with TcpSlave(house, most_clients=1) as slave:
        code, found, said = scan(f"127.0.0.1:{slave.port}")
    assert (code, said) == (0, "")
    assert [(answer["unit"], drivers(answer)) for answer in found] == [(1, ["kostal_ksem"])]


def test_what_is_not_there_is_said(wire: Wire, tmp_path: Path) -> None:
    code, found, said = scan(wire.paths[1], "--baud", str(BAUD), "--address", "1-2", "--delay-ms", "20")
    assert (code, found) == (1, [])
    assert said == f"{wire.paths[1]}: nothing answers at 2 addresses, 38400 8N1, 38400 8E1, 38400 8O1\n"
    code, _, said = scan("/dev/no-such-port")
    assert code == 1
    assert "/dev/no-such-port" in said
    code, _, said = scan("127.0.0.1:1")
    assert code == 1
    assert "is Modbus TCP switched on there?" in said
    code, _, said = scan(wire.paths[1], "--address", "0")
    assert (code, said) == (1, "--address: on a serial line 1 to 247\n")
    code, _, said = scan(wire.paths[1], "--address", "12-3")
    assert code == 2
