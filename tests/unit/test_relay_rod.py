import pytest

from drivers.relay_rod import OPTIONS, RelayRod, ability, build, stages_of
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Relays
from hal.values import STOP, Phases, Setpoint, ma_of_w, placed
from sim.clock import SimClock
from sim.pins import Pins
from sim.tank import Tank
from sim.twins.relay_rod import build as build_twin

PLENTY = Phases(63_000, 63_000, 63_000)


def options(**given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in OPTIONS}
    out.update(phases=(0, 1, 2), max_a=16, pin_1=4, pin_2=5, pin_3=6, element_1_w=1_000, element_2_w=2_000,
               element_3_w=3_000)
    out.update(given)
    return out


def watts(power_w: int, current_ma: Phases = PLENTY) -> Setpoint:
    return Setpoint(current_ma, power_w)


class Recorded(Relays):
    """Relays that remember each movement and when it was."""

    def __init__(self, relays: Relays, clock: SimClock) -> None:
        self._relays = relays
        self._clock = clock
        self.moves: "list[tuple[int, tuple[bool, ...]]]" = []

    def set(self, closed: "tuple[bool, ...]") -> None:
        self.moves.append((self._clock.now_ms(), closed))
        self._relays.set(closed)

    def get(self) -> "tuple[bool, ...]":
        return self._relays.get()


class Watched(Pins):
    """Pins whose relays remember."""

    def __init__(self, clock: SimClock) -> None:
        super().__init__()
        self._clock = clock
        self.made: "Recorded | None" = None

    def relays(self, pins: "tuple[int, ...]", active_high: bool) -> Recorded:
        self.made = Recorded(super().relays(pins, active_high), self._clock)
        return self.made


class Cellar:
    """A rod whose contactors have rested long enough."""

    def __init__(self, **given: object) -> None:
        self.clock = SimClock()
        self.options = options(clock=self.clock, **given)
        self.pins = Watched(self.clock)
        self.rod: RelayRod = build(self.pins, self.options)
        assert self.pins.made is not None
        self.relays = self.pins.made
        self.clock.advance(60_000)

    @property
    def moves(self) -> "list[tuple[int, tuple[bool, ...]]]":
        return self.relays.moves

    def apply(self, setpoint: Setpoint) -> "tuple[int, ...]":
        """The elements that are closed then."""
        self.rod.apply(setpoint)
        return tuple(i + 1 for i, on in enumerate(self.relays.get()) if on)


@pytest.mark.parametrize(("power_w", "elements"), [
    (0, ()), (999, ()), (1_000, (1,)), (2_500, (2,)), (4_000, (1, 3)), (5_999, (2, 3)), (6_000, (1, 2, 3)),
    (20_000, (1, 2, 3)),
])
def test_the_largest_stage_within_the_grant(power_w: int, elements: "tuple[int, ...]") -> None:
    assert Cellar().apply(watts(power_w)) == elements


def test_equal_stages_are_told_apart_by_the_current_of_the_phases() -> None:
    assert Cellar().apply(watts(3_000, Phases(4_348, 8_696, 0))) == (1, 2)
    assert Cellar().apply(watts(3_000, Phases(0, 0, 13_044))) == (3,)
    assert Cellar().apply(watts(6_000, Phases(4_348, 8_696, 0))) == (1, 2)
    assert Cellar(phases=(2, 0, 1)).apply(watts(6_000, Phases(8_696, 0, 4_348))) == (1, 2)


def test_each_stage_of_its_ability_is_reached_by_its_own_setpoint() -> None:
    for phases in ((0, 1, 2), (1, 2, 0), (1,), (0, 2)):
        able = ability(options(phases=phases))
        totals = [sum(stage) for stage in able.stages]
        assert totals == [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000]
        for stage in able.stages:
            cellar = Cellar(phases=phases)
            cellar.apply(Setpoint(placed(tuple(ma_of_w(w) for w in stage), phases), sum(stage)))
            assert cellar.rod.read(0).limit_w == sum(stage)


def test_of_equal_ways_the_one_with_fewest_operations() -> None:
    cellar = Cellar(phases=(1,))
    assert cellar.apply(watts(3_000)) == (3,)
    cellar = Cellar(phases=(1,))
    cellar.apply(watts(1_000))
    cellar.clock.advance(60_000)
    assert cellar.apply(watts(3_000)) == (1, 2)
    cellar.clock.advance(60_000)
    assert cellar.apply(watts(5_000)) == (2, 3)


def test_stages_of_own_phases_are_the_most_even() -> None:
    assert stages_of((1_000, 2_000, 3_000), 3)[3] == (1_000, 2_000, 0)
    assert stages_of((2_000, 2_000, 4_000), 3) == ((0, 0, 0), (2_000, 0, 0), (0, 2_000, 0), (2_000, 2_000, 0),
                                                   (2_000, 0, 4_000), (0, 2_000, 4_000), (2_000, 2_000, 4_000))
    assert stages_of((1_000, 2_000, 4_000), 1) == tuple((w,) for w in range(0, 8_000, 1_000))


def test_a_contactor_that_has_opened_rests() -> None:
    cellar = Cellar(element_3_w=4_000)
    cellar.apply(watts(2_000))
    cellar.clock.advance(60_000)
    assert cellar.apply(watts(0)) == ()
    cellar.clock.advance(59_999)
    assert cellar.apply(watts(2_000)) == (1,)  # less than granted, with another element
    cellar.clock.advance(60_001)
    assert cellar.apply(watts(2_000)) == (2,)


