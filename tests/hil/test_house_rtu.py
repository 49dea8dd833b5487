"""The house on its wires, the grid meter on RS-485: a cloud, a kettle, a car, and the ways a daemon can end."""

import signal
from collections.abc import Callable
from typing import Any

from control import reasons

House = Any  # of conftest.py, made by the fixture


def all_on(loop: House) -> None:
    """Car, rod and battery each draw what they are allowed."""
    loop.charge()
    loop.until(lambda: loop.rod.power_w.total() > 1_000, 60, "a rod that heats")
    loop.until(lambda: loop.battery.power_w.total() > 1_000, 60, "a battery that charges")


def test_a_cloud_a_kettle_and_a_car(house: "Callable[..., House]") -> None:
    loop = house(scenario="cloudy", start="11:44:58", rated_a=16, rest_a=11, roof=True, rod="surplus",
                 battery="surplus")
    loop.charge()
    loop.until(lambda: loop.battery.power_w.total() > 1_500, 60, "a battery that stores what the car leaves")
    loop.until(lambda: loop.simulated.part("roof").power_w.total() > -4_500, 60, "the cloud")
    kettle_ms = loop.boil(3_000)
    loop.until(lambda: loop.battery.power_w.total() < 100, 8, "a battery that no longer charges")
    loop.watch(5)
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    assert max(moment.nodes[0].l1 for moment in loop.witness.moments) > 14_000  # it was a near thing
    loop.held_the_fuse(kettle_ms)


def test_a_killed_daemon_leaves_each_device_to_its_own_failsafe_and_a_new_one_takes_over(
        house: "Callable[..., House]") -> None:
    loop = house(rated_a=63, rest_a=16, rod="fast", battery="fast")
    all_on(loop)
    killed_ms = loop.kill()

    def within(limit_s: float, true: "Callable[[], bool]", what: str) -> None:
        loop.until(true, limit_s - (loop.now_ms() - killed_ms) / 1_000, what)

    within(6 + 1, lambda: loop.twin("carport").offered_ma == 0, "the wallbox stops")
    within(6 + 1 + 4, lambda: max(loop.car.current_ma) == 0, "the car stops")
    within(15 + 1, lambda: loop.twin("battery").mode == 0, "the inverter regulates by itself")
    within(15 + 1 + 2, lambda: loop.rod.power_w.total() == 0, "the rod is off")
    loop.run()
    loop.until(lambda: loop.rod.power_w.total() > 100, 60, "a new daemon that heats")
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    assert loop.over(1_000).total_ms == 0


def test_a_stuck_daemon_is_as_good_as_none_and_sigterm_releases_all_at_once(house: "Callable[..., House]") -> None:
    loop = house(rated_a=63, rest_a=16, rod="fast", battery="fast")
    all_on(loop)
    stopped_ms = loop.signal(signal.SIGSTOP)
    try:
        loop.until(lambda: loop.twin("carport").offered_ma == 0, 6 + 1, "the wallbox stops by itself")
        loop.until(lambda: max(loop.car.current_ma) == 0, 4, "the car stops")
    finally:
        woken_ms = loop.signal(signal.SIGCONT)
    loop.until(lambda: not loop.twin("carport").expired, 5, "a daemon that goes on")
    loop.watch(2)
    loop.until(lambda: not loop.alarms(), 60, "a daemon that believes again")
    loop.until(lambda: loop.rod.power_w.total() > 100, 60, "a rod that heats again")
    assert loop.twin("battery").mode != 0
    loop.end()
    ended_ms = loop.now_ms()
    assert not loop.twin("carport").expired  # it was told, and did not have to find out
    assert loop.twin("carport").offered_ma == 0
    assert loop.twin("battery").mode == 0
    loop.until(lambda: loop.rod.power_w.total() == 0, 3, "the rod is off")
    loop.never_wrong()
    loop.never_stale()
    believed_ms = [entry.snapshot.now_ms for _, entry in loop.entries() if entry.plan.nodes[0].believed]
    assert not [now_ms for now_ms in believed_ms if stopped_ms + 3_000 < now_ms < woken_ms]
    assert any(woken_ms < now_ms < ended_ms for now_ms in believed_ms)
    assert loop.over(1_000).total_ms == 0


def test_a_wallbox_that_refuses_keeps_its_current_and_the_rod_gives_way(house: "Callable[..., House]") -> None:
    loop = house(rated_a=25, rest_a=16, kettle=2, rod="fast")
    loop.charge()
    loop.until(lambda: loop.rod.power_w.total() > 1_000, 60, "a rod that heats")
    loop.twin("carport").refuse_writes = True
    loop.until(lambda: reasons.WRITE_FAULT in loop.alarms(), 20, "a daemon that knows")
    kettle_ms = loop.boil(3_000)
    loop.until(lambda: max(loop.node_ma()) < 25_000, 13, "room on the fuse")
    loop.watch(3)
    assert max(loop.car.current_ma) > 5_000
    loop.end()
    loop.never_wrong()
    loop.held_the_fuse(kettle_ms)


def test_a_wallbox_that_refuses_to_stop_is_left_to_its_failsafe(house: "Callable[..., House]") -> None:
    loop = house(rated_a=10, rest_a=8)
    loop.charge()
    loop.twin("carport").refuse_writes = True
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: max(loop.node_ma()) < 10_000, 13, "a car that stops")
    assert loop.twin("carport").expired  # every request would have kept it going
    loop.watch(3)
    loop.end()
    loop.never_wrong()
    assert loop.over(1_000).total_ms > 0
    loop.held_the_fuse(kettle_ms)
