"""What is decided in the cases of sim/cases is the same on a board: devices and trouble that its own day has not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from control.values import State
from firmware.cases import case
from firmware.cases.life import CaseLife

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "sim" / "cases"
SCRIPT = "tests/parity/board_decisions.py"
CASES = ("balcony", "elements_in_turn", "feed_in_60", "fuse_hot", "heatpump_meter_lost", "imbalance", "makers_phases",
         "meter_frozen", "meter_turned", "negative_price", "operator_two_cars", "peak_cars", "peak_storage",
         "pump_power", "ripple_stages", "storage_curve", "storage_target_prices", "target", "v2h_evening")
BEFORE_S, SECONDS = 30, 300  # around what happens first


def test_the_same_plans_as_in_the_cases(tmp_path: Path, micropython: "list[str]") -> None:
    paths = [recorded(name, tmp_path) for name in CASES]
    here = told([sys.executable], paths, "PYTHONPATH", str(ROOT))
    assert told(micropython, paths, "MICROPYPATH", f"{ROOT}:.frozen") == here
    lines = here.splitlines()
    assert len(lines) == len(CASES) * SECONDS // 60
    assert len({line.split()[2] for line in lines}) == len(lines)


class Enough(Exception):
    pass


def recorded(name: str, folder: Path) -> str:
    """State and snapshots of some minutes of a case, in a file."""
    file = case.load(FOLDER / f"{name}.toml")
    life = CaseLife(file)
    first_s = min((event.at_s for event in file.events), default=0)  # type: ignore[attr-defined]
    from_s = max(0, min(first_s - BEFORE_S, file.case.seconds - SECONDS))
    states: "list[State]" = [life.day.cycle.state]
    lines: "list[str]" = []

    def see(lived: CaseLife) -> None:
        states.append(lived.day.cycle.state)
        lines.append(repr(lived.snapshot))
        if len(lines) == from_s + SECONDS:
            raise Enough

    with pytest.raises(Enough):
        life.run(see)
    path = folder / name
    path.write_text("\n".join([repr(life.site), repr(states[from_s]), *lines[from_s:]]) + "\n")
    return str(path)


def told(command: "list[str]", paths: "list[str]", variable: str, value: str) -> str:
    done = subprocess.run([*command, SCRIPT, *paths], cwd=ROOT, env={**os.environ, variable: value}, text=True,
                          capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
