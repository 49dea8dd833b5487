import pytest

from drivers.heidelberg_energy_control import OPTIONS, ability, build
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.bank import Bank, Refused
from sim.car import Car
from sim.twins.heidelberg_energy_control import SLEEP_MS, EnergyControlTwin
from sim.twins.heidelberg_energy_control import build as build_twin


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(unit=2, phases=(0, 1, 2), max_a=16)
    out.update(given)
    return out


def amps(current_ma: int) -> Setpoint:
    return Setpoint(Phases(current_ma, current_ma, current_ma), 0)


class Garage:
    """A box, its car, and time that passes in seconds; nobody asks the box meanwhile."""

    def __init__(self, **given: object) -> None:
        self.options = options(**given)
        self.bank = Bank()
        phases = self.options["phases"]
        assert isinstance(phases, tuple)
        self.car = Car(phases, seed=3)
        self.car.plug()
        self.twin: EnergyControlTwin = build_twin(self.bank.unit(2), self.car, self.options)
        self.box = build(self.bank, self.options)
        self.now_ms = 0

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.now_ms += 1000
            self.car.step(self.now_ms, 1000)
            self.twin.tick(self.now_ms)

    def seconds_watched(self, count: int) -> None:
        for _ in range(count):
            self.seconds(1)
            self.box.read(self.now_ms)


def test_words_of_the_makers_description() -> None:
    bank = Bank()
    bank.unit(2).poke(4, 5, (7, 101, 100, 99, 253, 230, 231, 229, 1, 6900, 0, 5000, 0x0001, 0x86A0))
    bank.unit(2).poke(3, 261, (160, 0))
    bank.unit(2).poke(3, 257, (15000,))
    said = build(bank, options()).read(9)
    assert said.state == "C"
    assert said.current_ma == Phases(10_100, 10_000, 9_900)
    assert said.voltage_mv == Phases(230_000, 231_000, 229_000)
    assert said.temperature_mdegc == 25_300
    assert said.total_w == 6_900
    assert said.power_w is not None
    assert said.power_w.total() == 6_900
    assert said.import_wh == 100_000
    assert said.limit_ma == Phases(16_000, 16_000, 16_000)


@pytest.mark.parametrize(("code", "state"), [
    (2, "A"), (3, "A"), (4, "B"), (5, "B"), (6, "C"), (7, "C"), (8, "C"), (9, "E"), (10, "F"), (11, "F"),
])
def test_states(code: int, state: str) -> None:
    garage = Garage()
    garage.bank.unit(2).poke(4, 5, (code,))
    assert garage.box.read(0).state == state


@pytest.mark.parametrize("code", [0, 1, 12, 0xFFFF])
def test_a_state_that_does_not_exist(code: int) -> None:
    garage = Garage()
    garage.bank.unit(2).poke(4, 5, (code,))
    with pytest.raises(DeviceError) as caught:
        garage.box.read(0)
    assert caught.value.kind == RANGE


def test_a_car_charges_on_the_grid_phases_of_a_rotated_box() -> None:
    garage = Garage(phases=(2, 0, 1))
    garage.car.plug()
    garage.box.arm()
    garage.box.apply(amps(10_000))
    garage.seconds_watched(60)
    said = garage.box.read(garage.now_ms)
    assert said.state == "C"
    assert said.limit_ma == Phases(10_000, 10_000, 10_000)
    assert said.current_ma is not None
    assert all(9_300 <= ma <= 10_000 for ma in said.current_ma)
    assert said.import_wh == garage.car.import_wh


def test_one_conductor_of_the_box_on_the_second_grid_phase() -> None:
    garage = Garage(phases=(1,))
    garage.box.arm()
    garage.box.apply(Setpoint(Phases(0, 8_000, 0), 0))
    garage.seconds_watched(60)
    said = garage.box.read(garage.now_ms)
    assert said.current_ma is not None
    assert said.current_ma.l2 > 7_000
    assert said.current_ma == Phases(0, said.current_ma.l2, 0)
    assert said.limit_ma == Phases(0, 8_000, 0)


@pytest.mark.parametrize(("current_ma", "raw"), [
    (Phases(16_000, 16_000, 16_000), 160),
    (Phases(20_000, 20_000, 20_000), 160),
    (Phases(10_099, 16_000, 16_000), 100),  # towards less, and the least of the three
    (Phases(6_000, 6_000, 6_000), 60),
    (Phases(5_999, 16_000, 16_000), 0),
    (Phases(0, 16_000, 16_000), 0),
    (ZERO, 0),
])
def test_a_current_is_written_towards_less(current_ma: Phases, raw: int) -> None:
    garage = Garage()
    garage.box.apply(Setpoint(current_ma, 0))
    assert garage.bank.read(2, 3, 261, 1) == (raw,)


