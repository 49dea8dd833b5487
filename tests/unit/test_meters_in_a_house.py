"""Every meter there is, configured in one house and read through the production's own parts."""

from pathlib import Path

from drivers.clock import MonotonicClock
from firmware import build
from firmware.config import driver_modules
from firmware.config.file import load
from firmware.simulated.house import Simulated

HEAD = """
[site]
name = "All"
latitude = 48.0
longitude = 11.0
[line.net]
kind = "modbus-tcp"
host = "127.0.0.1"
[node.house]
rated_a = 63
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "net"
unit = 100
"""
ROOF = """
[device.{name}]
driver = "{name}"
line = "net"
unit = {unit}
node = "house"
phases = "{phases}"
"""


def test_each_reads_its_own_roof(tmp_path: Path) -> None:
    names = [name for name in driver_modules.known()
             if hasattr(driver_modules.module(name), "TABLE") or name == "sunspec_meter"]
    text = HEAD
    for unit, name in enumerate(names, 1):
        roles = any(option.name == "role" for option in driver_modules.module(name).OPTIONS)
        text += ROOF.format(name=name, unit=unit, phases="L2 L3 L1" if roles else "L3")
        text += 'role = "source"\n' if roles else ""
    path = tmp_path / "site.toml"
    path.write_text(text)
    file = load(path)
    simulated = Simulated(file, "sunny", 7)
    for second in range(1, 60):
        simulated.step(12 * 3_600_000 + second * 1_000, 1_000)
    port = simulated.port(file.lines[0])
    for device, point in zip(file.devices, simulated.points):
        said = build.driver(device, port, MonotonicClock()).read(0)
        assert said.power_w is not None
        assert said.power_w == point.power_w, device.name
        if device.name != "grid":
            assert said.power_w.total() < -1_000
