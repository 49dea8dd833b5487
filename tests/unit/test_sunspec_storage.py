import pytest

from drivers.sunspec_storage import OPTIONS, ability, build
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.ports import Bus
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.bank import Bank
from sim.battery import Battery
from sim.part import Point
from sim.twins.sunspec_storage import StorageTwin
from sim.twins.sunspec_storage import build as build_twin

M103, M120, M124 = 40_070, 40_122, 40_150  # where the models of the twin begin


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(unit=1, phases=(0, 1, 2), max_a=16, max_charge_w=5_000, max_discharge_w=4_000)
    out.update(given)
    return out


def watts(power_w: int) -> Setpoint:
    return Setpoint(ZERO, power_w)


class Cellar:
    """A battery behind its inverter, and time that passes in seconds."""

    def __init__(self, inverter: int = 103, **given: object) -> None:
        self.options = options(**given)
        phases = self.options["phases"]
        assert isinstance(phases, tuple)
        self.bank = Bank()
        self.battery = Battery(phases, seed=2, soc_permille=500, standby_w=0)
        self.twin = StorageTwin(self.bank.unit(1), self.battery, phases, inverter=inverter)
        self.inverter = build(self.bank, self.options)
        self.now_ms = 0

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.now_ms += 1000
            self.battery.step(self.now_ms, 1000)
            self.twin.tick(self.now_ms)

    def storage_words(self, offset: int, count: int = 1) -> "tuple[int, ...]":
        return self.bank.unit(1).words(3, M124 + offset, count)


def test_words_of_the_model_description() -> None:
    cellar = Cellar(phases=(1, 2, 0))
    poke = cellar.bank.unit(1).poke
    poke(3, M103 + 2, (1305, 435, 434, 436, 0xFFFE))  # 4.35 4.34 4.36 A
    poke(3, M103 + 10, (2301, 2302, 2303, 0xFFFF))
    poke(3, M103 + 14, (30, 2))  # 30 * 10^2 W produced
    poke(3, M103 + 33, (415, 0x8000, 0x8000, 0x8000, 0xFFFF))
    poke(3, M124 + 2, (5000,))
    poke(3, M124 + 5, (3,))
    poke(3, M124 + 8, (7350,))
    poke(3, M124 + 11, (3, 6000, 0xE890))  # discharging; discharge at most 60 %, charge at most -60 %
    poke(3, M124 + 18, (0,))
    poke(3, M124 + 22, (0xFFFE,))
    poke(3, M124 + 25, (0xFFFE,))
    said = cellar.inverter.read(4)
    assert said.total_w == -3_000
    assert said.power_w is not None
    assert said.power_w.total() == -3_000
    assert said.current_ma == Phases(-4_360, -4_350, -4_340)
    assert said.voltage_mv == Phases(230_300, 230_100, 230_200)
    assert (said.soc_permille, said.state, said.temperature_mdegc) == (735, "discharging", 41_500)
    assert said.limit_w == -3_000
    assert (said.import_wh, said.export_wh) == (None, None)  # its one counter does not tell the direction


@pytest.mark.parametrize(("inverter", "phases"), [
    (103, (0, 1, 2)), (113, (0, 1, 2)), (103, (2, 0, 1)), (101, (1,)), (111, (2,)),
])
@pytest.mark.parametrize("power_w", [3_000, -2_345, 0])
def test_it_takes_exactly_what_it_is_told(inverter: int, phases: "tuple[int, ...]", power_w: int) -> None:
    cellar = Cellar(inverter, phases=phases, max_a=32)
    cellar.inverter.arm()
    cellar.inverter.apply(watts(power_w))
    cellar.seconds(5)
    assert cellar.battery.power_w.total() == power_w
    said = cellar.inverter.read(cellar.now_ms)
    assert (said.total_w, said.limit_w) == (power_w, power_w)
    assert said.soc_permille == cellar.battery.soc_permille
    assert said.state == ("charging" if power_w > 0 else "discharging" if power_w else "holding")
    for got, true in zip(said.power_w or (), cellar.battery.power_w):
        assert abs(got - true) <= 3


def test_from_charging_to_discharging_without_a_jump() -> None:
    cellar = Cellar()
    cellar.inverter.arm()
    cellar.inverter.apply(watts(3_000))
    cellar.seconds(5)
    written = []
    cellar.bank.unit(1).on_write(lambda function, address, values: written.append((address - M124, values)))
    cellar.inverter.apply(watts(-2_000))
    assert written == [(12, (4000, 0x10000 - 4000)), (5, (3,))]  # both rates at once, then the mode
    cellar.seconds(5)
    assert cellar.battery.power_w.total() == -2_000


