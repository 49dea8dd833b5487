"""What a SITE.toml may say of charge points, what the files beside it may hold, and what both are told."""

from pathlib import Path

import pytest

from drivers import ocpp_cards, ocpp_door, ocpp_times
from drivers.ocpp_door import Door
from firmware.check import run as check
from firmware.config.file import ConfigError, load
from sim.certificate import self_signed

SITE = """\
[site]
name = "Stations"
latitude = 48
longitude = 11
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
[line.stations]
kind = "ocpp"
{line}
[node.house]
rated_a = 35
curve = "gg"
meter = "grid"
rest_a = 10
[device.grid]
driver = "eastron_sdm630"
line = "meters"
[device.box]
driver = "ocpp_station"
line = "stations"
station = "CP-1"
node = "house"
phases = "L1 L2 L3"
{device}
"""


def secret(folder: Path, name: str, text: "str | bytes") -> str:
    path = folder / name
    path.touch(0o600)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def said(folder: Path, line: str, device: str = "", more: str = "") -> "list[str]":
    """What is wrong with such a file, without its place."""
    path = folder / "site.toml"
    text = SITE.replace("{line}", line).replace("{device}", device).replace("DIR", str(folder))
    path.write_text(text + more)
    try:
        load(path)
    except ConfigError as error:
        return [message.partition(": ")[2] for message in error.messages]
    return []


def test_what_each_security_profile_needs(tmp_path: Path) -> None:
    certificate, key, _ = self_signed("hutschiene")
    secret(tmp_path, "cert", certificate)
    secret(tmp_path, "key", key)
    secret(tmp_path, "passwords", "CP-1 0123456789abcdef\n")
    assert said(tmp_path, "security_profile = 0") == []
    assert said(tmp_path, 'passwords = "DIR/passwords"') == []
    assert said(tmp_path, 'security_profile = 2\npasswords = "DIR/passwords"\ncert = "DIR/cert"\nkey = "DIR/key"') == []
    assert said(tmp_path, "") == ["line.stations.passwords is missing: needed for security_profile = 1"]
    assert len(said(tmp_path, "security_profile = 2")) == 3
    assert "not used with security_profile = 1" in said(tmp_path, 'passwords = "DIR/passwords"\nkey = "DIR/key"')[0]
    wrong = said(tmp_path, 'security_profile = 2\npasswords = "DIR/passwords"\ncert = "DIR/key"\nkey = "DIR/key"')
    assert "no certificate with its key" in wrong[0]


@pytest.mark.parametrize(("text", "words"), [
    ("CP-2 0123456789abcdef\n", "no password of station CP-1 in it"),
    ("CP-1\n", ":1: allowed is STATION PASSWORD"), ("CP-1 short\n", ":1: allowed is STATION PASSWORD"),
    ("CP-1 0123456789abcdef\nCP-1 0123456789abcdef\n", ":2: allowed is STATION PASSWORD"),
    ("CP-1 hex:0123456789abcdeg\n", ":1: behind hex: allowed are pairs")])
def test_the_file_of_the_passwords(tmp_path: Path, text: str, words: str) -> None:
    path = secret(tmp_path, "passwords", text)
    found = said(tmp_path, 'passwords = "DIR/passwords"')
    assert len(found) == 1
    assert words in found[0]
    assert "0123456789" not in found[0]
    Path(path).chmod(0o640)
    assert "is open to others (mode 0640)" in said(tmp_path, 'passwords = "DIR/passwords"')[0]


def test_the_file_of_the_cards(tmp_path: Path) -> None:
    path = secret(tmp_path, "cards", "# of the house\n04a1b2c3 # Anna\n\nFF00\n")
    assert ocpp_cards.cards(path) == {"04A1B2C3", "FF00"}
    listed = 'authorisation = "listed"\ncards = "DIR/cards"'
    assert said(tmp_path, "security_profile = 0", listed) == []
    secret(tmp_path, "cards", "04 A1\n")
    assert ":1: allowed is one card a line" in said(tmp_path, "security_profile = 0", listed)[0]
    assert "belongs to authorisation" in said(tmp_path, "security_profile = 0", 'authorisation = "listed"')[0]


def test_one_station_one_line_one_connector(tmp_path: Path) -> None:
    second = ('[device.again]\ndriver = "ocpp_station"\nline = "stations"\nstation = "CP-1"\nnode = "house"\n'
              'phases = "L1"\n')
    assert "already has this address" in said(tmp_path, "security_profile = 0", "", second)[0]
    assert said(tmp_path, "security_profile = 0", "", second + "connector = 2\nmax_a = 6\n") == []
    line = '[line.others]\nkind = "ocpp"\nsecurity_profile = 0\nport = 9001\n'
    other = second.replace('"stations"', '"others"') + "max_a = 6\n"
    assert "station CP-1 calls at line stations already" in said(tmp_path, "security_profile = 0", "", line + other)[0]
    assert "is already there; one line a port" in said(
        tmp_path, "security_profile = 0", "", line.replace("9001", "9000"))[0]
    assert "a line of kind modbus-tcp; ocpp_station hangs on ocpp" in "".join(said(
        tmp_path, "security_profile = 0", "", second.replace('"stations"', '"meters"').replace("CP-1", "CP-2")))


def test_what_check_says(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    import argparse

    assert said(tmp_path, "security_profile = 0", "failsafe_s = 300") == []
    assert check(argparse.Namespace(site=tmp_path / "site.toml", schema=False, live=False, json=False, lang="en")) == 0
    found = capsys.readouterr().out
    assert "stations: ocpp, listens on 0.0.0.0:9000/, security profile 0: box" in found
    assert "box within 300 s, then at most 0 A: the station itself goes to failsafe_a (0: it pauses)" in found
    assert "whoever is on that network can call itself one of the stations" in found


def test_a_door_remembers_few_strangers_and_prints_no_nonsense(capsys: "pytest.CaptureFixture[str]") -> None:
    door = Door("", lambda: ("CP-1",), None)
    for number in range(100):
        station, status, words = door.judge(f"/evil%0a{number}", None)
        assert status == ocpp_door.BAD
        door.note(station, words, "10.0.0.1")
    assert len(door.refused) == ocpp_door.MOST_SHOWN
    assert all("\n" not in name for name in door.refused)
    door.note("CP-9", "x", "10.0.0.1")
    capsys.readouterr()
    door.note("CP-9", "x", "10.0.0.1")
    assert capsys.readouterr().err == ""  # once
    assert Door("ocpp/1.6", lambda: ("CP-1",), None).judge("/ocpp/1.6/CP-1?x=1", None) == ("CP-1", 0, "")


@pytest.mark.parametrize(("text", "utc_ms"), [
    ("2026-11-21T12:00:00Z", 1_795_262_400_000), ("2026-11-21T12:00:00.250Z", 1_795_262_400_250),
    ("2026-11-21T13:00:00+01:00", 1_795_262_400_000), ("2026-11-21 13:00:00.1234567+0100", 1_795_262_400_123),
    ("2026-11-21T12:00:00", 1_795_262_400_000), ("1969-12-31T23:59:59.5Z", -500), ("2026-13-21T12:00:00Z", None),
    ("2026-11-21", None), ("", None), (5, None), (None, None), ("2026-11-21T12:00:00+99:99", None)])
def test_instants(text: object, utc_ms: "int | None") -> None:
    assert ocpp_times.utc_ms(text) == utc_ms
    if utc_ms is not None:
        assert ocpp_times.utc_ms(ocpp_times.text(utc_ms)) == utc_ms
