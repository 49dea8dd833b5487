"""A radio stick and a wired M-Bus on real serial pairs, under the very ports a configuration names."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.clock import MonotonicClock
from drivers.mbus_meter import MBusMeter
from drivers.oms_meter import OmsMeter
from firmware import build
from firmware.config.file import load
from firmware.image import Image
from firmware.line import Line
from firmware.serve import Served
from hal.faults import DeviceError

WAIT_S = 20.0
SITE = """
[site]
name = "Air"
latitude = 48.0
longitude = 11.0
[line.air]
kind = "wm-bus"
stick = "{stick}"
port = "{folder}/air"
[line.wire]
kind = "m-bus"
port = "{folder}/wire"
baud = 9600
[line.bus]
kind = "modbus-rtu"
port = "{folder}/bus"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.flat]
driver = "oms_meter"
line = "air"
id = "12345678"
keys = "{folder}/keys"
[device.boiler]
driver = "mbus_meter"
line = "wire"
address = 5
[device.left]
driver = "mbus_meter"
line = "wire"
address = 253
id = "11111111"
[device.right]
driver = "mbus_meter"
line = "wire"
address = 253
id = "22222222"
"""


def until(read: "Callable[[], object]") -> object:
    """The first answer that is no fault."""
    end_s = time.monotonic() + WAIT_S
    while True:
        try:
            return read()
        except DeviceError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.05)


@pytest.fixture(params=["im871a", "amb8465", "cul", "rc1180"])
def lines(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[dict[str, Line]]":
    keys = tmp_path / "keys"
    keys.write_text("12345678 " + "5a" * 16 + "\n")
    keys.chmod(0o600)
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(folder=tmp_path, stick=request.param))
    file = load(site)
    with Served(file, "sunny", 7, 40_000_000, 60):
        made = build.lines(file, Image(len(file.site.devices)), MonotonicClock(), build.real_port)
        yield {line.name: line for line in made}


def test_a_stick_and_a_wire(lines: "dict[str, Line]") -> None:
    flat, boiler = lines["air"].slots[0].meter, lines["wire"].slots[0].meter
    assert isinstance(flat, OmsMeter)
    assert isinstance(boiler, MBusMeter)
    clock = MonotonicClock()
    until(lambda: flat.read(clock.now_ms()))
    until(lambda: boiler.read(clock.now_ms()))
    assert {one.quantity for one in flat.measured} == {one.quantity for one in boiler.measured} == {
        "energy", "volume", "flow_temperature", "return_temperature"}
    for slot, number in zip(lines["wire"].slots[1:], ("11111111", "22222222")):  # both at address 0
        meter = slot.meter
        assert isinstance(meter, MBusMeter)
        until(lambda meter=meter: meter.read(clock.now_ms()))  # type: ignore[misc]
        assert meter.passport().serial == number
