"""The grid meter fails at noon, in each way a meter can. What is lost may cost surplus, never a fuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from control.reasons import FROZEN, METER_LOST, STALE
from drivers.eastron import reads
from sim.mischief import Twist

HOUSE = (Path(__file__).parent / "house.toml").read_text()
TIGHT = (Path(__file__).parent / "tight.toml").read_text()
RTU_GRID = 'driver = "eastron_sdm630"\nline = "meters"\nunit = 1\n'
VOLTAGE, CURRENT, POWER = reads(3)
SAFE_S = 15  # from the loss to the safe budget, at the latest
CALM_S = 900


def charging(live: "Callable[..., Any]", scenario: str = "sunny", seed: int = 7, hour: int = 12) -> Any:
    life = live(scenario, seed, hour)
    life.run(CALM_S)
    assert life.believed()
    assert life.part("carport").state == "C"
    assert life.grant("carport").setpoint.power_w > 5_000
    return life


def lost_within(life: Any, seconds: int) -> int:
    """When the grid was no longer believed, in seconds from now."""
    for second in range(1, seconds + 1):
        life.run(1)
        if not life.believed():
            return second
    raise AssertionError("the grid meter is still believed")


def all_is_well_again(life: Any) -> None:
    life.run(30)
    assert life.believed()
    assert life.alarms("grid") == set()
    life.run(570)
    assert life.part("carport").state == "C"
    assert life.grant("carport").setpoint.power_w > 5_000
    assert abs(life.house.node_w(0).total()) < 300


@pytest.mark.parametrize("how", ["silent", "late", "spoilt"])
def test_a_meter_that_says_nothing_of_use(live: "Callable[..., Any]", how: str) -> None:
    life = charging(live)
    trouble = life.trouble("grid")
    trouble.silent = how == "silent"
    trouble.late_ms = 400 if how == "late" else 0
    trouble.spoilt_permille = 1_000 if how == "spoilt" else 0
    assert lost_within(life, SAFE_S) <= SAFE_S
    assert STALE in life.alarms("grid")
    life.run(5)
    for name in ("rod", "battery"):
        assert life.grant(name).setpoint.power_w == 0
        assert life.grant(name).reason == METER_LOST
    life.run(300)
    assert not life.believed()
    assert life.part("carport").power_w.total() <= 3 * 6 * 240  # the least, and less once it has stopped
    assert abs(life.part("battery").power_w.total()) <= 50
    trouble.clear()
    all_is_well_again(life)


def test_some_spoilt_answers_cost_nothing(live: "Callable[..., Any]") -> None:
    life = charging(live)
    life.trouble("grid").spoilt_permille = 200
    unsure_s = [0]

    def see() -> None:
        unsure_s[0] += not life.believed()

    life.run(600, see)
    assert unsure_s[0] <= 30
    assert life.part("carport").state == "C"


def test_a_frozen_meter_is_found_when_the_others_move(live: "Callable[..., Any]") -> None:
    life = charging(live, "cloudy", 2, 11)
    life.trouble("grid").frozen = True
    lost_within(life, 300)
    assert FROZEN in life.alarms("grid")
    life.run(60)
    believed_s = [0]

    def see() -> None:
        believed_s[0] += life.believed()

    life.run(300, see)
    assert believed_s[0] <= 20
    assert life.part("carport").power_w.total() <= 3 * 6 * 240
    life.trouble("grid").clear()
    life.run(30)
    assert life.believed()
    assert life.alarms("grid") == set()


def test_a_replaced_meter_is_trusted_again_once_it_has_proved_itself(live: "Callable[..., Any]") -> None:
    life = charging(live)
    life.run(900)  # counters that can fall
    life.twin("grid").replace()
    assert lost_within(life, 15) <= 15  # its counters are asked for every ten seconds
    all_is_well_again(life)


@pytest.mark.parametrize("scenario", ["sunny", "winter"])
def test_a_meter_wired_the_wrong_way_round_costs_no_fuse(live: "Callable[..., Any]", scenario: str) -> None:
    """Until what charges behind it has given it away, the rating is held: a current is a current either way."""
    life = live(scenario, 7, 18 if scenario == "winter" else 12, TIGHT)
    life.trouble("grid").twists = (Twist(POWER, -1),)
    life.run(1_200)
    assert life.limit("house").worst > 10_000


def test_a_meter_that_drifts_away_from_its_currents_is_not_believed(live: "Callable[..., Any]") -> None:
    life = charging(live)
    life.trouble("grid").twists = (Twist(POWER, drift_s=20),)  # up to then nothing tells it from a load
    lost_within(life, 600)
    life.trouble("grid").clear()
    all_is_well_again(life)


@pytest.mark.parametrize("reg", [VOLTAGE, CURRENT])
def test_what_cannot_be_is_not_believed(live: "Callable[..., Any]", reg: object) -> None:
    life = charging(live)
    life.trouble("grid").twists = (Twist(reg, 1_000_000 if reg is CURRENT else 3),)
    assert lost_within(life, SAFE_S) <= SAFE_S
    life.trouble("grid").clear()
    all_is_well_again(life)


def test_an_optical_head_that_falls_off_and_hears_noise(live: "Callable[..., Any]") -> None:
    text = HOUSE.replace(RTU_GRID, 'driver = "sml_head"\nline = "head"\n').replace(
        "[line.pins]", '[line.head]\nkind = "sml"\nport = "var/head"\n\n[line.pins]')
    assert "sml_head" in text
    life = live("sunny", 7, 12, text)
    life.run(CALM_S)
    assert life.grant("carport").setpoint.power_w > 5_000
    head = life.heads["head"]
    head.cut = True
    assert lost_within(life, SAFE_S) <= SAFE_S
    life.run(60)
    head.cut, head.drop_permille = False, 20
    life.run(120)
    assert not life.believed()
    head.drop_permille = 0
    all_is_well_again(life)
