"""`hutschiene sim`: a day's key figures as a table and as JSON, its plot, its journal, and what it refuses."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from firmware.journal import journals, read

ROOT = Path(__file__).parents[2]


def sim(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firmware", "sim", *map(str, arguments)], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)


def test_an_hour_as_json_with_plot_and_journal(tmp_path: Path) -> None:
    done = sim("sunny", "--hours", 1, "--json", "--plot", tmp_path / "new" / "day.svg", "--journal", tmp_path / "j")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    kpi = json.loads(done.stdout)
    assert kpi["seconds"] == 3_600
    assert kpi["over_limit_s"] == 0
    assert {"import_wh", "export_wh", "pv_wh", "used_wh", "self_consumption_permille", "autarky_permille"} <= set(kpi)
    assert {"carport", "rod", "battery", "heatpump"} == {device["name"] for device in kpi["devices"]}
    assert {("house", "fuse"), ("garage", "fuse")} <= {(limit["node"], limit["limit"]) for limit in kpi["limits"]}
    svg = ET.parse(tmp_path / "new" / "day.svg").getroot()
    assert svg.tag.endswith("svg")
    words = " ".join(text for text in svg.itertext())
    assert "Haus Sonnenhang, sunny, seed 7" in words
    assert "carport" in words
    path, = journals(tmp_path / "j")
    assert sum(1 for _ in read(path)[1]) == 3_600


def test_an_hour_as_a_table() -> None:
    done = sim("winter", "--hours", 1)
    assert done.returncode == 0, done.stderr
    rows = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert rows["made by the sun"].endswith("0.00 kWh")
    assert rows["from the grid"].endswith("kWh")
    assert rows["autarky"].endswith("%")
    assert "carport: starts" in rows
    assert rows["house: above fuse of 35.0 A"].split()[6] == "0"


def test_the_seed_decides() -> None:
    three, again, four = (sim("winter", "--hours", 1, "--seed", seed, "--json").stdout for seed in (3, 3, 4))
    assert three == again != four


@pytest.mark.parametrize(("arguments", "words"), [
    (("spring",), "invalid choice: 'spring'"),
    (("sunny", "--hours", "25"), "invalid choice: 25"),
    (("sunny", "--hours", "0"), "invalid choice: 0"),
    (("sunny", "--seed", "seven"), "invalid int value: 'seven'"),
    ((), "SCENARIO"),
])
def test_wrong_words_are_refused_with_what_is_allowed(arguments: "tuple[str, ...]", words: str) -> None:
    done = sim(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_house_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = sim("sunny", "--hours", 1, "--site", tmp_path / "none.toml")
    assert done.returncode == 1
    assert "none.toml" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("option", ["--plot", "--journal"])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, option: str) -> None:
    (tmp_path / "file").write_text("in the way")
    done = sim("winter", "--hours", 1, option, tmp_path / "file" / "out")
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.stderr


def test_help_names_the_days() -> None:
    done = sim("--help")
    assert done.returncode == 0
    for word in ("sunny", "cloudy", "winter", "--seed", "--plot", "--json"):
        assert word in done.stdout