@pytest.mark.parametrize(("power_w", "raw"), [
    (1_999, 3998), (1, 2), (4_999, 9998), (-1_999, -3998), (-1, -2), (9_000, 10_000), (-9_000, -8_000),
])
def test_percent_of_wchamax_within_the_bounds(power_w: int, raw: int) -> None:
    cellar = Cellar()
    cellar.inverter.apply(watts(power_w))
    assert cellar.storage_words(12, 2) == (-raw & 0xFFFF, raw & 0xFFFF)


@pytest.mark.parametrize(("power_w", "raw"), [(1_999, 39), (-1_999, -39), (49, 0), (-49, 0)])
def test_a_coarse_scale_factor_rounds_towards_zero(power_w: int, raw: int) -> None:
    cellar = Cellar()
    cellar.twin.factors.update(in_ppm=0, out_ppm=0)
    cellar.seconds(1)
    cellar.inverter.apply(watts(power_w))
    assert cellar.storage_words(12, 2) == (-raw & 0xFFFF, raw & 0xFFFF)


@pytest.mark.parametrize(("power_w", "limit_w"), [(1_000, 999), (-1_000, -999)])
def test_the_limit_read_back_is_no_more_than_was_asked(power_w: int, limit_w: int) -> None:
    cellar = Cellar()
    cellar.battery.max_w = 3_333
    cellar.seconds(1)
    cellar.inverter.apply(watts(power_w))
    assert cellar.inverter.read(0).limit_w == limit_w


def test_scale_factors_may_change_while_it_runs() -> None:
    cellar = Cellar()
    cellar.inverter.arm()
    cellar.inverter.apply(watts(3_000))
    cellar.seconds(5)
    cellar.twin.factors.update(produced_w=1, voltage_mv=-2, in_ppm=-1, out_ppm=-1)
    cellar.seconds(1)
    said = cellar.inverter.read(cellar.now_ms)
    assert (said.total_w, said.limit_w) == (3_000, 3_000)
    cellar.inverter.apply(watts(-1_000))
    cellar.seconds(5)
    assert cellar.battery.power_w.total() == -1_000


def test_charging_from_the_grid_is_allowed_when_it_is_asked_for() -> None:
    cellar = Cellar()
    cellar.inverter.apply(watts(-1_000))
    assert cellar.storage_words(17) == (0,)
    cellar.inverter.apply(watts(1_000))
    assert cellar.storage_words(17) == (1,)


def test_the_revert_timer_is_armed_and_kept_armed() -> None:
    cellar = Cellar(revert_s=30)
    cellar.inverter.arm()
    assert cellar.storage_words(15) == (30,)
    cellar.twin.power_cycle()
    assert cellar.storage_words(15) == (0,)
    cellar.inverter.apply(STOP)
    assert cellar.storage_words(15) == (30,)
    assert ability(cellar.options).failsafe_ms == 30_000


def test_without_us_it_regulates_by_itself() -> None:
    cellar = Cellar(revert_s=30)
    cellar.inverter.arm()
    cellar.inverter.apply(watts(3_000))
    cellar.seconds(29)
    assert cellar.battery.power_w.total() == 3_000
    cellar.seconds(5)
    assert cellar.battery.power_w.total() == 0
    said = cellar.inverter.read(cellar.now_ms)
    assert (said.limit_w, said.state) == (None, "holding")


def test_repeating_keeps_the_command() -> None:
    cellar = Cellar(revert_s=30)
    cellar.inverter.arm()
    for _ in range(4):
        cellar.inverter.apply(watts(3_000))
        cellar.seconds(20)
        assert cellar.battery.power_w.total() == 3_000


def test_by_itself_it_takes_what_would_be_exported() -> None:
    cellar = Cellar()
    grid = Point()
    cellar.twin.grid = grid
    for _ in range(20):
        grid.power_w = Phases(cellar.battery.power_w.total() - 1_500, 0, 0)
        cellar.seconds(1)
    assert abs(cellar.battery.power_w.total() - 1_500) < 50


def test_released_it_regulates_by_itself() -> None:
    cellar = Cellar()
    cellar.inverter.arm()
    cellar.inverter.apply(watts(-3_000))
    build(cellar.bank, cellar.options).release()  # another process does it
    assert cellar.storage_words(5) == (0,)
    assert cellar.storage_words(12, 2) == (10_000, 10_000)


