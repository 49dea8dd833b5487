"""What goes wrong on the wires of a house, and what the fuse and the devices see of it: the physics is asked, at 9600
baud, with a car that charges and a kettle that comes on at the wrong moment.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from control import reasons
from firmware.serve import MASTER
from hal.faults import TIMEOUT
from sim.modbus_slave import Act, always, every

House = Any  # of conftest.py, made by the fixture

# The grid meter's answer has 41 bytes, a request 8, a byte takes 1.04 ms. Its time-out is the delay of 300 ms and twice
# what both frames need on the wire: 403 ms. Behind the request the slave waits 4 characters.
DELAY_MS = 300 + 2 * 49 * 1_042 // 1_000 + 1
BEGINS_20_MS_LATE = DELAY_MS + 20 - 8 - 4
ENDS_20_MS_LATE = BEGINS_20_MS_LATE - 43


def faults(loop: House, name: str) -> "set[str]":
    """The kinds of fault a device was seen with."""
    return {heard.fault.kind for _, entry in loop.entries() if (heard := entry.snapshot.heard[loop.index[name]]).fault}


def test_a_cut_line_stops_the_car_by_its_own_watchdog(house: "Callable[..., House]") -> None:
    loop = house(rated_a=10, rest_a=8)
    loop.charge()
    cut_ms = loop.cut("rs485")
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: loop.twin("carport").offered_ma == 0, 7, "the wallbox stops by itself")
    assert loop.twin("carport").expired
    loop.until(lambda: max(loop.node_ma()) < 10_000, 5, "a car that stops")
    assert loop.now_ms() - cut_ms < loop.chain_ms
    assert reasons.STALE in loop.alarms()
    assert loop.state()["site/state"]["grid_w"] is None
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    assert faults(loop, "grid") == {TIMEOUT}
    assert loop.over(1_000).total_ms > 0
    loop.held_the_fuse(kettle_ms)


def test_an_adapter_that_is_pulled_and_put_back(house: "Callable[..., House]") -> None:
    loop = house(rated_a=10, rest_a=8)
    loop.charge()
    loop.pull("rs485")
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: max(loop.node_ma()) < 10_000, 13, "a car that stops")
    assert loop.twin("carport").expired
    loop.put_back("rs485")
    loop.until(lambda: loop.state()["site/state"]["grid_w"] is not None, 60, "a grid meter that is heard again")
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    assert loop.over(1_000).total_ms > 0
    loop.held_the_fuse(kettle_ms)


def test_answers_that_come_late_are_never_taken_for_the_next(house: "Callable[..., House]") -> None:
    def late(number: int) -> "tuple[Act, ...]":
        delays_ms = {1: ENDS_20_MS_LATE, 4: BEGINS_20_MS_LATE}
        return (Act("late", delays_ms[number % 6]),) if number % 6 in delays_ms else ()

    loop = house(rated_a=10, rest_a=8)
    loop.charge()
    loop.misbehave("rs485", 1, late)
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: max(loop.node_ma()) < 10_000, 13, "a car that stops")
    loop.watch(6)
    assert loop.state()["line_rs485/state"]["devices"][0]["errors"] >= 2
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    assert len([used_ms for used_ms, _ in loop.believes("grid") if used_ms > kettle_ms]) >= 3
    loop.held_the_fuse(kettle_ms)


def test_a_line_full_of_noise_costs_time_and_never_truth(house: "Callable[..., House]") -> None:
    loop = house(rated_a=10, rest_a=8)
    loop.served.wires["rs485"].faults.flip_permille = 2  # one answer in ten of the grid meter has a wrong bit
    loop.misbehave("rs485", 1, always("before", b"\x00\xff\x01\x04\x24"))
    loop.misbehave("rs485", 2, every(2, "before", b"\xfe"))
    loop.charge()
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: max(loop.node_ma()) < 10_000, 13, "a car that stops")
    loop.watch(2)
    loop.end()
    loop.never_wrong()
    loop.never_stale()
    loop.held_the_fuse(kettle_ms)


def test_a_dead_slave_and_an_echoing_adapter_cost_the_grid_meter_nothing(house: "Callable[..., House]") -> None:
    loop = house(rated_a=10, rest_a=8, roof=True)
    loop.served.wires["rs485"].faults.echo = {MASTER}
    loop.misbehave("rs485", 3, always("silent"))
    loop.charge()
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: max(loop.node_ma()) < 10_000, 8, "a car that stops")
    loop.end()
    loop.never_wrong("grid", "carport", "rod", "battery")
    loop.never_stale()
    assert loop.believes("roof") == []
    assert faults(loop, "roof") == {TIMEOUT}
    heard_ms = [reading.t_ms for _, reading in loop.believes("grid")]
    assert max(after - before for before, after in pairwise(heard_ms)) < 3_000
    assert len(heard_ms) > (heard_ms[-1] - heard_ms[0]) // 1_500
    loop.held_the_fuse(kettle_ms)


def test_a_meter_that_stands_still_is_found_out_by_the_car(house: "Callable[..., House]") -> None:
    """It answers as ever, and shows what the house drew before the car came."""
    loop = house(rated_a=10, rest_a=8)
    loop.come()
    loop.until(lambda: loop.twin("carport").offered_ma == 6_000, 60, "a grant")
    loop.twin("grid").frozen = True
    loop.until(lambda: min(loop.car.current_ma) > 5_000, 60, "a car that charges")
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: reasons.FROZEN in loop.alarms(), 10, "a daemon that knows")
    found_ms = loop.now_ms()
    loop.until(lambda: max(loop.node_ma()) < 10_000, 6, "a car that stops")
    loop.watch(12)  # the car draws again what it drew when the meter stopped, and nothing has become truer
    loop.end()
    loop.never_wrong("carport", "rod", "battery")
    assert loop.untrue("grid")
    assert not [entry for _, entry in loop.entries()
                if found_ms < entry.snapshot.now_ms and entry.plan.nodes[0].believed]
    loop.held_the_fuse(kettle_ms)



def test_a_meter_that_stands_still_is_found_out_by_its_own_words(house: "Callable[..., House]") -> None:
    """The car draws the same all the time; nobody behind the meter tells of what else is switched on."""
    loop = house(rated_a=10, rest_a=8)
    loop.charge()
    loop.until(lambda: max(loop.node_ma()) > 8_500, 60, "a car that draws what it may")
    loop.twin("grid").frozen = True
    kettle_ms = loop.boil(2_000)
    loop.until(lambda: reasons.FROZEN in loop.alarms(), 12, "a daemon that knows")
    found_ms = loop.now_ms()
    loop.until(lambda: max(loop.node_ma()) < 10_000, 6, "a car that stops")
    loop.watch(12)
    loop.end()
    loop.never_wrong("carport", "rod", "battery")
    assert not [entry for _, entry in loop.entries()
                if found_ms < entry.snapshot.now_ms and entry.plan.nodes[0].believed]
    loop.held_the_fuse(kettle_ms)