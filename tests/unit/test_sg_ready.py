import pytest

from drivers.sg_ready import LOCK_MS, OPTIONS, ability, build
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.values import STOP, ZERO, Phases, Setpoint
from sim.clock import SimClock
from sim.heatpump import HeatPump
from sim.pins import Pins
from sim.twins.sg_ready import build as build_twin

LOCK_PIN, BOOST_PIN = 5, 6
HOUR_MS = 3_600_000


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(phases=(0, 1, 2), max_a=16, lock_pin=LOCK_PIN, boost_pin=BOOST_PIN, normal_w=2_000, boost_w=2_600)
    out.update(given)
    return out


def watts(power_w: int) -> Setpoint:
    return Setpoint(ZERO, power_w)


class House:
    """A heat pump behind its relays; an hour has gone since the start, so that no hold is running."""

    def __init__(self, **given: object) -> None:
        self.clock = SimClock()
        self.options = options(clock=self.clock, **given)
        self.pins = Pins()
        self.part = HeatPump((0, 1, 2))
        self.twin = build_twin(self.pins, self.part, self.options)
        self.pump = build(self.pins, self.options)
        self.clock.advance(HOUR_MS)

    def apply(self, power_w: int) -> int:
        """The state in which the pump then is, 1 to 4."""
        self.pump.apply(watts(power_w))
        self.twin.tick(self.clock.now_ms())
        return self.part.state


@pytest.mark.parametrize(("power_w", "state", "contacts"), [
    (0, 1, (True, False)), (1_999, 1, (True, False)), (2_000, 2, (False, False)), (2_599, 2, (False, False)),
    (2_600, 3, (False, True)), (3_999, 3, (False, True)), (4_000, 4, (True, True)), (9_000, 4, (True, True)),
])
@pytest.mark.parametrize("active_high", [0, 1])
def test_a_grant_becomes_a_state(power_w: int, state: int, contacts: "tuple[bool, ...]", active_high: int) -> None:
    house = House(force_w=4_000, active_high=active_high)
    assert house.apply(power_w) == state
    assert house.pins.relays((LOCK_PIN, BOOST_PIN), active_high == 1).get() == contacts
    assert house.pins.level(LOCK_PIN) is (contacts[0] == (active_high == 1))
    assert house.pump.read(1).state == ("locked", "normal", "recommended", "commanded")[state - 1]


def test_no_start_is_commanded_without_its_power() -> None:
    assert House().apply(20_000) == 3


def test_swapped_pins_swap_the_contacts() -> None:
    house = House(lock_pin=BOOST_PIN, boost_pin=LOCK_PIN)
    house.apply(0)
    assert (house.pins.level(LOCK_PIN), house.pins.level(BOOST_PIN)) == (False, True)


def test_what_stands_is_the_stage() -> None:
    house = House()
    assert house.pump.read(7).limit_w == 2_000
    house.apply(0)
    said = house.pump.read(8)
    assert (said.t_ms, said.limit_w, said.total_w, said.power_w) == (8, 0, None, None)


def test_a_raise_waits_and_a_lowering_does_not() -> None:
    house = House(hold_s=600)
    assert house.apply(3_000) == 3
    assert house.apply(2_000) == 2
    assert house.apply(3_000) == 2
    house.clock.advance(599_999)
    assert house.apply(3_000) == 2
    house.clock.advance(1)
    assert house.apply(3_000) == 3
    assert house.apply(0) == 1


def test_the_lock_ends_after_its_hours_of_the_day() -> None:
    house = House()
    assert house.apply(0) == 1
    while house.clock.now_ms() < HOUR_MS + LOCK_MS - 10_000:
        house.clock.advance(10_000)
        assert house.apply(0) == 1
    house.clock.advance(10_000)
    with pytest.raises(DeviceError) as caught:
        house.apply(0)
    assert caught.value.kind == REFUSED
    house.twin.tick(0)
    assert house.part.state == 2
    house.clock.advance(20 * HOUR_MS)
    with pytest.raises(DeviceError):
        house.apply(0)
    house.clock.advance(3 * HOUR_MS)  # the first hour of the lock was a day ago
    assert house.apply(0) == 1


def test_a_lock_in_pieces_is_no_longer() -> None:
    house = House(hold_s=60)
    locked_ms = 0
    for _ in range(23 * 6):
        before_ms = house.clock.now_ms()
        try:
            house.apply(0)
        except DeviceError:
            break
        house.clock.advance(HOUR_MS // 12)
        house.apply(2_000)
        locked_ms += house.clock.now_ms() - before_ms
        house.clock.advance(HOUR_MS // 12)
    assert locked_ms == LOCK_MS


def test_released_it_is_normal_at_once() -> None:
    house = House(force_w=4_000)
    for power_w in (0, 3_000, 5_000):
        house.apply(power_w)
        house.pump.release()
        house.twin.tick(0)
        assert house.part.state == 2
        house.clock.advance(HOUR_MS)


def test_after_a_power_cut_it_is_normal() -> None:
    house = House()
    house.apply(3_000)
    house.pins.power_cycle()
    house.twin.tick(0)
    assert house.part.state == 2
    assert house.pump.read(0).state == "normal"


def test_its_ability() -> None:
    able = ability(options(force_w=4_000))
    assert able.stages == ((0, 0, 0), (666, 667, 667), (866, 867, 867), (1_333, 1_333, 1_334))
    assert (able.measured, able.failsafe_ms, able.min_on_ms) == (False, 0, 600_000)
    assert able.fallback == Setpoint(Phases(2_896, 2_900, 2_900), 2_000)
    assert ability(options(phases=(1,))).stages == ((0,), (2_000,), (2_600,))


@pytest.mark.parametrize("given", [
    {"boost_w": 2_000}, {"force_w": 2_600}, {"normal_w": 2_700}, {"boost_pin": LOCK_PIN},
])
def test_options_that_contradict_each_other(given: "dict[str, object]") -> None:
    with pytest.raises(ValueError, match=r"normal_w|boost_pin"):
        ability(options(**given))


def test_relays_that_do_not_follow_are_refused() -> None:
    house = House()
    house.apply(2_000)
    house.pins.stuck.add(BOOST_PIN)
    with pytest.raises(DeviceError) as caught:
        house.apply(3_000)
    assert caught.value.kind == REFUSED


def test_a_silent_board_is_an_error() -> None:
    house = House()
    house.pins.gone = True
    for attempt in (lambda: house.pump.read(0), house.pump.arm, lambda: house.pump.apply(STOP), house.pump.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT
