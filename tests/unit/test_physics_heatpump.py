from itertools import pairwise

import pytest

from sim.heatpump import COMMAND, LOCK, NORMAL, RECOMMEND, HeatPump

HOUR_S = 3_600


class Day:
    def __init__(self, **options):
        self.pump = HeatPump((0, 1, 2), **options)
        self.second = 0

    def run(self, seconds):
        """The seconds at which it started and stopped."""
        edges = []
        for _ in range(seconds):
            was = self.pump.running
            self.second += 1
            self.pump.step(self.second * 1000, 1000)
            if self.pump.running != was:
                edges.append(self.second)
        return edges


def test_a_cold_day_is_run_in_cycles_of_its_own():
    day = Day(outside_mdegc=(0, 2_000))
    edges = day.run(24 * HOUR_S)
    runs = [stop - start for start, stop in zip(edges[0::2], edges[1::2])]
    starts = edges[0::2]
    assert 3 <= len(starts) <= 30
    assert min(runs) >= 600
    assert min(after - before for before, after in pairwise(starts)) >= 1_200
    assert 18_000 <= day.pump.import_wh <= 32_000  # 3.6 kW of heat at a COP of 3.3
    assert 30_000 <= day.pump.temperature_mdegc <= 42_000


def test_summer_needs_nothing():
    day = Day(outside_mdegc=(20_000, 4_000))
    assert day.run(6 * HOUR_S) == []
    assert day.pump.power_w.total() == 10


def test_a_command_starts_it_and_it_makes_the_buffer_warmer():
    day = Day(outside_mdegc=(20_000, 4_000))
    day.run(60)
    day.pump.sg(COMMAND)
    assert day.run(10)[0] == 61
    before = day.pump.power_w.total()
    day.run(60)
    assert before < day.pump.power_w.total() == 2_210
    day.run(6 * HOUR_S)
    assert 45_500 <= day.pump.temperature_mdegc <= 47_000


def test_a_recommendation_shifts_the_goal_only():
    day = Day(outside_mdegc=(20_000, 4_000))
    day.pump.sg(RECOMMEND)
    day.run(60)
    assert day.pump.running  # 38 degrees are cold now that 42 are the goal
    day.run(6 * HOUR_S)
    assert 41_500 <= day.pump.temperature_mdegc <= 43_000


def test_a_lock_stops_it_for_two_hours_at_most():
    day = Day(outside_mdegc=(-10_000, 0))
    day.run(4 * HOUR_S)
    day.pump.sg(LOCK)
    day.run(1)
    assert not day.pump.running
    assert day.run(2 * HOUR_S - 2) == []
    assert len(day.run(60)) == 1
    assert day.pump.running


def test_after_a_stop_it_waits_before_it_starts_again():
    day = Day(outside_mdegc=(20_000, 0))
    day.pump.sg(COMMAND)
    day.run(30)
    day.pump.sg(LOCK)
    day.run(30)
    day.pump.sg(COMMAND)
    assert day.run(HOUR_S)[0] == 1_201


@pytest.mark.parametrize("state", [0, 5])
def test_there_are_four_states(state):
    with pytest.raises(AssertionError):
        HeatPump((0,)).sg(state)


def test_it_starts_in_normal_operation():
    assert HeatPump((0,)).state == NORMAL
