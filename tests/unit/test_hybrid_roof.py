"""Roof and battery of one inverter as two devices: its limit is one of its AC side, and is told for the roof alone."""

from pathlib import Path
from typing import Any

import pytest

from firmware.checks.generation import warnings
from firmware.config.file import ConfigError, load
from firmware.day import Day
from firmware.simulated.house import Simulated
from hal.faults import REFUSED, DeviceError
from hal.values import ZERO, Setpoint
from sim.clock import SimClock

HOUSE = Path(__file__).parents[2] / "sim" / "cases" / "houses" / "hybrid.toml"
NOON_MS = 43_200_000
GRID, BATTERY, ROOF = 0, 1, 2


class Hybrid:
    """At noon, the roof could make all; told again every five seconds, as a line does."""

    def __init__(self, soc_permille: int = 500) -> None:
        self.file = load(HOUSE)
        parts: "dict[str, dict[str, object]]" = {"battery": {"soc_permille": soc_permille, "standby_w": 0}}
        self.simulated = Simulated(self.file, "sunny", 7, parts=parts, household_w=500)
        self.simulated.world.sun.held_permille = 1_000
        day = Day(self.file, "sunny", 7, None, NOON_MS, self.simulated)
        slots = [slot for line in day.lines for slot in line.slots]
        self.battery: Any = next(slot.load for slot in slots if slot.index == BATTERY)
        self.roof: Any = next(slot.load for slot in slots if slot.index == ROOF)
        self.twin: Any = self.simulated.twins[BATTERY]
        self.part: Any = self.simulated.part("roof")
        self.store: Any = self.simulated.part("battery")
        self.clock = SimClock(NOON_MS)
        self.told: "dict[int, int]" = {}
        self.pass_s(1)
        self.battery.arm()
        self.roof.arm()

    def pass_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1_000)
            now_ms = self.clock.now_ms()
            self.simulated.step(now_ms, 1_000)
            if now_ms % 5_000 == 0:
                for index, power_w in self.told.items():
                    self.device(index).apply(Setpoint(ZERO, power_w))
            self.read()

    def read(self) -> "tuple[Any, Any]":
        return self.battery.read(self.clock.now_ms()), self.roof.read(self.clock.now_ms())

    def device(self, index: int) -> Any:
        return self.battery if index == BATTERY else self.roof

    def tell(self, index: int, power_w: int, seconds: int = 12) -> None:
        self.told[index] = power_w
        self.device(index).apply(Setpoint(ZERO, power_w))
        self.pass_s(seconds)

    @property
    def flows_out_w(self) -> int:
        return int(self.twin.flow_w)


@pytest.mark.parametrize("battery_w", [3_000, 0, -2_000])
def test_both_are_read_apart_and_nothing_is_counted_twice(battery_w: int) -> None:
    hybrid = Hybrid()
    hybrid.simulated.world.sun.held_permille = 400
    hybrid.tell(BATTERY, battery_w)
    store, roof = hybrid.read()
    assert abs(store.total_w - battery_w) < 10
    assert roof.total_w == hybrid.part.power_w.total() < -3_000
    assert -roof.total_w - store.total_w == hybrid.flows_out_w
    assert roof.power_w.total() == roof.total_w
    assert roof.export_wh is None  # its counter knows no roof and no battery, only both


def test_a_limit_of_the_roof_is_told_without_what_the_battery_takes() -> None:
    hybrid = Hybrid()
    hybrid.tell(BATTERY, 3_000)
    hybrid.tell(ROOF, -7_000)
    assert -hybrid.part.power_w.total() == pytest.approx(7_000, abs=30)
    assert hybrid.flows_out_w == pytest.approx(4_000, abs=30)
    assert hybrid.read()[1].limit_w == pytest.approx(-7_000, abs=30)
    hybrid.tell(BATTERY, 0, 3)  # what it took does not flow out instead
    assert hybrid.flows_out_w == pytest.approx(4_000, abs=30)
    hybrid.tell(ROOF, -4_500, 4)  # told less, hardly more flows out
    assert 4_000 < hybrid.flows_out_w < 4_400
    hybrid.pass_s(20)  # in the end it is a limit of the roof again
    assert -hybrid.part.power_w.total() == pytest.approx(4_500, abs=30)
    hybrid.tell(ROOF, -6_000, 4)  # told more, at once
    assert -hybrid.part.power_w.total() == pytest.approx(6_000, abs=30)


