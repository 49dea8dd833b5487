"""What Home Assistant is told: every device, with classes and units that its statistics and energy dashboard accept.

The tables are those of its documentation; tests/hil/test_home_assistant.py asks its own code.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from control.values import NONE, NOTHING_HEARD, Heard, Snapshot
from firmware.config.file import SiteFile, load
from firmware.home_assistant.discovery import WAIT_MS, HomeAssistant
from firmware.totals import Known
from hal.values import Phases, reading

DEPLOY = Path(__file__).parents[2] / "deploy"
ROOT = "homeassistant/device/hutschiene_haus_sonnenhang/"
UNITS = {"power": ("W", "kW"), "energy": ("Wh", "kWh", "MWh"), "current": ("A", "mA"), "voltage": ("V", "mV"),
         "frequency": ("Hz",), "power_factor": ("%", None), "battery": ("%",), "temperature": ("°C", "°F", "K")}
TAKEN_BACK = '{"value": "default", "by": "Home Assistant"}'
ONE = Phases(1, 2, 3)
FULL = reading(1, total_w=1, power_w=ONE, current_ma=ONE, voltage_mv=ONE, import_wh=1, export_wh=1, soc_permille=1,
               temperature_mdegc=1, state="C", power_factor_permille=ONE, frequency_mhz=50_000)


@pytest.fixture(scope="module")
def demo() -> SiteFile:
    return load(DEPLOY / "demo.toml")


def shot(file: SiteFile, now_ms: int, *heard: int) -> Snapshot:
    entries = [Heard(FULL, None) if index in heard else NOTHING_HEARD for index in range(len(file.site.devices))]
    return Snapshot(now_ms, tuple(entries), (), (), (), (), None, NONE)


def told(file: SiteFile, settable: bool = True) -> "dict[str, Any]":
    every = range(len(file.site.devices))
    totals = tuple((index, Known(1, 1, False)) for index in every)
    pairs = HomeAssistant(file.site, "homeassistant", settable, "1", 0).news(shot(file, 0, *every), totals)
    return {topic.removeprefix(ROOT).removesuffix("/config"): json.loads(payload) for topic, payload in pairs}


def test_the_house_and_every_device_are_announced(demo: SiteFile) -> None:
    messages = told(demo)
    assert set(messages) == {"site", "grid", "roof", "carport", "rod", "battery", "heatpump"}
    for name, message in messages.items():
        assert message["origin"]["name"] == "Hutschiene"
        own = "hutschiene.haus_sonnenhang" + ("" if name == "site" else "." + name)
        assert message["device"]["identifiers"] == [own]
        assert (message["device"].get("via_device") is None) == (name == "site")
        assert message["availability"] == [{"topic": "hutschiene/haus_sonnenhang/status"}]


def test_a_reading_is_asked_for_by_a_button_of_what_counts(demo: SiteFile) -> None:
    whole, source = shot(demo, 0, 0), shot(demo, 0, 1)
    one = source.heard[1].reading
    assert one is not None
    only_given = source._replace(heard=(source.heard[0], Heard(one._replace(import_wh=None), None), *source.heard[2:]))
    for events, snapshot, place, register in (
            (True, whole, "grid", "both"), (True, only_given, "roof", "export"), (False, whole, "grid", "")):
        news = HomeAssistant(demo.site, "homeassistant", True, "1", 0, events).news(snapshot, ())
        buttons = {key: entity for topic, payload in news if topic == f"{ROOT}{place}/config"
                   for key, entity in json.loads(payload)["components"].items() if key.startswith("event_")}
        assert set(buttons) == ({"event_reading", "event_begin", "event_end"} if events else set())
        if events:
            pressed = json.loads(buttons["event_reading"]["payload_press"])
            assert pressed == {"value": "reading", "text": "Home Assistant", "by": "Home Assistant",
                               "register": register}
            assert buttons["event_reading"]["command_topic"] == f"hutschiene/haus_sonnenhang/{place}/set/event"
            assert [buttons[key].get("enabled_by_default", True) for key in sorted(buttons)] == [False, False, True]
    summed = HomeAssistant(demo.site, "homeassistant", True, "1", 0, True).news(
        shot(demo, WAIT_MS), ((0, Known(5, 5, True)),))
    assert not any("event_reading" in payload for _, payload in summed)


def test_no_two_entities_share_an_id_and_each_has_a_topic_of_ours(demo: SiteFile) -> None:
    entities = [entity for message in told(demo).values() for entity in message["components"].values()]
    assert len({entity["unique_id"] for entity in entities}) == len(entities)
    for entity in entities:
        topics = [entity[key] for key in ("state_topic", "command_topic") if key in entity]
        assert topics
        assert all(topic.startswith("hutschiene/haus_sonnenhang/") for topic in topics)


def test_every_sensor_has_a_unit_and_a_state_class_that_fit_its_class(demo: SiteFile) -> None:
    seen = set()
    for message in told(demo).values():
        for entity in message["components"].values():
            if entity["platform"] == "sensor" and "device_class" in entity:
                assert entity["unit_of_measurement"] in UNITS[entity["device_class"]]
                energy = entity["device_class"] == "energy"
                assert entity["state_class"] == ("total_increasing" if energy else "measurement")
                seen.add(entity["device_class"])
    assert seen == set(UNITS)


@pytest.mark.parametrize(("device", "names"), [
    ("grid", ["Energy imported", "Energy exported"]), ("roof", ["Energy produced", "Energy consumed"]),
    ("battery", ["Energy charged", "Energy discharged"]), ("carport", ["Energy consumed"]),
    ("rod", ["Energy consumed"]), ("heatpump", ["Energy consumed"]),
])
def test_what_the_energy_dashboard_asks_for_is_there_direction_by_direction(
        demo: SiteFile, device: str, names: "list[str]") -> None:
    entities = told(demo)[device]["components"].values()
    energies = {entity["name"]: entity for entity in entities
                if entity["platform"] == "sensor" and entity.get("device_class") == "energy"}
    assert sorted(energies) == sorted(names)
    for entity in energies.values():
        assert entity["state_topic"] == f"hutschiene/haus_sonnenhang/{device}/energy"
        assert "/state" not in json.dumps(entity["availability"])  # a total stays while the device is silent


def test_modes_are_selects_of_what_the_device_can_and_a_number_can_be_taken_back(demo: SiteFile) -> None:
    messages = told(demo)
    mode = messages["rod"]["components"]["mode"]
    assert (mode["platform"], mode["options"]) == ("select", ["off", "fast", "surplus", "target"])
    assert mode["command_topic"] == "hutschiene/haus_sonnenhang/rod/set/mode"
    house = messages["site"]["components"]
    assert (house["ceiling_w"]["platform"], house["ceiling_w_default"]["payload_press"]) == ("number", TAKEN_BACK)
    limit = messages["carport"]["components"]["limit"]
    assert (limit["max"], limit["unit_of_measurement"]) == (16, "A")
    assert limit["command_template"] == '{"value": {{ (value * 1000) | round | int }}, "by": "Home Assistant"}'
    assert mode["command_template"] == '{"value": "{{ value }}", "by": "Home Assistant"}'
    target = messages["rod"]["components"]["target_wh"]
    assert (target["name"], target["unit_of_measurement"]) == ("Target within 12 h", "kWh")
    assert '"for_s": 43200' in target["command_template"]
    assert messages["rod"]["components"]["target_wh_default"]["payload_press"] == TAKEN_BACK
    assert not {"worth", "power_w"} & set(messages["rod"]["components"])
    read_only = [entity for message in told(demo, settable=False).values() for entity in message["components"].values()]
    assert {entity["platform"] for entity in read_only} == {"sensor", "binary_sensor"}


def test_a_device_is_announced_when_it_is_heard_and_with_more_when_it_shows_more(demo: SiteFile) -> None:
    announcer = HomeAssistant(demo.site, "homeassistant", True, "1", 0)
    assert [topic for topic, _ in announcer.news(shot(demo, 0), ())] == [ROOT + "site/config"]
    first = dict(announcer.news(shot(demo, 1_000, 0), ()))
    assert list(first) == [ROOT + "grid/config"]
    assert "import_wh" not in json.loads(first[ROOT + "grid/config"])["components"]
    assert announcer.news(shot(demo, 2_000, 0), ()) == ()
    more = dict(announcer.news(shot(demo, 3_000, 0), ((0, Known(1, None, False)),)))
    assert "import_wh" in json.loads(more[ROOT + "grid/config"])["components"]
    late = dict(announcer.news(shot(demo, WAIT_MS), ()))
    assert len(late) == len(demo.site.devices) - 1
    silent = json.loads(late[ROOT + "carport/config"])["components"]
    assert {"fault", "mode", "reason", "granted"} <= set(silent)
    assert "voltage_l1" not in silent


def test_only_what_belongs_to_no_device_of_this_house_is_gone(demo: SiteFile) -> None:
    filters, is_gone = HomeAssistant(demo.site, "homeassistant", True, "1", 0).gone()
    assert filters == (ROOT + "+/config",)
    assert is_gone(ROOT + "pool/config")
    assert not is_gone(ROOT + "grid/config")
    assert not is_gone(ROOT + "site/config")


def test_an_entity_that_can_not_be_any_more_is_removed_and_one_not_shown_yet_stays(demo: SiteFile) -> None:
    """Home Assistant keeps what is merely left out, and forgets its owner's name for it when it is removed."""
    before = told(demo)
    announcer = HomeAssistant(demo.site, "homeassistant", False, "1", 0)  # [commands] is gone
    for place, message in before.items():
        message["components"]["measured_gas_1_volume"] = {"platform": "sensor", "name": "x"}
        announcer.stood(f"{ROOT}{place}/config", json.dumps(message).encode())
    announcer.stood(ROOT + "pool/config", b'{"components": {"x": {"platform": "sensor", "name": "x"}}}')
    first = dict(announcer.news(shot(demo, 1_000, 2), ()))  # its energies are not known yet
    assert list(first) == [ROOT + "site/config", ROOT + "carport/config"]
    for topic, payload in first.items():
        components = json.loads(payload)["components"]
        removed = {key: one for key, one in components.items() if set(one) == {"platform"}}
        asked = {key for key, one in before[topic.split("/")[3]]["components"].items() if one["platform"] in (
            "select", "number", "button")}
        assert set(removed) == asked != set()
        assert all(removed[key] == {"platform": before[topic.split("/")[3]]["components"][key]["platform"]}
                   for key in asked)
        assert "import_wh" not in components
    again = HomeAssistant(demo.site, "homeassistant", False, "1", 0)
    for topic, payload in first.items():
        again.stood(topic, payload.encode())
    once = json.loads(dict(again.news(shot(demo, 1_000, 2), ()))[ROOT + "carport/config"])["components"]
    assert all(len(one) > 1 for one in once.values()), "told once"


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"components": 1}', b'{"components": {"x": 1}}', b"\xff",
                                     b'{"components": {"x": {"platform": ["sensor"], "a": 1}}}', b"[" * 99_999])
