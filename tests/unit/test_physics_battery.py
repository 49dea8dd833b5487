import pytest

from sim.battery import Battery

STANDBY_W = 12


def run(battery, seconds, start_s=0, dt_ms=1000):
    out = []
    for i in range(seconds * 1000 // dt_ms):
        battery.step(start_s * 1000 + (i + 1) * dt_ms, dt_ms)
        out.append(battery.power_w.total())
    return out


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("target_w", [5_000, -5_000])
def test_it_follows_after_a_second_or_two(seed, target_w):
    battery = Battery((0, 1, 2), seed, soc_permille=500)
    assert run(battery, 3) == [STANDBY_W] * 3
    battery.target(target_w)
    powers = run(battery, 5, 3, 100)
    assert powers[:7] == [STANDBY_W] * 7
    settled = next(i for i, w in enumerate(powers) if w == target_w + STANDBY_W)
    assert 10 <= settled <= 26


def test_it_never_does_more_than_it_can():
    battery = Battery((0, 1, 2), 1, max_w=3_000)
    battery.target(9_000)
    assert max(run(battery, 10)) == 3_000 + STANDBY_W
    battery.target(-9_000)
    assert min(run(battery, 10, 10)) == -3_000 + STANDBY_W


def test_a_round_trip_loses_both_ways():
    battery = Battery((0,), 1, capacity_wh=10_000, soc_permille=500, efficiency_permille=950, standby_w=0)
    start_wh = battery.stored_wh
    battery.target(4_000)
    run(battery, 3600)
    battery.target(0)
    run(battery, 10, 3600)
    assert abs((battery.stored_wh - start_wh) - battery.import_wh * 950 // 1000) <= 1
    battery.target(-4_000)
    second = 3610
    while battery.stored_wh > start_wh:
        run(battery, 1, second)
        second += 1
    share = battery.export_mws * 1000 // battery.import_mws
    assert 900 <= share <= 903  # 0.95 * 0.95


def test_full_is_full_and_it_slows_down_before():
    battery = Battery((0, 1, 2), 1, capacity_wh=2_000, soc_permille=900)
    battery.target(5_000)
    powers = run(battery, 3 * 3600)
    assert battery.soc_permille == 1000
    assert powers[-1] == STANDBY_W
    assert sum(1 for w in powers if 500 <= w < 4_900) > 60


def test_empty_stops_at_its_least():
    battery = Battery((0, 1, 2), 1, capacity_wh=2_000, soc_permille=200, least_permille=50)
    battery.target(-5_000)
    powers = run(battery, 1800)
    assert battery.soc_permille == 50
    assert powers[-1] == STANDBY_W


def test_the_power_lies_evenly_on_its_phases():
    battery = Battery((2, 0, 1), 1, standby_w=0)
    battery.target(1_000)
    run(battery, 10)
    assert sorted(battery.power_w) == [333, 333, 334]
    single = Battery((1,), 1, standby_w=0)
    single.target(-1_000)
    run(single, 10)
    assert single.power_w == (0, -1_000, 0)
