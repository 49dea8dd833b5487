"""Every wallbox that is a table: the same promises, kept by each against its own twin, however it is told."""

import importlib
from typing import Any

import pytest

from drivers.meter_facts import SINGLE
from drivers.wallbox_table import MIN_MA
from firmware.config import driver_modules
from firmware.simulated.push import SimInbox, SimTalk, SimWeb
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.ports import Talk, Web
from hal.values import STOP, Phases, Setpoint
from sim.bank import Bank
from sim.car import Car
from sim.clock import SimClock
from sim.twins.register_wallbox import NEVER


def driver(name: str) -> Any:
    return driver_modules.module(name)


BOXES = tuple(name for name in driver_modules.known() if hasattr(driver_modules.module(name), "BOX"))
SWITCHING = tuple(name for name in BOXES if driver_modules.module(name).BOX.switch is not None)
SAFE = tuple(name for name in BOXES if driver_modules.module(name).BOX.failsafe is not None)
READABLE = tuple(name for name in BOXES if not driver_modules.module(name).BOX.effective
                 and any(reg.field == "limit_ma" for reg in driver_modules.module(name).BOX.reads))
WORDY = tuple(name for name in BOXES if not driver(name).LINES[0].startswith("modbus"))
GIVEN = {"meter": 1, "confirm_single_source": 1, "host": "127.0.0.2"}
LAG_S = 30  # the box's and the car's


class Garage:
    """A box with a car on it, read once a second; told again as often as a line does."""

    def __init__(self, name: str, **given: object) -> None:
        module = driver(name)
        self.options: "dict[str, object]" = {option.name: option.default for option in module.OPTIONS}
        self.options.update({key: value for key, value in GIVEN.items() if key in self.options})
        self.options.update(unit=3, phases=(0, 1, 2), max_a=16)
        if "failsafe_a" in self.options:
            self.options["failsafe_a"] = 0
        self.options.update(given)
        self.bank, self.clock = Bank(), SimClock()
        self.options["clock"] = self.clock
        phases = self.options["phases"]
        assert isinstance(phases, tuple)
        self.car = Car(phases, seed=5)
        self.car.plug()
        twin = importlib.import_module("sim.twins." + name)
        port: Any = self.bank
        if name in WORDY:
            self.twin: Any = twin.build(self.car, self.options)
            port = {"http": SimWeb, "mqtt": SimInbox, "keba-udp": SimTalk}[module.LINES[0]]([self.twin])
        else:
            self.twin = twin.build(self.bank.unit(3), self.car, self.options)
        self.port = port
        self.able = module.ability(self.options)
        self.box = module.build(port, self.options)
        self.now_ms = 0
        self.wanted: "Setpoint | None" = None

    def start(self) -> "Garage":
        self.pass_s(1)
        self.box.arm()
        self.box.release()
        return self

    def tell(self, *current_ma: int) -> None:
        self.wanted = Setpoint(Phases(*current_ma), 0)
        self.box.apply(self.wanted)

    def pass_s(self, seconds: int) -> None:
        """Time alone: nobody asks the box."""
        for _ in range(seconds):
            self.now_ms += 1000
            self.clock.advance(1000)
            self.car.step(self.now_ms, 1000)
            self.twin.tick(self.now_ms)
            if isinstance(self.port, SimInbox):
                for said in self.twin.said():
                    self.port.put(*said, self.now_ms)

    def watch_s(self, seconds: int) -> Any:
        said = None
        for second in range(seconds):
            self.pass_s(1)
            said = self.box.read(self.now_ms)
            if self.wanted is not None and second % 5 == 4:
                self.box.apply(self.wanted)
        return said


def test_the_boxes_there_are() -> None:
    assert len(BOXES) == 23
    assert len(SWITCHING) == 13
    assert len(SAFE) == 9


