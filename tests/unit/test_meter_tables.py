"""Every meter that is a table: the same promises, kept by each."""

import importlib
from typing import Any

import pytest

from drivers.meter_facts import BOTH, MAKER, SINGLE
from drivers.meter_facts import DRIVERS as TWO
from drivers.meter_table import Table, TableMeter, table
from drivers.passport import FIELDS, Passport
from firmware.config import driver_modules
from hal.faults import FRAME, RANGE, REFUSED, TIMEOUT, DeviceError
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Phases
from sim.bank import Bank
from sim.part import Point
from sim.twins import RegisterTwin

DRIVERS = tuple(name for name in driver_modules.known() if hasattr(driver_modules.module(name), "TABLE"))
REAL_NUMBERS = tuple(name for name in DRIVERS if driver_modules.module(name).TABLE.conductors == 3)
HOUR = 3_600_000
POWER_W = Phases(2310, -687, 5)


def driver(name: str) -> Any:
    return driver_modules.module(name)


def options(name: str, **given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in driver(name).OPTIONS}
    out.update(unit=1, phases=(0, 1, 2) if driver(name).TABLE.conductors == 3 else (1,), max_a=63)
    out.update(given)
    return out


def clamped(name: str, power_w: Phases = POWER_W, **given: object) -> "tuple[Bank, Point, RegisterTwin]":
    """The meter's twin, as unit 1, on a point of the house."""
    bank, point = Bank(), Point()
    point.power_w = power_w if driver(name).TABLE.conductors == 3 else Phases(0, power_w.l2, 0)
    point.voltage_mv = Phases(231_000, 229_000, 230_000)
    point.import_mws, point.export_mws = 1_234_000 * HOUR, 56_000 * HOUR
    twin = importlib.import_module(f"sim.twins.{name}").build(bank.unit(1), point, options(name, **given))
    twin.tick(0)
    return bank, point, twin


def settled(meter: Any) -> Any:
    """The reading in which all slow values have come."""
    for now_ms in range(0, 5_000, 1_000):
        said = meter.read(now_ms)
    return said


def hold(twin: RegisterTwin) -> None:
    """What stands in its registers stays, whatever a test puts there."""
    twin.frozen = True
    twin.tick(0)


