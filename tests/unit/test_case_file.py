"""CASE.toml: what a file means, what is told about a wrong one, and what a check makes of the values it sees."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.cases.case import load
from firmware.cases.checks import Verdict, Watch
from firmware.cases.life import CaseLife
from firmware.cases.tables import CheckTable
from firmware.config.file import ConfigError

ROOT = Path(__file__).parents[2]
CASE = """\
[case]
about = "a kettle"
site = "house.toml"
seconds = 60
start = "23:00"
household_w = 300

[part.carport]
plugged = true
soc_pct = 50

[[event]]
at_s = 30
do = "switch"
node = "house"
phases = "L2"
power_w = 2000

[[check]]
says = "the kettle is on L2"
of = "node.house.l2_ma"
must = "last"
at_least = 8000

[[check]]
says = "nobody calls it an alarm"
of = "device.grid.alarm"
from_s = 10
is = "none"
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "house.toml").write_text((ROOT / "sim/cases/houses/one_car.toml").read_text())
    (tmp_path / "kettle.toml").write_text(CASE)
    return tmp_path / "kettle.toml"


def test_a_case_is_lived_through(written: Path) -> None:
    file = load(written)
    assert (file.name, file.case.weather, file.parts["carport"].soc_pct) == ("kettle", "sunny", 50)
    seen: "list[int]" = []
    verdicts = CaseLife(file).run(lambda life: seen.append(life.day.simulated.house.node_w(0).l2))
    assert [verdict.held for verdict in verdicts] == [True, True]
    assert seen[29] == 100
    assert seen[30] == 2_100


def test_the_house_may_stand_in_the_same_file(written: Path, tmp_path: Path) -> None:
    house = (tmp_path / "house.toml").read_text()
    written.write_text(CASE.replace('site = "house.toml"\n', "") + house)
    assert load(written).site.site.name == "One car"


@pytest.mark.parametrize(("good", "bad", "line", "words"), [
    ("seconds = 60", "seconds = 0", 4, "case.seconds = 0: allowed are 1 to 86400"),
    ('about = "a kettle"', 'aboot = "a kettle"', 2, "no such key here; did you mean about?"),
    ('do = "switch"', 'do = "swich"', 14, "event.1.do = \"swich\": no such event; did you mean switch?"),
    ('node = "house"', 'node = "hut"', 15, "event.1.node = \"hut\": no such node"),
    ("at_s = 30", "at_s = 60", 13, "event.1.at_s = 60: after the end; the case lasts 60 s"),
    ('phases = "L2"', 'phases = "L2 L2"', 16, "a phase is named twice"),
    ("power_w = 2000", "power_w = -1", 17, "event.1.power_w = -1: allowed are 0 to 50000"),
    ("node.house.l2_ma", "node.house.l4_ma", 21, "no such quantity; did you mean"),
    ("node.house.l2_ma", "node.house", 21, "of what? known are power_w"),
    ("at_least = 8000", "", 19, "check.1: what must hold?"),
    ("from_s = 10", "from_s = 60", 25, "no time within the 60 s"),
    ('site = "house.toml"', 'site = "hut.toml"', 0, "hut.toml: cannot be read"),
    ("[part.carport]", "[part.boat]", 8, "no such part, a part stands behind a device of the house"),
    ("soc_pct = 50", "litres = 50", 10, "part.carport.litres = 50: not for a car; allowed are plugged"),
    ('is = "none"', 'is = "stail"', 29, 'check.2.is = "stail": never said of that; did you mean stale?'),
    ('is = "none"', "at_most = 3", 27, "is told in words; allowed are is, is_not"),
    ("at_least = 8000", 'is_not = "none"', 23, 'check.1.is_not = "none": a number; allowed are at_least, at_most'),
    ("[[event]]", "[event]", 12, "a list of tables is written [[event]]"),
])
def test_what_is_wrong_is_told_with_its_line(written: Path, good: str, bad: str, line: int, words: str) -> None:
    written.write_text(CASE.replace(good, bad, 1))
    with pytest.raises(ConfigError) as wrong:
        load(written)
    message = next((each for each in wrong.value.messages if words in each), "")
    assert message, wrong.value.messages
    assert not line or f"kettle.toml:{line}: " in message


