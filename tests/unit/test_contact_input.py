"""Control box and ripple-control receiver on pins: bouncing, broken wires, what is lost."""

from pathlib import Path
from typing import Any

import pytest

from drivers import control_box, ripple_receiver
from firmware.config.file import ConfigError, load
from hal.faults import RANGE, TIMEOUT, DeviceError
from hal.ports import Board, Contacts
from sim.clock import SimClock
from sim.pins import Pins
from sim.twins import control_box as box_twin
from sim.twins import ripple_receiver as ripple_twin

HOUSES = Path(__file__).parents[2] / "sim" / "cases" / "houses"


def options(module: Any, **given: object) -> "dict[str, object]":
    out: "dict[str, object]" = {option.name: option.default for option in module.OPTIONS}
    out.update({"generator_w": 10_000, "pmin_w": 4_200, "phases": (0, 1, 2), "clock": SimClock(1_000), **given})
    return out


BOX = {"w4_pin": 5, "s1_pin": 6, "s2_pin": 13, "w3_pin": 19, "w3_rest_pin": 26}
RIPPLE = {"pin_100": 5, "pin_60": 6, "pin_30": 13, "pin_0": 19}


class Cabinet:
    def __init__(self, module: Any, twin: Any, **given: object) -> None:
        self.options = options(module, **given)
        self.pins = Pins()
        self.twin: Any = twin.build(self.pins, None, self.options)
        self.driver = module.build(self.pins, self.options)

    def says(self) -> "str | None":
        state: "str | None" = self.driver.read(1_000).state
        return state


@pytest.mark.parametrize("closes", ["to-ground", "to-3v3"])
@pytest.mark.parametrize("demands", ["closed", "open"])
def test_a_box_says_which_contacts_demand(closes: str, demands: str) -> None:
    cabinet = Cabinet(control_box, box_twin, closes=closes, **BOX, **{name + "_demands": demands for name in (
        "w4", "s1", "s2", "w3")})
    assert cabinet.says() == "free"
    for name, says in (("w4", "w4"), ("s2", "w4+s2"), ("w3", "w4+s2+w3")):
        cabinet.twin.demand(name, True)
        assert cabinet.says() == says
    for name in ("w4", "s2", "w3"):
        cabinet.twin.demand(name, False)
    assert cabinet.says() == "free"


def test_a_broken_wire_of_a_changeover_contact_is_found_and_of_another_is_a_demand_where_that_opens() -> None:
    cabinet = Cabinet(control_box, box_twin, **BOX, w4_demands="open")
    cabinet.twin.demand("w3", True)
    cabinet.twin.cut("w3")
    assert cabinet.says() == "w3!"  # both sides open
    cabinet.twin.mend("w3")
    cabinet.twin.cut("w4")
    assert cabinet.says() == "w4+w3"
    cabinet.pins.drive(26, False)  # both sides closed
    assert cabinet.says() == "w4+w3!"


def test_what_its_contacts_mean() -> None:
    able = control_box.ability(options(control_box, **BOX, s2_lost="free"))
    assert able.signals == (("w4", "consume", 4_200, True), ("s1", "produce", 6_000, True),
                            ("s2", "produce", 3_000, False), ("w3", "produce", 0, True))
    assert control_box.ability(options(control_box, w4_pin=5, dim_w=7_560)).signals[0][2] == 7_560


@pytest.mark.parametrize(("given", "words"), [
    ({}, "w4_pin: allowed is the pin of at least one contact"),
    ({"w4_pin": 5, "s1_pin": 5}, "s1_pin: another of its contacts already has this pin"),
    ({"w4_pin": 5, "w3_rest_pin": 6}, "w3_rest_pin: its contact is not wired"),
    ({"s1_pin": 5, "generator_w": 0}, "s1_pin: a share of the installed power; say that as generator_w"),
    ({"w4_pin": 5, "pmin_w": 0}, "dim_w: no device of this house counts for section 14a"),
])
def test_a_box_that_makes_no_sense_is_refused(given: "dict[str, object]", words: str) -> None:
    with pytest.raises(ValueError, match=words):
        control_box.ability(options(control_box, **given))


def test_a_receiver_has_one_stage_and_of_two_the_lower() -> None:
    cabinet = Cabinet(ripple_receiver, ripple_twin, **RIPPLE)
    assert cabinet.says() == "free"
    for stage in ("60", "30", "0"):
        cabinet.twin.demand(stage, True)
        assert cabinet.says() == stage
    cabinet.twin.set("60", True)
    assert cabinet.says() == "0"
    cabinet.twin.demand("60", False)
    assert cabinet.says() == "free"
    assert ripple_receiver.ability(cabinet.options).signals == (
        ("60", "produce", 6_000, True), ("30", "produce", 3_000, True), ("0", "produce", 0, True))