class Watched(Bus):
    """A bus that keeps what it was asked, and spoils what it is told to."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.asked: "list[tuple[int, int, int]]" = []
        self.short = False
        self.most_words = 125

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        self.asked.append((function, address, count))
        if count > self.most_words:
            raise DeviceError(REFUSED, "exception 3")
        if self.short:
            raise DeviceError(FRAME, "1 register of %d" % count)
        return self.bus.read(unit, function, address, count)


def test_the_meters_there_are() -> None:
    assert len(DRIVERS) == 14
    assert {driver(name).TABLE.known_by for name in DRIVERS} == {BOTH, MAKER, TWO, SINGLE}


@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize("mounting", ["normal", "reversed"])
def test_the_twin_is_read_as_it_is(name: str, mounting: str) -> None:
    bank, point, _ = clamped(name, mounting=mounting)
    said = settled(driver(name).build(bank, options(name, mounting=mounting)))
    assert said.power_w == point.power_w
    assert said.total_w == point.power_w.total()
    # devices count current in steps of up to 10 mA
    assert all(abs(a - b) < 10 for a, b in zip(said.current_ma, point.flow_ma))
    assert said.voltage_mv in (Phases(231_000, 229_000, 230_000), Phases(0, 229_000, 0))
    assert (said.import_wh, said.export_wh) == (1_234_000, 56_000)
    fields = {reg.field for reg in driver(name).TABLE.reads + driver(name).TABLE.slow}
    assert said.frequency_mhz == (50_000 if "frequency_mhz" in fields else None)
    assert (said.power_factor_permille is not None) == ("power_factor_permille" in fields)


@pytest.mark.parametrize("name", REAL_NUMBERS)
@pytest.mark.parametrize("phases", [(1, 2, 0), (2, 1, 0), (2,)])
def test_conductors_stand_on_their_grid_phases(name: str, phases: "tuple[int, ...]") -> None:
    power_w = Phases(2310, -687, 5) if len(phases) == 3 else Phases(0, 0, -687)
    bank, point, _ = clamped(name, power_w, phases=phases)
    said = driver(name).build(bank, options(name, phases=phases)).read(0)
    assert said.power_w == point.power_w


@pytest.mark.parametrize("name", DRIVERS)
def test_a_reversed_meter_read_as_normal_has_the_wrong_sign_and_the_wrong_counters(name: str) -> None:
    bank, point, _ = clamped(name, mounting="reversed")
    said = settled(driver(name).build(bank, options(name)))
    assert said.total_w == -point.power_w.total()
    assert (said.import_wh, said.export_wh) == (56_000, 1_234_000)


@pytest.mark.parametrize("name", DRIVERS)
def test_an_absent_export_register_costs_that_value_only(name: str) -> None:
    bank, _, twin = clamped(name)
    hold(twin)
    export = next(reg for reg in driver(name).TABLE.slow if reg.field == "export_wh")
    bank.unit(1).drop(export.function, export.address, export.words())
    bus = Watched(bank)
    meter = driver(name).build(bus, options(name))
    for now_ms in range(0, 60_000, 1_000):
        said = meter.read(now_ms)
    assert said.export_wh is None
    assert said.import_wh == 1_234_000
    assert said.frequency_mhz == (None if name == "goe_controller" else 50_000)
    assert sum(address == export.address for _, address, _ in bus.asked) < 10  # not every second


@pytest.mark.parametrize("name", DRIVERS)
def test_export_without_a_value_is_none_and_not_a_number(name: str) -> None:
    bank, _, twin = clamped(name)
    export = next(reg for reg in driver(name).TABLE.slow if reg.field == "export_wh")
    hold(twin)
    nothing = {"u": 0xFFFF, "s": 0x8000, "f": 0x7FF8}[export.kind[0]]
    rest = 0xFFFF if export.kind[0] == "u" else 0
    words = (nothing,) + (rest,) * (export.words() - 1)
    bank.unit(1).poke(export.function, export.address,
                      tuple(reversed(words)) if export.kind.endswith("_le") else words)
    said = settled(driver(name).build(bank, options(name)))
    assert said.export_wh is None
    assert said.import_wh == 1_234_000


@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize("field", ["voltage_mv", "current_ma", "power_w"])
def test_a_needed_value_that_is_none_is_no_reading(name: str, field: str) -> None:
    bank, _, twin = clamped(name)
    hold(twin)
    fields = {reg.field for reg in driver(name).TABLE.reads}
    reg = next(reg for reg in driver(name).TABLE.reads
               if reg.field == (field if field in fields else "given_w"))
    words = {"u": (0xFFFF, 0xFFFF), "s": (0x8000, 0), "f": (0x7FC0, 0)}[reg.kind[0]]
    bank.unit(1).poke(reg.function, reg.address, tuple(reversed(words)) if reg.kind.endswith("_le") else words)
    with pytest.raises(DeviceError) as caught:
        driver(name).build(bank, options(name)).read(0)
    assert caught.value.kind == RANGE
    assert "no value" in caught.value.detail


@pytest.mark.parametrize("name", DRIVERS)
def test_swapped_words_are_found_by_the_voltage(name: str) -> None:
    bank, _, twin = clamped(name)
    hold(twin)
    for reg in driver(name).TABLE.reads:
        words = bank.unit(1).words(reg.function, reg.address, reg.words())
        swapped = tuple(words[i ^ 1] for i in range(len(words)))
        bank.unit(1).poke(reg.function, reg.address, swapped)
    with pytest.raises(DeviceError) as caught:
        driver(name).build(bank, options(name)).read(0)
    assert caught.value.kind == RANGE
    assert "swapped words" in caught.value.detail or "no value" in caught.value.detail


@pytest.mark.parametrize("name", [name for name in DRIVERS if any(o.name == "words" for o in driver(name).OPTIONS)])
def test_a_meter_set_to_the_other_word_order_is_read_by_its_option(name: str) -> None:
    bank, point, _ = clamped(name, words="low first")
    said = settled(driver(name).build(bank, options(name, words="low first")))
    assert said.power_w == point.power_w
    assert said.import_wh == 1_234_000
    with pytest.raises(DeviceError):
        driver(name).build(bank, options(name)).read(0)


@pytest.mark.parametrize("name", [name for name in DRIVERS if any(o.name == "ct_ratio" for o in driver(name).OPTIONS)])
def test_the_ratio_is_applied_exactly_once_and_before_rounding(name: str) -> None:
    bank, point, _ = clamped(name, ct_ratio=40)  # its registers show the secondary side
    said = settled(driver(name).build(bank, options(name, ct_ratio=40)))
    assert all(abs(a - b) <= 40 * 10 for a, b in zip(said.current_ma, point.flow_ma))
    assert all(abs(a - b) <= 4 for a, b in zip(said.power_w, point.power_w))  # 0.1 W of the secondary side
    assert said.voltage_mv == point.voltage_mv
    assert abs(said.import_wh - 1_234_000) <= 40 * 100
    assert (said.frequency_mhz, said.power_factor_permille) in ((50_000, Phases(1000, 1000, 1000)), (50_000, None))
    unscaled = settled(driver(name).build(bank, options(name)))
    assert abs(unscaled.power_w.l1 - point.power_w.l1 // 40) <= 1


@pytest.mark.parametrize("name", DRIVERS)
def test_silence_and_refusal_are_told_as_such(name: str) -> None:
    bank, point, _ = clamped(name)
    with pytest.raises(DeviceError) as caught:
        driver(name).build(bank, options(name, unit=2)).read(0)
    assert caught.value.kind == TIMEOUT
    bank.unit(3)  # there, but another device
    with pytest.raises(DeviceError) as caught:
        driver(name).build(bank, options(name, unit=3)).read(0)
    assert caught.value.kind == REFUSED
    point.voltage_mv = Phases(0, 0, 0)
    with pytest.raises(DeviceError) as caught:
        driver(name).build(bank, options(name)).read(0)
    assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize("name", DRIVERS)
def test_one_that_refuses_long_requests_is_asked_in_short_ones(name: str) -> None:
    bank, point, _ = clamped(name)
    bus = Watched(bank)
    bus.most_words = 10
    meter = driver(name).build(bus, options(name))
    if any(count > 10 for _, _, count in _requests(meter)):
        with pytest.raises(DeviceError):
            meter.read(0)
    assert meter.read(1_000).power_w == point.power_w
    said = settled(meter)
    assert (said.import_wh, said.export_wh) == (1_234_000, 56_000)


def _requests(meter: TableMeter) -> "list[tuple[int, int, int]]":
    return [(block.function, block.address, block.count) for block in meter._fast]


@pytest.mark.parametrize("name", DRIVERS)
def test_it_is_asked_within_what_it_answers(name: str) -> None:
    bank, _, _ = clamped(name)
    bus = Watched(bank)
    settled(driver(name).build(bus, options(name)))
    most_words = driver(name).TABLE.most_words
    assert max(count for _, _, count in bus.asked) <= most_words
    with pytest.raises(DeviceError) as caught:
        bank.read(1, bus.asked[0][0], bus.asked[0][1], most_words + 1)
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize("name", DRIVERS)
def test_an_answer_of_the_wrong_length_is_no_reading(name: str) -> None:
    bank, point, _ = clamped(name)
    bus = Watched(bank)
    bus.short = True
    meter = driver(name).build(bus, options(name))
    with pytest.raises(DeviceError) as caught:
        meter.read(0)
    assert caught.value.kind == FRAME
    bus.short = False
    assert meter.read(1_000).power_w == point.power_w


@pytest.mark.parametrize("name", DRIVERS)
def test_no_table_reads_a_register_twice_or_across_another(name: str) -> None:
    meter: Table = driver(name).TABLE
    taken: "set[tuple[int, int]]" = set()
    for reg in meter.reads + meter.slow:
        own = {(reg.function, reg.address + i) for i in range(reg.words())}
        assert not own & taken, reg
        taken |= own


@pytest.mark.parametrize("name", DRIVERS)
def test_ten_times_the_frequency_is_known(name: str) -> None:
    bank, _, twin = clamped(name)
    regs = [reg for reg in driver(name).TABLE.slow if reg.field == "frequency_mhz"]
    hold(twin)
    for reg in regs:
        bank.unit(1).put(reg, (500_000,))
        said = settled(driver(name).build(bank, options(name)))
        assert said.frequency_mhz == 50_000
        bank.unit(1).put(reg, (30_000,))
        assert settled(driver(name).build(bank, options(name))).frequency_mhz is None


@pytest.mark.parametrize("energy_wh", [-1_000, 2_000_000_000_000])
def test_a_counter_that_no_house_has_is_no_value(energy_wh: int) -> None:
    bank, _, twin = clamped("siemens_pac2200")
    hold(twin)
    taken = next(reg for reg in driver("siemens_pac2200").TABLE.slow if reg.field == "import_wh")
    bank.unit(1).put(taken, (energy_wh,))
    said = settled(driver("siemens_pac2200").build(bank, options("siemens_pac2200")))
    assert (said.import_wh, said.export_wh) == (None, 56_000)


@pytest.mark.parametrize("name", DRIVERS)
def test_the_passport_holds_what_the_registers_tell(name: str) -> None:
    bank, _, _ = clamped(name)
    tells = {tell.field for tell in driver(name).TABLE.passport}
    said = driver(name).build(bank, options(name)).passport()
    assert isinstance(said, Passport)
    assert (said.serial is not None) == ("serial" in tells)
    assert {field for field in FIELDS if getattr(said, field) is not None} == tells
    assert (said.accuracy_class, said.mid, said.ct_ratio, said.rated_ma) == (None,) * 4
    for tell in driver(name).TABLE.passport:
        bank.unit(1).drop(tell.function, tell.address, tell.words)
    assert driver(name).build(bank, options(name)).passport().serial is None


def test_a_single_phase_meter_stands_on_one_phase() -> None:
    with pytest.raises(ValueError, match="phases: a single-phase meter"):
        driver("eastron_sdm120").ability(options("eastron_sdm120", phases=(0, 1, 2)))
    assert driver("eastron_sdm120").ability(options("eastron_sdm120")).kind == "source"


@pytest.mark.parametrize(("name", "address", "wrong", "words"), [
    ("carlo_gavazzi_em340", 0x1103, 0, "measurement mode 0"),
    ("carlo_gavazzi_em24_ethernet", 0xA000, 5, "application 5"),
])
def test_a_setting_that_changes_the_meaning_is_refused(name: str, address: int, wrong: int, words: str) -> None:
    bank, point, _ = clamped(name)
    meter = driver(name).build(bank, options(name))
    bank.unit(1).poke(3, address, (wrong,))
    for now_ms in (0, 1_000):
        with pytest.raises(DeviceError, match=words) as caught:
            meter.read(now_ms)
        assert caught.value.kind == RANGE
    bank.unit(1).poke(3, address, (driver(name).TABLE.checks[0].values[0][0],))
    assert meter.read(2_000).power_w == point.power_w
    bank.unit(1).poke(3, address, (wrong,))
    assert meter.read(3_000).power_w == point.power_w  # it is looked at after a silence, not every second
    with pytest.raises(DeviceError, match=words):
        meter.read(90_000)
    bank.unit(1).drop(3, address, 1)  # a type without this register
    assert driver(name).build(bank, options(name)).read(3_000).power_w == point.power_w


def test_sensors_that_do_not_make_the_grid_are_told_by_the_total() -> None:
    bank, point, _ = clamped("goe_controller", first_sensor=4)
    said = driver("goe_controller").build(bank, options("goe_controller", first_sensor=4)).read(0)
    assert (said.power_w, said.total_w) == (point.power_w, point.power_w.total())
    wrong = driver("goe_controller").build(bank, options("goe_controller", first_sensor=1)).read(0)
    assert wrong.power_w != point.power_w
    assert wrong.total_w == point.power_w.total()


def test_the_native_block_of_a_janitza() -> None:
    bank, point, _ = clamped("janitza_umg", block="native")
    said = settled(driver("janitza_umg").build(bank, options("janitza_umg", block="native")))
    assert (said.power_w, said.import_wh, said.frequency_mhz) == (point.power_w, 1_234_000, 50_000)
    with pytest.raises(DeviceError):
        driver("janitza_umg").build(bank, options("janitza_umg")).read(0)


def test_a_block_that_is_refused_once_is_not_split_for_ever_when_fast() -> None:
    """Long requests are tried again when the short ones are refused too."""
    bank = Bank()
    regs = (Reg("voltage_mv", 3, 0, "u16", 3, 1000, 1), Reg("current_ma", 3, 20, "u16", 3, 1000, 1),
            Reg("power_w", 3, 40, "u16", 3, 1, 1))
    bank.unit(1).poke(3, 0, (230,) * 60)
    bus = Watched(bank)
    meter = TableMeter(bus, table("x", MAKER, regs, (), gap=20), {"unit": 1, "phases": (0, 1, 2), "mounting": "normal"})
    bus.most_words = 0
    for _ in range(2):
        with pytest.raises(DeviceError):
            meter.read(0)
    bus.most_words = 125
    bus.asked.clear()
    meter.read(1)
    assert bus.asked == [(3, 0, 43)]
