"""ESPHome over MQTT: each sensor sends a bare number on a topic of its own, <prefix>/sensor/<id>/state.

Sign: + from the grid, as the meter under the head says it; a factor of -1 turns it.
Source: esphome.io, MQTT client component (default topics), sensor platforms sml, dsmr and others.
"""

from drivers import json_fields, json_source
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, whole, word
from drivers.json_fields import Field
from drivers.meter_facts import SINGLE, Facts
from hal import values
from hal.options import integer, text, texts
from hal.ports import Inbox, Meter
from hal.values import Ability

LINES = ("mqtt",)
OPTIONS = (
    ROLE,
    MOUNTING,
    text("prefix", None, 1, 128, "its topic_prefix, mostly the device's name"),
    integer("sends_s", 10, 1, 60, "how often a sensor sends, in s"),
    text("power", "", 0, 128, 'id of the sensor of the total power in W; "power * 1000" where it is in kW'),
    texts("power_phases", (), 1, 128, "ids of the power of each of its conductors in W"),
    texts("current_phases", (), 1, 128, "ids of the current of each of its conductors in A"),
    texts("voltage_phases", (), 1, 128, "ids of the voltage of each of its conductors in V"),
    text("energy_import", "", 0, 128, 'id of the counter in Wh; "total * 1000" where it is in kWh'),
    text("energy_export", "", 0, 128, "as energy_import"),
)
METER = Facts("ESPHome sensors",
              "the sensors that are named", SINGLE)
FAILSAFE = "nothing is ever written to it"


def ability(options: "dict[str, object]") -> Ability:
    wanted(options)
    return values.ability(word(options, "role"), settle_ms=0)


def wanted(options: "dict[str, object]", asked: bool = False) -> "tuple[Field, ...]":
    """Raises ValueError("option: what is allowed")."""
    return json_fields.named(options, "", lambda sensor: _topic(word(options, "prefix"), sensor))


def _topic(prefix: str, sensor: str) -> str:
    """Of "id" or "id * factor", as drivers.json_fields has it."""
    name, star, factor = sensor.partition("*")
    return f"{prefix}/sensor/{name.strip()}/state#" + (f" * {factor.strip()}" if star else "")


def build(port: Inbox, options: "dict[str, object]") -> Meter:
    return json_source.build(port, clock(options), wanted(options), phases(options),
                             is_reversed(options), 1_000 * whole(options, "sends_s"))
