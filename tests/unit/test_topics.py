import json

import pytest

from control.reasons import FUSE, NO_POWER, STALE, WRITE_FAULT
from control.values import (
    NONE,
    NOTHING_HEARD,
    NOTHING_WRITTEN,
    DeviceSpec,
    Grant,
    Heard,
    NodeSpec,
    NodeView,
    Obeyed,
    Plan,
    Site,
    Snapshot,
    Written,
)
from firmware import topics
from firmware.ability import ability_pairs
from firmware.broker_words import in_words
from hal.faults import REFUSED, TIMEOUT, Fault
from hal.ports import Outbox
from hal.values import STOP, ZERO, Phases, Setpoint, ability, reading

NOW_MS = 600_000
GRID, ROOF, CAR, BATTERY, ROD, PUMP = range(6)
SIX_AMPS = Setpoint(Phases(0, 6_000, 0), 1_380)
WANTED = Setpoint(Phases(16_000, 16_000, 16_000), 11_040)


def device(name: str, kind: str, node: int = 0, measured: bool = True) -> DeviceSpec:
    return DeviceSpec(name, node, (1, 2, 0), ability(kind, measured=measured), 0, "surplus", 5_000, 16_000,
                      None, NONE, "")


SITE = Site("Haus Sönnenhang.2", (
    NodeSpec("house", NONE, GRID, 35_000, 32_000, "sls-e", 5_000, 0, 0),
    NodeSpec("Garage", 0, NONE, 20_000, 16_000, "mcb-b", 2_000, 0, 0),
), (
    device("grid", "meter"), device("roof", "source"), device("carport", "wallbox", node=1),
    device("battery", "storage"), device("rod", "heater"), device("heat pump", "stages", measured=False),
), 1_000, NONE, None)

PLAN = Plan(
    (None, None, Grant(SIX_AMPS, WANTED, FUSE, 1, 1), None, None, None),
    (NodeView(Phases(-3_000, 0, 0), ZERO, ZERO, True), NodeView(None, Phases(1, 2, 3), Phases(0, 6_000, 0), False)),
    4_200, (), Obeyed((), None, None))


def heard(now_ms: int = NOW_MS) -> "list[Heard]":
    def good(**fields: object) -> Heard:
        return Heard(reading(now_ms - 300, **fields), None)  # type: ignore[arg-type]
    return [
        good(total_w=-840, current_ma=Phases(-3_600, 0, 0), import_wh=1_000, export_wh=2_000), good(total_w=-7_000),
        good(total_w=1_380, current_ma=Phases(0, 6_000, 0), state="C"), good(total_w=2_600, soc_permille=643),
        good(total_w=1_200, temperature_mdegc=52_300), good(),
    ]


def snapshot(entries: "list[Heard] | None" = None, written: "Written" = NOTHING_WRITTEN,
             now_ms: int = NOW_MS) -> Snapshot:
    return Snapshot(now_ms, tuple(entries or heard(now_ms)), (written,) * 6, ("surplus",) * 6, (), (), None, NONE)


def published(shot: "Snapshot | None" = None, plan: Plan = PLAN, health: "tuple[topics.LineHealth, ...]" = (),
              broker: "str | None" = None) -> "dict[str, dict[str, object]]":
    root = "hutschiene/haus_soennenhang_2/"
    pairs = topics.pairs(SITE, shot or snapshot(), plan, health, broker)
    assert all(topic.startswith(root) for topic, _ in pairs)
    return {topic[len(root):]: json.loads(payload) for topic, payload in pairs}


class Kept(Outbox):
    def __init__(self) -> None:
        self.pairs: "list[tuple[str, str]]" = []

    def publish(self, topic: str, payload: str) -> None:
        self.pairs.append((topic, payload))


@pytest.mark.parametrize(("name", "expected"), [
    ("Haus Sonnenhang", "haus_sonnenhang"), ("Häuschen Öl/Süd ß", "haeuschen_oel_sued_ss"), ("a.b+c#d", "a_b_c_d"),
    ("Café", "cafe"), ("Ha\u0308user", "haeuser"), ("日本", "unnamed"), ("", "unnamed"),
])
def test_a_slug_is_one_level_of_a_topic(name: str, expected: str) -> None:
    assert topics.slug(name) == expected


def test_every_part_has_its_topic() -> None:
    assert set(published(health=(("RS 485", ()),))) == {
        "site/state", "grid/state", "roof/state", "carport/state", "battery/state", "rod/state", "heat_pump/state",
        "carport/decision", "node_house/state", "node_garage/state", "line_rs_485/state",
    }


def test_what_belongs_to_nothing_that_is_there_is_gone() -> None:
    filters, is_gone = topics.gone(SITE, ["RS 485"])
    root = "hutschiene/haus_soennenhang_2/"
    assert filters == (root + "+/+", root + "+/measured/+")
    assert is_gone(root + "pool/measured/gas_1")
    assert all(is_gone(root + "carport/" + part) for part in ("settings", "decision", "ability"))  # unless published
    assert [is_gone(root + path) for path in ("pool/state", "line_old/state", "node_old/state")] == [True] * 3
    assert not any(is_gone(root + path) for path in (
        "roof/measured", "heat_pump/state", "site/state", "node_garage/state", "line_rs_485/state", "carry/frames"))
    assert not is_gone("hutschiene/another/pool/state")


