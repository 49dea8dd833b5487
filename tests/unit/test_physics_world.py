import pytest

from sim.house import NONE
from sim.part import DAY_MS, Lag, shared, toward
from sim.scenarios import NAMES, SCENARIOS, scenario, shifted
from sim.trace import MINUTES, load
from sim.world import World

DEVICES = (
    ("household", 0, (0, 1, 2), {}),
    ("pv", 0, (0, 1, 2), {"name": "roof", "peak_w": 10_000, "max_w": 10_000}),
    ("car", 1, (1, 2, 0), {"used_phases": 1}),
    ("battery", 0, (0, 1, 2), {"capacity_wh": 7_000}),
    ("tank", 1, (2,), {"litres": 200}),
    ("heatpump", 0, (0, 1, 2), {}),
)


def powers(name, seed, start_s, seconds):
    world = World(name, seed, DEVICES, (NONE, 0))
    out = []
    for second in range(start_s, start_s + seconds):
        world.house.step((second + 1) * 1000, 1000)
        out.append(world.house.node_w(0))
    return out


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_makes_the_day(name):
    assert powers(name, 5, 43_200, 900) == powers(name, 5, 43_200, 900)
    assert powers(name, 5, 43_200, 900) != powers(name, 6, 43_200, 900)


def test_parts_stand_in_order_with_their_names_and_options():
    world = World("sunny", 1, DEVICES, (NONE, 0))
    assert [part.name for part in world.parts] == ["household", "roof", "car", "battery", "tank", "heatpump"]
    assert world.house.part_nodes == (0, 0, 1, 0, 1, 0)
    assert world.parts[3].capacity_wh == 7_000


def test_a_second_car_keeps_its_own_times():
    car = ("car", 0, (0, 1, 2), {})
    world = World("sunny", 1, (car, car))
    left = []
    for second in range(6 * 3600, 9 * 3600):
        world.house.step((second + 1) * 1000, 1000)
    for part in world.parts:
        left += [departure.t_ms for departure in part.departures]
    assert len(set(left)) == 2


@pytest.mark.parametrize(("devices", "error"), [
    ((("toaster", 0, (0,), {}),), ValueError),
    ((("battery", 0, (0,), {"capacity": 1}),), TypeError),
    ((("battery", 0, (0, 0), {}),), AssertionError),
    ((("battery", 2, (0,), {}),), AssertionError),
])
def test_a_wrong_description_stops_at_the_start(devices, error):
    with pytest.raises(error):
        World("sunny", 1, devices)


def test_an_unknown_scenario_names_those_there_are():
    with pytest.raises(ValueError, match="sunny, cloudy, winter"):
        scenario("hail")


@pytest.mark.parametrize("each", SCENARIOS, ids=NAMES)
def test_a_scenario_is_complete(each):
    for load_name, draws_name in each.days:
        assert len(load(load_name)) == len(load(draws_name)) == MINUTES
        assert sum(load(load_name)) > 0 < sum(load(draws_name))
    assert [sky.until_ms for sky in each.skies] == sorted(sky.until_ms for sky in each.skies)
    assert each.skies[-1].until_ms == DAY_MS


@pytest.mark.parametrize("each", SCENARIOS, ids=NAMES)
def test_sessions_stay_in_order_whatever_the_seed(each):
    for seed in range(50):
        times = [t_ms for session in shifted(each.sessions, seed) for t_ms in (session.from_ms, session.to_ms)]
        assert times == sorted(times)
        assert times[0] == 0
        assert times[-1] == DAY_MS
        assert all(200 < session.soc_permille < 800 for session in shifted(each.sessions, seed))


@pytest.mark.parametrize("total_w", [-7, -1, 0, 1, 2, 10_000])
@pytest.mark.parametrize("phases", [(0,), (2, 0), (1, 2, 0)])
def test_a_shared_total_is_kept_exactly(total_w, phases):
    power_w = shared(total_w, phases)
    assert power_w.total() == total_w
    assert max(power_w[p] for p in phases) - min(power_w[p] for p in phases) <= 1


def test_a_lag_hands_on_every_change_in_its_time():
    lag = Lag(2_500)
    seen = [lag.step(value, (i + 1) * 1000, 1000) for i, value in enumerate((5, 6, 6, 7, 7, 7, 7))]
    assert seen == [0, 0, 5, 6, 6, 7, 7]


def test_a_lag_follows_even_what_never_rests():
    lag = Lag(1_000)
    seen = [lag.step(i + 1, i + 1, 1) for i in range(3_000)]
    assert set(seen[:999]) == {0}
    assert all(i - 1_001 <= value <= i + 1 for i, value in enumerate(seen) if i > 1_001)
    assert lag.step(3_000, 9_000, 1_000) == 3_000


def test_toward_never_passes_its_goal():
    assert [toward(0, 10, 4), toward(8, 10, 4), toward(10, -10, 15), toward(3, 3, 1)] == [4, 10, -5, 3]
