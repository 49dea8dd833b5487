import pytest

from drivers.sunspec_meter import FLOATS, INTEGERS, OPTIONS, SunspecMeter, build
from hal.faults import FRAME, RANGE, REFUSED, TIMEOUT, DeviceError
from hal.values import Phases
from sim.bank import Bank
from sim.part import Point
from sim.twins.sunspec_meter import SunspecMeterTwin

POWER_W = Phases(2310, -687, 5)
MODEL = 40_070  # the ID register of the meter's model, behind the marker and the common model


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(unit=1, phases=(0, 1, 2), max_a=63)
    out.update(given)
    return out


def clamped(model: int = 203, base: int = 40_000, **given: object) -> "tuple[Bank, Point, SunspecMeterTwin]":
    bank, point = Bank(), Point()
    point.power_w = POWER_W
    point.voltage_mv = Phases(231_000, 229_000, 230_000)
    point.import_mws, point.export_mws = 1_234_000 * 3_600_000, 56_000 * 3_600_000
    return bank, point, SunspecMeterTwin(bank.unit(1), point, options(**given), model, base)


@pytest.mark.parametrize("model", INTEGERS + FLOATS)
@pytest.mark.parametrize("mounting", ["normal", "reversed"])
@pytest.mark.parametrize("positive", ["import", "export"])
def test_the_twin_is_read_as_it_is(model: int, mounting: str, positive: str) -> None:
    phases = ((1,), (1, 2), (0, 1, 2), (0, 1, 2))[model % 10 - 1]
    given: "dict[str, object]" = {"phases": phases, "mounting": mounting, "positive": positive}
    bank, point, _ = clamped(model, **given)
    said = build(bank, options(**given)).read(0)
    wired = Phases(*(POWER_W[p] if p in phases else 0 for p in range(3)))
    assert (said.power_w, said.total_w) == (wired, wired.total())
    assert said.current_ma is not None
    assert all(abs(said.current_ma[p] - point.flow_ma[p]) < 10 for p in phases)
    assert (said.import_wh, said.export_wh, said.frequency_mhz) == (1_234_000, 56_000, 50_000)
    assert said.power_factor_permille == Phases(*(1000 if p in phases else 0 for p in range(3)))


@pytest.mark.parametrize("base", [40_000, 50_000, 0])
def test_it_is_found_wherever_it_stands(base: int) -> None:
    bank, _, _ = clamped(base=base)
    assert build(bank, options()).read(0).power_w == POWER_W


def test_words_of_the_model_file() -> None:
    """Written down by offset: W_SF -1 makes 1234 into 123.4 W; a current is a size and takes the sign of its power."""
    bank, _, twin = clamped()
    twin.frozen = True
    twin.tick(0)
    address = MODEL
    assert bank.read(1, 3, address, 2) == (203, 105)
    for offset, words in (
        (3, (130, 10, 0, 0xFFFF)), (8, (2302, 2302, 2302)), (15, (0xFFFF,)), (16, (5001, 0xFFFE)),
        (19, (0x8AD0, 1234, 0, 0xFFFF)), (34, (0xFC27, 1000, 1000, 0xFFFF)), (38, (0, 500)),
        (46, (0x00BC, 0x614E)), (54, (0,)),
    ):
        bank.unit(1).poke(3, address + offset, words)
    said = build(bank, options()).read(3)
    assert (said.power_w, said.total_w) == (Phases(-3000, 123, 0), -2877)
    assert said.current_ma == Phases(-13_000, 1_000, 0)
    assert said.voltage_mv == Phases(230_200, 230_200, 230_200)
    assert (said.import_wh, said.export_wh, said.frequency_mhz, said.t_ms) == (12_345_678, 500, 50_010, 3)
    assert said.power_factor_permille == Phases(985, 1000, 1000)


def test_a_scale_factor_that_moves_is_followed() -> None:
    bank, point, twin = clamped()
    meter = build(bank, options())
    assert meter.read(0).power_w == POWER_W
    point.power_w = Phases(9_000, 9_000, 9_000)
    twin.factors.update(power_w=1, current_ma=-1)
    twin.tick(1_000)
    assert meter.read(1_000).power_w == Phases(9_000, 9_000, 9_000)


def test_a_counter_of_nothing_is_no_value_and_no_factor_is_none() -> None:
    bank, point, twin = clamped()
    point.export_mws = 0
    twin.tick(0)
    meter = build(bank, options())
    assert meter.read(0).export_wh is None
    twin.frozen = True
    twin.tick(1_000)
    bank.unit(1).poke(3, MODEL + 22, (0x8000,))
    with pytest.raises(DeviceError) as caught:
        meter.read(1_000)
    assert (caught.value.kind, "power_w" in caught.value.detail) == (RANGE, True)


def test_three_phases_on_a_single_phase_meter_are_told() -> None:
    bank, _, _ = clamped(201, phases=(0,))
    with pytest.raises(DeviceError, match="measures 1 of 3 phases"):
        build(bank, options()).read(0)


def test_another_model_is_looked_for_after_a_silence() -> None:
    bank, point, twin = clamped(213)
    meter = build(bank, options())
    assert meter.read(0).power_w == POWER_W
    point.voltage_mv = Phases(0, 0, 0)
    with pytest.raises(DeviceError) as caught:
        meter.read(1_000)
    assert caught.value.kind == TIMEOUT
    point.voltage_mv = Phases(230_000, 230_000, 230_000)
    twin.frozen = True
    other = Bank()
    SunspecMeterTwin(other.unit(1), point, options(), 203, base=50_000)
    meter._bus = other
    assert meter.read(2_000).power_w == POWER_W


def test_one_without_a_meter_and_one_without_sunspec() -> None:
    bank, _, _ = clamped()
    with pytest.raises(DeviceError) as caught:
        SunspecMeter(bank, 2, (0, 1, 2), 1, 1).read(0)
    assert caught.value.kind == TIMEOUT
    bank.unit(2)
    with pytest.raises(DeviceError) as caught:
        SunspecMeter(bank, 2, (0, 1, 2), 1, 1).read(0)
    assert caught.value.kind == FRAME
    bank.unit(3).poke(3, 40_000, (0x5375, 0x6E53, 1, 2, 0, 0, 0xFFFF, 0))
    with pytest.raises(DeviceError) as caught:
        SunspecMeter(bank, 3, (0, 1, 2), 1, 1).read(0)
    assert caught.value.kind == REFUSED


def test_swapped_words_of_a_float_model_are_found() -> None:
    bank, _, twin = clamped(213)
    twin.frozen = True
    twin.tick(0)
    words = bank.read(1, 3, MODEL + 2, 122)
    bank.unit(1).poke(3, MODEL + 2, tuple(words[i ^ 1] for i in range(122)))
    with pytest.raises(DeviceError) as caught:
        build(bank, options()).read(0)
    assert caught.value.kind == RANGE


def test_the_passport_is_the_common_model() -> None:
    bank, _, _ = clamped()
    said = build(bank, options()).passport()
    assert (said.maker, said.model, said.firmware, said.serial, said.rated_ma) == (
        "Hutschiene", "twin of a meter", "1.2.3", "21043217", None)
