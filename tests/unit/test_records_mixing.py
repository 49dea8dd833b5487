"""The proportional method on the powers of a house; numbers by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from control.values import Site
from firmware.config.file import load
from firmware.image import Image
from firmware.records.mixing import Mixing
from firmware.records.sampler import Seen
from hal.values import reading

MORE = """
[line.inverter]
kind = "modbus-tcp"
host = "127.0.0.1"
[device.roof]
driver = "eastron_sdm630"
line = "bus"
unit = 2
node = "house"
role = "source"
phases = "L1 L2 L3"
[device.battery]
driver = "sunspec_storage"
line = "inverter"
unit = 1
node = "house"
phases = "L1 L2 L3"
max_charge_w = 5000
max_discharge_w = 5000
"""
QUARTER_MS = 900_000


@pytest.fixture
def site(recorded_site: "Callable[[str], Path]") -> Site:
    return load(recorded_site(MORE)).site


class House:
    def __init__(self, mixing: Mixing, now_ms: int = 0) -> None:
        self.mixing = mixing
        self.now_ms = now_ms
        self.image = Image(3)

    def live(self, seconds: int, grid_w: int, roof_w: int, battery_w: int, silent: bool = False) -> None:
        for _ in range(seconds):
            self.now_ms += 1_000
            for index, power_w in enumerate((grid_w, -roof_w, battery_w)):
                if not (silent and index == 1):
                    self.image.hear(index, reading(self.now_ms, total_w=power_w))
            self.mixing.feed(Seen(self.image.snapshot(self.now_ms, ("surplus",) * 3), frozenset()))


def test_a_charge_of_both_and_what_comes_back(site: Site) -> None:
    mixing = Mixing(site, 10_000)
    house = House(mixing)
    assert mixing.look(0) is None
    house.live(1, 0, 0, 0)
    house.live(450, 1_000, 3_000, 3_600)  # a quarter of what there is comes from the grid
    house.live(449, -2_000, 0, -3_600)
    data = mixing.look(QUARTER_MS)
    assert data is not None
    assert (data["start_s"], data["end_s"], data["known_ms"], data["unit"]) == (0, 900, 899_000, "mWh")
    assert (data["charge_roof"], data["charge_grid"]) == (337_500, 112_500)
    assert (data["discharge_roof"], data["discharge_grid"]) == (336_750, 112_250)
    assert (data["draw"], data["feed_in"], data["roof"]) == (125_000, 249_444, 375_000)
    assert (data["stock_roof"], data["stock_grid"]) == (750, 250)
    again = Mixing(site, 10_000)
    again.resume(data)
    later = House(again, QUARTER_MS)
    assert again.look(QUARTER_MS) is None
    later.live(1, 0, 0, 0)
    later.live(10, 0, 0, -3_600)  # more than it holds: the rest is not the roof's
    found = again.look(2 * QUARTER_MS)
    assert found is not None
    assert (found["discharge_roof"], found["discharge_grid"]) == (750, 9_250)


def test_a_restart_in_a_quarter_hour_forgets_nothing(site: Site) -> None:
    """The storage fills from the roof; without its first half it would be told to hold half as much."""
    mixing = Mixing(site, 10_000)
    house = House(mixing)
    mixing.look(0)
    house.live(301, 0, 3_600, 3_600)
    first = mixing.look(house.now_ms, ends=True)
    assert first is not None
    assert (first["start_s"], first["end_s"], first["charge_roof"], first["stock_roof"]) == (0, 301, 300_000, 300_000)
    assert mixing.look(house.now_ms, ends=True) is None
    again = Mixing(site, 10_000)
    again.resume(first)
    later = House(again, house.now_ms)
    again.look(house.now_ms)
    later.live(301, 0, 3_600, 3_600)
    again.resume(first)  # the disk was away for a moment
    rest = again.look(QUARTER_MS)
    assert rest is not None
    assert (rest["start_s"], rest["charge_roof"], rest["stock_roof"]) == (0, 300_000, 600_000)


def test_parts_of_a_day_add_up_over_its_quarter_hours(site: Site) -> None:
    mixing = Mixing(site, 10_000)
    house = House(mixing)
    mixing.look(0)
    house.live(1, 0, 0, 0)
    totals = dict.fromkeys(("charge_roof", "charge_grid", "draw"), 0)
    for quarter in range(1, 9):
        house.live(900, 333, 777, 501)
        data = mixing.look(quarter * QUARTER_MS)
        assert data is not None
        for name in totals:
            totals[name] += data[name]
    assert totals["draw"] == 333 * 7_200 * 1_000 // 3_600
    assert 0 <= 501 * 2_000 - totals["charge_roof"] - totals["charge_grid"] <= 1


def test_a_moment_nobody_measured_is_not_known(site: Site) -> None:
    mixing = Mixing(site, 10_000)
    house = House(mixing)
    mixing.look(0)
    house.live(100, 0, 3_000, 1_000)
    house.live(200, 0, 3_000, 1_000, silent=True)
    house.now_ms += 60_000
    house.live(100, 0, 3_000, 1_000)
    data = mixing.look(QUARTER_MS)
    assert data is not None
    assert 190_000 <= data["known_ms"] <= 240_000  # the roof's newest reading counts until it is too old
    assert data["charge_roof"] == data["known_ms"] * 1_000 // 3_600
