"""More is wanted than the fuse bears: loads of the house come and go, the controlled ones make room."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from control.reasons import FUSE
from sim.rng import Rng

TIGHT = (Path(__file__).parent / "tight.toml").read_text()
FULL_S = 1_500  # until the car is there and everything has risen to what fits


def squeezed(live: "Callable[..., Any]", seed: int = 7) -> Any:
    life = live("winter", seed, 17, TIGHT)
    life.run(FULL_S)
    return life


def test_what_fits_is_used(live: "Callable[..., Any]") -> None:
    life = squeezed(live)
    worst_ma: "list[int]" = []
    life.run(120, lambda: worst_ma.append(max(life.house.node_ma(0))))
    assert sorted(worst_ma)[15] >= 22_500  # but for a moment in which the meter of a quiet house is tried
    assert min(worst_ma) >= 21_000
    assert max(worst_ma) <= 25_250
    assert life.grant("carport").reason == FUSE


@pytest.mark.parametrize("seed", [7, 8])
def test_a_kettle_and_an_oven_are_felt_for_seconds(live: "Callable[..., Any]", seed: int) -> None:
    life = squeezed(live, seed)
    kettle, oven = life.plug(0, (2,)), life.plug(0, (0, 1, 2))
    kettle.switch(3_000)
    life.run(60)
    assert life.limit("house").worst >= 20_000  # there was something to hold
    oven.switch(6_000)
    life.run(120)
    assert life.longest_over_s <= 13
    assert life.limit("house", "1.3 x fuse").longest_s <= 8
    assert life.part("carport").power_w.total() + life.part("guest").power_w.total() <= 6_000
    kettle.switch(0)
    oven.switch(0)
    life.run(600)
    assert life.part("carport").power_w.total() > 7_000


@pytest.mark.parametrize("seed", [11, 12])
def test_loads_that_come_and_go_for_half_an_hour(live: "Callable[..., Any]", seed: int) -> None:
    life = squeezed(live, seed)
    rng = Rng(seed)
    appliances = [life.plug(0, (0,)), life.plug(0, (1,)), life.plug(0, (2,)), life.plug(0, (0, 1, 2))]
    for _ in range(1_800):
        if rng.below(25) == 0:
            appliances[rng.below(4)].switch(rng.below(3) * 900)
        life.run(1)
    assert life.limit("house").worst > 25_000  # for a few seconds each time: nobody sees a load before it draws
    assert life.part("carport").import_wh > 1_500


def test_the_sub_distribution_has_a_fuse_of_its_own(live: "Callable[..., Any]") -> None:
    text = TIGHT.replace("rated_a = 25", "rated_a = 63").replace('mode = "minimum"', 'mode = "fast"')
    life = live("winter", 7, 17, text)
    life.run(FULL_S)
    garage_ma: "list[int]" = []
    life.run(120, lambda: garage_ma.append(max(life.house.node_ma(1))))
    assert min(garage_ma) >= 18_000
    assert max(garage_ma) <= 20_200
    assert life.grant("guest").reason == FUSE
    assert life.site.nodes[life.grant("guest").node].name == "garage"