def test_a_journal_that_does_not_write_is_said() -> None:
    pairs = dict(topics.pairs(SITE, snapshot(), PLAN, (), None, "journal: No space left on device"))
    state = json.loads(pairs["hutschiene/haus_soennenhang_2/site/state"])
    assert state["journal"] == "journal: No space left on device"
    assert published()["site/state"]["journal"] is None


def test_the_house_is_the_grid_without_the_measured_devices() -> None:
    site = published(broker="")["site/state"]
    assert (site["grid_w"], site["pv_w"], site["storage_w"], site["cars_w"], site["heat_w"]) == (
        -840, -7_000, 2_600, 1_380, 1_200)
    assert site["house_w"] == -840 + 7_000 - 2_600 - 1_380 - 1_200
    assert (site["surplus_w"], site["broker"], site["name"]) == (4_200, True, "Haus Sönnenhang.2")


def test_a_broker_that_is_away_is_said_with_its_reason() -> None:
    site = published(broker="refused: not authorized")["site/state"]
    assert (site["broker"], site["broker_fault"]) == (False, "refused: not authorized")
    german_too = published(broker=in_words("refused: not authorized"))["site/state"]
    assert (german_too["broker_fault"], german_too["broker_fault_de"]) == (
        "refused: not authorized", "abgelehnt: nicht berechtigt")
    assert [published(broker=broker)["site/state"]["broker_fault"] for broker in ("", None)] == [None, None]
    assert published()["site/state"]["broker"] is None


def test_what_is_not_known_is_null_and_never_zero() -> None:
    entries = heard()
    entries[CAR] = NOTHING_HEARD
    state = published(snapshot(entries))
    assert (state["site/state"]["cars_w"], state["site/state"]["house_w"]) == (None, None)
    assert state["site/state"]["heat_w"] == 1_200
    car = state["carport/state"]
    assert (car["power_w"], car["current_ma"], car["state"], car["age_ms"], car["stale"]) == (
        None, None, None, None, True)


def test_an_old_reading_leaves_with_its_age_and_counters_and_without_its_watts() -> None:
    entries = heard()
    fresh = entries[GRID].reading
    assert fresh is not None
    entries[GRID] = Heard(reading(NOW_MS - 5_001, total_w=-840, import_wh=1_000), Fault(NOW_MS, TIMEOUT, "x"))
    state = published(snapshot(entries))["grid/state"]
    assert (state["power_w"], state["energy_wh"], state["age_ms"], state["fault"], state["stale"]) == (
        None, 1_000, 5_000, "timeout", True)


def test_one_lost_answer_keeps_the_reading_that_is_still_young() -> None:
    entries = heard()
    entries[GRID] = Heard(entries[GRID].reading, Fault(NOW_MS, TIMEOUT, "x"))
    state = published(snapshot(entries))["grid/state"]
    assert (state["power_w"], state["fault"], state["stale"]) == (-840, "timeout", False)


def test_a_reading_control_does_not_believe_is_not_passed_on() -> None:
    state = published(plan=Plan(PLAN.grants, PLAN.nodes, None, ((STALE, GRID),), Obeyed((), None, None)))
    assert (state["grid/state"]["power_w"], state["site/state"]["grid_w"]) == (None, None)
    assert state["site/state"]["alarms"] == [{"reason": STALE, "device": "grid", "why": "grid does not answer",
                                              "why_de": "grid: antwortet nicht"}]


def test_an_alarm_about_a_write_leaves_the_reading_alone() -> None:
    state = published(plan=Plan(PLAN.grants, PLAN.nodes, 0, ((WRITE_FAULT, CAR),), Obeyed((), None, None)))
    assert state["carport/state"]["power_w"] == 1_380


def test_a_decision_says_how_much_of_what_and_why() -> None:
    written = Written(None, 0, STOP, Fault(NOW_MS, REFUSED, ""))
    decision = published(snapshot(written=written))["carport/decision"]
    assert decision == {
        "mode": "surplus", "granted_w": 1_380, "granted_ma": [0, 6_000, 0], "wanted_w": 11_040,
        "wanted_ma": [16_000, 16_000, 16_000], "reason": FUSE, "why": "6 A: Garage fuse, L2",
        "why_de": "6 A: Sicherung Garage, L2",
        "bound_by": {"node": "garage", "phase": 2}, "fault": "refused",
    }


def test_a_limit_without_a_place_has_none() -> None:
    plan = PLAN._replace(grants=(None, None, Grant(SIX_AMPS, WANTED, 2, NONE, NONE), None, None, None))
    assert published(plan=plan)["carport/decision"]["bound_by"] is None


def test_a_node_without_a_meter_shows_what_is_reckoned_with() -> None:
    assert published()["node_garage/state"] == {
        "parent": "house", "meter": None, "measured_ma": None, "rest_ma": [1, 2, 3], "issued_ma": [0, 6_000, 0],
        "rated_ma": 20_000, "continuous_ma": 16_000, "believed": False,
    }


