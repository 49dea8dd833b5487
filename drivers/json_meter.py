"""Any meter that tells in JSON, over MQTT or HTTP: each number by its path and a factor (drivers.json_fields).

Sign: power is + into the node; where the maker has it the other way round, the factor is negative.
"""

from drivers import json_source
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, whole, word, words
from drivers.json_fields import NAMES, Field, fields
from drivers.meter_facts import SINGLE, Facts
from hal import values
from hal.options import integer, text, texts
from hal.ports import Inbox, Meter, Web
from hal.values import Ability

LINES = ("mqtt", "http")
OPTIONS = (
    ROLE,
    MOUNTING,
    integer("sends_s", 10, 1, 60, "over MQTT: how often it sends, in s"),
    text("topic", "", 0, 255, 'MQTT topic, or path of the URL ("/status"); none where each number names its own'),
    text("power", "", 0, 255, 'total power in W: "PATH", "PATH * FACTOR", "TOPIC#PATH"'),
    texts("power_phases", (), 1, 255, "power of each of its conductors in W"),
    texts("current_phases", (), 1, 255, "current of each of its conductors in A"),
    texts("voltage_phases", (), 1, 255, "voltage of each of its conductors in V"),
    text("energy_import", "", 0, 255, "counter of what flows in, in Wh"),
    text("energy_export", "", 0, 255, "counter of what flows out, in Wh"),
)
METER = Facts("Any meter that tells in JSON",
              "the numbers that are named", SINGLE)
FAILSAFE = "nothing is ever written to it"


def ability(options: "dict[str, object]") -> Ability:
    fields_of(options)
    return values.ability(word(options, "role"), settle_ms=0)


def fields_of(options: "dict[str, object]") -> "tuple[Field, ...]":
    """Raises ValueError("option: what is allowed")."""
    out: "tuple[Field, ...]" = ()
    for name in NAMES:
        given = options[name]
        out += fields(name, words(options, name) if isinstance(given, tuple) else (word(options, name),),
                      word(options, "topic"))
    if not (options["power"] or options["power_phases"]):
        raise ValueError("power: allowed is where the power stands, here or in power_phases")
    return out


def build(port: "Inbox | Web", options: "dict[str, object]") -> Meter:
    return json_source.build(port, clock(options), fields_of(options), phases(options),
                             is_reversed(options), 1_000 * whole(options, "sends_s"))