@pytest.mark.parametrize("name", BOXES)
def test_a_car_charges_with_what_it_is_told_and_stops(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(13_000, 13_000, 13_000)
    said = garage.watch_s(120)
    assert said.state == "C"
    assert all(11_500 < ma <= 13_000 for ma in garage.car.current_ma)
    if garage.able.measured and said.current_ma is not None:
        assert all(abs(a - b) <= 1000 for a, b in zip(said.current_ma, garage.car.current_ma))
    if said.limit_ma is not None:
        assert said.limit_ma == Phases(13_000, 13_000, 13_000)
    garage.tell(0, 0, 0)
    said = garage.watch_s(LAG_S)
    assert said.state == "B"
    assert garage.car.current_ma == (0, 0, 0)
    garage.car.unplug()
    assert garage.watch_s(1).state == "A"


@pytest.mark.parametrize("name", BOXES)
@pytest.mark.parametrize(("asked_ma", "most_ma"), [(5_999, 0), (6_000, 6_000), (6_999, 6_999), (15_999, 15_999),
                                                   (16_000, 16_000), (80_000, 16_000)])
def test_a_current_is_told_towards_less(name: str, asked_ma: int, most_ma: int) -> None:
    garage = Garage(name).start()
    garage.tell(asked_ma, 80_000, 80_000)
    garage.watch_s(3)
    step_ma = garage.able.step_ma
    assert garage.twin.offered_ma == most_ma - most_ma % step_ma


@pytest.mark.parametrize("name", BOXES)
def test_its_own_cable_bounds_it(name: str) -> None:
    garage = Garage(name, max_a=10).start()
    assert garage.able.max_ma == 10_000
    garage.tell(16_000, 16_000, 16_000)
    garage.watch_s(3)
    assert garage.twin.offered_ma == 10_000


@pytest.mark.parametrize("name", BOXES)
def test_one_conductor_on_the_second_grid_phase(name: str) -> None:
    garage = Garage(name, phases=(1,)).start()
    garage.tell(0, 8_000, 0)
    said = garage.watch_s(90)
    assert garage.car.current_ma[0] > 7_000
    if said.current_ma is not None:
        assert said.current_ma.l2 > 6_900
        assert (said.current_ma.l1, said.current_ma.l3) == (0, 0)


@pytest.mark.parametrize("name", SAFE)
def test_without_us_it_falls_back_by_itself(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(16_000, 16_000, 16_000)
    garage.watch_s(60)
    assert max(garage.car.current_ma) > 14_000
    assert garage.able.failsafe_ms
    assert max(garage.able.fallback.current_ma) == 0
    garage.pass_s(garage.able.failsafe_ms // 1000 + LAG_S)
    assert garage.twin.offered_ma == 0
    assert max(garage.car.current_ma) == 0


@pytest.mark.parametrize("name", [name for name in SAFE if driver(name).BOX.failsafe.current is not None
                                  and driver(name).BOX.failsafe.current.reg is not None])
def test_its_fail_safe_current_is_armed_and_read_back(name: str) -> None:
    garage = Garage(name, failsafe_a=6).start()
    assert garage.able.fallback.current_ma == Phases(6_000, 6_000, 6_000)
    assert garage.twin.told["failsafe_ma"] == 6_000
    garage.tell(16_000, 16_000, 16_000)
    garage.watch_s(60)
    garage.pass_s(garage.able.failsafe_ms // 1000 + LAG_S)
    assert garage.twin.offered_ma == 6_000
    assert 0 < max(garage.car.current_ma) <= 6_000
    with pytest.raises(ValueError, match="failsafe_a"):
        driver(name).ability({**garage.options, "failsafe_a": 4})


@pytest.mark.parametrize("name", SAFE)
def test_it_is_kept_alive_by_reading_and_refreshing(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(16_000, 16_000, 16_000)
    garage.watch_s(4 * garage.able.failsafe_ms // 1000)
    assert garage.twin.offered_ma == 16_000


@pytest.mark.parametrize("name", BOXES)
def test_after_a_power_cut_it_stands_where_it_was(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(8_000, 8_000, 8_000)
    garage.watch_s(30)
    garage.twin.power_cycle()
    garage.watch_s(40)
    assert garage.twin.offered_ma == 8_000
    fields = {reg.field for reg in garage.box.box.reads + garage.box.box.slow}
    for told, value in garage.box.settings():
        if told.reg is not None and told.reg.field in fields:
            assert garage.twin.told[told.reg.field] == value


@pytest.mark.parametrize("name", SWITCHING)
def test_phases_are_switched_only_without_current(name: str) -> None:
    garage = Garage(name, phase_switch=1).start()
    assert garage.able.one_phase
    garage.tell(10_000, 10_000, 10_000)
    garage.watch_s(120)
    assert len([ma for ma in garage.car.current_ma if ma > 8_000]) == 3
    garage.tell(14_000, 0, 0)
    garage.watch_s(3 if name in WORDY else 1)
    assert garage.twin.offered_ma == 0
    said = garage.watch_s(150)
    assert garage.twin.offered_ma == 14_000
    assert garage.car.current_ma[0] > 12_000
    assert garage.car.current_ma[1:] == (0, 0)
    if said.limit_ma is not None:
        assert said.limit_ma == Phases(14_000, 0, 0)
    garage.tell(7_000, 7_000, 7_000)
    garage.watch_s(400 if name == "keba_udp" else 150)  # it rests 300 s between two changes
    assert min(garage.car.current_ma) > 6_000
    assert garage.car.hard_switches == 0
    assert garage.car.phase_changes == 2


@pytest.mark.parametrize("name", SWITCHING)
def test_a_wish_to_switch_ends_with_the_lease(name: str) -> None:
    garage = Garage(name, phase_switch=1).start()
    garage.tell(10_000, 10_000, 10_000)
    garage.watch_s(100)
    garage.tell(14_000, 0, 0)
    garage.wanted = None
    garage.box.release()
    garage.watch_s(60)
    assert garage.twin.offered_ma == 0
    assert garage.twin.conductors == 3


@pytest.mark.parametrize("name", [name for name in SWITCHING if not name.startswith("openwb_") or name == "openwb_pro"])
def test_a_box_that_does_not_switch_stays_off_and_is_told(name: str) -> None:
    garage = Garage(name, phase_switch=1).start()
    garage.tell(10_000, 10_000, 10_000)
    garage.watch_s(60)
    field = garage.box.box.switch.order.reg.field
    stands = garage.twin.told[field]
    obey = garage.twin._obey
    garage.twin._obey = lambda told, value: None if told == field else obey(told, value)
    garage.wanted = Setpoint(Phases(14_000, 0, 0), 0)
    kinds = set()
    for _ in range(30):
        try:
            garage.box.apply(garage.wanted)
            for _ in range(5):
                garage.pass_s(1)
                garage.box.read(garage.now_ms)
        except DeviceError as error:
            kinds.add(error.kind)
        assert garage.twin.offered_ma == 0
    assert kinds == {REFUSED}
    assert garage.twin.told[field] == stands


def test_switching_needs_all_three_phases() -> None:
    with pytest.raises(ValueError, match="phase_switch"):
        Garage(SWITCHING[0], phase_switch=1, phases=(0,))


@pytest.mark.parametrize("name", SWITCHING)
def test_without_phase_switch_it_never_switches(name: str) -> None:
    garage = Garage(name).start()
    assert not garage.able.one_phase
    garage.tell(14_000, 0, 0)
    garage.watch_s(60)
    assert garage.twin.offered_ma == 0
    assert garage.twin.conductors == 3


@pytest.mark.parametrize("name", READABLE)
def test_another_master_is_corrected_and_named(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(8_000, 8_000, 8_000)
    garage.watch_s(10)
    words = set()
    for _ in range(30):
        garage.twin.told["limit_ma"] = 16_000
        garage.twin._shown = False
        garage.pass_s(1)
        garage.box.read(garage.now_ms)
        assert name in WORDY or garage.twin.offered_ma == 8_000
        try:
            garage.box.apply(garage.wanted)
        except DeviceError as error:
            words.add((error.kind, "another master" in error.detail))
    assert words == {(REFUSED, True)}


@pytest.mark.parametrize("name", ["keba_p30_p40", "keba_udp"])
def test_a_fail_safe_that_is_fought_over_is_named_and_not_worn_out(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(8_000, 8_000, 8_000)
    garage.watch_s(10)
    mended, words = 0, set()
    for _ in range(30):
        garage.twin.told["failsafe_ma"] = 16_000
        garage.twin._shown = False
        garage.box.forget()  # seen at once
        garage.pass_s(1)
        garage.box.read(garage.now_ms)
        mended += garage.twin.told["failsafe_ma"] == 0
        try:
            garage.box.apply(garage.wanted)
        except DeviceError as error:
            words.add((error.kind, error.detail))
    assert mended == 3
    assert words == {(REFUSED, "failsafe_ma: set to 0, and it stands at 16000 again and again: another master?")}
    garage.pass_s(60)
    garage.watch_s(15)
    assert garage.twin.told["failsafe_ma"] == 0


@pytest.mark.parametrize("name", [name for name in BOXES if driver(name).LINES != ("mqtt",)])
def test_a_box_that_refuses_is_a_fault(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(8_000, 8_000, 8_000)
    garage.watch_s(3)
    garage.twin.refuse_writes = True
    with pytest.raises(DeviceError) as caught:
        garage.box.apply(Setpoint(Phases(6_000, 6_000, 6_000), 0))
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize("name", WORDY + tuple(name for name in BOXES if driver(name).BOX.effective
                                               and name not in WORDY))
def test_a_box_that_does_not_do_what_it_is_told_is_a_fault(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(8_000, 8_000, 8_000)
    garage.watch_s(60)
    garage.twin.ignore_writes = True
    for least_ma in (6_000, 0):
        garage.wanted = Setpoint(Phases(least_ma, least_ma, least_ma), 0)
        with pytest.raises(DeviceError) as caught:
            garage.watch_s(45)
        assert caught.value.kind == REFUSED


@pytest.mark.parametrize("name", [name for name in READABLE if name not in WORDY])
def test_a_box_that_forgets_is_a_fault(name: str) -> None:
    garage = Garage(name).start()
    garage.tell(8_000, 8_000, 8_000)
    garage.twin.ignore_writes = True
    with pytest.raises(DeviceError) as caught:
        garage.box.apply(Setpoint(Phases(6_000, 6_000, 6_000), 0))
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize("name", BOXES)
def test_nothing_is_written_to_a_box_that_makes_no_sense(name: str) -> None:
    garage = Garage(name)
    garage.pass_s(1)
    registers = garage.bank.unit(3)
    garage.twin.frozen = True
    garage.twin.tick(1000)
    if name in WORDY:
        garage.twin.nonsense = True
        garage.pass_s(1)
        with pytest.raises(DeviceError) as caught:
            garage.box.arm()
        assert caught.value.kind == RANGE
        assert garage.twin.written == []
        return
    codes = ("state_code", "cable", "plugged", "charging")
    for reg in garage.box.box.reads:
        if reg.field in codes:
            registers.poke(reg.function, reg.address, (0x7F7F,) * reg.words())
    written: "list[int]" = []
    registers.on_write(lambda function, address, values: written.append(address))
    with pytest.raises(DeviceError) as caught:
        garage.box.arm()
    assert caught.value.kind == RANGE
    with pytest.raises(DeviceError):
        garage.box.read(1000)
    assert written == []


@pytest.mark.parametrize("name", [name for name in BOXES if driver(name).BOX.known_by == SINGLE])
def test_a_single_source_has_to_be_confirmed(name: str) -> None:
    with pytest.raises(ValueError, match="confirm_single_source: "):
        Garage(name, confirm_single_source=0)


class Gone(Web, Talk):
    """Nobody answers."""

    def get(self, path: str) -> bytes:
        raise DeviceError(TIMEOUT, path)

    def post(self, path: str, form: str) -> bytes:
        raise DeviceError(TIMEOUT, path)

    put = tell = post

    def told(self, host: str) -> "tuple[str, ...]":
        return ()

    def ask(self, host: str, words: str, fits: object) -> str:
        raise DeviceError(TIMEOUT, host)


@pytest.mark.parametrize("name", BOXES)
def test_a_silent_unit_is_an_error(name: str) -> None:
    garage = Garage(name)
    silent = {"http": SimWeb, "mqtt": SimInbox, "keba-udp": SimTalk}.get(driver(name).LINES[0])
    box = driver(name).build(Bank() if silent is None else Gone(), garage.options)
    for attempt in (lambda: box.read(0), box.arm, lambda: box.apply(STOP), box.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


@pytest.mark.parametrize("name", BOXES)
def test_what_it_does_when_we_die_is_said(name: str) -> None:
    module = driver(name)
    able = Garage(name).able
    assert able.min_ma == MIN_MA
    assert module.FAILSAFE.startswith("none") == (able.failsafe_ms == 0)
    twin = importlib.import_module("sim.twins." + name)
    nature = getattr(twin, "NATURE", None)
    if nature is not None:
        assert (nature.triggered_by == NEVER) == (able.failsafe_ms == 0)