def test_charging_is_not_held_back_and_all_that_may_be_made_is_made() -> None:
    hybrid = Hybrid()
    hybrid.tell(ROOF, hybrid.file.site.devices[ROOF].ability.min_w)
    assert hybrid.twin.told["limit_ppm"] == 1_000_000
    hybrid.tell(BATTERY, 0)
    hybrid.tell(ROOF, -2_000)
    hybrid.tell(BATTERY, 4_000, 25)  # beyond what the roof may make then: of that its limit knows in a moment
    assert hybrid.store.power_w.total() == pytest.approx(4_000, abs=10)
    assert hybrid.flows_out_w == pytest.approx(2_000, abs=30)


def test_a_discharge_has_its_room_before_it_is_told() -> None:
    hybrid = Hybrid()
    hybrid.simulated.world.sun.held_permille = 0
    hybrid.tell(BATTERY, 0)
    hybrid.tell(ROOF, 0)
    assert hybrid.twin.told["limit_ppm"] == 0
    hybrid.battery.apply(Setpoint(ZERO, -2_500))  # the roof's own turn has not come
    assert hybrid.twin.told["limit_ppm"] == 250_000
    hybrid.told.clear()
    hybrid.pass_s(7)
    assert hybrid.store.power_w.total() == pytest.approx(-2_500, abs=10)
    hybrid.battery.apply(Setpoint(ZERO, -2_520))  # not each watt is told
    assert hybrid.twin.told["limit_ppm"] == 250_000
    hybrid.battery.release()  # by itself it may give what it can
    assert hybrid.twin.told["limit_ppm"] == 500_000


def test_what_it_does_not_give_any_more_is_no_room_for_the_roof() -> None:
    hybrid = Hybrid()
    hybrid.simulated.world.sun.held_permille = 0
    hybrid.tell(BATTERY, -3_000)
    hybrid.tell(ROOF, -4_000)
    assert hybrid.twin.told["limit_ppm"] == 700_000
    hybrid.tell(BATTERY, 0, 15)
    assert hybrid.twin.told["limit_ppm"] == 400_000
    hybrid.simulated.world.sun.held_permille = 1_000
    hybrid.pass_s(1)
    assert hybrid.flows_out_w == 4_000


def test_room_that_a_battery_does_not_use_is_not_the_roofs() -> None:
    hybrid = Hybrid(soc_permille=50)  # empty: it gives nothing, whatever it is told
    hybrid.tell(BATTERY, 0)
    hybrid.tell(ROOF, -1_000)
    hybrid.tell(BATTERY, -4_000, 8)
    assert hybrid.flows_out_w > 1_500
    hybrid.pass_s(15)
    assert hybrid.flows_out_w == pytest.approx(1_000, abs=30)


def test_dead_the_limit_is_lifted_and_the_battery_is_its_own_master() -> None:
    hybrid = Hybrid()
    hybrid.tell(BATTERY, 1_000)
    hybrid.tell(ROOF, -2_000)
    assert hybrid.flows_out_w < 2_000
    hybrid.told.clear()
    hybrid.pass_s(70)
    assert (hybrid.twin.told["enabled"], hybrid.twin.mode) == (0, 0)
    assert -hybrid.part.power_w.total() == 10_000


