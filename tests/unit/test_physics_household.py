from array import array

import pytest

from sim.household import Household
from sim.scenarios import SCENARIOS
from sim.trace import load

TRACES = sorted({day[0] for each in SCENARIOS for day in each.days})


def seconds_w(minutes, seed=1, phases=(0, 1, 2), until_min=1440):
    house = Household(phases, minutes, seed)
    out = []
    for second in range(until_min * 60):
        house.step((second + 1) * 1000, 1000)
        out.append(house.power_w)
    return out


def day_with(start_min, end_min, power_w, base_w=300):
    return array("h", [base_w + (power_w if start_min <= minute < end_min else 0) for minute in range(1440)])


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_day_has_the_energy_of_its_trace(name, seed):
    minutes = load(name)
    powers = seconds_w(minutes, seed)
    drawn_wh, meant_wh = sum(p.total() for p in powers) // 3600, sum(minutes) // 60
    assert abs(drawn_wh - meant_wh) * 1000 <= meant_wh * 15
    assert min(min(p) for p in powers) >= 0
    assert max(max(p) for p in powers) <= 8_000


def test_the_base_lies_evenly_on_the_phases():
    assert {tuple(p) for p in seconds_w(day_with(0, 0, 0), until_min=30)} == {(100, 100, 100)}


@pytest.mark.parametrize("seed", range(6))
def test_a_kettle_is_on_one_phase_and_its_edge_falls_within_one_second(seed):
    powers = seconds_w(day_with(10, 13, 2_000), seed, until_min=20)
    raised = [i for i in range(3) if max(p[i] for p in powers) > 100]
    assert len(raised) == 1
    own = [p[raised[0]] for p in powers]
    assert set(own) == {100, 2_100}
    start, end = own.index(2_100), len(own) - 1 - own[::-1].index(2_100)
    assert 600 <= start < 660
    assert 13 * 60 - 1 <= end < 14 * 60
    assert own[start:end + 1] == [2_100] * (end + 1 - start)


def test_the_seed_chooses_the_phase():
    day = day_with(10, 13, 2_000)
    chosen = {max(range(3), key=lambda i: seconds_w(day, seed, until_min=13)[-1][i]) for seed in range(12)}
    assert chosen == {0, 1, 2}


def test_a_cooker_stands_on_several_phases():
    powers = seconds_w(day_with(10, 20, 7_000), until_min=20)
    assert sorted(powers[-1]) == [100, 3_420, 3_780]


def test_a_hob_switches_its_element_within_the_mean():
    day = day_with(10, 1440, 1_000)
    hobs = 0
    for seed in range(10):
        own = [max(p) for p in seconds_w(day, seed, until_min=32)][-30 * 20:]
        if len(set(own)) > 1:
            hobs += 1
            assert max(own) >= 1_900
            assert abs(sum(own) // len(own) - 1_100) <= 5
        else:
            assert set(own) == {1_100}
    assert 0 < hobs < 10


def test_a_single_phase_house_draws_on_that_phase_only():
    powers = seconds_w(day_with(5, 9, 2_500), phases=(1,), until_min=10)
    assert all(p[0] == p[2] == 0 for p in powers)
    assert max(p[1] for p in powers) == 2_800


def test_the_next_day_repeats_the_trace():
    house = Household((0, 1, 2), day_with(10, 13, 2_000), 3)
    house.step(86_400_000 + 11 * 60_000 + 59_999, 1000)
    assert house.power_w.total() == 2_300
