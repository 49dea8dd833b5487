"""The house whose grid meter is read by an optical head, at the pace of 9600 baud; the wallbox hangs on RS-485."""

from collections.abc import Callable
from typing import Any

from control import reasons

House = Any  # of conftest.py, made by the fixture


def test_a_kettle_lowers_the_car_and_a_meter_unheard_stops_it(house: "Callable[..., House]") -> None:
    loop = house(grid="sml", scenario="cloudy", start="13:19:00", rated_a=16, rest_a=12, battery="surplus")
    loop.charge()
    loop.until(lambda: max(loop.car.current_ma) > 7_000, 60, "a car that charges with more than its least")
    kettle_ms = loop.boil(1_800)
    loop.until(lambda: loop.twin("carport").offered_ma < 9_000, 6, "the wallbox told to lower")
    loop.until(lambda: max(loop.node_ma()) < 16_000, 13, "room on the fuse")
    assert loop.car.state == "C"
    cut_ms = loop.cut("head")
    loop.until(lambda: loop.twin("carport").offered_ma == 0, 10, "the wallbox told to stop")
    assert not loop.twin("carport").expired
    assert reasons.STALE in loop.alarms()
    loop.until(lambda: loop.car.state == "B", 5, "a car that stops")
    assert loop.now_ms() - cut_ms < loop.chain_ms
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    loop.held_the_fuse(kettle_ms)


def test_a_head_that_is_pulled_stops_the_car_and_is_heard_again_when_it_is_back(
        house: "Callable[..., House]") -> None:
    loop = house(grid="sml", rated_a=10, rest_a=8)
    loop.charge()
    loop.pull("head")
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: max(loop.node_ma()) < 10_000, 13, "a car that stops")
    assert not loop.twin("carport").expired
    assert loop.state()["site/state"]["grid_w"] is None
    loop.put_back("head")
    loop.until(lambda: not loop.alarms(), 60, "the meter is heard again")
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    assert loop.over(1_000).total_ms > 0
    loop.held_the_fuse(kettle_ms)
