"""What is wrong, in words a person can act on; every one in both languages."""

import ast
import json
from itertools import product
from pathlib import Path

from control import reasons
from control.values import Obeyed, Plan, Snapshot
from firmware import advice, topics, troubles
from firmware.config.file import load
from firmware.cycle import Cycle
from firmware.image import Image
from hal.faults import FRAME, KINDS, TIMEOUT, Fault
from hal.values import Phases, reading

ROOT = Path(__file__).parents[2]
SITE = load(ROOT / "deploy" / "demo.toml").site
ALARMS = tuple(number for number in reasons.ALL if number >= reasons.NEVER_HEARD)


def seen(*faulty: "tuple[int, str]", alarms: "tuple[tuple[int, int], ...]" = ()) -> "tuple[Snapshot, Plan]":
    """Every device has just answered, and some of them failed after that."""
    image = Image(len(SITE.devices))
    for index in range(len(SITE.devices)):
        image.hear(index, reading(1_000, 500, Phases(500, 0, 0), Phases(2_000, 0, 0)))
    for index, kind in faulty:
        image.fail(index, Fault(1_000, kind, "x"))
    return image.snapshot(1_000, tuple(device.mode for device in SITE.devices)), Plan((), (), None, alarms,
                                                                                     Obeyed((), None, None))


def found(*faulty: "tuple[int, str]", alarms: "tuple[tuple[int, int], ...]" = (),
          faults: "dict[str, str] | None" = None) -> "tuple[troubles.Trouble, ...]":
    snapshot, plan = seen(*faulty, alarms=alarms)
    return troubles.found(SITE, snapshot, plan, topics.live(SITE, snapshot, plan), faults or {})


def test_every_alarm_says_in_both_languages_what_to_do() -> None:
    for reason, kind in product(ALARMS, KINDS):
        one = troubles.of_alarm(SITE, reason, 3, kind)
        assert all(one.what)
        assert all(one.todo)
        assert one.what[0] != one.what[1]
        assert one.todo[0] != one.todo[1]
        assert (one.means[0] == "") == (one.means[1] == "")


def test_only_what_endangers_the_house_is_critical() -> None:
    assert troubles.of_alarm(SITE, reasons.STALE, 0).critical  # the meter of the house connection
    assert not troubles.of_alarm(SITE, reasons.RECOVERING, 0).critical
    assert not troubles.of_alarm(SITE, reasons.STALE, 3).critical
    assert troubles.of_alarm(SITE, reasons.OVER_FUSE, 3).critical
    assert troubles.of_alarm(SITE, reasons.STALE, 3).key == troubles.of_alarm(SITE, reasons.FROZEN, 3).key


def test_every_part_of_the_program_that_can_fail_has_words() -> None:
    """The names under which run and outside report faults."""
    for name in ("run", "outside"):
        for node in ast.walk(ast.parse((ROOT / "firmware" / f"{name}.py").read_text())):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(
                    node.ctx, ast.Store) and isinstance(node.slice.value, str):
                assert node.slice.value in advice.OF_PART, node.slice.value
    one = troubles.of_part("broker", "refused: bad password")
    assert one.what == ("No connection to the MQTT broker: refused: bad password",
                        "Keine Verbindung zum MQTT-Broker: refused: bad password")


def test_a_device_that_stumbles_is_shown_and_told_to_nobody() -> None:
    assert found() == ()
    one, = found((3, FRAME))
    assert (one.device, one.what[0], one.worth_a_message) == (SITE.devices[3].name, f"{SITE.devices[3].name}: "
                                                              "damaged answers", False)
    assert one.todo == advice.OF_FAULT[FRAME]
    both = found((3, TIMEOUT), alarms=((reasons.STALE, 3),))
    assert [(one.reason, one.worth_a_message) for one in both] == [(reasons.STALE, True)]  # once, not twice


def test_the_gravest_stands_first_and_all_of_it_is_told() -> None:
    every = found((4, TIMEOUT), alarms=((reasons.STALE, 3), (reasons.STALE, 0)), faults={"journal": "disk full",
                                                                                          "broker": ""})
    (topic, payload), = troubles.pairs(SITE, every)
    assert topic == "hutschiene/haus_sonnenhang/site/troubles"
    told = json.loads(payload)["troubles"]
    assert [one["critical"] for one in told] == [True, False, False, False]
    assert told[0]["device"] == SITE.devices[0].name
    assert told[-1]["what_de"] == "Nichts wird aufgezeichnet: disk full"
    assert json.loads(troubles.pairs(SITE, ())[0][1]) == {"troubles": []}


def test_every_alarm_a_decision_can_raise_is_known_here() -> None:
    """A silent house, as the decision sees it."""
    image = Image(len(SITE.devices))
    cycle = Cycle(SITE, image, 0)
    for now_ms in range(0, 30_000, 1_000):
        snapshot, plan = cycle.once(now_ms)
    assert plan.alarms
    wrong = troubles.found(SITE, snapshot, plan, topics.live(SITE, snapshot, plan), {})
    assert {one.device for one in wrong} >= {SITE.devices[device].name for _, device in plan.alarms}
