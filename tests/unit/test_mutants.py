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
