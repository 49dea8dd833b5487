from array import array

from hal.values import Phases
from sim.tank import Tank, Water


def run(tank, seconds, start_s=0):
    out = []
    for i in range(seconds):
        tank.step((start_s + i + 1) * 1000, 1000)
        out.append(tank.power_w.total())
    return out


def minutes(**at):
    return array("h", [at.get("m%d" % minute, 0) for minute in range(1440)])


def test_one_kilowatt_hour_warms_100_litres_by_8_6_degrees():
    water = Water(100, 40_000)
    water.add(3_600_000_000)
    assert 48_590 <= water.temperature_mdegc <= 48_610


def test_a_continuous_rod_takes_what_is_asked_within_two_seconds():
    tank = Tank((2,), 1, rod_w=3_500)
    tank.set_w(1_234)
    assert run(tank, 3)[-1] == 1_234
    assert tank.power_w == Phases(0, 0, 1_234)
    tank.set_w(9_000)
    assert run(tank, 3, 3)[-1] == 3_500
    tank.set_w(-5)
    assert run(tank, 3, 6)[-1] == 0


def test_the_thermostat_cuts_out_and_gives_back_below():
    tank = Tank((0,), 1, litres=100, rod_w=3_500, temperature_mdegc=60_000, thermostat_mdegc=65_000)
    tank.set_w(3_500)
    powers = run(tank, 3600)
    assert tank.hot
    assert powers[-1] == 0
    assert 64_000 <= tank.temperature_mdegc <= 65_050
    while tank.hot:
        run(tank, 1, 3600)
    assert 61_900 <= tank.temperature_mdegc <= 62_050
    assert run(tank, 1, 3600) == [3_500]
    assert tank.starts == 2


def test_with_a_stuck_thermostat_the_safety_limiter_opens_for_good():
    tank = Tank((0,), 1, litres=50, rod_w=3_500, temperature_mdegc=60_000, thermostat_mdegc=200_000)
    tank.set_w(3_500)
    run(tank, 3600)
    assert tank.tripped
    assert tank.temperature_mdegc < 96_000
    assert set(run(tank, 6 * 3600, 3600)) == {0}


def test_each_element_is_on_its_own_phase_and_goes_with_the_voltage():
    tank = Tank((1, 2, 0), 1, elements_w=(1_000, 2_000, 3_000))
    tank.set_elements((True, False, True))
    run(tank, 1)
    assert tank.power_w == Phases(3_000, 1_000, 0)
    tank.voltage_mv = Phases(230_000, 207_000, 230_000)
    run(tank, 1, 1)
    assert tank.power_w == Phases(3_000, 810, 0)


def test_contactors_count_how_often_they_close():
    tank = Tank((0, 1, 2), 1, elements_w=(1_000, 1_000, 1_000))
    for closed in ((True, False, False), (True, True, False), (False, True, False), (True, True, False)):
        tank.set_elements(closed)
        run(tank, 5)
    assert tank.switchings == [2, 1, 0]
    assert tank.starts == 1


def test_water_drawn_is_heat_gone_and_the_balance_closes():
    tank = Tank((0,), 1, litres=300, temperature_mdegc=55_000, draws_dl=minutes(m1=100, m2=100))
    before_mws = tank.water.heat_mws
    tank.set_w(1_000)
    run(tank, 180)
    assert abs(tank.drawn_mws - 20 * 35_000 * 4_186) < 120  # 20 l, warmed from 10 to 45 degrees, floored 120 times
    assert tank.water.heat_mws == before_mws + tank.import_mws - tank.drawn_mws - tank.lost_mws


def test_it_loses_about_two_kilowatt_hours_a_day_when_hot():
    tank = Tank((0,), 1, litres=300, temperature_mdegc=65_000)
    run(tank, 86_400)
    assert 1_600 <= tank.lost_mws // 3_600_000 <= 2_000
    assert tank.temperature_mdegc < 61_000


def test_a_cold_tank_gives_no_heat_it_does_not_have():
    tank = Tank((0,), 1, litres=20, temperature_mdegc=12_000, draws_dl=minutes(m0=300, m1=300, m2=300))
    run(tank, 240)
    assert tank.temperature_mdegc >= 10_000
