"""The physics of a seeded day on a MicroPython interpreter and here: the same number."""

import subprocess
from pathlib import Path

import pytest

from sim.day import checksum

ROOT = Path(__file__).parents[2]


def on_a_board(micropython: "list[str]", scenario: str, seed: int, seconds: int) -> int:
    script = "from sim.day import checksum; print(checksum(%r, %d, %d))" % (scenario, seed, seconds)
    done = subprocess.run([*micropython, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    return int(done.stdout)


@pytest.mark.parametrize(("scenario", "seed", "seconds"), [
    ("cloudy", 1, 86_400), ("sunny", 2, 20_000), ("winter", 3, 20_000),
])
def test_a_seeded_day_is_the_same_on_a_board(
    micropython: "list[str]", scenario: str, seed: int, seconds: int,
) -> None:
    assert on_a_board(micropython, scenario, seed, seconds) == checksum(scenario, seed, seconds)


def test_the_number_depends_on_the_seed() -> None:
    assert checksum("sunny", 1, 600) != checksum("sunny", 2, 600)
