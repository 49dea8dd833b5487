"""Keys of what heats or is switched: what the decision gets of them, what is refused, and what `check` says."""

from pathlib import Path

import pytest

from firmware.__main__ import main
from firmware.checks import heat as check_heat
from firmware.checks.facts import facts
from firmware.config.file import ConfigError, load
from hal.heat import HeatRule

HOUSE = """\
[site]
name = "Heat"
latitude = 48.1
longitude = 11.6
[line.bus]
kind = "modbus-rtu"
port = "/dev/ttyUSB0"
[line.net]
kind = "modbus-tcp"
host = "192.168.1.20"
[line.pins]
kind = "gpio"
[line.wire]
kind = "m-bus"
port = "/dev/ttyUSB1"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
rest_a = 12
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.tank]
driver = "mbus_meter"
line = "wire"
address = 5
every_s = 60
[device.rod]
driver = "mypv_elwa2"
line = "net"
node = "house"
phases = "L3"
{rod}
[device.elements]
driver = "relay_rod"
line = "pins"
node = "house"
phases = "L1 L2 L3"
pin_1 = 17
pin_2 = 27
pin_3 = 22
element_1_w = 1000
element_2_w = 1000
element_3_w = 1000
{elements}
"""
WARM = 'warm_c = 45\nwarm_by = "06:30"\nlitres = 300'


def house(tmp_path: Path, rod: str = "", elements: str = "") -> Path:
    path = tmp_path / "site.toml"
    path.write_text(HOUSE.format(rod=rod, elements=elements))
    return path


def said(tmp_path: Path, rod: str, elements: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        load(house(tmp_path, rod, elements))
    return str(caught.value).replace(str(tmp_path / "site.toml"), "site")


def test_a_device_without_such_keys_has_no_rule(tmp_path: Path) -> None:
    able = load(house(tmp_path)).site.devices[3].ability
    assert (able.heat, able.most_starts, able.min_on_ms) == (None, 0, 60_000)


def test_all_of_them_reach_the_decision(tmp_path: Path) -> None:
    rod = 'most_c = 60\nhysteresis_k = 5\nlegionella_c = 65\nlegionella_days = 3\nmost_wh_a_day = 9000\n' + WARM
    elements = 'temperature_of = "tank"\nmost_c = 70\nmin_run_s = 120\nmin_rest_s = 300\nstarts_a_day = 8'
    devices = load(house(tmp_path, rod, elements)).site.devices
    assert devices[2].ability.heat == HeatRule(
        -1, 60_000, 5_000, 65_000, 3 * 86_400_000, 45_000, 23_400_000, 300, 3_500, 9_000)
    able = devices[3].ability
    assert (able.min_on_ms, able.min_off_ms, able.most_starts) == (120_000, 300_000, 8)
    assert able.heat is not None
    assert (able.heat.thermometer, able.heat.most_mdegc, able.heat.gap_mdegc) == (1, 70_000, 3_000)


@pytest.mark.parametrize(("rod", "elements", "words"), [
    ("most_c = 99", "", "site:35: device.rod.most_c = 99: allowed are 20 to 95"),
    ('warm_by = "6:30"', "", 'site:35: device.rod.warm_by = "6:30": '),
    ('warm_by = "24:00"', "", 'site:35: device.rod.warm_by = "24:00": '),
    ("warm_c = 45", "", 'site:30: device.rod.warm_by is missing: by when, like "06:30"'),
    ("warm_c = 45", "", "site:30: device.rod.litres is missing: what it holds; allowed are 5 to 5000"),
    ("most_c = 47\n" + WARM, "", "site:36: device.rod.warm_c = 45: the tank is not heated there; allowed are 20 to 44"),
    ("litres = 300", "", "site:35: device.rod.litres = 300: means nothing without warm_c"),
    ("legionella_days = 3", "", "device.rod.legionella_days = 3: means nothing without legionella_c"),
    ("hysteresis_k = 3", "", "device.rod.hysteresis_k = 3: means nothing without most_c"),
    ('temperature_of = "tank"', "", 'device.rod.temperature_of = "tank": nothing asks for a temperature'),
    ('temperature_of = "tonk"\nmost_c = 60', "", "there is no [device.tonk]; did you mean tank?"),
    ("min_run_s = 60", "", "device.rod.min_run_s = 60: it takes any power from 0 W on and wears nothing by it"),
    ("starts_a_day = 6", "", "device.rod.starts_a_day = 6: it takes any power from 0 W on"),
    ("", "most_c = 60", "device.elements.most_c = 60: its driver tells no temperature; say with temperature_of"),
    ("", "rest_s = 90\nmin_run_s = 60", "device.elements.min_run_s = 60: shorter than its own (hold_s, rest_s); "
                                        "allowed are 90 to 7200"),
])
def test_what_is_refused(tmp_path: Path, rod: str, elements: str, words: str) -> None:
    assert words in said(tmp_path, rod, elements)


def test_a_wallbox_and_a_meter_have_no_tank(tmp_path: Path) -> None:
    path = house(tmp_path)
    path.write_text(path.read_text().replace("unit = 1\n", "unit = 1\nmost_c = 60\n"))
    with pytest.raises(ConfigError, match=r"device.grid.most_c = 60: a meter has no such key; leave it out"):
        load(path)


def test_the_time_zone_is_one_that_there_is(tmp_path: Path) -> None:
    path = house(tmp_path)
    assert load(path).time_zone == "Europe/Berlin"
    path.write_text(path.read_text().replace('name = "Heat"', 'name = "Heat"\ntime_zone = "Atlantic/Azores"'))
    assert load(path).time_zone == "Atlantic/Azores"
    path.write_text(path.read_text().replace("Atlantic/Azores", "Atlantic/Atlantis"))
    with pytest.raises(ConfigError, match=r"site.time_zone = .*no time zone that this computer knows"):
        load(path)


def test_check_says_it_as_one_line_and_what_is_lost_with_the_thermometer(
    tmp_path: Path, capsys: "pytest.CaptureFixture[str]",
) -> None:
    elements = 'temperature_of = "tank"\nmost_c = 70\nlegionella_c = 65\nstarts_a_day = 8\nmost_wh_a_day = 9000'
    path = house(tmp_path, WARM, elements)
    assert main(["check", str(path)]) == 0
    out = capsys.readouterr().out
    assert "45 °C by 06:30 (300 l, heated with 3500 W)\n" in out
    assert ("not above 70 °C, again from 67 °C, 65 °C for 10 min every 7 d, at most 9000 Wh a day, runs at least 60 s, "
            "rests at least 60 s, at most 8 starts in 24 h\n") in out
    assert "When the temperature of a tank is not known\n" in out
    assert "  elements, by tank: is not heated, until it is known again\n" in out
    assert "  rod, by rod: goes on as its mode says, is not heated by a time of day" in out
    told = {device["name"]: device["heat"] for device in facts(load(path))["devices"]}
    assert told["grid"] is None
    assert told["rod"]["warm_by_ms"] == 23_400_000
    assert told["elements"]["temperature_of"] == "tank"
    assert check_heat.words({**told["rod"], "warm_mdegc": None}) == ""


def test_the_demo_of_nothing_says_nothing_of_tanks(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    assert main(["check", str(house(tmp_path))]) == 0
    assert "temperature of a tank" not in capsys.readouterr().out
