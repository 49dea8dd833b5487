"""Eastron SDM630-Modbus V2: three-phase meter, bidirectional, direct up to 100 A.

Source: maker's register description (SDM630-Modbus V2 protocol), and drivers that agree; drivers.eastron has its
registers. The word order is another where its holding register 40 was changed. At most 80 registers a request, an odd
start or count is answered with exception 2.
The total is the sum of the phases, not register 52: a request less, and all of one instant.
"""

from drivers.eastron import reads, slow
from drivers.meter_facts import BOTH
from drivers.meter_table import MEASURES_ONLY, WORDS, TableMeter, ability_of, options_of, table
from drivers.passport import NUMBER, Tell
from hal.ports import Bus
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = MEASURES_ONLY

TABLE = table("Eastron SDM630-Modbus V2", BOTH, reads(3), slow(3), most_words=80,
              passport=(Tell("serial", 3, 0xFC00, 2, NUMBER),))
OPTIONS = options_of(TABLE, WORDS)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
