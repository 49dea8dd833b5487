"""Trouble by chance on every bus of a house that has more on it than its fuse bears. The seed says all.

One device at a time is in trouble: what a house without its meter bears beside a wallbox that does not obey is the
owner's rest_a, not a promise. A meter that freezes has its own tests.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.mischief import Trouble
from sim.rng import Rng

TIGHT = (Path(__file__).parent / "tight.toml").read_text()
DEVICES = ("grid", "carport", "guest", "rod", "battery")
EACH_S = 60  # mean time until the next trouble, and until it is over


def spoil(trouble: Trouble, rng: Rng, meter: bool) -> None:
    what = rng.below(3 if meter else 4)
    if what == 0:
        trouble.silent = True
    elif what == 1:
        trouble.late_ms = (50, 400)[rng.below(2)]
    elif what == 2:
        trouble.spoilt_permille = rng.between(100, 1_000)
    else:
        trouble.frozen = True


@pytest.mark.parametrize(("scenario", "hour", "seed"), [
    ("cloudy", 12, 1), ("cloudy", 13, 2), ("sunny", 14, 4), ("winter", 17, 5), ("winter", 18, 6),
])
def test_an_hour_of_trouble(live: "Callable[..., Any]", scenario: str, hour: int, seed: int) -> None:
    life = live(scenario, seed, hour, TIGHT)
    rng = Rng(seed)
    troubled = DEVICES[0]
    lost_s = 0
    for _ in range(3_600):
        if rng.below(EACH_S) == 0:
            life.trouble(troubled).clear()
            troubled = DEVICES[rng.below(len(DEVICES))]
            if rng.chance(600):
                spoil(life.trouble(troubled), rng, troubled == "grid")
        life.run(1)
        lost_s += not life.believed()
    assert lost_s > 30
    assert life.limit("house").worst > 20_000
