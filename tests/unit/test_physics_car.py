import pytest

from hal.values import Phases
from sim.car import Car, Session

SEEDS = range(8)
HOUR_MS = 3_600_000


class Drive:
    """Steps a car second by second and notes what it did."""

    def __init__(self, **options):
        options.setdefault("phases", (0, 1, 2))
        self.car = Car(seed=options.pop("seed", 1), **options)
        self.now_ms = 0

    def run(self, seconds, dt_ms=1000):
        out = []
        for _ in range(seconds * 1000 // dt_ms):
            self.now_ms += dt_ms
            self.car.step(self.now_ms, dt_ms)
            out.append(self.car.current_ma)
        return out


def charging(offer_ma=10_000, seconds=30, **options):
    """A car that has been offered this for a while."""
    drive = Drive(**options)
    drive.car.plug()
    drive.car.offer((offer_ma,) * 3)
    drive.run(seconds)
    return drive


def test_nothing_flows_without_a_car():
    drive = Drive()
    drive.car.offer((16_000,) * 3)
    assert set(drive.run(60)) == {(0, 0, 0)}
    assert drive.car.state == "A"


@pytest.mark.parametrize("seed", SEEDS)
def test_it_starts_within_ten_seconds_and_takes_a_little_less_than_offered(seed):
    drive = Drive(seed=seed)
    drive.car.plug()
    assert drive.car.state == "B"
    drive.car.offer((10_000,) * 3)
    currents = drive.run(30)
    first = next(i for i, current in enumerate(currents) if current[0])
    assert 4 <= first <= 9
    assert drive.car.state == "C"
    assert 9_500 <= currents[-1][0] <= 10_000
    assert max(c[0] for c in currents) <= 10_000


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lower_ma", [6_000, 9_000])
def test_a_lower_offer_is_followed_within_ten_seconds(seed, lower_ma):
    drive = charging(32_000, 60, seed=seed, max_ma=32_000)
    assert drive.car.current_ma[0] > 30_000
    drive.car.offer((lower_ma,) * 3)
    currents = drive.run(12)
    assert currents[3][0] > 30_000  # not at once: this is what a fuse has to bear
    assert all(c[0] <= lower_ma for c in currents[11:])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("offer_ma", [0, 5_900])
def test_below_six_amperes_it_stops_within_three_seconds(seed, offer_ma):
    drive = charging(16_000, seed=seed)
    drive.car.offer((offer_ma,) * 3)
    assert set(drive.run(60)[3:]) == {(0, 0, 0)}
    assert drive.car.state == "B"
    assert drive.car.power_w == Phases(0, 0, 0)


def test_it_takes_no_more_than_its_own_charger_can():
    assert 15_000 <= charging(32_000, 60, max_ma=16_000).car.current_ma[0] <= 16_000


def test_conductors_are_put_on_the_grid_phases_they_are_wired_to():
    drive = charging(phases=(1, 2, 0), used_phases=1)
    own = drive.car.current_ma
    assert own[0] > 9_000
    assert own[1:] == (0, 0)
    assert drive.car.power_w == Phases(0, own[0] * 230_000 // 1_000_000, 0)


def test_power_follows_the_voltage_of_each_phase():
    drive = charging(used_phases=2)
    drive.car.voltage_mv = Phases(220_000, 240_000, 230_000)
    own = drive.run(1)[-1]
    assert drive.car.power_w == Phases(own[0] * 220 // 1000, own[1] * 240 // 1000, 0)


def test_two_phase_cars_use_two():
    own = charging(used_phases=2).car.current_ma
    assert own[0] == own[1] > 9_000
    assert own[2] == 0


def test_fewer_phases_after_a_pause_are_a_phase_change():
    drive = charging()
    drive.car.offer((0, 0, 0))
    drive.run(10)
    drive.car.offer((10_000, 0, 0))
    assert drive.run(30)[-1][1:] == (0, 0)
    car = drive.car
    assert (car.starts, car.phase_changes, car.hard_switches) == (2, 1, 0)


def test_contactors_moved_under_load_are_counted_and_cost_time():
    drive = charging()
    drive.car.offer((10_000, 0, 0))
    currents = drive.run(30)
    assert set(currents[:4]) == {(0, 0, 0)}
    assert currents[-1][0] > 9_000
    assert drive.car.hard_switches == 1


def test_without_its_first_conductor_it_does_not_charge():
    drive = Drive()
    drive.car.plug()
    drive.car.offer((0, 10_000, 10_000))
    assert set(drive.run(60)) == {(0, 0, 0)}


def test_a_changed_mind_within_the_lag_never_restarts_a_stopped_car():
    drive = charging(seed=3)
    drive.car.offer((5_000,) * 3)
    drive.run(120)
    assert drive.car.starts == 1
    assert drive.car.state == "B"


def test_charging_fills_the_battery_with_what_the_charger_leaves():
    car = charging(16_000, 2 * 3600, capacity_wh=50_000, soc_permille=200).car
    assert 20_000 <= car.import_wh <= 22_100
    assert car.session_wh == car.import_wh
    assert abs(car.soc_permille - (200 + car.import_wh * 900 // 50_000)) <= 1


def test_near_full_it_tapers_then_rests_until_it_comes_again():
    drive = Drive(capacity_wh=10_000, soc_permille=900)
    drive.car.plug()
    drive.car.offer((16_000,) * 3)
    currents = [c[0] for c in drive.run(3600)]
    assert max(currents) > 15_000
    falling = currents[currents.index(max(currents)):]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == 0
    car = drive.car
    assert (car.soc_permille, car.full, car.state) == (1000, True, "B")
    car.unplug(drive.now_ms)
    car.plug(500)
    assert drive.run(30)[-1][0] > 9_000


def test_the_schedule_plugs_and_unplugs_and_notes_what_was_taken():
    drive = Drive(sessions=(Session(60_000, 2 * HOUR_MS, 400), Session(3 * HOUR_MS, 4 * HOUR_MS, 300)))
    drive.car.offer((8_000, 0, 0))
    states = []
    for _ in range(4 * 3600 + 60):
        drive.run(1)
        states.append(drive.car.state)
    changes = [state for i, state in enumerate(states) if not i or state != states[i - 1]]
    assert changes == ["A", "B", "C", "A", "B", "C", "A"]
    first, second = drive.car.departures
    assert 3_200 <= first.energy_wh <= 3_700
    assert first.soc_permille > 400
    assert first.t_ms == 2 * HOUR_MS + 1_000
    assert 300 < second.soc_permille < first.soc_permille


def test_short_steps_give_the_same_start():
    coarse, fine = Drive(seed=5), Drive(seed=5)
    for drive, dt_ms in ((coarse, 1000), (fine, 100)):
        drive.car.plug()
        drive.car.offer((12_000,) * 3)
        drive.run(40, dt_ms)
    assert coarse.car.current_ma == fine.car.current_ma
    assert abs(coarse.car.import_mws - fine.car.import_mws) < 12_000 * 1_000 * 3
