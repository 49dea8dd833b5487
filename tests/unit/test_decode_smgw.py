"""The verb `decode smgw`: recorded answers of each maker, and what is none."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from firmware import decode
from sim import smgw_pages
from sim.rng import Rng
from sim.smgw_pages import Counted

ROOT = Path(__file__).parents[2]
METER, OTHER = "1emh0012345678", "7elr0000000001"
TIME = "2026-06-21 12:15:00"
KEPT = ((METER, (Counted("0100010800ff", 12_345_678, -1, 30), Counted("0100020800ff", 98_765, -1, 30))),
        (OTHER, (Counted("0700030000ff", 4_711, -2, 13),)))
CONEXA = b"\n".join(filter(None, [
    smgw_pages.conexa(KEPT, TIME, json.dumps(
        {"method": method, "usage-point-id": point, "last-reading": "true"}).encode())
    for method, point in (("user-info", ""), ("usage-point-info", "up0"), ("readings", "up0"),
                          ("usage-point-info", "up1"), ("readings", "up1"))]))
CASA = (smgw_pages.casa(KEPT, TIME, "") or b"") + (smgw_pages.casa(KEPT, TIME, METER + "/extended") or b"") + (
    smgw_pages.casa(KEPT, TIME, OTHER + "/extended") or b"")
PPC = "".join(f"<html><body>{smgw_pages.ppc_choice((one,))}{smgw_pages.ppc_values((one,), TIME, 'mid0')}"
              "</body></html>\n" for one in KEPT).encode()
RECORDED = {"conexa": CONEXA, "casa": CASA, "ppc": PPC}


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    decode.add_arguments(parser)
    return decode.run(parser.parse_args(["smgw", *words]))


@pytest.mark.parametrize("maker", RECORDED)
def test_recorded_answers_of_every_maker(tmp_path: Path, capsys: "pytest.CaptureFixture[str]", maker: str) -> None:
    path = tmp_path / "answers"
    path.write_bytes(RECORDED[maker])
    assert call(str(path), "--json") == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["meter"], first["import_wh"], first["export_wh"]) == (METER, 1_234_567.8, 9_876.5)
    assert (second["meter"], second["import_wh"]) == (OTHER, None)
    gas = second["values"][0]
    assert (gas["obis"], gas["value"], gas["unit"], gas["status"]) == ("7-0:3.0.0*255", 47.11, "m3", [])
    assert gas["time"].startswith("2026-06-21T12:15:00")
    assert call(str(path)) == 0
    out = capsys.readouterr().out
    assert f'meter {METER}: id = "{METER}"\n    1-0:1.8.0*255            1234567.8 Wh  2026-06-21T12:15:00' in out
    assert "2 frames, 0 damaged" in out


def test_from_standard_input() -> None:
    done = subprocess.run([sys.executable, "-m", "firmware", "decode", "smgw", "-"], cwd=ROOT, input=PPC,
                          capture_output=True, timeout=60, check=True)
    assert METER in done.stdout.decode()


def test_readings_without_their_channels_are_no_numbers(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    path = tmp_path / "answers"
    path.write_bytes(CONEXA.splitlines()[2])
    assert call(str(path)) == 1
    assert "behind their usage-point-info only" in capsys.readouterr().err
    path.write_bytes(CASA.replace(b'"status": "00000000000000"', b'"status": "00000000000001"'))
    assert call(str(path)) == 0
    assert "status 00000000000001" in capsys.readouterr().out


def test_what_is_missing_and_what_is_no_place(capsys: "pytest.CaptureFixture[str]") -> None:
    for words, why in ((("https://gateway",), "asked with --maker, --logins, --state"),
                       (("https://gateway", "--maker", "ppc", "--state", "s"), "asked with --logins"),
                       (("https://gateway/path", "--maker", "ppc", "--logins", "l", "--state", "s"),
                        "https://HOST or https://HOST:PORT"),
                       (("https://h", "--maker", "ppc", "--logins", "/nowhere", "--state", "s"), "cannot be read")):
        assert call(*words) == 1, words
        assert why in capsys.readouterr().err


def test_mutated_answers_raise_nothing_foreign(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    rng, path = Rng(5), tmp_path / "answers"
    everything = [CONEXA, CASA, PPC, b"<" * 3_000, b'{"values": [' + b"[" * 3_000,
                  b'{"values": [{"logical_name": ".x"}]}', b'["a"] 5 "x" null',
                  b"<html><table id='metervalue'><tr><td id='table_metervalues_col_wert'><![x"]
    for _ in range(300):
        data = bytearray(everything[rng.below(len(everything))])
        for _ in range(rng.below(6)):
            data[rng.below(len(data))] = rng.below(256)
        path.write_bytes(bytes(data))
        assert call(str(path), "--json") in (0, 1)
        for line in capsys.readouterr().out.splitlines():
            json.loads(line)
    path.write_bytes(b" " * ((1 << 20) + 1))
    assert call(str(path)) == 1
    assert "allowed are 1048576 bytes" in capsys.readouterr().err