def test_its_own_fuse_bounds_it() -> None:
    garage = Garage(max_a=13)
    assert ability(garage.options).max_ma == 13_000
    garage.box.apply(amps(16_000))
    assert garage.bank.read(2, 3, 261, 1) == (130,)


def test_arming_sets_the_watchdog_the_fail_safe_current_and_no_standby() -> None:
    garage = Garage(failsafe_a=6, failsafe_s=20)
    garage.box.arm()
    registers = garage.bank.unit(2)
    assert registers.words(3, 257, 2) == (20_000, 4)
    assert registers.words(3, 262, 1) == (60,)
    able = ability(garage.options)
    assert able.failsafe_ms == 20_000
    assert able.fallback.current_ma == Phases(6_000, 6_000, 6_000)


@pytest.mark.parametrize(("failsafe_a", "fallback_ma"), [(0, 0), (6, 6_000), (16, 13_000)])
def test_the_fallback_is_nothing_or_a_current_that_exists(failsafe_a: int, fallback_ma: int) -> None:
    able = ability(options(failsafe_a=failsafe_a, max_a=13, phases=(1,)))
    assert able.fallback.current_ma == Phases(0, fallback_ma, 0)


def test_the_watchdog_is_never_disarmed_and_never_the_default() -> None:
    for failsafe_s in range(6, 61):
        if failsafe_s != 15:
            assert ability(options(failsafe_s=failsafe_s)).failsafe_ms == failsafe_s * 1000
    with pytest.raises(ValueError, match="failsafe_s: with 15"):
        ability(options(failsafe_s=15))


def test_a_failsafe_current_the_box_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="failsafe_a"):
        ability(options(failsafe_a=3))


@pytest.mark.parametrize(("failsafe_a", "most_ma"), [(0, 0), (6, 6_000)])
def test_without_us_the_box_goes_to_its_fail_safe_current(failsafe_a: int, most_ma: int) -> None:
    garage = Garage(failsafe_a=failsafe_a)
    garage.box.arm()
    garage.box.apply(amps(16_000))
    garage.seconds_watched(60)
    assert max(garage.car.current_ma) > 14_000
    garage.seconds(14 + 10 + 5)  # its watchdog, the car's obedience
    assert max(garage.car.current_ma) <= most_ma
    assert garage.twin.offered_ma == most_ma
    assert garage.car.state == ("C" if failsafe_a else "B")


def test_reading_alone_keeps_the_watchdog_fed() -> None:
    garage = Garage()
    garage.box.arm()
    garage.box.apply(amps(16_000))
    for _ in range(20):
        garage.seconds(13)
        garage.box.read(garage.now_ms)
        assert garage.twin.offered_ma == 16_000


def test_an_expired_watchdog_is_seen_as_an_error_once() -> None:
    garage = Garage()
    garage.box.arm()
    garage.box.apply(amps(16_000))
    garage.seconds(20)
    assert garage.box.read(garage.now_ms).state == "F"
    garage.seconds(1)
    assert garage.box.read(garage.now_ms).state == "B"


def test_after_a_power_cut_it_is_armed_again_by_the_next_reading() -> None:
    garage = Garage()
    garage.box.arm()
    garage.box.apply(amps(8_000))
    garage.seconds_watched(20)
    garage.twin.power_cycle()
    assert garage.twin.offered_ma == 16_000
    garage.seconds_watched(1)
    assert garage.twin.offered_ma == 8_000
    registers = garage.bank.unit(2)
    assert registers.words(3, 257, 2) == (14_000, 4)


def test_a_power_cut_that_only_the_watchdog_register_shows() -> None:
    garage = Garage()
    garage.box.arm()
    garage.box.apply(amps(16_000))  # as after a power cut, and no energy yet
    garage.seconds_watched(1)
    garage.twin.power_cycle()
    written = []
    garage.bank.unit(2).on_write(lambda function, address, values: written.append(address))
    garage.seconds_watched(30)
    assert garage.bank.unit(2).words(3, 257, 2) == (14_000, 4)
    assert written == [262, 257, 258, 261]  # once, and not each time


@pytest.mark.parametrize("failsafe_a", [0, 6])
def test_a_power_cut_is_seen_at_once_by_the_counter_or_the_fail_safe_current(failsafe_a: int) -> None:
    garage = Garage(failsafe_a=failsafe_a)
    if failsafe_a:
        garage.car.unplug()  # no energy by which to see it
    garage.box.arm()
    garage.box.apply(amps(16_000))
    garage.seconds_watched(61)
    garage.twin.power_cycle()
    garage.seconds_watched(1)
    registers = garage.bank.unit(2)
    assert registers.words(3, 257, 2) == (14_000, 4)
    assert registers.words(3, 262, 1) == (10 * failsafe_a,)


