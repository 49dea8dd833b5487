"""`check`: what is printed is what the configuration means."""

import argparse
import json
import re
from pathlib import Path

import pytest

from firmware import check
from firmware.checks.facts import facts, warnings
from firmware.config.file import load
from firmware.config.schema import schema
from firmware.language import of_terminal

DEPLOY = Path(__file__).parents[2] / "deploy"
DEMO = DEPLOY / "demo.toml"


LEFT_OVER = re.compile(r"(?i)(?<![/\w-])(the|is|are|until|while|when|after|with|stays?|by|of|no|own|not)(?![\w-])")


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    return check.run(parser.parse_args(list(words)))


def changed(tmp_path: Path, *pairs: "tuple[str, str]") -> Path:
    text = DEMO.read_text("utf-8")
    for old, new in pairs:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "site.toml"
    path.write_text(text)
    return path


def test_the_house_as_a_tree(capsys: "pytest.CaptureFixture[str]") -> None:
    assert run(str(DEMO)) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[:4] == [
        "Haus Sonnenhang", "",
        "house: 35 A SLS-E, 32 A for hours, at most 4600 VA between phases, meter grid, 16 A assumed when blind",
        "   grid: meter eastron_sdm630, meters unit 1, L1 L2 L3, read every 1 s, stale after 3 s",
    ]
    at = lines.index("   garage: 20 A MCB B, no meter, 1 A assumed when blind")
    assert lines[at + 1:at + 3] == [
        "      carport: wallbox heidelberg_energy_control, wallbox unit 1, L2 L3 L1, read every 1 s, stale after 3 s",
        "         mode surplus, priority 40, 6 A to 16 A, fail-safe 0 A after 14 s",
    ]
    assert "  meters: modbus-rtu, var/demo/meters 9600 8N1: grid, roof" in lines


def test_what_happens_on_each_loss(capsys: "pytest.CaptureFixture[str]") -> None:
    assert run(str(DEMO)) == 0
    out = capsys.readouterr().out
    assert ("  grid, 3 s after its newest reading: at house 16 A a phase are left for carport, rod, battery, heatpump "
            "(16 A assumed for all others)") in out
    assert "  house: 4.9 A fail-safe + 16 A assumed = 20.9 A of 35 A on L1" in out
    assert "  Without a fail-safe of their own: heatpump" in out
    assert "decisions do not need 127.0.0.1:1883" in out
    assert "Is this meant?" not in out