def test_a_device_that_refuses_or_forgets_is_refused() -> None:
    cellar = Cellar()
    cellar.inverter.apply(STOP)
    for name in ("refuse_writes", "ignore_writes"):
        setattr(cellar.twin, name, True)
        with pytest.raises(DeviceError) as caught:
            cellar.inverter.apply(watts(2_000))
        assert caught.value.kind == REFUSED
        setattr(cellar.twin, name, False)
    cellar.twin.power_cycle()
    cellar.twin.ignore_writes = True
    with pytest.raises(DeviceError) as caught:
        cellar.inverter.arm()
    assert caught.value.kind == REFUSED


def test_without_model_124_it_is_no_storage() -> None:
    bank = Bank()
    StorageTwin(bank.unit(1), Battery((0, 1, 2), seed=2), (0, 1, 2), has_storage=False)
    with pytest.raises(DeviceError, match="124") as caught:
        build(bank, options()).arm()
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize(("inverter", "phases"), [(101, (0, 1, 2)), (103, (1,)), (103, (1, 2))])
def test_a_wiring_that_cannot_be(inverter: int, phases: "tuple[int, ...]") -> None:
    bank = Bank()
    StorageTwin(bank.unit(1), Battery((0, 1, 2), seed=2), (0, 1, 2), inverter=inverter)
    with pytest.raises(DeviceError) as caught:
        build(bank, options(phases=phases)).read(0)
    assert caught.value.kind == RANGE


class Updated(Bus):
    """Today's device, until its firmware is updated."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        return self.bank.read(unit, function, address, count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        self.bank.write(unit, function, address, values)


def test_the_models_may_have_moved_after_a_silence() -> None:
    cellar = Cellar()
    bus = Updated(cellar.bank)
    inverter = build(bus, cellar.options)
    inverter.arm()
    bus.bank = Bank()
    StorageTwin(bus.bank.unit(1), cellar.battery, (0, 1, 2), inverter=113)
    with pytest.raises(DeviceError):
        inverter.apply(watts(1_000))
    inverter.arm()
    inverter.apply(watts(1_000))
    assert bus.bank.unit(1).words(3, M124 + 10 + 12, 2) == (0x10000 - 2000, 2000)


@pytest.mark.parametrize(("missing", "kind"), [(2, RANGE), (25, RANGE)])
def test_rates_that_cannot_be_reckoned(missing: int, kind: str) -> None:
    cellar = Cellar()
    cellar.bank.unit(1).poke(3, M124 + missing, (0xFFFF if missing == 2 else 0x8000,))
    with pytest.raises(DeviceError) as caught:
        cellar.inverter.apply(watts(1_000))
    assert caught.value.kind == kind


def test_the_cable_bounds_its_ability() -> None:
    able = ability(options(max_a=6, phases=(1,)))
    assert (able.kind, able.min_w, able.max_w) == ("storage", -1_380, 1_380)
    able = ability(options())
    assert (able.min_w, able.max_w) == (-4_000, 5_000)


def test_a_twin_by_its_wiring() -> None:
    bank = Bank()
    twin = build_twin(bank.unit(1), Battery((2,), seed=2), options(phases=(2,)))
    twin.tick(1_000)
    assert bank.read(1, 3, M103, 2) == (101, 50)
    assert build(bank, options(phases=(2,))).read(0).total_w == 0


def test_a_silent_unit_is_an_error() -> None:
    inverter = build(Bank(), options())
    for attempt in (lambda: inverter.read(0), inverter.arm, lambda: inverter.apply(STOP), inverter.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


def test_another_master_is_corrected_and_named() -> None:
    cellar = Cellar()
    cellar.inverter.arm()
    cellar.inverter.apply(watts(1_234))
    words = []
    for turn in range(12):
        cellar.seconds(2)
        cellar.inverter.read(cellar.now_ms)  # as told
        if turn < 9:
            cellar.bank.write(1, 16, M124 + 5, (0,))  # left to itself
        cellar.inverter.read(cellar.now_ms)
        try:
            cellar.inverter.apply(watts(1_234))
        except DeviceError as error:
            words.append((error.kind, error.detail))
        assert cellar.storage_words(5) == (3,)
    assert words == 3 * [(REFUSED, "InWRte: told 246800 ppm, and it stands at None again and again: another master?")]
    cellar.inverter.release()
    for _ in range(5):
        cellar.inverter.read(cellar.now_ms)
    cellar.inverter.apply(watts(500))