def test_at_start_every_contactor_rests() -> None:
    cellar = Cellar()
    fresh = build(cellar.pins, cellar.options)
    fresh.apply(watts(6_000))
    assert fresh.read(0).limit_w == 0
    cellar.clock.advance(60_000)
    fresh.apply(watts(6_000))
    assert fresh.read(0).limit_w == 6_000


def test_a_contactor_that_has_closed_stays_while_the_grant_covers_it() -> None:
    cellar = Cellar()
    cellar.apply(watts(2_000))
    cellar.clock.advance(59_999)
    assert cellar.apply(watts(4_000)) == (1, 2)  # 1 and 3 would be more, but 2 has just closed
    cellar = Cellar()
    cellar.apply(watts(2_000))
    cellar.clock.advance(60_000)
    assert cellar.apply(watts(4_000)) == (1, 3)


def test_a_lowering_opens_at_once() -> None:
    cellar = Cellar()
    cellar.apply(watts(6_000))
    assert cellar.apply(watts(1_500)) == (1,)
    assert cellar.apply(STOP) == ()


def test_a_lowering_spares_the_contactor_that_has_just_closed() -> None:
    cellar = Cellar(phases=(1,))
    for power_w, elements in ((1_000, (1,)), (3_000, (1, 2)), (6_000, (1, 2, 3))):
        assert cellar.apply(watts(power_w)) == elements
        cellar.clock.advance(60_000 if power_w < 6_000 else 0)
    assert cellar.apply(watts(3_000)) == (3,)


def test_equal_elements_are_stages_of_their_own_on_each_phase() -> None:
    able = ability(options(element_2_w=1_000, element_3_w=1_000))
    assert able.stages == ((0, 0, 0), (1_000, 0, 0), (0, 1_000, 0), (0, 0, 1_000), (1_000, 1_000, 0), (1_000, 0, 1_000),
                           (0, 1_000, 1_000), (1_000, 1_000, 1_000))
    able = ability(options(element_2_w=1_000, element_3_w=2_000))
    assert [stage for stage in able.stages if sum(stage) == 2_000] == [(1_000, 1_000, 0)]  # the most even one
    assert ability(options(phases=(1,), element_2_w=1_000, element_3_w=1_000)).stages == (
        (0,), (1_000,), (2_000,), (3_000,))


def test_on_one_phase_the_contactor_that_has_closed_least_often_is_taken() -> None:
    cellar = Cellar(phases=(1,), element_2_w=1_000, element_3_w=1_000)
    closed = []
    for power_w in (1_000, 0, 1_000, 0, 1_000, 0, 2_000, 0, 1_000, 0, 2_000):
        closed.append(cellar.apply(watts(power_w)))
        cellar.clock.advance(60_000)
    assert closed[::2] == [(1,), (2,), (3,), (1, 2), (3,), (1, 2)]


def test_break_before_make_on_a_shared_phase() -> None:
    cellar = Cellar(phases=(1,))
    cellar.apply(watts(2_000))
    cellar.clock.advance(60_000)
    cellar.moves.clear()
    began_ms = cellar.clock.now_ms()
    assert cellar.apply(watts(4_000)) == (1, 3)
    assert cellar.moves == [(began_ms, (False, False, False)), (began_ms + 100, (True, False, True))]


def test_elements_on_their_own_phases_change_at_once() -> None:
    cellar = Cellar()
    cellar.apply(watts(2_000))
    cellar.clock.advance(60_000)
    cellar.moves.clear()
    assert cellar.apply(watts(4_000)) == (1, 3)
    assert len(cellar.moves) == 1


def test_nothing_moves_for_the_same_grant() -> None:
    cellar = Cellar()
    cellar.apply(watts(2_000))
    cellar.moves.clear()
    cellar.clock.advance(60_000)
    cellar.apply(watts(2_400))
    assert cellar.moves == []


def test_released_all_are_open() -> None:
    cellar = Cellar()
    cellar.apply(watts(6_000))
    build(cellar.pins, cellar.options).release()
    said = cellar.rod.read(5)
    assert (said.t_ms, said.state, said.limit_w, said.total_w) == (5, "off", 0, None)


@pytest.mark.parametrize("active_high", [0, 1])
def test_the_twin_heats_with_what_is_closed(active_high: int) -> None:
    cellar = Cellar(active_high=active_high)
    tank = Tank((0, 1, 2), seed=1, elements_w=(1_000, 2_000, 3_000))
    twin = build_twin(cellar.pins, tank, cellar.options)
    cellar.apply(watts(4_000))
    twin.tick(0)
    tank.step(1_000, 1_000)
    assert tank.power_w == Phases(1_000, 0, 3_000)
    twin.welded.add(2)
    cellar.rod.release()
    twin.tick(1_000)
    tank.step(2_000, 1_000)
    assert tank.power_w == Phases(0, 0, 3_000)
    twin.welded.clear()
    cellar.pins.power_cycle()
    twin.tick(2_000)
    tank.step(3_000, 1_000)
    assert tank.power_w.total() == 0


def test_the_same_pin_twice() -> None:
    with pytest.raises(ValueError, match="pin_1"):
        ability(options(pin_3=4))


def test_relays_that_do_not_follow_are_refused() -> None:
    cellar = Cellar()
    cellar.apply(watts(1_000))
    cellar.pins.stuck.update((4, 5))
    for setpoint in (STOP, watts(6_000)):
        with pytest.raises(DeviceError) as caught:
            cellar.rod.apply(setpoint)
        assert caught.value.kind == REFUSED


def test_a_silent_board_is_an_error() -> None:
    cellar = Cellar()
    cellar.pins.gone = True
    for attempt in (lambda: cellar.rod.read(0), cellar.rod.arm, lambda: cellar.rod.apply(STOP), cellar.rod.release):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT
