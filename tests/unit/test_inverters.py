"""Inverters that are limited: each against its twin, with a roof that would make all its inverter can."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from firmware.config import driver_modules
from hal.faults import RANGE, REFUSED, TIMEOUT, DeviceError
from hal.values import ZERO, Setpoint
from sim.bank import Bank
from sim.clock import SimClock
from sim.part import DAY_MS
from sim.pv import Inverter
from sim.sun import Sky, Sun
from sim.twins import sma_inverter, solaredge_inverter, sunspec_inverter
from sim.twins.sunspec_inverter import InverterTwin

ALL = (0, 1, 2)
NOON_MS = 43_200_000
CLEAR = (Sky(DAY_MS, (1_000, 1_000), (1_000, 1_000), (600, 600), (600, 600), (1_000, 1_000)),)
RATED_W = 8_000
WORDS = (0, 1, 2, 3, 9, 0x7FFF, 0x8000, 0xFFFF, 0xFFFE, 0xFFFC, 0xFFF8, 0xFFF6, 5, 10, 101, 111, 123, 124, 704)
KINDS: "dict[str, tuple[str, dict[str, object], int]]" = {  # driver, options, model of the twin
    "sunspec": ("sunspec_inverter", {}, 103), "sunspec-float": ("sunspec_inverter", {}, 113),
    "sunspec-704": ("sunspec_inverter", {"fallback_w": 2_000}, 701),
    "sunspec-single": ("sunspec_inverter", {"writes": "single"}, 103),
    "sma": ("sma_inverter", {"timeout_s": 60, "fallback_w": 2_400}, 0),
    "solaredge": ("solaredge_inverter", {"fallback_w": 3_000}, 0),
}
TWINS: "dict[str, Any]" = {"sunspec_inverter": sunspec_inverter, "sma_inverter": sma_inverter,
                           "solaredge_inverter": solaredge_inverter}


class Roof:
    """At noon, in the sun; told again every five seconds, as a line does."""

    def __init__(self, kind: str = "sunspec", phases: "tuple[int, ...]" = ALL, seconds: int = 70,
                 **given: object) -> None:
        name, known, model = KINDS[kind]
        module: Any = driver_modules.module(name)
        options: "dict[str, object]" = {option.name: option.default for option in module.OPTIONS}
        options.update({"rated_w": RATED_W, "unit": 1, "phases": phases, **known, **given})
        self.options = options
        self.clock = SimClock(NOON_MS)
        sun = Sun(48_100, 172, 12 * 3_600_000, CLEAR, 1)
        self.part = Inverter(phases, sun, 1, 12_000, RATED_W)
        self.bank = Bank()
        self.twin: Any
        if model:
            self.twin = InverterTwin(self.bank.unit(1), self.part, phases, model)
            self.twin.single = options["writes"] == "single"
        else:
            self.twin = TWINS[name].build(self.bank.unit(1), self.part, options)
        self.able = module.ability(options)
        self.device = module.build(self.bank, options)
        self.limit_w: "int | None" = None
        self.pass_s(seconds)  # it has started

    def pass_s(self, seconds: int) -> int:
        """What it makes then."""
        for _ in range(seconds):
            self.clock.advance(1_000)
            self.part.step(self.clock.now_ms(), 1_000)
            self.twin.tick(self.clock.now_ms())
            if self.limit_w is not None and self.clock.now_ms() % 5_000 == 0:
                self.device.apply(Setpoint(ZERO, -self.limit_w))
        return -self.part.power_w.total()

    def tell(self, limit_w: int) -> int:
        """What it makes once it has followed."""
        self.limit_w = limit_w
        self.device.apply(Setpoint(ZERO, -limit_w))
        return self.pass_s(12)


@pytest.mark.parametrize("kind", KINDS)
def test_it_makes_no_more_than_it_is_told(kind: str) -> None:
    roof = Roof(kind)
    roof.device.arm()
    roof.device.release()
    assert roof.device.read(0).total_w == -RATED_W or kind in ("sunspec-704", "sma", "solaredge")
    for told_w, least_w in ((5_000, 4_900), (3_333, 3_200), (1, 0), (0, 0), (9_000, 7_990)):
        made_w = roof.tell(told_w)
        assert least_w <= made_w <= min(told_w, RATED_W)
        said = roof.device.read(roof.clock.now_ms())
        assert said.total_w == -made_w
        assert said.export_wh == roof.part.export_wh


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_its_limit_while_it_is_told_and_goes_to_its_fallback_when_we_are_dead(kind: str) -> None:
    roof = Roof(kind)
    roof.device.arm()
    assert roof.tell(1_000) <= 1_000
    assert roof.pass_s(300) <= 1_000
    roof.limit_w = None
    assert roof.able.failsafe_ms == 60_000
    assert roof.pass_s(50) <= 1_000
    assert roof.pass_s(25) == -roof.able.fallback.power_w


@pytest.mark.parametrize("kind", KINDS)
def test_released_it_stands_on_its_fallback_at_once(kind: str) -> None:
    roof = Roof(kind)
    roof.device.arm()
    roof.tell(1_000)
    roof.limit_w = None
    roof.device.release()
    assert roof.pass_s(12) == -roof.able.fallback.power_w


@pytest.mark.parametrize("kind", KINDS)
def test_restarted_it_is_limited_again_before_it_makes_anything(kind: str) -> None:
    roof = Roof(kind)
    roof.device.arm()
    roof.tell(2_000)
    roof.twin.power_cycle()
    most_w = max(roof.pass_s(1) for _ in range(120))
    assert 1_900 <= most_w <= 2_000


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_says_no_or_keeps_nothing_is_a_fault(kind: str) -> None:
    for fault in ("refuse_writes", "ignore_writes"):
        roof = Roof(kind)
        roof.device.arm()
        setattr(roof.twin, fault, True)
        if (kind, fault) == ("sma", "ignore_writes"):
            roof.tell(1_000)  # cannot be read back: the decision sees that it makes more than it was told
            assert roof.part.power_w.total() == -2_400
            continue
        with pytest.raises(DeviceError) as caught:
            roof.device.apply(Setpoint(ZERO, -1_000))
        assert caught.value.kind == REFUSED


@pytest.mark.parametrize("kind", KINDS)
def test_silence_is_a_fault(kind: str) -> None:
    name = KINDS[kind][0]
    module: Any = driver_modules.module(name)
    device = module.build(Bank(), Roof(kind).options)
    for attempt in (lambda: device.read(0), device.arm, device.release, lambda: device.apply(Setpoint(ZERO, 0))):
        with pytest.raises(DeviceError) as caught:
            attempt()
        assert caught.value.kind == TIMEOUT


def test_words_of_the_standard() -> None:
    """A limit of 3,333 W of 8,000 is 41.66 % at a scale factor of -2, in model 123 behind 103, 120 and 121."""
    roof = Roof("sunspec")
    roof.device.arm()
    roof.device.apply(Setpoint(ZERO, -3_333))
    model_123 = 40_002 + 2 + 66 + 2 + 50 + 2 + 26 + 2 + 30
    assert roof.bank.read(1, 3, model_123, 2) == (123, 24)
    assert roof.bank.read(1, 3, model_123 + 5, 5) == (4_166, 0xFFFF, 60, 0xFFFF, 1)
    assert roof.device.read(0).limit_w == -3_332


def test_what_it_falls_back_to_can_be_told_only_with_model_704() -> None:
    roof = Roof("sunspec", fallback_w=2_000)
    with pytest.raises(DeviceError, match="fallback_w cannot be 2000 with model 123") as caught:
        roof.device.arm()
    assert caught.value.kind == RANGE


@pytest.mark.parametrize("kind", ["sunspec", "sunspec-704", "sunspec-single"])
def test_a_limit_of_all_it_can_make_is_not_held(kind: str) -> None:
    """It would outrank what else limits the inverter, its own feed-in cap for one."""
    roof = Roof(kind)
    roof.device.arm()
    for told_w, enabled in ((RATED_W, 0), (RATED_W - 1, 1), (4_000, 1), (RATED_W + 500, 0)):
        roof.tell(told_w)
        assert roof.twin.told["enabled"] == enabled
        assert (roof.device.read(0).limit_w is None) == (not enabled)


def test_one_without_a_timer_keeps_its_limit() -> None:
    roof = Roof("sunspec", revert_s=0)
    roof.twin.kept = False
    roof.device.arm()
    assert roof.able.failsafe_ms == 0
    roof.tell(1_000)
    roof.limit_w = None
    assert roof.pass_s(600) <= 1_000


def test_one_whose_timer_cannot_be_set_says_what_to_do() -> None:
    roof = Roof("sunspec-single")
    roof.twin.kept = False
    with pytest.raises(DeviceError, match=r"takes no time of its own \(exception 3\); .* revert_s = 0") as caught:
        roof.device.arm()
    assert caught.value.kind == REFUSED


def test_at_night_it_makes_nothing_and_says_so_or_is_off() -> None:
    roof = Roof("sunspec")
    roof.clock.put(NOON_MS + 12 * 3_600_000)
    roof.pass_s(20)
    said = roof.device.read(0)
    assert (said.total_w, said.state) == (0, "sleeping")
    roof.twin.night = True
    with pytest.raises(DeviceError):
        roof.device.read(0)


def test_a_single_phase_one_stands_on_its_phase() -> None:
    roof = Roof("sunspec", (1,))
    with pytest.raises(DeviceError, match="model 103 on 1 phases"):
        roof.device.read(0)
    bank = Bank()
    twin = InverterTwin(bank.unit(1), roof.part, (1,), 101)
    twin.tick(NOON_MS)
    said = driver_modules.module("sunspec_inverter").build(bank, roof.options).read(0)
    assert said.power_w == roof.part.power_w
    assert said.current_ma.l2 < -30_000


@pytest.mark.parametrize("kind", ["sunspec", "sunspec-704"])
def test_whatever_stands_in_its_models_it_is_a_reading_or_a_fault(kind: str) -> None:
    dice = Random(5)
    for _ in range(150):
        roof = Roof(kind, seconds=1)
        registers = roof.bank.unit(1)
        for _ in range(dice.randrange(1, 6)):
            address, nonsense = dice.randrange(40_002, 40_260), dice.choice(WORDS)
            registers.on_read(lambda function, asked, count, bank=registers, at=address, word=nonsense:
                              bank.poke(3, at, (word,)))
        for act in (roof.device.arm, lambda one=roof: one.device.read(0), roof.device.release,
                    lambda one=roof: one.device.apply(Setpoint(ZERO, -4_000))):
            try:
                act()
            except DeviceError:
                continue


@pytest.mark.parametrize(("kind", "number", "limit", "scale"), [("sunspec", 123, 5, 23), ("sunspec-704", 704, 15, 54)])
def test_at_no_scale_factor_more_is_told_than_was_granted(kind: str, number: int, limit: int, scale: int) -> None:
    told = 0
    for factor in range(-11, 12):
        roof = Roof(kind, seconds=1)
        registers, at = roof.bank.unit(1), roof.twin._models[number].address
        registers.on_read(lambda function, address, count, bank=registers, at=at + scale, word=factor & 0xFFFF:
                          bank.poke(3, at, (word,)))
        for power_w in (0, 1, 3_333, 8_000):
            try:
                roof.device.apply(Setpoint(ZERO, -power_w))
            except DeviceError:
                continue
            told += 1
            assert Decimal(registers.words(3, at + limit, 1)[0]).scaleb(factor) <= Decimal(100 * power_w) / RATED_W
    assert told >= 20


@pytest.mark.parametrize(("given", "words"), [
    ({"revert_s": 5}, "revert_s: allowed are 0"), ({"least_w": 9_000}, "least_w: above its rated power"),
    ({"least_w": 500, "fallback_w": 100}, "fallback_w: lower than it goes"),
])
def test_what_contradicts_itself_is_refused(given: "dict[str, object]", words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Roof("sunspec", **given)


def test_what_solaredge_stores_is_written_once() -> None:
    roof = Roof("solaredge")
    roof.device.arm()
    once = roof.twin.writes
    roof.tell(1_000)
    roof.device.arm()
    assert roof.twin.writes == once == 5
