"""Wallboxes of many makes on real lines: serial pairs and sockets, each armed, told, switched and read back."""

import importlib
from typing import Any

import pytest

from drivers.modbus_serial import ModbusSerial
from drivers.modbus_tcp import ModbusTcp
from firmware.config import driver_modules
from hal.faults import DeviceError
from hal.values import Phases, Setpoint
from sim.bank import Bank
from sim.car import Car
from sim.modbus_slave import RtuSlave, TcpSlave, ThreadLock, always
from sim.rtu_server import RtuServer
from sim.wire import Wire

BOXES = [name for name in driver_modules.known() if hasattr(driver_modules.module(name), "BOX")]
SOCKETS = [name for name in BOXES if "modbus-tcp" in driver_modules.module(name).LINES]
SERIAL = (("mennekes_compact", 57600), ("evse_din", 9600), ("phoenix_ev_cc_rtu", 9600))
BOTH = [*(name for name in BOXES if "modbus-rtu" in driver_modules.module(name).LINES), "heidelberg_energy_control"]
TEN = Setpoint(Phases(10_000, 10_000, 10_000), 0)


def options(name: str) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in driver_modules.module(name).OPTIONS}
    out.update({key: 1 for key in ("meter", "confirm_single_source") if key in out})
    return {**out, "unit": 1, "phases": (0, 1, 2), "max_a": 16}


def garage(name: str) -> "tuple[Bank, Any]":
    bank, car = Bank(ThreadLock()), Car((0, 1, 2), seed=3)
    car.plug()
    twin = importlib.import_module(f"sim.twins.{name}").build(bank.unit(1), car, options(name))
    return bank, twin


def obeys(box: Any, twin: Any) -> None:
    box.arm()
    box.apply(TEN)
    assert twin.offered_ma == 10_000
    assert box.read(1_000).state == "B"
    box.apply(Setpoint(Phases(0, 0, 0), 0))
    assert twin.offered_ma == 0


def refuses(box: Any, slave: Any) -> None:
    for kind in ("silent", "exception"):
        slave.scripts[1] = always(kind, 4)
        with pytest.raises(DeviceError):
            box.apply(TEN)
    slave.scripts.clear()


@pytest.mark.parametrize("name", SOCKETS)
def test_a_wallbox_on_a_socket(name: str) -> None:
    bank, twin = garage(name)
    with TcpSlave(bank) as slave:
        bus = ModbusTcp("127.0.0.1", slave.port, 200)
        box = driver_modules.module(name).build(bus, options(name))
        obeys(box, twin)
        refuses(box, slave)
        bus.close()


@pytest.mark.parametrize(("name", "baud"), SERIAL)
def test_a_wallbox_on_a_serial_pair(name: str, baud: int) -> None:
    bank, twin = garage(name)
    with Wire(baud) as wire, RtuSlave(wire.paths[0], bank, baud) as slave:
        bus = ModbusSerial(wire.paths[1], baud)
        box = driver_modules.module(name).build(bus, options(name))
        obeys(box, twin)
        refuses(box, slave)
        bus.close()


@pytest.mark.parametrize("name", BOTH)
def test_a_wallbox_behind_a_serial_server(name: str) -> None:
    bank, twin = garage(name)
    with RtuServer(bank) as server:
        bus = ModbusSerial(f"tcp://127.0.0.1:{server.port}", 19_200, delay_ms=100)
        box = driver_modules.module(name).build(bus, options(name))
        obeys(box, twin)
        refuses(box, server)
        bus.close()