def test_released_and_restarted() -> None:
    hybrid = Hybrid()
    hybrid.tell(ROOF, -2_000)
    hybrid.twin.power_cycle()
    hybrid.pass_s(10)
    assert (hybrid.twin.told["enabled"], hybrid.twin.told["revert_s"]) == (1, 60)
    hybrid.told.clear()
    hybrid.roof.release()
    assert hybrid.twin.told["enabled"] == 0
    hybrid.battery.apply(Setpoint(ZERO, -1_000))  # there is no limit it would need room under
    assert hybrid.twin.told["enabled"] == 0


def test_a_limit_that_is_refused_is_the_roofs_fault_and_not_the_batterys() -> None:
    hybrid = Hybrid()
    hybrid.simulated.world.sun.held_permille = 0
    hybrid.tell(BATTERY, 0)
    hybrid.tell(ROOF, -1_000)
    twin, take = hybrid.twin, hybrid.twin._take

    def refuses(address: int, value: int) -> None:
        if twin._order_at(address) is not None:
            raise DeviceError(REFUSED, "no")
        take(address, value)

    twin._take = refuses
    hybrid.battery.apply(Setpoint(ZERO, -3_000))
    assert hybrid.battery.read(hybrid.clock.now_ms()).limit_w == -3_000
    with pytest.raises(DeviceError):
        hybrid.roof.apply(Setpoint(ZERO, -1_000))
    twin._take = take
    hybrid.told[BATTERY] = -3_000
    hybrid.pass_s(12)
    assert hybrid.store.power_w.total() == pytest.approx(-3_000, abs=10)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = HOUSE.read_text("utf-8")
    assert text.count(old) == 1
    path = tmp_path / "site.toml"
    path.write_text(text.replace(old, new))
    return path


ROOF_TABLE = '[device.roof]\ndriver = "sunspec_inverter"\nline = "gen24"\nnode = "house"\nphases = "L1 L2 L3"\n'


@pytest.mark.parametrize(("old", "new", "words"), [
    ('driver = "fronius_gen24"', 'driver = "sunspec_storage"',
     "already has this address on line gen24; roof and battery of one inverter share it with fronius_gen24 only"),
    (ROOF_TABLE, ROOF_TABLE.replace("L1 L2 L3", "L2 L3 L1"),
     'the same inverter as [device.battery], by its address; allowed is "L1 L2 L3" as there'),
    (ROOF_TABLE, ROOF_TABLE.replace("[device.roof]", "[device.other]") + "rated_w = 5000\n\n" + ROOF_TABLE,
     "device.roof.unit is missing: [device.other] already has this address on line gen24"),
])
def test_only_this_pair_shares_an_address(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(changed(tmp_path, old, new))
    assert words in str(caught.value)


@pytest.mark.parametrize(("feed_in_w", "least_w", "asked"), [(6_000, 0, False), (0, 0, True), (900, 0, True),
                                                             (0, 1_000, False), (1_000, 0, False)])
def test_a_limit_that_may_send_it_to_standby_is_asked_for(tmp_path: Path, feed_in_w: int, least_w: int,
                                                          asked: bool) -> None:
    path = changed(tmp_path, "feed_in_w = 6000", f"feed_in_w = {feed_in_w}")
    path.write_text(path.read_text().replace("rated_w = 10000", f"rated_w = 10000\nleast_w = {least_w}"))
    found = [words for words in warnings(load(path)) if words.startswith("device.roof.least_w")]
    assert found == asked * ["device.roof.least_w: with many firmwares a limit below 1000 W, a tenth, sends inverter "
                             "and battery to standby"]


def test_on_another_unit_it_is_an_inverter_of_its_own(tmp_path: Path) -> None:
    file = load(changed(tmp_path, ROOF_TABLE, ROOF_TABLE + "unit = 2\n"))
    assert "beside" not in file.devices[ROOF].options
    assert file.site.devices[ROOF].ability.min_w == -10_000
    assert load(HOUSE).site.devices[ROOF].ability.min_w == -15_000
