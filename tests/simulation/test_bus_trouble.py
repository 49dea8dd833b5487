"""Devices and lines that fail while the meter goes on: each ends on its fallback, the others carry on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from control.reasons import STALE, WRITE_FAULT

TIGHT = (Path(__file__).parent / "tight.toml").read_text()
WATCHDOG_S = 14 + 10  # failsafe_s of the wallbox; the car follows
REVERT_S = 60
BACKOFF_S = 300  # a device that was dead for long may be asked as seldom as this


def charging(live: "Callable[..., Any]") -> Any:
    life = live("sunny", 7, 12)
    life.run(900)
    assert life.part("carport").state == "C"
    assert life.grant("carport").setpoint.power_w > 5_000
    return life


def charges_again_within(life: Any, seconds: int) -> None:
    for _ in range(seconds):
        life.run(1)
        if life.part("carport").power_w.total() > 5_000:
            break
    else:
        raise AssertionError("the car does not charge again")
    life.run(60)
    assert life.alarms("carport") == set()


def test_a_silent_wallbox_stops_by_itself_and_the_others_use_what_it_leaves(live: "Callable[..., Any]") -> None:
    life = charging(live)
    life.trouble("carport").silent = True
    life.run(WATCHDOG_S)
    assert life.part("carport").power_w.total() == 0
    assert life.alarms("carport") == {STALE, WRITE_FAULT}
    assert life.grant("carport").setpoint.power_w == 0
    life.run(120)
    assert life.believed()
    assert life.part("battery").power_w.total() >= 4_500
    life.trouble("carport").clear()
    charges_again_within(life, 2 * BACKOFF_S + 300)


@pytest.mark.parametrize("how", ["refuse_writes", "ignore_writes"])
def test_a_wallbox_that_does_not_obey_keeps_its_room(live: "Callable[..., Any]", how: str) -> None:
    """It goes on or is left to its fail-safe; either way nobody else gets what it may be drawing."""
    life = live("winter", 7, 17, TIGHT)
    life.run(1_500)
    assert life.part("carport").power_w.total() > 8_000
    assert life.part("guest").power_w.total() > 3_500
    setattr(life.twin("carport"), how, True)
    life.plug(0, (1,)).switch(1_500)
    life.run(30)
    assert life.part("guest").power_w.total() == 0
    guest_w: "list[int]" = []
    life.run(300, lambda: guest_w.append(life.part("guest").power_w.total()))
    assert max(guest_w) == 0
    assert WRITE_FAULT in life.alarms("carport")
    setattr(life.twin("carport"), how, False)
    life.run(600)
    assert life.alarms("carport") == set()
    assert life.part("carport").power_w.total() > 7_000
    assert life.part("guest").power_w.total() > 3_500


def test_every_bus_cut_leaves_everything_on_its_fallback(live: "Callable[..., Any]") -> None:
    life = charging(live)
    for bus in life.buses.values():
        bus.cut = True
    life.run(WATCHDOG_S)
    assert not life.believed()
    assert life.part("carport").power_w.total() == 0
    life.run(REVERT_S)
    assert life.part("rod").power_w.total() == 0
    battery_w = life.part("battery").power_w.total()
    assert battery_w > 4_500  # it regulates by itself, by its own meter
    assert life.twin("battery").mode == 0
    for bus in life.buses.values():
        bus.cut = False
    charges_again_within(life, 2 * BACKOFF_S + 300)
    assert life.believed()


def test_a_wallbox_that_lost_power_is_armed_and_told_again(live: "Callable[..., Any]") -> None:
    life = charging(live)
    life.twin("carport").power_cycle()
    life.run(5)
    told_ma = max(life.grant("carport").setpoint.current_ma)
    assert abs(life.twin("carport").offered_ma - told_ma) <= 500
    life.trouble("carport").silent = True
    life.run(WATCHDOG_S)
    assert life.part("carport").power_w.total() == 0


def test_a_storage_that_falls_silent_regulates_by_itself_and_comes_back(live: "Callable[..., Any]") -> None:
    life = charging(live)
    life.trouble("battery").silent = True
    life.run(REVERT_S + 10)
    assert life.twin("battery").mode == 0
    assert life.grant("battery").setpoint.power_w == 0
    life.trouble("battery").clear()
    life.run(2 * BACKOFF_S)
    assert life.alarms("battery") == set()
    assert life.twin("battery").mode != 0


@pytest.mark.parametrize("pause_s", [5, 60, 600])
def test_after_a_pause_of_ours_nothing_is_above_a_fuse(live: "Callable[..., Any]", pause_s: int) -> None:
    """The process stood still (a debugger, a suspended machine) and the clock went on."""
    life = live("winter", 7, 17, TIGHT)
    kettle = life.plug(0, (2,))
    life.run(1_500)
    assert life.part("carport").power_w.total() > 8_000
    life.day.clock.advance(pause_s * 1_000)
    life.run(1)
    if pause_s > WATCHDOG_S:
        assert life.part("carport").power_w.total() == 0
    kettle.switch(3_000)
    life.run(300)
    assert life.believed()
    assert life.longest_over_s <= 13
