"""Every mutant of `./dev mutants` still fits its source: a rule that was rewritten is not left unwatched."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_mutant_fits_its_source() -> None:
    done = subprocess.run([sys.executable, "tests/mutants.py", "--list", "--json"], cwd=ROOT, capture_output=True,
                          text=True)
    mutants = json.loads(done.stdout)
    assert [each["name"] for each in mutants if not each["fits"]] == []
    assert done.returncode == 0
    assert len({each["rule"] for each in mutants}) == len(mutants)


def test_the_table_names_for_each_a_test_that_is_there() -> None:
    rows = [line.split(" | ") for line in (ROOT / "tests/mutants.md").read_text("utf-8").splitlines() if "::" in line]
    said = subprocess.run([sys.executable, "tests/mutants.py", "--list", "--json"], cwd=ROOT, capture_output=True,
                          text=True).stdout
    assert [row[0].strip("| ") for row in rows] == [each["name"] for each in json.loads(said)]
    for row in rows:
        path, _, test = row[3].strip("` |").partition("::")
        assert f"def {test.partition('[')[0]}(" in (ROOT / path).read_text("utf-8"), row
