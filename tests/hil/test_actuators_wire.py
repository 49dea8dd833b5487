"""Storages, inverters, rods and heat pumps on real sockets, or on a serial pair: armed, told, read, released."""

from typing import Any

import pytest

from drivers.modbus_serial import ModbusSerial
from drivers.modbus_tcp import ModbusTcp
from firmware import actuators, build
from firmware.config import driver_modules
from firmware.config.file import site_file
from firmware.config.read import Findings
from firmware.simulated.house import Simulated
from hal.faults import DeviceError
from hal.values import Phases, Setpoint
from sim.clock import SimClock
from sim.modbus_slave import RtuSlave, TcpSlave, ThreadLock, always
from sim.rtu_server import RtuServer
from sim.wire import Wire

NOON_MS = 12 * 3_600_000
DELAY_MS = 300  # a busy machine answers late
GIVEN: "dict[str, object]" = {
    "confirm_single_source": True, "max_charge_w": 2_500, "max_discharge_w": 2_000, "discharge_a": 90, "rod_w": 3_000,
    "rated_w": 3_000, "nominal_w": 2_500, "least_w": 800, "normal_w": 2_000, "boost_w": 2_600, "timeout_s": 60}
ONE_PHASE: "dict[str, dict[str, object]]" = {
    "ego_smart_heater": {"phases": "L2"}, "mypv_elwa2": {"phases": "L2"},
    "mypv_acthor": {"phases": "L2", "rod_w": 2_000}}
NAMES = [name for name, said, _, lines in actuators.facts()
         if lines[0].startswith("modbus") and said.kind != "wallbox"]
TCP = [name for name in NAMES if "modbus-tcp" in driver_modules.module(name).LINES]
RTU = [name for name in NAMES if driver_modules.module(name).LINES[0] == "modbus-rtu"]
BOTH = [name for name in NAMES if "modbus-rtu" in driver_modules.module(name).LINES]


def made(name: str) -> "tuple[Simulated, Any]":
    """The physics of a house with it, and its part of the configuration."""
    known = {option.name for option in driver_modules.module(name).OPTIONS}
    device: "dict[str, Any]" = {
        "driver": name, "line": "it", "node": "house", "phases": "L1 L2 L3",
        **({} if "rated_w" in known else {"max_a": 16}),
        **{key: value for key, value in GIVEN.items() if key in known}, **ONE_PHASE.get(name, {})}
    raw: "dict[str, Any]" = {
        "site": {"name": "Wire", "latitude": 48, "longitude": 11},
        "line": {"grid": {"kind": "modbus-tcp", "host": "grid"}, "it": {"kind": "modbus-tcp", "host": "box"}},
        "node": {"house": {"rated_a": 125, "curve": "gg", "meter": "grid", "rest_a": 0}},
        "device": {"grid": {"driver": "eastron_sdm630", "line": "grid"}, "it": device}}
    if "modbus-tcp" not in driver_modules.module(name).LINES:
        raw["line"]["it"] = {"kind": "modbus-rtu", "port": "/dev/none"}
        device["unit"] = 1
    file = site_file(Findings("wire", raw, {}), raw)
    simulated = Simulated(file, "sunny", 7, ThreadLock(), household_w=300)
    simulated.step(NOON_MS, 1_000)
    return simulated, file


def obeys(simulated: Simulated, file: Any, bus: Any, slave: Any) -> None:
    """As its line does: armed, released, told, read; refused or silent it is an error, and then obeys again."""
    clock = SimClock(NOON_MS)
    device: Any = build.driver(file.devices[1], bus, clock)
    able = file.site.devices[1].ability
    wanted = Setpoint(Phases(16_000, 16_000, 16_000), able.min_w if able.kind == "inverter" else max(able.max_w, 2_600))
    device.arm()
    device.release()
    device.apply(wanted)
    for _ in range(2):
        clock.advance(1_000)
        simulated.step(clock.now_ms(), 1_000)
        said = device.read(clock.now_ms())
    assert said.t_ms == clock.now_ms()
    slave.scripts[1] = always("silent", 4)
    with pytest.raises(DeviceError):
        device.read(clock.now_ms())
    slave.scripts.clear()
    device.arm()
    device.release()


@pytest.mark.parametrize("name", TCP)
def test_an_actuator_on_a_socket(name: str) -> None:
    simulated, file = made(name)
    slave = TcpSlave(simulated.banks["it"])
    with slave:
        bus = ModbusTcp("127.0.0.1", slave.port, 200)
        obeys(simulated, file, bus, slave)
        bus.close()


@pytest.mark.parametrize("name", RTU)
def test_an_actuator_on_a_serial_pair(name: str) -> None:
    simulated, file = made(name)
    with Wire(19_200) as wire, RtuSlave(wire.paths[0], simulated.banks["it"], 19_200) as slave:
        bus = ModbusSerial(wire.paths[1], 19_200, delay_ms=DELAY_MS)
        obeys(simulated, file, bus, slave)
        bus.close()


@pytest.mark.parametrize("name", BOTH)
def test_an_actuator_behind_a_serial_server(name: str) -> None:
    simulated, file = made(name)
    with RtuServer(simulated.banks["it"]) as server:
        bus = ModbusSerial(f"tcp://127.0.0.1:{server.port}", 19_200, delay_ms=DELAY_MS)
        obeys(simulated, file, bus, server)
        bus.close()
