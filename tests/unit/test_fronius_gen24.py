import pytest

from drivers import e3dc
from drivers.fronius_gen24 import MPPT_MODEL, OPTIONS, build
from hal.faults import RANGE, DeviceError
from hal.values import ZERO, Phases, Setpoint
from sim.bank import Bank
from sim.battery import Battery
from sim.part import Point
from sim.twins.e3dc import build as build_s10
from sim.twins.fronius_gen24 import ROOF_W, Gen24Twin


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(unit=1, phases=(0, 1, 2), max_a=16, max_charge_w=5_000, max_discharge_w=4_000)
    out.update(given)
    return out


@pytest.mark.parametrize("inverter", [103, 113])
def test_its_power_is_that_of_the_battery_and_not_of_the_roof(inverter: int) -> None:
    bank, battery = Bank(), Battery((0, 1, 2), seed=2, soc_permille=500, standby_w=0)
    twin = Gen24Twin(bank.unit(1), battery, (0, 1, 2), inverter)
    gen24 = build(bank, options())
    gen24.arm()
    for power_w in (2_000, -1_500, 0):
        gen24.apply(Setpoint(ZERO, power_w))
        for second in range(1, 20):
            battery.step(1000 * second, 1000)
            twin.tick(1000 * second)
        said = gen24.read(20_000)
        assert said.total_w == battery.power_w.total()
        assert abs(battery.power_w.total() - power_w) < 10
        assert said.soc_permille == battery.soc_permille
        assert said.limit_w is not None
        assert abs(said.limit_w - power_w) < 2
    assert ROOF_W > 1_000


def test_restarted_with_its_models_laid_out_anew_it_is_found_again() -> None:
    bank, battery = Bank(), Battery((0, 1, 2), seed=2, soc_permille=500, standby_w=0)
    Gen24Twin(bank.unit(1), battery, (0, 1, 2), 103)
    gen24 = build(bank, options())
    gen24.arm()
    assert gen24.read(0).total_w == 0
    battery.target(1_000)
    battery.step(5_000, 1_000)
    battery.step(6_000, 1_000)
    bank._units.clear()
    Gen24Twin(bank.unit(1), battery, (0, 1, 2), 113).tick(1)  # its owner chose floats
    gen24.arm()
    assert gen24.read(0).total_w == battery.power_w.total() > 0


def test_one_without_a_battery_is_told() -> None:
    bank, battery = Bank(), Battery((0, 1, 2), seed=2)
    twin = Gen24Twin(bank.unit(1), battery, (0, 1, 2))
    twin.frozen = True
    twin.tick(1)
    bank.unit(1).poke(3, twin._models[MPPT_MODEL].address + 8, (2,))
    with pytest.raises(DeviceError, match="2 modules: no battery") as caught:
        build(bank, options()).read(0)
    assert caught.value.kind == RANGE


@pytest.mark.parametrize(("shows", "kind", "power_w"), [
    ("grid", "meter", 700), ("roof", "source", 4_000), ("battery", "sensor", -2_000)])
def test_an_e3dc_is_read_for_one_of_its_powers(shows: str, kind: str, power_w: int) -> None:
    bank = Bank()
    bank.unit(1).poke(3, 40_067, (0xF060, 0xFFFF, 0xF830, 0xFFFF))
    bank.unit(1).poke(3, 40_073, (700, 0))
    bank.unit(1).poke(3, 40_082, (73,))
    given: "dict[str, object]" = {"unit": 1, "phases": (0, 1, 2), "shows": shows}
    said = e3dc.build(bank, given).read(0)
    assert said.total_w == power_w
    assert said.soc_permille == (730 if shows == "battery" else None)
    assert e3dc.ability(given).kind == kind
    point = Point()
    point.power_w = Phases(500, 100, 100)
    build_s10(bank.unit(1), point, given)
    assert e3dc.build(bank, given).read(0).total_w == 700


def test_an_e3dc_with_an_impossible_charge_is_not_believed() -> None:
    bank = Bank()
    build_s10(bank.unit(1), Point(), {})
    bank.unit(1).poke(3, 40_082, (101,))
    with pytest.raises(DeviceError) as caught:
        e3dc.build(bank, {"unit": 1, "phases": (0, 1, 2), "shows": "grid"}).read(0)
    assert caught.value.kind == RANGE
