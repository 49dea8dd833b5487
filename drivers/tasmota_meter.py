"""Tasmota over MQTT: reading heads with the SML script (Hichi and others), or plugs that measure.

Sign: + from the grid, as the meter under the head says it. Set TelePeriod to 10 (the least), or let the script send
at each value. Without the script's field for a phase, that phase is not known.
Source: Tasmota's smart-meter interface; field names as evcc and most scripts have them.
"""

from drivers import json_source
from drivers.given import MOUNTING, ROLE, clock, is_reversed, phases, whole, word
from drivers.json_fields import Field, fields
from drivers.meter_facts import SINGLE, Facts
from hal import values
from hal.options import choice, integer, text
from hal.ports import Inbox, Meter
from hal.values import Ability

LINES = ("mqtt",)
OPTIONS = (
    ROLE,
    MOUNTING,
    text("topic", None, 1, 200, 'of its messages: "tele/NAME/SENSOR"'),
    choice("layout", "script", ("script", "plug"), "script: a reading head; plug: what ENERGY says"),
    text("group", "SML", 1, 64, "the name the script gives the meter"),
    integer("sends_s", 10, 1, 60, "its TelePeriod in s"),
)
METER = Facts("Tasmota reading heads and plugs",
              "what its script sends: P, import, export, some U, I and P per phase", SINGLE)
FAILSAFE = "nothing is ever written to it"

_PER_KWH = " * 1000"


def ability(options: "dict[str, object]") -> Ability:
    wanted(options)
    return values.ability(word(options, "role"), settle_ms=0)


def fields_of(layout: str, group: str, topic: str) -> "tuple[Field, ...]":
    if layout == "plug":
        return (fields("power", ("ENERGY.Power",), topic) + fields("current_phases", ("ENERGY.Current",), topic)
                + fields("voltage_phases", ("ENERGY.Voltage",), topic)
                + fields("energy_import", ("ENERGY.Total" + _PER_KWH,), topic))
    phased = [tuple(f"{group}.{what}_l{phase}" for phase in (1, 2, 3)) for what in ("power", "current", "voltage")]
    return (fields("power", (group + ".Power_curr",), topic) + fields("power_phases", phased[0], topic)
            + fields("current_phases", phased[1], topic) + fields("voltage_phases", phased[2], topic)
            + fields("energy_import", (group + ".Total_in" + _PER_KWH,), topic)
            + fields("energy_export", (group + ".Total_out" + _PER_KWH,), topic))


def wanted(options: "dict[str, object]", asked: bool = False) -> "tuple[Field, ...]":
    return fields_of(word(options, "layout"), word(options, "group"), word(options, "topic"))


def build(port: Inbox, options: "dict[str, object]") -> Meter:
    return json_source.build(port, clock(options), wanted(options), phases(options), is_reversed(options),
                             1_000 * whole(options, "sends_s"))
