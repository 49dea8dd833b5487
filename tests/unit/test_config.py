"""A right file: what it means, and every default."""

import re
from pathlib import Path

import msgspec
import pytest

from control.values import NONE
from firmware.config import driver_modules
from firmware.config.file import SINGLE, SiteFile, load
from firmware.config.tables import LINES, DeviceTable, NodeTable, device_table
from firmware.config.text import places
from hal.options import TEXT, Option, choice, integer, integers, text, texts

DEPLOY = Path(__file__).parents[2] / "deploy"

SHORT = """\
[site]
name = "Kurz"
latitude = -48.1372
longitude = 11
line.bus = {kind = "modbus-rtu", port = "/dev/ttyUSB0"}
node.flat = {parent = "house", rated_a = 20, curve = "mcb-c", rest_a = 5}
[line.net]
kind = "modbus-tcp"
host = "192.168.1.20"
[line.pins]
kind = "gpio"
[node.house]
rated_a = 50
curve = "gg"
meter = "grid"
rest_a = 20
[node.shed]
parent = "flat"
rated_a = 16
curve = "mcb-b"
meter = "sub"
[device.car]
driver = "heidelberg_energy_control"
line = "bus"
unit = 2
node = "shed"
phases = "L3 L1 L2"
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.battery]
driver = "sunspec_storage"
line = "net"
node = "house"
phases = "L2"
max_charge_w = 5000
max_discharge_w = 4000
[device.pump]
driver = "sg_ready"
line = "pins"
node = "house"
phases = "L1 L2 L3"
lock_pin = 1
boost_pin = 2
normal_w = 690
boost_w = 1380
[device.sub]
driver = "eastron_sdm630"
line = "bus"
unit = 3
period_s = 2
"""


@pytest.fixture
def short(tmp_path: Path) -> SiteFile:
    path = tmp_path / "site.toml"
    path.write_text(SHORT.replace("line.bus", "[line]\nbus").replace("node.flat", "[node]\nflat"))
    return load(path)


def test_parents_stand_before_their_children(short: SiteFile) -> None:
    assert [(node.name, node.parent) for node in short.site.nodes] == [("house", NONE), ("flat", 0), ("shed", 1)]


def test_devices_stand_as_in_the_file_and_by_the_same_index(short: SiteFile) -> None:
    names = ["car", "grid", "battery", "pump", "sub"]
    assert [device.name for device in short.devices] == names
    assert [device.name for device in short.site.devices] == names


def test_a_meter_hangs_on_the_node_it_measures(short: SiteFile) -> None:
    assert [node.meter for node in short.site.nodes] == [1, NONE, 4]
    assert [device.node for device in short.site.devices] == [2, 0, 0, 0, 2]


def test_defaults_of_a_node(short: SiteFile) -> None:
    house, flat, shed = short.site.nodes
    assert (house.rated_ma, house.continuous_ma, house.max_w, house.imbalance_va) == (50_000, 32_000, 0, 4_600)
    assert (flat.rated_ma, flat.continuous_ma, flat.max_w, flat.imbalance_va) == (20_000, 20_000, 0, 0)
    assert shed.rest_ma == 11_000  # two thirds of 16 A, rounded up


def test_defaults_of_the_site(short: SiteFile) -> None:
    assert (short.site.cycle_ms, short.site.feed_in_w) == (1_000, NONE)
    assert (short.mqtt, short.page, short.journal) == (None, None, None)


def test_degrees_stay_exact(short: SiteFile) -> None:
    assert (short.latitude_udeg, short.longitude_udeg) == (-48_137_200, 11_000_000)


def test_defaults_of_devices(short: SiteFile) -> None:
    car, grid, battery, pump, sub = short.site.devices
    assert (car.phases, car.mode, car.priority, car.stale_ms) == ((2, 0, 1), "surplus", 40, 3_000)
    assert (grid.phases, grid.mode, grid.priority, grid.stale_ms) == ((0, 1, 2), "off", 0, 3_000)
    assert (battery.phases, battery.store[:3], battery.priority) == ((1,), (100, 500, 1_000), 30)
    assert (pump.mode, pump.priority, pump.stale_ms) == ("minimum", 20, 15_000)
    assert sub.stale_ms == 6_000
    assert [device.period_ms for device in short.devices] == [1_000, 1_000, 1_000, 5_000, 2_000]


def test_what_a_silent_device_may_draw(short: SiteFile) -> None:
    """Its fallback; without one the most it can: 1380 W on three phases at 207 V are 2.223 A."""
    assert [device.reserve_ma for device in short.site.devices] == [0, 0, 0, 2_223, 0]


def test_what_a_driver_is_built_from(short: SiteFile) -> None:
    car, grid, battery, pump, _ = short.devices
    assert dict(car.options) == {"failsafe_a": 0, "failsafe_s": 14, "unit": 2, "phases": (2, 0, 1), "max_a": 16,
                                 "line_kind": "modbus-rtu"}
    assert dict(grid.options) == {"role": "meter", "mounting": "normal", "words": "high first", "unit": 1,
                                  "phases": (0, 1, 2), "max_a": 16, "line_kind": "modbus-rtu"}
    assert battery.options["unit"] == 1  # on the network
    assert "unit" not in pump.options
    assert pump.options["active_high"] == 1


