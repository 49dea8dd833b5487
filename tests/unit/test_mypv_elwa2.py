import pytest

from drivers.mypv_elwa2 import OPTIONS, ability, build
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.bank import Bank
from sim.tank import Tank
from sim.twins.mypv_elwa2 import build as build_twin


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(unit=1, phases=(1,), max_a=16)
    out.update(given)
    return out


def watts(power_w: int) -> Setpoint:
    return Setpoint(ZERO, power_w)


class Cellar:
    """A tank with its rod, and time that passes in seconds."""

    def __init__(self, **given: object) -> None:
        self.options = options(**given)
        self.bank = Bank()
        self.tank = Tank((1,), seed=5)
        self.twin = build_twin(self.bank.unit(1), self.tank, self.options)
        self.rod = build(self.bank, self.options)
        self.now_ms = 0

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.now_ms += 1000
            self.tank.step(self.now_ms, 1000)
            self.twin.tick(self.now_ms)


def test_words_of_the_makers_description() -> None:
    bank = Bank()
    bank.unit(1).poke(3, 1000, (2345, 0x0203, 650, 2))  # 2345 W, 51.5 degC, target 65 degC, heating
    bank.unit(1).poke(3, 1061, (231,))
    said = build(bank, options()).read(3)
    assert (said.total_w, said.temperature_mdegc, said.state) == (2345, 51_500, "heating")
    assert said.power_w == Phases(0, 2345, 0)
    assert said.voltage_mv == Phases(0, 231_000, 0)
    assert said.current_ma == Phases(0, 10_152, 0)
    assert said.limit_w is None


@pytest.mark.parametrize(("words", "state"), [
    ((10, 500, 650, 0), "standby"), ((10, 500, 650, 2), "standby"), ((11, 500, 650, 2), "heating"),
    ((3500, 300, 650, 4), "boost"), ((0, 500, 650, 7), "status 7"),
])
def test_states(words: "tuple[int, ...]", state: str) -> None:
    bank = Bank()
    bank.unit(1).poke(3, 1000, words)
    assert build(bank, options()).read(0).state == state


def test_a_missing_thermometer_is_no_temperature() -> None:
    bank = Bank()
    bank.unit(1).poke(3, 1000, (0, 0x8000, 650, 0))
    assert build(bank, options()).read(0).temperature_mdegc is None


@pytest.mark.parametrize("words", [(0xFFFF, 500, 650, 2), (20_000, 500, 650, 2), (100, 500, 650, 0xFFFF)])
def test_an_impossible_answer(words: "tuple[int, ...]") -> None:
    bank = Bank()
    bank.unit(1).poke(3, 1000, words)
    with pytest.raises(DeviceError) as caught:
        build(bank, options()).read(0)
    assert caught.value.kind == RANGE


def test_it_heats_with_what_it_is_told() -> None:
    cellar = Cellar()
    cellar.rod.arm()
    cellar.rod.apply(watts(1_234))
    cellar.seconds(5)
    said = cellar.rod.read(cellar.now_ms)
    assert (said.total_w, said.state, said.power_w) == (1_234, "heating", Phases(0, 1_234, 0))
    assert said.temperature_mdegc is not None
    assert abs(said.temperature_mdegc - cellar.tank.temperature_mdegc) < 100


@pytest.mark.parametrize(("max_a", "asked_w", "heats_w"), [(16, 9_000, 3_500), (10, 3_500, 2_300), (16, -5, 0)])
def test_bounds(max_a: int, asked_w: int, heats_w: int) -> None:
    cellar = Cellar(max_a=max_a)
    cellar.rod.apply(watts(asked_w))
    cellar.seconds(5)
    assert cellar.tank.power_w.l2 == heats_w
    assert ability(cellar.options).max_w == min(3_500, max_a * 230)


def test_without_us_it_stops_by_itself() -> None:
    cellar = Cellar(timeout_s=30)
    cellar.rod.apply(watts(3_000))
    cellar.seconds(29)
    assert cellar.tank.power_w.l2 == 3_000
    cellar.seconds(4)
    assert cellar.tank.power_w == ZERO
    said = cellar.rod.read(cellar.now_ms)
    assert (said.total_w, said.state) == (10, "standby")


def test_repeating_keeps_it_heating() -> None:
    cellar = Cellar(timeout_s=30)
    for _ in range(5):
        cellar.rod.apply(watts(3_000))
        cellar.seconds(20)
        assert cellar.tank.power_w.l2 == 3_000


def test_its_own_minimum_temperature_is_shown_as_boost() -> None:
    cellar = Cellar()
    cellar.twin.least_mdegc = 50_000
    cellar.seconds(5)
    said = cellar.rod.read(cellar.now_ms)
    assert (said.total_w, said.state) == (3_500, "boost")


def test_a_power_cut_ends_the_command() -> None:
    cellar = Cellar()
    cellar.rod.apply(watts(3_000))
    cellar.seconds(5)
    cellar.twin.power_cycle()
    cellar.seconds(3)
    assert cellar.tank.power_w == ZERO


def test_released_it_does_not_heat() -> None:
    cellar = Cellar()
    cellar.rod.apply(watts(3_000))
    cellar.seconds(5)
    build(cellar.bank, cellar.options).release()
    cellar.seconds(3)
    assert cellar.tank.power_w == ZERO


def test_a_refused_command_is_an_error() -> None:
    cellar = Cellar()
    cellar.twin.refuse_writes = True
    for attempt in (lambda: cellar.rod.apply(STOP), cellar.rod.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == REFUSED


def test_a_silent_unit_is_an_error() -> None:
    rod = build(Bank(), options())
    for attempt in (lambda: rod.read(0), rod.arm, lambda: rod.apply(STOP), rod.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


def test_a_rod_on_three_phases_is_refused() -> None:
    with pytest.raises(ValueError, match="phases: the rod hangs on one phase"):
        ability(options(phases=(0, 1, 2)))