def test_a_box_that_was_never_armed_is_only_read() -> None:
    garage = Garage()
    garage.seconds_watched(12)
    assert garage.bank.unit(2).words(3, 257, 2) == (15_000, 0)


def test_without_standby_off_it_leaves_the_bus() -> None:
    garage = Garage()
    garage.car.unplug()
    garage.seconds(SLEEP_MS // 1000 + 1)
    with pytest.raises(DeviceError) as caught:
        garage.box.read(garage.now_ms)
    assert caught.value.kind == TIMEOUT
    with pytest.raises(DeviceError) as caught:
        garage.box.apply(amps(16_000))
    assert caught.value.kind == TIMEOUT
    garage.car.plug()
    garage.seconds(1)
    garage.box.arm()
    garage.car.unplug()
    garage.seconds_watched(SLEEP_MS // 1000 + 10)
    assert garage.box.read(garage.now_ms).state == "A"


def test_a_remote_lock_is_taken_back_but_not_an_external_one() -> None:
    garage = Garage()
    garage.box.arm()
    garage.bank.write(2, 6, 259, (0,))
    garage.twin.released = False
    garage.seconds_watched(30)
    assert garage.box.read(garage.now_ms).state == "F"
    assert garage.bank.unit(2).words(3, 259, 1) == (0,)
    garage.twin.released = True
    garage.seconds_watched(2)
    assert garage.box.read(garage.now_ms).state == "B"


def test_a_lost_unlocking_is_repeated() -> None:
    garage = Garage()
    garage.box.arm()
    garage.bank.write(2, 6, 259, (0,))
    garage.twin.ignore_writes = True
    garage.seconds_watched(5)
    garage.twin.ignore_writes = False
    garage.seconds_watched(4)
    assert garage.bank.unit(2).words(3, 259, 1) == (0,)
    garage.seconds_watched(3)
    assert garage.bank.unit(2).words(3, 259, 1) == (1,)


def test_the_unreadable_registers_are_unreadable() -> None:
    garage = Garage()
    for address, count in ((258, 1), (259, 1), (257, 2)):
        with pytest.raises(Refused):
            garage.bank.read(2, 3, address, count)


@pytest.mark.parametrize("raw", [1, 59, 161])
def test_the_twin_takes_no_current_that_does_not_exist(raw: int) -> None:
    garage = Garage()
    with pytest.raises(Refused):
        garage.bank.write(2, 6, 261, (raw,))


def test_a_box_that_refuses_or_forgets_is_refused() -> None:
    garage = Garage()
    garage.box.apply(STOP)
    garage.twin.ignore_writes = True
    for attempt in (lambda: garage.box.apply(amps(6_000)), garage.box.arm):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == REFUSED
    garage.twin.ignore_writes, garage.twin.refuse_writes = False, True
    with pytest.raises(DeviceError) as caught:
        garage.box.apply(amps(6_000))
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize(("failsafe_a", "raw"), [(0, 0), (6, 60)])
def test_released_it_stands_on_its_fallback(failsafe_a: int, raw: int) -> None:
    garage = Garage(failsafe_a=failsafe_a)
    garage.box.arm()
    garage.box.apply(amps(16_000))
    build(garage.bank, garage.options).release()  # another process does it
    assert garage.bank.read(2, 3, 261, 1) == (raw,)


def test_a_silent_unit_is_an_error() -> None:
    box = build(Bank(), options())
    for attempt in (lambda: box.read(0), box.arm, lambda: box.apply(STOP), box.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


def test_another_master_is_corrected_and_named() -> None:
    garage = Garage()
    garage.box.arm()
    garage.box.apply(amps(8_000))
    garage.seconds_watched(5)
    words = []
    for _ in range(12):
        garage.bank.write(2, 6, 261, (160,))
        garage.seconds_watched(1)
        assert garage.bank.read(2, 3, 261, 1) == (80,)
        try:
            garage.box.apply(amps(8_000))
        except DeviceError as error:
            words.append((error.kind, error.detail))
    assert len(words) == 4
    assert set(words) == {(REFUSED, "told 8000 mA, and it stands at 16000 mA again and again: another master?")}


def test_a_power_cut_is_no_other_master() -> None:
    garage = Garage()
    garage.box.arm()
    garage.box.apply(amps(8_000))
    for _ in range(5):
        garage.seconds_watched(8)
        garage.twin.power_cycle()
        garage.box.read(garage.now_ms)
        assert garage.bank.read(2, 3, 261, 1) == (80,)
        garage.box.apply(amps(8_000))