@pytest.mark.parametrize(("rule", "first", "after"), [
    ("limited", "0!", "0!"), ("last", "0!", "60"), ("free", "free", "free")])
def test_what_counts_while_no_stage_is_set_is_its_owners_choice(rule: str, first: str, after: str) -> None:
    cabinet = Cabinet(ripple_receiver, ripple_twin, open=rule, **RIPPLE)
    cabinet.twin.set("100", False)
    assert cabinet.says() == first
    cabinet.twin.demand("60", True)
    assert cabinet.says() == "60"
    cabinet.twin.set("60", False)
    assert cabinet.says() == after
    lost = [holds for _, _, _, holds in ripple_receiver.ability(cabinet.options).signals]
    assert lost == [rule != "free"] * 3


def test_a_receiver_without_its_first_contact_is_free_while_none_is_closed() -> None:
    with pytest.raises(ValueError, match="open: without a contact for 100 %"):
        ripple_receiver.ability(options(ripple_receiver, pin_60=6, pin_30=13, pin_0=19))
    free = ripple_receiver.ability(options(ripple_receiver, pin_60=6, pin_30=13, pin_0=19, open="free"))
    assert free.kind == "signal"


class Bouncing(Board, Contacts):
    """One contact that moves each time it is looked at, so often; each look takes ten milliseconds."""

    def __init__(self, bounces: int) -> None:
        self.looks, self._bounces = 0, bounces

    def contacts(self, pins: "tuple[int, ...]", to_ground: "tuple[bool, ...]") -> Contacts:
        return self

    def closed(self) -> "tuple[bool, ...]":
        self.looks += 1
        return (self.looks % 2 == 1 if self.looks < self._bounces else True,)


def test_what_bounces_is_waited_for_and_what_never_rests_is_a_fault() -> None:
    board, given = Bouncing(7), options(control_box, w4_pin=5)
    clock: Any = given["clock"]
    assert control_box.build(board, given).read(1_000).state == "w4"
    assert 100 + 60 <= clock.now_ms() - 1_000 <= 100 + 90
    looks = board.looks
    with pytest.raises(DeviceError, match="does not come to rest") as caught:
        control_box.build(Bouncing(10_000), given).read(1_000)
    assert caught.value.kind == RANGE
    assert looks < 20


def test_a_contact_that_has_not_moved_is_looked_at_once() -> None:
    board, given = Bouncing(0), options(control_box, w4_pin=5)
    box = control_box.build(board, given)
    box.read(1_000)
    looks = board.looks
    assert box.read(2_000).state == "w4"
    assert board.looks == looks + 1


def test_pins_that_cannot_be_had_are_a_fault_and_looked_at_anew_afterwards() -> None:
    cabinet = Cabinet(control_box, box_twin, **BOX)
    cabinet.says()
    cabinet.pins.gone = True
    with pytest.raises(DeviceError) as caught:
        cabinet.says()
    assert caught.value.kind == TIMEOUT
    cabinet.pins.gone = False
    cabinet.twin.demand("s1", True)
    assert cabinet.says() == "s1"


def test_the_least_that_has_to_be_left_follows_from_the_whole_house() -> None:
    """A wallbox alone: 4.2 kW; with a storage above that 7.56 kW."""
    house = load(HOUSES / "roof.toml")
    box = next(device for device in house.site.devices if device.name == "box")
    assert box.ability.signals[0] == ("w4", "consume", 4_200, True)
    assert box.ability.signals[1] == ("s1", "produce", 7_200, True)


def test_what_is_missing_for_it_is_told_with_its_line(tmp_path: Path) -> None:
    text = (HOUSES / "ripple.toml").read_text("utf-8")
    path = tmp_path / "site.toml"
    path.write_text(text.replace("generator_w = 15000\n", ""))
    with pytest.raises(ConfigError, match=r"site.toml:\d+: device.receiver.pin_60 = 6: a share of the installed power"):
        load(path)
    path.write_text(text.replace('pin_30 = 13', 'pin_30 = 6'))
    with pytest.raises(ConfigError, match=r"device.receiver.pin_30 = 6: another of its contacts already has this pin"):
        load(path)
