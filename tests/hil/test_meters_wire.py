"""Each kind of meter table on a real line: a serial pair, or a socket; and what goes wrong there."""

import contextlib
import importlib
import time
from typing import Any

import pytest

from drivers.modbus_serial import ModbusSerial
from drivers.modbus_tcp import ModbusTcp
from firmware.config import driver_modules
from hal.faults import DeviceError
from hal.values import Phases
from sim.bank import Bank
from sim.modbus_slave import RtuSlave, TcpSlave, ThreadLock, always
from sim.part import Point
from sim.wire import Wire

SERIAL = (  # driver, baud
    ("eastron_sdm120", 9600), ("eastron_sdm230", 9600), ("eastron_sdm630", 9600), ("carlo_gavazzi_em24_rs485", 9600),
    ("eastron_sdm72d_m_2", 9600), ("carlo_gavazzi_em340", 9600), ("abb_b23_b24", 9600), ("schneider_iem3155", 19200),
)
SOCKETS = ("carlo_gavazzi_em24_ethernet", "shelly_pro3em", "kostal_ksem", "goe_controller", "janitza_umg",
           "siemens_pac2200", "sunspec_meter")
SINGLE = ("eastron_sdm120", "eastron_sdm230")
POWER_W = Phases(-4_600, 230, 1_150)
RECOVERY_S = 5
TURNS = 5  # readings, in which every slow value has come


def options(name: str) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in driver_modules.module(name).OPTIONS}
    return {**out, "unit": 1, "phases": (1,) if name in SINGLE else (0, 1, 2), "max_a": 63}


def flowing_w(name: str) -> Phases:
    """A meter with one conductor hangs on L2."""
    return Phases(0, 230, 0) if name in SINGLE else POWER_W


def clamped(name: str) -> Bank:
    bank, point = Bank(ThreadLock()), Point()
    point.power_w = flowing_w(name)
    point.import_mws, point.export_mws = 77_700 * 3_600_000, 1_200 * 3_600_000
    importlib.import_module(f"sim.twins.{name}").build(bank.unit(1), point, options(name)).tick(0)
    return bank


def settled(meter: Any) -> Any:
    for turn in range(TURNS):
        said = meter.read(turn)
    return said


def recovered(meter: Any) -> Any:
    """The first good reading: a late answer may still be owed, and after a refusal long requests give way to short."""
    until_s = time.monotonic() + RECOVERY_S
    while time.monotonic() < until_s:
        with contextlib.suppress(DeviceError):
            return meter.read(TURNS)
        time.sleep(0.05)
    return meter.read(TURNS)


@pytest.mark.parametrize(("name", "baud"), SERIAL)
def test_a_meter_on_a_serial_pair(name: str, baud: int) -> None:
    with Wire(baud) as wire, RtuSlave(wire.paths[0], clamped(name), baud) as slave:
        bus = ModbusSerial(wire.paths[1], baud)
        meter = driver_modules.module(name).build(bus, options(name))
        said = settled(meter)
        assert (said.power_w, said.import_wh, said.export_wh) == (flowing_w(name), 77_700, 1_200)
        assert said.frequency_mhz == 50_000
        for kind, amount in (("short", 2), ("bad_crc", 0), ("silent", 0), ("exception", 2)):
            slave.scripts[1] = always(kind, amount)
            with pytest.raises(DeviceError):
                meter.read(TURNS)
        slave.scripts.clear()
        assert recovered(meter).power_w == flowing_w(name)
        bus.close()


def test_a_meter_that_wants_a_rest_between_two_requests() -> None:
    """As openWB gives an SDM: 100 ms. Asked sooner it hears nothing; the line's pause_ms is for that."""
    name, good = "eastron_sdm630", {}
    for pause_ms in (0, 100):
        with Wire(9600) as wire, RtuSlave(wire.paths[0], clamped(name), 9600, rest_ms=90) as slave:
            bus = ModbusSerial(wire.paths[1], 9600, pause_ms=pause_ms)
            meter = driver_modules.module(name).build(bus, options(name))
            said = []
            for turn in range(4):
                with contextlib.suppress(DeviceError):
                    said.append(meter.read(turn))
            good[pause_ms] = (len(said), slave.unheard)
            bus.close()
    assert good[100] == (4, 0)
    assert good[0][0] < 4
    assert good[0][1] > 0


@pytest.mark.parametrize("name", SOCKETS)
def test_a_meter_on_a_socket(name: str) -> None:
    with TcpSlave(clamped(name)) as slave:
        bus = ModbusTcp("127.0.0.1", slave.port, 300)
        meter = driver_modules.module(name).build(bus, options(name))
        said = settled(meter)
        assert (said.power_w, said.total_w) == (POWER_W, POWER_W.total())
        assert (said.import_wh, said.export_wh) == (77_700, 1_200)
        assert slave.connections == 1
        for kind, amount in (("short", 2), ("silent", 0), ("exception", 2)):
            slave.scripts[1] = always(kind, amount)
            with pytest.raises(DeviceError):
                meter.read(TURNS)
        slave.scripts.clear()
        assert recovered(meter).power_w == POWER_W
        bus.close()


def test_every_table_is_on_a_line() -> None:
    tables = {name for name in driver_modules.known() if hasattr(driver_modules.module(name), "TABLE")}
    assert tables <= {name for name, _ in SERIAL} | set(SOCKETS)