def test_a_line_is_as_good_as_its_worst_device() -> None:
    line = published(health=(("rs485", ((GRID, 86_399, 12, "", 0), (CAR, 7, 3, "timeout", 2))),))["line_rs485/state"]
    assert line == {"ok": False, "errors": 15, "devices": [
        {"name": "grid", "ok": True, "reads": 80_000, "errors": 12, "fault": None, "age_ms": 0},
        {"name": "carport", "ok": False, "reads": 7, "errors": 3, "fault": "timeout", "age_ms": 0},
    ]}


@pytest.mark.parametrize(("age", "shown"), [
    (0, 0), (1_999, 0), (2_000, 2_000), (9_999, 5_000), (59_999, 30_000), (3_599_999, 1_800_000),
    (3_600_000, 3_600_000), (9_000_000, 7_200_000), (-5, 0),
])
def test_an_age_is_rounded_down_to_a_step(age: int, shown: int) -> None:
    assert topics.age_ms(NOW_MS, NOW_MS - age) == shown


def test_a_quiet_house_publishes_only_that_it_lives() -> None:
    kept = Kept()
    publisher = topics.Publisher([kept])
    for second in range(60):
        now_ms = NOW_MS + second * 1_000
        health = (("rs485", ((GRID, 86_400 + second, 0, "", 0),)),)
        publisher.send(topics.pairs(SITE, snapshot(now_ms=now_ms), PLAN, health), now_ms)
        if second == 0:
            kept.pairs.clear()
    assert [topic.split("/", 2)[2] for topic, _ in kept.pairs] == ["site/state"] * 59


def test_a_topic_leaves_at_most_once_a_second_and_its_last_word_is_not_lost() -> None:
    kept = Kept()
    publisher = topics.Publisher((kept,))
    for now_ms in range(0, 2_000, 200):
        publisher.send((("t", str(now_ms)),), now_ms)
    publisher.send((("t", "1800"),), 2_999)
    assert kept.pairs == [("t", "0"), ("t", "1000"), ("t", "1800")]


def test_everything_is_said_again_after_five_minutes() -> None:
    kept = Kept()
    publisher = topics.Publisher((kept,))
    for now_ms in (0, 299_999, 300_000, 599_999):
        publisher.send((("t", "same"),), now_ms)
    assert len(kept.pairs) == 2


def test_every_outbox_gets_the_same() -> None:
    first, second = Kept(), Kept()
    topics.Publisher((first, second)).send((("a", "1"), ("b", "2")), 0)
    assert first.pairs == second.pairs == [("a", "1"), ("b", "2")]


def test_a_locked_meter_is_named_although_it_is_not_believed() -> None:
    entries = [Heard(reading(NOW_MS - 300, import_wh=5_000, state="locked"), None), *heard()[1:]]
    plan = PLAN._replace(alarms=((NO_POWER, GRID),))
    got = published(snapshot(entries), plan)
    assert (got["grid/state"]["state"], got["grid/state"]["power_w"], got["grid/state"]["energy_wh"]) == (
        "locked", None, 5_000)
    assert got["site/state"]["grid_w"] is None


def test_each_load_says_once_what_it_can_be_told_and_what_it_falls_back_to() -> None:
    root = "hutschiene/haus_soennenhang_2/"
    said = {topic.removeprefix(root): json.loads(payload) for topic, payload in ability_pairs(SITE)}
    assert set(said) == {f"{name}/ability" for name in ("carport", "battery", "rod", "heat_pump")}
    assert "target" in said["carport/ability"]["modes"]
    assert "minimum" not in said["battery/ability"]["modes"]
    assert (said["carport/ability"]["failsafe_ms"], len(said["carport/ability"]["left_alone_ma"])) == (None, 3)
    armed = SITE._replace(devices=tuple(
        one._replace(ability=one.ability._replace(failsafe_ms=14_000, fallback=SIX_AMPS, min_ma=6_000, max_ma=16_000))
        for one in SITE.devices))
    said = {topic.removeprefix(root): json.loads(payload) for topic, payload in ability_pairs(armed)}
    assert said["carport/ability"]["failsafe_ms"] == 14_000
    assert said["carport/ability"]["left_alone_ma"] == [0, 6_000, 0]
    assert said["carport/ability"]["current_ma"] == [6_000, 16_000]


def test_what_an_inverter_makes_that_can_be_limited_is_made_by_the_roof() -> None:
    site = SITE._replace(devices=(*SITE.devices, device("roof 2", "inverter")))
    shot = snapshot()
    shot = shot._replace(heard=(*shot.heard, Heard(reading(NOW_MS - 300, total_w=-2_000), None)),
                         written=(NOTHING_WRITTEN,) * 7, modes=("surplus",) * 7)
    plan = PLAN._replace(grants=(*PLAN.grants, None))
    state = json.loads(dict(topics.pairs(site, shot, plan, ()))["hutschiene/haus_soennenhang_2/site/state"])
    assert state["pv_w"] == -9_000
    assert state["house_w"] == -840 + 9_000 - 2_600 - 1_380 - 1_200