@pytest.mark.parametrize("name", ["demo.toml", "site.example.toml", "emergency.example.toml"])
def test_a_german_terminal_is_told_all_of_it_in_german(name: str, capsys: "pytest.CaptureFixture[str]",
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(str(DEPLOY / name)) == 0
    english = capsys.readouterr().out
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert run(str(DEPLOY / name)) == 0
    german = capsys.readouterr().out
    assert run(str(DEPLOY / name), "--lang", "en") == 0
    assert capsys.readouterr().out == english
    assert LEFT_OVER.findall(german) == []
    assert len(LEFT_OVER.findall(english)) >= 30
    assert len(german.splitlines()) == len(english.splitlines())
    if name == "demo.toml":
        assert "\n  house: 4,9 A Rückfall + 16 A angenommen = 20,9 A von 35 A auf L1\n" in german


@pytest.mark.parametrize(("environ", "spoken"), [
    ({}, "en"), ({"LANG": "de_DE.UTF-8"}, "de"), ({"LANG": "de_AT@euro"}, "de"), ({"LANG": "de"}, "de"),
    ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"), ({"LANG": "fr_FR.UTF-8"}, "en"),
    ({"LANG": "en_US.UTF-8", "LC_ALL": "de_CH.UTF-8"}, "de"), ({"LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
    ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "fr:de_DE:en"}, "de"), ({"LANG": "C", "LANGUAGE": "de"}, "en"),
    ({"LANG": "de_DE.UTF-8", "LC_ALL": ""}, "de"), ({"LANG": "dean.UTF-8"}, "en"),
])
def test_which_language_a_terminal_speaks(environ: "dict[str, str]", spoken: str) -> None:
    assert of_terminal(environ) == spoken


def test_the_same_for_programs(capsys: "pytest.CaptureFixture[str]") -> None:
    assert run(str(DEMO), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is True
    assert said["nodes"][1] == {
        "name": "garage", "parent": "house", "meter": None, "rated_ma": 20_000, "continuous_ma": 20_000,
        "curve": "mcb-b", "rest_ma": 1_000, "max_w": None, "imbalance_va": None,
    }
    carport = said["devices"][2]
    assert carport["phases"] == ["L2", "L3", "L1"]
    assert (carport["current_ma"], carport["failsafe_ms"]) == ([6_000, 16_000], 14_000)
    losses = said["losses"]
    assert losses["meters"] == [{"meter": "grid", "after_ms": 3_000, "nodes": [
        {"node": "house", "budget_ma": [16_000] * 3, "assumed_ma": 16_000,
         "loads": ["carport", "rod", "battery", "heatpump"]}]}]
    assert losses["everything"]["without_failsafe"] == ["heatpump"]
    assert losses["everything"]["nodes"][0]["total_ma"] == [20_831] * 3


def test_a_fail_safe_current_is_added_up_on_the_phases_it_flows_on(
        tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    """The carport's first conductor is on L2; charging on one phase it falls back to 8 A there and nowhere else."""
    path = changed(tmp_path, ('phases = "L2 L3 L1"', 'phases = "L2"'), ("failsafe_a = 0", "failsafe_a = 8"))
    assert run(str(path), "--json") == 0
    house, garage = json.loads(capsys.readouterr().out)["losses"]["everything"]["nodes"]
    assert garage["failsafe_ma"] == [0, 8_000, 0]
    assert house["failsafe_ma"] == [4_831, 12_831, 4_831]


def test_errors_go_to_stderr(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    path = changed(tmp_path, ("rated_a = 35", "rated_a = 350"), ("failsafe_a = 0", "failsafe_a = 20"))
    assert run(str(path)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(" ")[1] for line in said.err.splitlines()] == ["node.house.rated_a", "device.carport.failsafe_a"]


def test_errors_for_programs(tmp_path: Path, capsys: "pytest.CaptureFixture[str]") -> None:
    path = changed(tmp_path, ("rated_a = 35", "rated_a = 350"))
    assert run(str(path), "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert len(said["errors"]) == 1
    assert said["errors"][0].endswith("allowed are 6 to 125 (rated current of its fuse in A, per phase)")


def test_a_site_is_needed(capsys: "pytest.CaptureFixture[str]") -> None:
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 2


def test_what_is_mostly_not_meant(tmp_path: Path) -> None:
    spare = '[line.spare]\nkind = "sml"\nport = "x"\n'
    path = changed(tmp_path, ("rated_a = 20", "rated_a = 40"), ("[line.pins]", spare + "[line.pins]"))
    assert warnings(load(path)) == (
        "node.garage: its fuse (40 A) is larger than that of house behind which it stands (35 A)",
        "line.spare: no device hangs on it",
    )
    path = changed(tmp_path, ("rated_a = 20", "rated_a = 10"), ("rest_a = 1\n", "rest_a = 5\n"))
    assert warnings(load(path)) == ("device.carport: can never charge: garage leaves 5 A, it needs 6 A",)
    german = ["device.carport: kann nie laden: garage lässt 5 A übrig, nötig sind 6 A"]
    assert facts(load(path))["warnings_de"] == german


def test_the_schema_in_the_tree_is_that_of_the_code(capsys: "pytest.CaptureFixture[str]") -> None:
    assert run("--schema") == 0
    assert capsys.readouterr().out == (DEPLOY / "site.schema.json").read_text("utf-8")


def test_the_schema_knows_bounds_and_words() -> None:
    kinds = schema()["$defs"]
    assert kinds["Device_heidelberg_energy_control"]["properties"]["failsafe_a"]["maximum"] == 16
    assert kinds["NodeTable"]["properties"]["curve"]["enum"] == ["gg", "mcb-b", "mcb-c", "mcb-d", "sls-e"]
    assert kinds["NodeTable"]["additionalProperties"] is False
    assert "null" not in json.dumps(kinds)