def test_what_is_remembered_of_a_tank_needs_a_tank_that_is_to_be_hot(written: Path) -> None:
    written.write_text(CASE + '\n[[event]]\nat_s = 1\ndo = "hot"\ndevice = "carport"\nhours_ago = 9\n')
    with pytest.raises(ConfigError, match=r'event.2.device = "carport": it has no legionella_c'):
        load(written)


def watched(values: "list[int | str | None]", **check: object) -> Verdict:
    rule: "dict[str, object]" = {"says": "so", "of": "x", **check}
    seen = iter(values)
    watch = Watch(CheckTable(**rule), lambda life: next(seen), len(values))  # type: ignore[arg-type]
    for second in range(len(values)):
        watch.see(None, second)  # type: ignore[arg-type]
    return watch.verdict()


@pytest.mark.parametrize(("values", "check", "held", "seen"), [
    ([1, 5, 2], {"at_most": 5}, True, (5, 1)),
    ([1, 6, 7], {"at_most": 5}, False, (6, 1)),
    ([9, 3, 4], {"at_least": 3}, True, (3, 1)),
    ([None, 3], {"at_least": 3}, False, (None, 0)),
    ([1, 2, 9], {"at_least": 9, "must": "sometime"}, True, (9, 2)),
    ([1, 2, 3], {"at_least": 9, "must": "sometime"}, False, (3, 2)),
    ([9, 9, 1], {"at_least": 9, "must": "last"}, False, (1, 2)),
    ([1, 2, 6], {"at_least": 3, "at_most": 3, "must": "mean"}, True, (3, 2)),
    (["off", "rest"], {"is_": "off"}, False, ("rest", 1)),
    (["off", "rest"], {"is_not": "full"}, True, ("off", 0)),
    ([None], {"is_not": "full"}, False, (None, 0)),
])
def test_a_check(values: "list[int | str | None]", check: "dict[str, object]", held: bool,
                 seen: "tuple[int | str | None, int]") -> None:
    verdict = watched(values, **check)
    assert verdict.held is held
    assert (verdict.seen, verdict.at_s) == seen


def sim(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firmware", "sim", *map(str, arguments)], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)


def test_the_verb_tells_what_held_and_the_story_of_a_moment(written: Path, tmp_path: Path) -> None:
    done = sim(written, "--explain", 40, "--plot", tmp_path / "kettle.svg")
    assert done.returncode == 0, done.stderr
    assert "holds  the kettle is on L2 (node.house.l2_ma last at least 8,000; 9," in done.stdout
    assert "23:00:40  One car" in done.stdout
    assert "carport (wallbox, surplus)\n  0 A: " in done.stdout
    assert "read 0." in done.stdout
    assert "house limit" in (tmp_path / "kettle.svg").read_text()


def test_the_verb_fails_when_a_check_does(written: Path) -> None:
    written.write_text(CASE.replace("at_least = 8000", "at_least = 80000"))
    done = sim(written, "--json", "--seed", 4)
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert (said["holds"], said["seed"], [check["held"] for check in said["checks"]]) == (False, 4, [False, True])
    assert said["kpi"]["seconds"] == 60


def test_a_folder_of_cases(written: Path) -> None:
    (written.parent / "house.toml").rename(written.parent / "house.site")
    written.write_text(CASE.replace("house.toml", "house.site"))
    (written.parent / "other.toml").write_text(CASE.replace("house.toml", "house.site").replace("8000", "80000"))
    done = sim(written.parent)
    assert done.returncode == 1
    assert "holds  kettle: a kettle" in done.stdout
    assert "FAILS  other: a kettle" in done.stdout
    assert "2 cases, 1 of them fail" in done.stdout


@pytest.mark.parametrize(("arguments", "code", "words"), [
    (("sunny", "--hours", "1", "--explain", "02:00"), 1, "not within the 3600 s"),
    (("sunny", "--explain", "noon"), 2, "allowed are a time of day"),
    (("sim/cases", "--plot", "x.svg"), 1, "--plot is for one case"),
    (("sim/cases/fuse_oven.toml", "--hours", "2"), 1, "--hours is for a day"),
    (("none.toml",), 1, "none.toml: cannot be read"),
])
def test_wrong_words(arguments: "tuple[str, ...]", code: int, words: str) -> None:
    done = sim(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_day_can_be_explained_too() -> None:
    done = sim("sunny", "--hours", 1, "--explain", "00:30", "--json")
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)["explain"]
    assert story[0] == "00:30:00  Haus Sonnenhang"
    assert any(line.startswith("node garage (20 A mcb-b)") for line in story)
