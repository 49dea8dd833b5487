"""The verbs `decode p1` and `decode d0`: what they print, and what they say when they cannot."""

import argparse
import json
from pathlib import Path

import pytest

from drivers.ciphers import gcm_seal
from firmware import decode
from hal.values import Phases
from sim.d0_meter import D0Meter
from sim.p1_meter import P1Meter

W = Phases(1_000, -200, 30)
KEY = bytes(range(16))


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    decode.add_arguments(parser)
    return decode.run(parser.parse_args(list(words)))


def written(folder: Path, data: bytes) -> str:
    path = folder / "meter.bin"
    path.write_bytes(data)
    return str(path)


def test_a_telegram_as_json(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    data = P1Meter("belgium", 5).frame(0, W, W, W, 4_001, 7)
    assert call("p1", written(tmp_path, b"xx" + data), "--json") == 0
    got = json.loads(capsys.readouterr().out)
    assert (got["offset"], got["ident"], got["time"], got["checked"]) == (2, "HUT5\\2belgium", "240101000000W", True)
    assert (got["power_w"], got["import_wh"], got["export_wh"]) == (830, 4_001, 7)
    assert {"address": "1-0:1.8.1", "values": ["000001.000*kWh"], "value": 1000, "unit": "Wh"} in got["lines"]
    assert [(one["medium"], one["value"], one["unit"]) for one in got["submeters"]] == [
        ("gas", 1234.567, "m3"), ("water", 891.011, "m3")]


def test_a_telegram_for_people(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    assert call("p1", written(tmp_path, P1Meter("v2").frame(0, W, W, W, 4_001, 7))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(", without CRC")
    assert "  power    830 W" in lines
    assert "  gas meter 47303031: 1234.567 m3 at 240101120000" in lines
    assert lines[-1] == "1 frame, 0 damaged"


def test_encrypted_telegrams_need_their_key(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    data = P1Meter("luxembourg", 5, lambda iv, text, covered: gcm_seal(KEY, iv, text, covered)).frame(0, W, W, W, 9, 7)
    keys = tmp_path / "keys"
    keys.write_text("p1 " + KEY.hex())
    keys.chmod(0o600)
    path = written(tmp_path, data)
    assert call("p1", path, "--json", "--keys", str(keys)) == 0
    assert json.loads(capsys.readouterr().out)["power_w"] == 830
    assert call("p1", path) == 1
    assert "it looks encrypted: name its keys with --keys" in capsys.readouterr().err
    keys.chmod(0o644)
    assert call("p1", path, "--keys", str(keys)) == 1
    assert "chmod 600" in capsys.readouterr().err
    keys.chmod(0o600)
    keys.write_text("p1 " + "0" * 32)
    assert call("p1", path, "--keys", str(keys)) == 1
    assert "no intact P1 telegram" in capsys.readouterr().err


def test_a_recorded_readout_and_what_is_sent_unasked(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    meter = D0Meter()
    session = b"\xaf?!\x8d\n" + meter.ident() + b"\x06050\r\n" + meter.block(W, 4_001, 7)
    pushed = D0Meter("D").frame(0, W, W, W, 4_002, 7)
    assert call("d0", written(tmp_path, session + pushed + session), "--json") == 0
    got = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["ident"], one["import_wh"], one["power_w"]) for one in got] == [
        ("HUT SIM V1", 4_001, 830), ("HUT5SIM V1", 4_002, 830), ("HUT SIM V1", 4_001, 830)]
    assert all(one["meter_id"] == "1HUT0000000001" for one in got)
    spoilt = session[:-1] + b"\x00"
    assert call("d0", written(tmp_path, spoilt)) == 1
    assert "no intact D0 telegram (1 damaged one)" in capsys.readouterr().err
