"""Any meter that tells in JSON, over MQTT or HTTP: each number by its path and a factor (drivers.json_fields).

Sign: power is + into the node; where the maker has it the other way round, the factor is negative.
"""

from drivers import json_fields, json_source
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, whole, word
from drivers.json_fields import Field
from drivers.meter_facts import SINGLE, Facts
from hal import values
from hal.options import integer
from hal.ports import Inbox, Meter, Web
from hal.values import Ability

LINES = ("mqtt", "http")
OPTIONS = (
    ROLE,
    MOUNTING,
    integer("sends_s", 10, 1, 60, "over MQTT: how often it sends, in s"),
    *json_fields.OPTIONS,
)
METER = Facts("Any meter that tells in JSON",
              "the numbers that are named", SINGLE)
FAILSAFE = "nothing is ever written to it"


def ability(options: "dict[str, object]") -> Ability:
    wanted(options)
    return values.ability(word(options, "role"), settle_ms=0)


def wanted(options: "dict[str, object]", asked: bool = False) -> "tuple[Field, ...]":
    """Raises ValueError("option: what is allowed")."""
    return json_fields.named(options, word(options, "topic"))


def build(port: "Inbox | Web", options: "dict[str, object]") -> Meter:
    return json_source.build(port, clock(options), wanted(options), phases(options),
                             is_reversed(options), 1_000 * whole(options, "sends_s"))
