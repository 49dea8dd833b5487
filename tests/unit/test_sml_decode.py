"""The verb `decode sml`: what it prints, and what it says when it cannot."""

import argparse
import json
from pathlib import Path

import pytest

from drivers.quantity import Quantity
from firmware import decode
from firmware.decoders import words as decode_words
from hal.values import Phases
from sim.sml_meter import ABSENT, SmlMeter, entry, frame, message, several, signed, unsigned

SERVER = "0a0148555400000000" + "01"


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    decode.add_arguments(parser)
    return decode.run(parser.parse_args(["sml", *words]))


def written(tmp_path: Path, *frames: bytes) -> str:
    path = tmp_path / "head.bin"
    path.write_bytes(b"".join(frames))
    return str(path)


def a_frame(**options: bool) -> bytes:
    voltage_mv = Phases(230_000, 230_000, 230_000)
    return SmlMeter(detailed=False, **options).frame(0, Phases(-100, 50, 0), Phases(0, 0, 0), voltage_mv, 1234, 56)


def odd_frame() -> bytes:
    entries = (entry("1 0 96 5 0 255", b"\x42\x01"), entry("129 129 199 130 5 255", ABSENT),
               entry("1 0 16 7 0 255", signed(-10550, 4), 27, -2, unsigned(5)),
               entry("1 0 1 8 0 255", unsigned(12345678901234567890, 8), 30, -4))
    return frame(message(b"\x01", 0x0701, several(ABSENT, ABSENT, ABSENT, ABSENT, several(*entries), ABSENT, ABSENT)))


def test_json_is_one_object_a_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(written(tmp_path, b"noise", a_frame(), a_frame(locked=True)), "--json") == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first == {
        "offset": 5, "server_id": SERVER, "entries": [
            {"obis": "1-0:96.50.1*1", "value": "485554", "scaler": None, "unit": None, "status": None},
            {"obis": "1-0:96.1.0*255", "value": SERVER, "scaler": None, "unit": None, "status": None},
            {"obis": "1-0:1.8.0*255", "value": 12340, "scaler": -1, "unit": 30, "status": 0x1C0904},
            {"obis": "1-0:2.8.0*255", "value": 560, "scaler": -1, "unit": 30, "status": None},
            {"obis": "1-0:16.7.0*255", "value": -50, "scaler": 0, "unit": 27, "status": None}],
        "power_w": -50, "import_wh": 1234, "export_wh": 56, "locked": False}
    assert (second["offset"], second["power_w"], second["import_wh"], second["locked"]) == (
        5 + len(a_frame()), None, 1000, True)


def test_json_keeps_kinds_and_every_digit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(written(tmp_path, odd_frame()), "--json") == 0
    line = capsys.readouterr().out
    got = json.loads(line, parse_float=str)
    assert [one["value"] for one in got["entries"]] == [True, None, -10550, 12345678901234567890]
    assert [one["obis"] for one in got["entries"]][:2] == ["1-0:96.5.0*255", "129-129:199.130.5*255"]
    assert (got["server_id"], got["power_w"], got["import_wh"]) == (None, "-105.5", "1234567890123456.789")


def test_the_table_is_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(written(tmp_path, odd_frame(), a_frame(locked=True)[:-1], a_frame(locked=True))) == 0
    out = capsys.readouterr().out
    assert "power    -105.5 W" in out
    assert "1-0:16.7.0*255           -105.5 W  status 0x5" in out
    assert "1-0:96.50.1*1            485554 (HUT)" in out
    assert "PIN" in out
    assert out.endswith("2 frames, 1 damaged\n")


@pytest.mark.parametrize(("exact", "words"), [
    (None, ""), ((0, -2), "0"), ((-5, -2), "-0.05"), ((-10550, -2), "-105.5"), ((100, -2), "1"), ((2324, 3), "2324000"),
    ((123, -1), "12.3"), ((1, -5), "0.00001"), ((-7, 0), "-7")])
def test_decimals(exact: "tuple[int, int] | None", words: str) -> None:
    assert decode_words.decimal(Quantity(*exact) if exact else None) == words


def test_no_more_frames_than_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(written(tmp_path, *[a_frame()] * 5), "--json", "--frames", "2") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_errors_name_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, why in ((str(tmp_path / "none"), "No such file"), (str(tmp_path), "directory"),
                      (written(tmp_path, a_frame()[1:]), "no intact SML frame (0 damaged ones)"),
                      ("/dev/null", "no serial port")):
        assert call(path, "--json") == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"{path}: ")
        assert why in err
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize("words", [("x", "--frames", "0"), ("x", "--seconds", "-1"), ("x", "--baud", "fast"), ()])
def test_wrong_usage_is_two(words: "tuple[str, ...]", capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        call(*words)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
