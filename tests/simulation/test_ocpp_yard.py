"""Three charge points behind one fuse, closed loop: they ignore, restart and fall silent, and so do we."""

from pathlib import Path
from typing import Any

import pytest

from firmware.config.file import load
from firmware.day import Day

SITE = """\
[site]
name = "Yard"
latitude = 48
longitude = 11
[line.meters]
kind = "modbus-tcp"
host = "127.0.0.1"
[line.stations]
kind = "ocpp"
security_profile = 0
[node.house]
rated_a = 63
curve = "gg"
meter = "grid"
rest_a = 12
[node.yard]
parent = "house"
rated_a = 32
curve = "mcb-b"
rest_a = 0
[device.grid]
driver = "eastron_sdm630"
line = "meters"
"""
STATION = """\
[device.box_{0}]
driver = "ocpp_station"
line = "stations"
station = "CP-{0}"
node = "yard"
phases = "L1 L2 L3"
max_a = 16
mode = "fast"
failsafe_a = {1}
"""
GRACE_S = 25  # a fault is seen, the others are lowered, cars follow
BEARS_S = 60  # an MCB of class B bears 1.45 times its rating for an hour


class Yard:
    def __init__(self, folder: Path, failsafe_a: int) -> None:
        path = folder / "site.toml"
        path.write_text(SITE + "".join(STATION.format(number, failsafe_a) for number in (1, 2, 3)))
        self.day = Day(load(path), "winter", 5, start_ms=10 * 3_600_000)
        self.points = self.day.simulated.yards["stations"].points
        self.cars: "list[Any]" = [self.day.simulated.part(f"box_{number}") for number in (1, 2, 3)]
        for car in self.cars:
            car.plug()
        self.over_s = 0

    def drawn_ma(self) -> int:
        return max(sum(car.current_ma[phase] for car in self.cars) for phase in range(3))

    def live(self, seconds: int, alone: bool = False) -> None:
        for _ in range(seconds):
            if alone:
                self.day.alone()
            else:
                self.day.second()
            self.over_s += self.drawn_ma() > 32_000


@pytest.fixture(params=[0, 6])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    one = Yard(tmp_path, request.param)
    one.live(420)
    assert 24_000 < one.drawn_ma() <= 32_000
    return one


def test_all_fall_silent_and_the_sum_of_fail_safes_holds(yard: Yard) -> None:
    for point in yard.points.values():
        point.drops()
    yard.live(200)
    assert yard.over_s == 0
    failsafe_ma = yard.day._file.devices[1].options["failsafe_a"] * 1_000
    assert yard.drawn_ma() <= 3 * failsafe_ma
    for point in yard.points.values():
        point.connects()
    yard.live(600)
    assert yard.drawn_ma() > 16_000
    assert yard.over_s == 0


def test_we_die_and_start_anew(yard: Yard) -> None:
    yard.live(180, alone=True)
    failsafe_ma = yard.day._file.devices[1].options["failsafe_a"] * 1_000
    assert yard.drawn_ma() <= 3 * failsafe_ma
    yard.day.boot()
    yard.live(600)
    assert yard.drawn_ma() > 16_000
    assert yard.over_s == 0


def test_one_ignores_and_one_starts_anew(yard: Yard) -> None:
    yard.points["CP-1"].ignores = True
    yard.live(120)
    yard.points["CP-2"].power_cycle()
    yard.live(300)
    assert yard.over_s <= GRACE_S
    yard.points["CP-1"].ignores = False
    yard.live(600)
    assert yard.over_s <= GRACE_S + BEARS_S
    assert yard.drawn_ma() > 12_000
