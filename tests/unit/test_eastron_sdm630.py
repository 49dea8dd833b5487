import pytest

from drivers.eastron_sdm630 import OPTIONS, ability, build
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.values import Phases
from sim.bank import Bank
from sim.part import Point
from sim.twins.eastron_sdm630 import build as build_twin
from sim.twins.meter_table import TableTwin


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(unit=1, phases=(0, 1, 2), max_a=63)
    out.update(given)
    return out


def clamped(bank: Bank, power_w: Phases, **given: object) -> "tuple[Point, TableTwin]":
    point = Point()
    point.power_w = power_w
    point.voltage_mv = Phases(231_000, 229_000, 230_000)
    point.import_mws, point.export_mws = 1_234_000 * 3_600_000, 56_000 * 3_600_000
    return point, build_twin(bank.unit(1), point, options(**given))


def test_words_of_the_makers_description() -> None:
    bank = Bank()
    bank.unit(1).poke(4, 0, (0x4366, 0x3334, 0x4366, 0x3334, 0x4366, 0x3334))  # 230.2 V
    bank.unit(1).poke(4, 6, (0x4150, 0x0000, 0x3F80, 0x0000, 0x0000, 0x0000))  # 13 A, 1 A, 0 A: magnitudes
    bank.unit(1).poke(4, 12, (0xC53B, 0x8000, 0x4366, 0x0000, 0x0000, 0x0000))  # -3000 W, 230 W, 0 W
    bank.unit(1).poke(4, 70, (0x4248, 0x0000, 0x4640, 0xE6B7, 0x3F00, 0x0000))  # 50 Hz; 12345.678 kWh in, 0.5 kWh out
    said = build(bank, options()).read(7)
    assert (said.frequency_mhz, said.power_factor_permille) == (50_000, None)
    assert said.power_w == Phases(-3000, 230, 0)
    assert said.total_w == -2770
    assert said.current_ma == Phases(-13_000, 1_000, 0)
    assert said.voltage_mv == Phases(230_200, 230_200, 230_200)
    assert (said.import_wh, said.export_wh, said.t_ms) == (12_345_679, 500, 7)


@pytest.mark.parametrize("phases", [(0, 1, 2), (1, 2, 0), (2, 1, 0), (1,)])
@pytest.mark.parametrize("mounting", ["normal", "reversed"])
def test_the_twin_is_read_as_it_is(phases: "tuple[int, ...]", mounting: str) -> None:
    bank = Bank()
    power_w = Phases(2310, -687, 5) if len(phases) == 3 else Phases(0, -687, 0)
    point, twin = clamped(bank, power_w, phases=phases, mounting=mounting)
    twin.tick(0)
    said = build(bank, options(phases=phases, mounting=mounting)).read(0)
    assert said.power_w == power_w
    assert said.total_w == power_w.total()
    assert said.current_ma == (point.flow_ma if len(phases) == 3 else Phases(0, point.flow_ma.l2, 0))
    assert (said.import_wh, said.export_wh) == (1_234_000, 56_000)


def test_a_reversed_meter_read_as_normal_has_the_wrong_sign() -> None:
    bank = Bank()
    clamped(bank, Phases(1000, 0, 0), mounting="reversed")
    said = build(bank, options()).read(0)
    assert (said.total_w, said.import_wh) == (-1000, 56_000)


def test_it_is_asked_within_what_it_answers() -> None:
    bank = Bank()
    clamped(bank, Phases(1, 2, 3))
    for address, count in ((1, 2), (0, 3), (0, 82)):
        with pytest.raises(DeviceError) as caught:
            bank.read(1, 4, address, count)
        assert caught.value.kind == REFUSED


def test_no_voltage_at_all_cannot_be_an_answer() -> None:
    bank = Bank()
    bank.unit(1).poke(4, 0, (0x3334, 0x4366) * 3 + (0,) * 12)  # words swapped: 4e-8 V
    with pytest.raises(DeviceError) as caught:
        build(bank, options()).read(0)
    assert caught.value.kind == RANGE


def test_not_a_number_cannot_be_an_answer() -> None:
    bank = Bank()
    clamped(bank, Phases(1, 2, 3))
    bank.unit(1).poke(4, 14, (0x7FC0, 0))
    with pytest.raises(DeviceError) as caught:
        build(bank, options()).read(0)
    assert caught.value.kind == RANGE


def test_silent_without_unit_and_without_mains() -> None:
    bank = Bank()
    point, _ = clamped(bank, Phases(1, 2, 3))
    with pytest.raises(DeviceError) as caught:
        build(bank, options(unit=2)).read(0)
    assert caught.value.kind == TIMEOUT
    point.voltage_mv = Phases(0, 0, 0)
    with pytest.raises(DeviceError) as caught:
        build(bank, options()).read(0)
    assert caught.value.kind == TIMEOUT


def test_a_replaced_meter_counts_from_zero() -> None:
    bank = Bank()
    point, twin = clamped(bank, Phases(1000, 0, 0))
    twin.replace()
    assert build(bank, options()).read(0).import_wh == 0
    point.import_mws += 5_000 * 3_600_000
    twin.tick(1_000)
    assert build(bank, options()).read(0).import_wh == 5_000


def test_it_may_meter_a_source() -> None:
    assert ability(options()).kind == "meter"
    assert ability(options(role="source")).kind == "source"
