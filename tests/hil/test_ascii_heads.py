"""P1 and D0 over real pty pairs: the served meters, read by the drivers and by `decode`, rate change included."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import d0_head, p1_head
from drivers.clock import MonotonicClock
from drivers.serial_stream import SerialStream
from firmware.config.file import load
from firmware.serve import Served
from hal.ports import Meter

ROOT = Path(__file__).parents[2]
SITE = """
[site]
name = "Heads"
latitude = 48.1
longitude = 11.6
[line.p1]
kind = "p1"
port = "{folder}/p1"
[line.sealed]
kind = "p1"
port = "{folder}/sealed"
[line.asked]
kind = "d0"
port = "{folder}/asked"
[line.sends]
kind = "d0"
port = "{folder}/sends"
baud = 9600
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "p1_head"
line = "p1"
{source}[device.sealed]
driver = "p1_head"
line = "sealed"
keys = "{folder}/keys"
key = "attic"
{source}[device.asked]
driver = "d0_head"
line = "asked"
period_s = 10
{source}[device.sends]
driver = "d0_head"
line = "sends"
talk = "sends"
"""
SOURCE = 'role = "source"\nnode = "house"\nphases = "L2 L3 L1"\n'
KEYS = "attic 000102030405060708090a0b0c0d0e0f\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: "pytest.TempPathFactory") -> "Iterator[tuple[Path, Served]]":
    folder = tmp_path_factory.mktemp("heads")
    keys = folder / "keys"
    keys.write_text(KEYS)
    keys.chmod(0o600)
    path = folder / "site.toml"
    parts = SITE.split("{source}")
    text = parts[0] + "".join(part + SOURCE for part in parts[1:])
    path.write_text(text.replace("{folder}", str(folder)))
    with Served(load(path), "sunny", 7, 12 * 3_600_000) as house:
        yield folder, house


def meter(house: Served, name: str) -> "tuple[Meter, SerialStream, dict[str, object]]":
    file = load(house_path(house))
    device = next(device for device in file.devices if device.name == name)
    line = next(line for line in file.lines if line.name == device.line)
    stream = SerialStream(**line.options)
    module = p1_head if device.driver == "p1_head" else d0_head
    built = module.build(stream, {**device.options, "clock": MonotonicClock()})
    return built, stream, dict(line.options)


def house_path(house: Served) -> Path:
    return Path(next(iter(house.wires.values())).paths[1]).parent / "site.toml"


@pytest.mark.parametrize("name", ["grid", "sealed", "asked", "sends"])
def test_each_kind_gives_what_the_house_draws(served: "tuple[Path, Served]", name: str) -> None:
    _, house = served
    built, stream, _ = meter(house, name)
    got = built.read(MonotonicClock().now_ms())
    stream.close()
    index = [device.name for device in load(house_path(house)).devices].index(name)
    point = house.simulated.points[index]
    assert got.total_w is not None
    assert abs(got.total_w - point.power_w.total()) < 300
    assert got.total_w < -1_000
    assert got.export_wh is not None
    assert 0 <= point.export_wh - got.export_wh < 20


@pytest.mark.parametrize("words", [("p1", "p1"), ("p1", "sealed", "--keys", "{}/keys", "--key", "attic"),
                                   ("d0", "asked", "--ask"), ("d0", "sends")])
def test_decode_reads_each(served: "tuple[Path, Served]", words: "tuple[str, ...]") -> None:
    folder, _ = served
    kind, port, *more = words
    done = subprocess.run([sys.executable, "-m", "firmware", "decode", kind, f"{folder}/{port}", "--json", "--frames",
                           "1", "--seconds", "15", *(word.format(folder) for word in more)], cwd=ROOT,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert got["power_w"] < -1_000
    assert got["meter_id"] or port == "sealed"
