"""The yardstick: its baselines follow the rules they claim, its houses are judged by the physics."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.yard import absolute, delta
from benchmarks.yard.cases import ROWS
from benchmarks.yard.house import QUICK_MS, CarSpec, Plant, Yard
from benchmarks.yard.peers import Peer
from firmware.cycle import Cycle
from sim.appliance import Appliance
from sim.part import Part, shared

ROOT = Path(__file__).parents[2]
ALL = (0, 1, 2)
DELTA = partial(Peer, delta.rules, delta.State())
ABSOLUTE = partial(Peer, absolute.rules, absolute.State())
FAST = (CarSpec("a", mode="fast"), CarSpec("b", mode="fast"))


class Sun(Part):
    made_w = 0

    def _live(self, now_ms: int, dt_ms: int) -> None:
        self.power_w = shared(-self.made_w, self.phases)


def live(yard: Yard, seconds: int) -> "list[int]":
    """Highest current of all cars together, by second."""
    out = []
    for _ in range(seconds):
        yard.second()
        out.append(max(sum(car.flow_ma[phase] for car in yard.cars) for phase in ALL))
    return out


def test_delta_moves_one_car_each_half_minute() -> None:
    kettle = Appliance(ALL, 0)
    yard = Yard(Plant(FAST), DELTA, 1, 0, 1_000, QUICK_MS, (kettle,))
    assert live(yard, 180)[-1] > 30_000
    kettle.switch(3 * 22 * 230)
    drawn_ma = live(yard, 70)
    assert drawn_ma[5] > 30_000  # nothing happens before its next turn
    assert any(13_500 < ma < 25_000 for ma in drawn_ma)  # one came down, the other not yet
    assert drawn_ma[-1] < 13_500


def test_absolute_sets_all_cars_within_its_ten_seconds() -> None:
    kettle = Appliance(ALL, 0)
    yard = Yard(Plant(FAST), ABSOLUTE, 1, 0, 1_000, QUICK_MS, (kettle,))
    live(yard, 120)
    kettle.switch(3 * 22 * 230)
    assert live(yard, 14)[-1] < 13_500
    assert 1_000 <= yard.longest_ms <= 13_000


def test_surplus_rules_start_and_stop_after_their_delays() -> None:
    for make, start_s, stop_s in ((DELTA, (60, 130), (180, 260)), (ABSOLUTE, (30, 60), (60, 100))):
        sun = Sun(ALL)
        yard = Yard(Plant((CarSpec("a"),)), make, 1, 0, 1_000, QUICK_MS, (sun,))
        live(yard, 60)
        sun.made_w = 6_500
        drawn_ma = live(yard, 300)
        began_s = next(second for second, ma in enumerate(drawn_ma) if ma > 1_000)
        assert start_s[0] <= began_s <= start_s[1]
        assert abs(yard.house.node_w(0).total()) < 1_000  # it follows the surplus
        sun.made_w = 0
        drawn_ma = live(yard, 300)
        ended_s = next(second for second, ma in enumerate(drawn_ma) if ma == 0)
        assert stop_s[0] <= ended_s <= stop_s[1]


def test_a_silent_meter_leaves_delta_where_it_is_and_stops_absolute_after_a_minute() -> None:
    for make, least, most in ((DELTA, 30_000, 33_000), (ABSOLUTE, 0, 0)):
        yard = Yard(Plant(FAST), make, 1, 0, 1_000, QUICK_MS)
        live(yard, 150)
        yard.ill[0].silent = True
        assert least <= live(yard, 90)[-1] <= most


def test_ours_comes_down_within_three_seconds() -> None:
    kettle = Appliance(ALL, 0)
    yard = Yard(Plant(FAST), Cycle, 1, 0, 200, QUICK_MS, (kettle,))
    live(yard, 150)
    kettle.switch(3 * 22 * 230)
    live(yard, 30)
    assert 0 < yard.longest_ms <= 3_000


def test_the_table_names_every_case_once_and_runs_as_json() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    done = subprocess.run([sys.executable, "benchmarks/control.py", "--case", "silent", "--seeds", "1", "--only",
                           "delta 30 s", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    row, = json.loads(done.stdout)["rows"]
    assert row["runs"][0]["over_s"] > 1_000