def test_what_others_left_in_our_place_is_no_harm(demo: SiteFile, payload: bytes) -> None:
    announcer = HomeAssistant(demo.site, "homeassistant", True, "1", 0)
    announcer.stood(ROOT + "site/config", payload)
    message = json.loads(dict(announcer.news(shot(demo, 0), ()))[ROOT + "site/config"])
    assert all(len(one) > 1 for one in message["components"].values())


def measured(medium: str, *values: "tuple[str, int, int, str]", **more: object) -> str:
    return json.dumps({"meter": "M", "medium": medium, "status": [], "values": [
        {"quantity": quantity, "value": value, "scaler": scaler, "unit": unit, "time": None, "clock": "none",
         "function": "now", "storage": 0, "tariff": 0, "subunit": 0, "qualifiers": [], **more}
        for quantity, value, scaler, unit in values]})


def test_what_heat_water_and_gas_meters_tell_are_entities_of_their_device(demo: SiteFile) -> None:
    announcer = HomeAssistant(demo.site, "homeassistant", True, "1", 0)
    announcer.news(shot(demo, 0), ())
    place = "hutschiene/haus_sonnenhang/grid/measured"
    pairs = ((place, measured("electricity", ("energy", 1, 0, "Wh"))),
             (place + "/gas_1", measured("gas", ("volume", 1_234_567, -3, "m3"))),
             (place + "/heat_1", measured("heat", ("energy", 5, 6, "J"), ("flow_temperature", 65, 0, "degC"))),
             (place + "/heat_2", measured("heat", ("energy", 5, 6, "J"), storage=1)))
    found = json.loads(dict(announcer.news(shot(demo, 1), (), pairs))[ROOT + "grid/config"])["components"]
    told = {key: one for key, one in found.items() if key.startswith("measured")}
    classes = ("device_class", "unit_of_measurement", "state_class")
    assert {key: tuple(one[name] for name in classes) for key, one in told.items()} == {
        "measured_gas_1_volume": ("gas", "m³", "total_increasing"),
        "measured_heat_1_energy": ("energy", "kWh", "total_increasing"),
        "measured_heat_1_flow_temperature": ("temperature", "°C", "measurement")}
    assert told["measured_gas_1_volume"]["state_topic"] == place + "/gas_1"
    assert announcer.news(shot(demo, 2), (), pairs) == ()
    moved = ((place + "/gas_1", measured("gas", ("volume", 1_234_568, -3, "m3"))),)
    assert announcer.news(shot(demo, 3), (), moved) == ()
