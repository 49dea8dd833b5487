"""What programs read: every payload that is published is as described, key by key, and Prometheus understands it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from control.values import FAST
from drivers.mqtt import Message
from firmware import topics, troubles
from firmware.ability import ability_pairs
from firmware.commands import Commands
from firmware.config.file import load
from firmware.cycle import Cycle
from firmware.duties import Duties
from firmware.image import Image
from firmware.records.recorder import Recorder
from firmware.totals import Totals
from firmware.web import api, api_document, metrics
from firmware.web.api_model import (
    Ability,
    Decision,
    DeviceState,
    Energy,
    House,
    LineState,
    NodeState,
    Obligations,
    Settings,
    SiteState,
    Troubles,
)
from hal.faults import TIMEOUT, Fault
from hal.values import Phases, reading
from sim.time_service import SimTime

DEMO = Path(__file__).parents[2] / "deploy" / "demo.toml"
ROOT = "hutschiene/haus_sonnenhang/"
TYPES = {"state": DeviceState, "decision": Decision, "energy": Energy, "settings": Settings, "ability": Ability,
         "obligations": Obligations, "troubles": Troubles}


@pytest.fixture(scope="module")
def latest() -> "dict[str, str]":
    """A house in which one device is silent, one fails and the rest is well, as the broker and the page are told."""
    site = load(DEMO).site
    image = Image(len(site.devices))
    cycle = Cycle(site, image, 0)
    commands, totals = Commands(site, None, 0), Totals(site, None, 0)
    duties = Duties(site, 4_200)
    commands.take(Message(ROOT + "carport/set/mode", FAST.encode(), False), 0)
    commands.take(Message(ROOT + "site/set/ceiling_w", b"5000", False), 0)
    for now_ms in range(0, 30_000, 1_000):
        current = Phases(-1_300 - now_ms // 1_000, -1_300, -1_300)
        image.hear(0, reading(now_ms, -900, Phases(-300, -300, -300), current, Phases(230_000, 231_000, 232_000),
                              5_000 + now_ms, 70, power_factor_permille=Phases(1, 2, 3), frequency_mhz=50_010))
        image.hear(2, reading(now_ms, 0, current_ma=Phases(0, 0, 0), state="B", import_wh=12, temperature_mdegc=31_200))
        image.hear(4, reading(now_ms, -1_500, soc_permille=643))
        image.fail(3, Fault(now_ms, TIMEOUT, "no answer"))
        commands.apply(cycle, now_ms)
        snapshot, plan = cycle.once(now_ms)
        totals.feed(snapshot, topics.live(site, snapshot, plan))
        duties.look(snapshot, plan)
    health = (("bus", ((0, 123, 4, "", 0), (2, 99, 5, TIMEOUT, 3))),)
    pairs = topics.pairs(site, snapshot, plan, health, "refused: not authorized", "")
    pairs += ability_pairs(site) + totals.pairs() + commands.pairs() + duties.pairs()
    pairs += troubles.pairs(site, troubles.found(site, snapshot, plan, topics.live(site, snapshot, plan),
                                                 {"broker": "refused: not authorized"}))
    return {ROOT + "status": "online", **dict(pairs), "elsewhere/x/state": "{"}


def test_every_payload_is_as_described(latest: "dict[str, str]") -> None:
    seen = set()
    for topic, payload in latest.items():
        place, _, part = topic.removeprefix(ROOT).partition("/")
        kind: Any = {"site": SiteState}.get(place) if part == "state" else None
        kind = kind or (NodeState if place.startswith("node_") else LineState if place.startswith("line_")
                        else TYPES.get(part))
        if kind is not None:
            msgspec.json.decode(payload, type=kind)  # an unknown, missing or wrong key is an error
            seen.add(kind)
    assert seen == {SiteState, NodeState, LineState, *TYPES.values()}


def test_the_house_is_a_tree_of_its_parts(latest: "dict[str, str]") -> None:
    house: Any = api.answer(latest, "sites/haus_sonnenhang")
    assert msgspec.convert(house, House).devices["carport"].decision is not None
    assert api.answer(latest, "sites") == ["haus_sonnenhang"]
    assert set(house["devices"]) == {"grid", "roof", "carport", "rod", "battery", "heatpump"}
    assert house["devices"]["carport"]["settings"]["mode"] == "fast"
    assert api.answer(latest, "sites/haus_sonnenhang/devices/carport") == house["devices"]["carport"]
    assert api.answer(latest, "sites/haus_sonnenhang/nodes/") == house["nodes"]
    assert api.answer(latest, "sites/haus_sonnenhang/lines/bus") == house["lines"]["bus"]


@pytest.mark.parametrize("path", ["", "site", "sites/other", "sites/{home}/state", "sites/{home}/devices/x",
                                  "sites/{home}/devices/grid/state", "sites/{home}/status/0"])
def test_what_is_not_there_is_none(latest: "dict[str, str]", path: str) -> None:
    assert api.answer(latest, path.replace("{home}", "haus_sonnenhang")) is None


def test_records_are_no_device_and_break_no_metrics(latest: "dict[str, str]", tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(DEMO.read_text().replace("var/demo", str(tmp_path)))
    recorder = Recorder(load(path), SimTime(1_792_888_000_000))
    recorder._turn()
    told = {**latest, **dict(recorder.pairs()), ROOT + "records/status": "online", ROOT + "carry/state": '{"ok":true}',
            ROOT + "records/events": '{"events":[{"ok":false,"why":"x"}]}'}
    house: Any = api.answer(told, "sites/haus_sonnenhang")
    known = msgspec.convert(house, House)
    assert set(known.devices) == {"grid", "roof", "carport", "rod", "battery", "heatpump"}
    assert known.records is not None
    assert known.records.state.clock == "synced"
    assert set(known.records.state.heads) == {"metrology", "consumer", "system"}
    assert metrics.text(told) == metrics.text(latest)


def test_the_document_describes_every_path_and_has_every_schema_it_names() -> None:
    document = api_document.document()
    text = json.dumps(document)
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.split('"')[0] in document["components"]["schemas"]
    assert set(document["paths"]) == {
        "/api/v1/sites", "/api/v1/sites/{site}", "/api/v1/sites/{site}/history", "/api/v1/sites/{site}/decisions",
        "/api/v1/sites/{site}/setup", "/api/v1/sites/{site}/backup", "/api/state", "/metrics",
        "/api/v1/login", "/api/v1/session", "/api/v1/logout", "/api/v1/sites/{site}/set/{what}",
        "/api/v1/sites/{site}/devices/{device}/set/{what}",
        *(f"/api/v1/sites/{{site}}/{group}{name}" for group in api.GROUPS for name in ("", "/{name}"))}
    for path, item in document["paths"].items():
        named = [one for one in next(iter(item.values())).get("parameters", ()) if one["in"] == "path"]
        assert [one["name"] for one in named] == [
            step.strip("{}") for step in path.split("/") if step.startswith("{")]


def test_prometheus_reads_what_is_known_and_nothing_else(latest: "dict[str, str]") -> None:
    found = {}
    for family in text_string_to_metric_families(metrics.text(latest)):
        assert family.documentation
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key not in ("site", "kind")}
            found[(sample.name.removeprefix("hutschiene_"), *labels.values())] = sample.value
            assert family.type == ("counter" if sample.name.endswith("_total") else "gauge")
            assert sample.labels["site"] == "haus_sonnenhang"
    assert found["power_watts", "grid"] == -900
    assert found["current_amperes", "grid", "L2"] == -1.3
    assert found["energy_import_watthours_total", "grid"] == json.loads(latest[ROOT + "grid/energy"])["import_wh"]
    assert found["charge_ratio", "battery"] == 0.643
    assert (found["device_up", "grid"], found["device_up", "rod"], found["device_up", "roof"]) == (1, 0, 0)
    assert ("power_watts", "roof") not in found
    assert ("site_power_watts", "pv") not in found
    assert (found["broker_up",], found["line_errors_total", "bus", "carport"]) == (0, 5)
    assert found["node_rated_amperes", "house"] == 35
    assert found["reason", "rod"] == json.loads(latest[ROOT + "rod/decision"])["reason"]


def test_a_name_with_quotes_is_escaped() -> None:
    state = {"name": "x", "alarms": [], "up_s": 0, "broker": None, **{part + "_w": None for part in metrics.SITE}}
    text = metrics.text({'hutschiene/a"b\\c/site/state': json.dumps(state)})
    families = list(text_string_to_metric_families(text))
    assert {sample.labels["site"] for family in families for sample in family.samples} == {'a"b\\c'}
    assert metrics.text({}) == "\n"
