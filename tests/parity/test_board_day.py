"""The production chain and the codecs through a seeded day: the same on every interpreter, hour by hour."""

import os
import runpy
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = "tests/parity/board_day.py"
MOST_S = 600
DAY = (0, 24) if os.environ.get("HUTSCHIENE_DAY") else (7, 10)  # from the hour, hours


def same_there(command: "list[str]", scenario: str, seed: int, from_hour: int, count: int) -> None:
    """Both run at the same time; a difference shows the first hour that differs."""
    arguments = [scenario, str(seed), str(from_hour), str(count)]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"}
    with subprocess.Popen([*command, SCRIPT, *arguments], cwd=ROOT, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as other:
        try:
            here = list(runpy.run_path(str(ROOT / SCRIPT))["hours"](scenario, seed, from_hour, count))
            out, errors = other.communicate(timeout=MOST_S)
        finally:
            other.kill()
    assert other.returncode == 0, errors + out
    assert out.split("\n")[:-1] == [" ".join(str(field) for field in hour) for hour in here]
    last = here[-1]  # and there was something in it
    assert last.causes >= 10
    assert last.faults >= 50 * count
    assert last.frames >= 40 * count


def test_a_day_on_micropython(micropython: "list[str]") -> None:
    same_there(micropython, "cloudy", 1, *DAY)


def test_two_hours_at_noon_on_webassembly(webassembly: "list[str]") -> None:
    same_there(webassembly, "cloudy", 2, 12, 2)
