"""Home Assistant's own judgement of what we announce; runs in the environment it is installed in, not in ours.

Standard input: {"messages": {topic: discovery payload}, "states": {topic: payload as text}}. Prints what is wrong, one
line each, and then what was judged. Source of every rule: the installed package's own schemas and tables.
"""

import asyncio
import importlib
import json
import sys
from typing import Any

import voluptuous as vol
from homeassistant.components.mqtt.schemas import DEVICE_DISCOVERY_SCHEMA, SHARED_OPTIONS
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template

DASHBOARD_UNITS = {unit.value for unit in UnitOfEnergy}  # components/energy/validate.py: ENERGY_USAGE_UNITS


def judge(topic: str, message: "dict[str, Any]", states: "dict[str, str]", hass: HomeAssistant) -> "list[str]":
    try:
        DEVICE_DISCOVERY_SCHEMA(message)
    except vol.Invalid as error:
        return [f"{topic}: {error}"]
    wrong = []
    for key, entity in message["components"].items():
        if set(entity) == {"platform"}:  # components/mqtt/discovery.py: removes it
            continue
        whole = {**{name: message[name] for name in SHARED_OPTIONS if name in message}, **entity}
        platform = importlib.import_module(f"homeassistant.components.mqtt.{entity['platform']}")
        strict = getattr(platform, "_PLATFORM_SCHEMA_BASE", platform.PLATFORM_SCHEMA_MODERN)
        for schema in (platform.DISCOVERY_SCHEMA, strict):  # the first forgives unknown keys, the second does not
            config = {name: value for name, value in whole.items() if name != "platform" or schema is not strict}
            try:
                schema(config)
            except vol.Invalid as error:
                wrong.append(f"{topic} {key}: {error}")
        wrong += [f"{topic} {key}: {words}" for words in (*classes(entity), *values(entity, states, hass))]
    return wrong


def classes(entity: "dict[str, Any]") -> "list[str]":
    name, unit, wrong = entity.get("device_class"), entity.get("unit_of_measurement"), []
    if entity["platform"] == "number" and name is not None and unit not in NUMBER_UNITS[name]:
        wrong.append(f"unit {unit} of {name}")
    if entity["platform"] != "sensor" or name is None:
        return wrong
    device_class = SensorDeviceClass(name)
    if unit not in DEVICE_CLASS_UNITS[device_class]:
        wrong.append(f"unit {unit} of {name}")
    if SensorStateClass(entity["state_class"]) not in DEVICE_CLASS_STATE_CLASSES[device_class]:
        wrong.append(f"state class {entity['state_class']} of {name}")
    if device_class is SensorDeviceClass.ENERGY and not (
            unit in DASHBOARD_UNITS and entity["state_class"] in ("total", "total_increasing")):
        wrong.append("the energy dashboard does not take it")
    return wrong


def values(entity: "dict[str, Any]", states: "dict[str, str]", hass: HomeAssistant) -> "list[str]":
    """Each template on the very payloads that were published."""
    wrong = []
    sources = [(entity.get("state_topic"), entity.get("value_template"), False)]
    sources += [(one["topic"], one.get("value_template"), True) for one in entity.get("availability", ())]
    for topic, template, availability in sources:
        if topic is None or template is None:
            continue
        if topic not in states:
            wrong.append(f"nobody publishes {topic}")
            continue
        try:
            text = Template(template, hass).async_render_with_possible_json_value(states[topic], error_value=None)
        except Exception as error:  # a template may raise anything
            text = f"raised {error}"
        if not fits(entity, availability, text):
            wrong.append(f"{template} of {states[topic]} is {text!r}")
    return wrong


def fits(entity: "dict[str, Any]", availability: bool, text: "str | None") -> bool:
    if text is None:
        return False
    if availability:
        return text in ("online", "offline")
    if entity["platform"] == "binary_sensor":
        return text in ("ON", "OFF")
    if entity["platform"] == "select":
        return text in entity["options"]
    if "unit_of_measurement" in entity:
        return text == "None" or text.lstrip("-").replace(".", "", 1).isdigit()
    return 0 < len(text) <= 255


async def main() -> int:
    given = json.load(sys.stdin)
    hass = HomeAssistant("/tmp")
    wrong = [line for topic, message in given["messages"].items()
             for line in judge(topic, message, given["states"], hass)]
    await hass.async_stop(force=True)
    print("\n".join(wrong + [f"{sum(len(one['components']) for one in given['messages'].values())} entities"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
