import math
from itertools import pairwise

import pytest

from sim.part import DAY_MS
from sim.pv import Pv
from sim.scenarios import scenario
from sim.sun import Clouds, Sky, Sun
from sim.trigonometry import ONE, cosine, root, sine

CLEAR = (Sky(DAY_MS, (1000, 1000), (1000, 1000), (600, 600), (600, 600), (1000, 1000)),)
HOUR_MS = 3_600_000
MUNICH_MDEG = 48_100


def minutes_w(day, skies, noon_ms, seed=1, peak_w=10_000, max_w=10_000, azimuth_deg=0):
    """Minute means of production and the largest change within one second."""
    pv = Pv((0, 1, 2), Sun(MUNICH_MDEG, day, noon_ms, skies, seed), peak_w, max_w, azimuth_deg=azimuth_deg)
    means, jump_w, before_w = [], 0, 0
    for minute in range(1440):
        total_w = 0
        for second in range(60):
            pv.step((minute * 60 + second + 1) * 1000, 1000)
            now_w = -pv.power_w.total()
            jump_w, before_w = max(jump_w, abs(now_w - before_w)), now_w
            total_w += now_w
        means.append(total_w // 60)
    return means, jump_w


def test_sine_and_cosine_are_those_of_mathematics():
    for angle_mdeg in range(-400_000, 400_000, 3_137):
        assert abs(sine(angle_mdeg) - ONE * math.sin(math.radians(angle_mdeg / 1000))) < 3
        assert abs(cosine(angle_mdeg) - ONE * math.cos(math.radians(angle_mdeg / 1000))) < 3


@pytest.mark.parametrize("square", [0, 1, 2, 3, 4, 8, 9, 10**9, 2**62 - 1])
def test_root_is_rounded_down(square):
    assert root(square) == math.isqrt(square)


@pytest.mark.parametrize(("day", "least_kwh", "most_kwh", "least_h", "most_h"), [
    (172, 65, 78, 14, 16),  # PVGIS, Munich, 10 kWp, 30 degrees south: clear days in June make about 70 kWh
    (354, 18, 28, 7, 9),
])
def test_a_clear_day_has_its_season(day, least_kwh, most_kwh, least_h, most_h):
    means, _ = minutes_w(day, CLEAR, 12 * HOUR_MS)
    assert least_kwh * 60_000 <= sum(means) <= most_kwh * 60_000
    light = [minute for minute, w in enumerate(means) if w]
    assert least_h * 60 <= len(light) <= most_h * 60
    high = [minute for minute, w in enumerate(means) if w > max(means) - 10]
    assert abs(sum(high) // len(high) - 720) <= 5
    assert means[:180] == [0] * 180
    assert means[-180:] == [0] * 180


def test_a_roof_to_the_west_makes_its_power_in_the_afternoon():
    means, _ = minutes_w(172, CLEAR, 12 * HOUR_MS, azimuth_deg=90)
    assert means.index(max(means)) > 13 * 60
    assert sum(means[720:]) > sum(means[:720])


def test_the_inverter_cuts_off_at_its_power():
    means, _ = minutes_w(172, CLEAR, 12 * HOUR_MS, max_w=6_000)
    assert max(means) == 6_000


def test_broken_cloud_changes_as_fast_as_measured_cloud():
    """10 kWp in measured broken cloud: 99 of 100 one-minute steps stay below 2 to 2.5 kW."""
    cloudy = scenario("cloudy")
    steps, jumps_w = [], []
    for seed in range(6):
        means, jump_w = minutes_w(cloudy.day, cloudy.skies, cloudy.noon_ms, seed)
        broken = means[9 * 60:18 * 60]
        steps += [abs(after - before) for before, after in pairwise(broken)]
        jumps_w.append(jump_w)
    steps.sort()
    assert 2_000 <= steps[len(steps) * 99 // 100] <= 2_500
    assert 800 <= steps[len(steps) * 90 // 100] <= 1_300
    assert steps[-1] <= 5_000
    assert 500 <= max(jumps_w) <= 2_500  # within one second


def test_the_weather_does_not_depend_on_the_step_length():
    skies = scenario("cloudy").skies
    fine, coarse = Clouds(skies, 7), Clouds(skies, 7)
    fast = [fine.permille(now_ms) for now_ms in range(0, 12 * HOUR_MS, 250)]
    assert [coarse.permille(now_ms) for now_ms in range(0, 12 * HOUR_MS, 1000)] == [
        value for i, value in enumerate(fast) if i % 4 == 0
    ]


def test_a_day_that_starts_at_noon_has_the_same_weather_from_there():
    skies = scenario("cloudy").skies
    whole, late = Clouds(skies, 7), Clouds(skies, 7)
    for now_ms in range(0, 12 * HOUR_MS, 1000):
        whole.permille(now_ms)
    assert late.permille(12 * HOUR_MS) == whole.permille(12 * HOUR_MS)
