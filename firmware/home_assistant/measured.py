"""Heat, water, gas and climate meters for Home Assistant: an entity for each quantity they have told, as it stands now.

What they told of the past (other storages), of tariffs and of their greatest values is on their topic, not here.
"""

import json
from typing import Any, NamedTuple

from firmware.topics import slug

OWN = "electricity"  # told by the device's own state and totals


class Told(NamedTuple):
    """One quantity of one meter; `topic` is where it comes from."""

    topic: str
    medium: str
    quantity: str
    unit: str


class Shape(NamedTuple):
    device_class: str
    unit: str
    state_class: str
    factor: str  # from the plain unit of the topic
    precision: int


COUNTER, NOW = "total_increasing", "measurement"
SHAPES = {
    ("energy", "Wh"): Shape("energy", "kWh", COUNTER, "/ 1000", 1),
    ("energy", "J"): Shape("energy", "kWh", COUNTER, "/ 3600000", 1),
    ("volume", "m3"): Shape("volume", "m³", COUNTER, "", 3),
    ("power", "W"): Shape("power", "W", NOW, "", 0),
    ("volume_flow", "m3/h"): Shape("volume_flow_rate", "m³/h", NOW, "", 3),
    ("flow_temperature", "degC"): Shape("temperature", "°C", NOW, "", 1),
    ("return_temperature", "degC"): Shape("temperature", "°C", NOW, "", 1),
    ("external_temperature", "degC"): Shape("temperature", "°C", NOW, "", 1),
    ("temperature", "degC"): Shape("temperature", "°C", NOW, "", 1),
    ("humidity", "%"): Shape("humidity", "%", NOW, "", 0),
}
VOLUMES = {"gas": "gas", "water": "water", "warm water": "water", "hot water": "water", "cold water": "water",
           "warm and cold water": "water"}  # the energy dashboard's own classes


def told(topic: str, payload: str) -> "frozenset[Told]":
    """What of a `measured` payload becomes an entity."""
    state = json.loads(payload)
    return frozenset(Told(topic, state["medium"], one["quantity"], one["unit"]) for one in state["values"]
                     if state["medium"] != OWN and (one["quantity"], one["unit"]) in SHAPES and _is_now(one))


def entity(one: Told, device: str) -> "tuple[str, dict[str, Any]]":
    """(key, what is announced but for its id); a meter that speaks through another has its own keys."""
    shape = SHAPES[one.quantity, one.unit]
    device_class = VOLUMES.get(one.medium, shape.device_class) if one.quantity == "volume" else shape.device_class
    meter = one.topic.partition(f"/{device}/measured")[2].strip("/")
    words = one.quantity.replace("_", " ")
    name = f"{one.medium.capitalize()} {words}" if meter or one.quantity in ("energy", "volume") else words.capitalize()
    value = f"(v[0].value * 10 ** v[0].scaler {shape.factor}) | round(6)"
    return slug(f"{meter} {one.quantity}"), {
        "name": name, "state_topic": one.topic, "device_class": device_class, "unit_of_measurement": shape.unit,
        "state_class": shape.state_class, "suggested_display_precision": shape.precision,
        "value_template": SELECT.replace("QUANTITY", one.quantity) + f"{{{{ none if not v else {value} }}}}"}


SELECT = ("{% set v = value_json['values'] | selectattr('quantity', 'eq', 'QUANTITY') | selectattr('storage', 'eq', 0) "
          "| selectattr('tariff', 'eq', 0) | selectattr('subunit', 'eq', 0) | selectattr('function', 'eq', 'now') "
          "| rejectattr('qualifiers') | list %}")


def _is_now(one: "dict[str, Any]") -> bool:
    return not (one["storage"] or one["tariff"] or one["subunit"] or one["qualifiers"]) and one["function"] == "now"
