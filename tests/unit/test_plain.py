"""Devices without a protocol: what they tell, how they obey, what they do left alone."""

import pytest

from hal.values import Phases, Setpoint
from sim.appliance import Appliance
from sim.battery import Battery
from sim.car import Car
from sim.clock import SimClock
from sim.house import NONE, House
from sim.plain import Plain, PlainHeater, PlainMeter, PlainStorage, PlainWallbox
from sim.tank import Tank

ALL = (0, 1, 2)


def live(house: House, clock: SimClock, seconds: int, *devices: "Plain | PlainMeter") -> None:
    for _ in range(seconds):
        clock.advance(1_000)
        house.step(clock.now_ms(), 1_000)
        for device in devices:
            device.tick(clock.now_ms())


def told(current_ma: Phases) -> Setpoint:
    return Setpoint(current_ma, current_ma.total() * 230 // 1_000)


def test_a_wallbox_obeys_and_stops_when_left_alone() -> None:
    clock, car = SimClock(), Car(ALL, 1, lag_ms=(300, 900))
    house = House((NONE,), ((0, car),))
    box = PlainWallbox(car, clock, failsafe_ms=15_000)
    car.plug()
    box.apply(told(Phases(10_000, 10_000, 10_000)))
    live(house, clock, 14, box)
    assert car.state == "C"
    assert car.flow_ma.l1 > 9_000
    live(house, clock, 6, box)
    assert car.state == "B"


def test_a_wallbox_changes_phases_without_current() -> None:
    clock, car = SimClock(), Car(ALL, 1, lag_ms=(300, 900))
    house = House((NONE,), ((0, car),))
    box = PlainWallbox(car, clock, failsafe_ms=0)
    car.plug()
    box.apply(told(Phases(8_000, 8_000, 8_000)))
    live(house, clock, 20, box)
    box.apply(told(Phases(12_000, 0, 0)))
    live(house, clock, 30, box)
    assert car.flow_ma.l2 == 0 < car.flow_ma.l1
    assert (car.phase_changes, car.hard_switches) == (1, 0)


def test_a_storage_holds_the_grid_at_zero_until_it_is_told_otherwise() -> None:
    clock, battery = SimClock(), Battery(ALL, 1, soc_permille=500)
    house = House((NONE,), ((0, battery), (0, Appliance((0,), 2_000))))
    storage = PlainStorage(battery, house.nodes[0], clock)
    live(house, clock, 20, storage)
    assert abs(house.node_w(0).total()) < 100
    storage.apply(Setpoint(Phases(0, 0, 0), 1_000))
    live(house, clock, 5, storage)
    assert storage.read(clock.now_ms()).total_w == pytest.approx(1_012, abs=20)
    live(house, clock, 20, storage)
    assert abs(house.node_w(0).total()) < 100  # left alone again


def test_a_heater_stops_when_left_alone() -> None:
    clock, tank = SimClock(), Tank((2,), 1)
    house = House((NONE,), ((0, tank),))
    rod = PlainHeater(tank, clock)
    rod.apply(Setpoint(Phases(0, 0, 5_000), 1_150))
    live(house, clock, 10, rod)
    said = rod.read(clock.now_ms())
    assert said.total_w == 1_150
    assert said.temperature_mdegc is not None
    live(house, clock, 40, rod)
    assert tank.power_w.total() == 0


def test_a_meter_tells_what_flows() -> None:
    clock, kettle = SimClock(), Appliance((1,), 2_300)
    house = House((NONE,), ((0, kettle),))
    meter = PlainMeter(house.nodes[0], clock)
    live(house, clock, 2, meter)
    said = meter.read(clock.now_ms())
    assert (said.power_w, said.total_w) == (Phases(0, 2_300, 0), 2_300)
