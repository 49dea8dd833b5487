"""Eastron SDM230-Modbus: single-phase meter, bidirectional.

Source: maker's protocol description, and drivers that agree; drivers.eastron has its registers.
"""

from drivers.eastron import reads, slow
from drivers.meter_facts import BOTH
from drivers.meter_table import MEASURES_ONLY, TableMeter, ability_of, options_of, table
from hal.ports import Bus
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = MEASURES_ONLY

TABLE = table("Eastron SDM230-Modbus", BOTH, reads(1), slow(1), conductors=1)
OPTIONS = options_of(TABLE)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