def test_lines_hold_what_their_port_is_opened_with(short: SiteFile) -> None:
    bus, net, pins = short.lines
    assert (bus.name, bus.kind, dict(bus.options)) == ("bus", "modbus-rtu", {
        "port": "/dev/ttyUSB0", "baud": 9600, "parity": "N", "stop_bits": 1, "echo": "auto", "pause_ms": 20,
        "delay_ms": 300,
    })
    assert dict(net.options) == {"host": "192.168.1.20", "port": 502}
    assert dict(pins.options) == {}


def test_nothing_of_it_can_be_changed(short: SiteFile) -> None:
    with pytest.raises(TypeError):
        short.devices[0].options["max_a"] = 63  # type: ignore[index]
    with pytest.raises(TypeError):
        short.lines[0].options["port"] = "/dev/null"  # type: ignore[index]


def test_the_demo_house() -> None:
    file = load(DEPLOY / "demo.toml")
    assert file.site.name == "Haus Sonnenhang"
    kinds = {device.name: device.ability.kind for device in file.site.devices}
    assert kinds == {"grid": "meter", "roof": "source", "carport": "wallbox", "rod": "heater", "battery": "storage",
                     "heatpump": "stages"}
    carport = file.site.devices[2]
    assert (file.site.nodes[carport.node].name, carport.phases, carport.mode) == ("garage", (1, 2, 0), "surplus")
    assert (file.site.nodes[0].rated_ma, file.site.nodes[0].curve) == (35_000, "sls-e")


def test_the_example_has_every_key_there_is() -> None:
    path = DEPLOY / "site.example.toml"
    assert load(path).mqtt is not None
    written = {found[0] + "." + found[-1] for found in places(path.read_text("utf-8"))}
    for section, kind in SINGLE.items():
        assert {f"{section}.{field.name}" for field in msgspec.structs.fields(kind)} <= written
    for kind in LINES.values():
        assert {f"line.{field.name}" for field in msgspec.structs.fields(kind)} <= written
    assert {f"node.{field.name}" for field in msgspec.structs.fields(NodeTable)} <= written
    explained = path.read_text("utf-8")
    for field in msgspec.structs.fields(DeviceTable):
        assert f"#   {field.name} " in explained or f"device.{field.name}" in written, field.name
    written |= {f"device.{name}" for name in re.findall(r"^#   (\w+) = ", explained, re.MULTILINE)}
    for driver in driver_modules.known():
        assert f'driver = "{driver}"' in explained
        assert {f"device.{option.name}" for option in driver_modules.module(driver).OPTIONS} <= written


def test_the_helpers_of_drivers_are_no_drivers() -> None:
    assert {"eastron_sdm630", "sml_head", "relay_rod"} <= set(driver_modules.known())
    assert not {"modbus_rtu", "register_device", "gpio", "mqtt"} & set(driver_modules.known())


@pytest.mark.parametrize("driver", driver_modules.known())
def test_every_option_has_a_default_within_its_own_bounds(driver: str) -> None:
    for option in driver_modules.module(driver).OPTIONS:
        assert isinstance(option, Option)
        assert option.help
        if option.choices == (TEXT,):
            given = option.default if isinstance(option.default, tuple) else (option.default or "x" * option.least,)
            assert all(option.least <= len(str(one)) <= option.most for one in given)
        elif isinstance(option.default, str):
            assert option.default in option.choices
        elif isinstance(option.default, int):
            assert option.least <= option.default <= option.most


def test_options_become_keys() -> None:
    options = (integer("top_w", None, 5, 9, "?"), integer("swapped", 1, 0, 1, "?"),
               choice("way", "in", ("in", "out"), "?"), integers("pins", (3, 4), 0, 27, "?"),
               text("path", "/", 1, 9, "?"), texts("sums", (), 1, 4, "?"))
    kind = device_table("invented", options)
    least = {"driver": "invented", "line": "bus", "top_w": 5}
    table = msgspec.convert(least, kind)
    assert [getattr(table, option.name) for option in options] == [5, True, "in", (3, 4), "/", ()]
    for wrong in ({"top_w": 4}, {"top_w": True}, {"swapped": 1}, {"way": "up"}, {"pins": [28]}, {"pins": 3}, {"x": 1},
                  {"path": ""}, {"path": 3}, {"sums": ["sum of"]}, {"sums": "a"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({**least, **wrong}, kind)


def test_lines_of_keys_however_they_are_written() -> None:
    text = """\
top = 1 # [no]
[ site . "my house" ]
'a b' . c = [1, # ]
  {q = '}', r = 2}]
long = \"\"\"
[no]
x = "" \\\"\"\" \"\"\"\"\"
d = { x = 1, y.z = '''
k = 1''' }
[[list]]
at = 1979-05-27 07:32:00
"""
    assert places(text) == {
        ("top",): 1, ("site",): 2, ("site", "my house"): 2, ("site", "my house", "a b"): 3,
        ("site", "my house", "a b", "c"): 3, ("site", "my house", "a b", "c", "q"): 4,
        ("site", "my house", "a b", "c", "r"): 4, ("site", "my house", "long"): 5, ("site", "my house", "d"): 8,
        ("site", "my house", "d", "x"): 8, ("site", "my house", "d", "y"): 8, ("site", "my house", "d", "y", "z"): 8,
        ("list",): 10, ("list", "at"): 11,
    }
