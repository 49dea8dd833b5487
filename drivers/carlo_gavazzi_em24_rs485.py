"""Carlo Gavazzi EM24-DIN on RS485: three-phase meter, bidirectional in some of its applications.

Source: mbmd alone. Its registers are another map than the Ethernet type's. Where an application counts no export, the
register is answered with exception 2.
"""

from drivers.carlo_gavazzi import READS, slow
from drivers.meter_facts import SINGLE
from drivers.meter_table import CT_RATIO, MEASURES_ONLY, TableMeter, ability_of, options_of, table
from hal.ports import Bus
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = MEASURES_ONLY

TABLE = table("Carlo Gavazzi EM24 RS485", SINGLE, READS, slow(0x0032, 0x0037, 0x0042, 0x005C), most_words=12)
OPTIONS = options_of(TABLE, CT_RATIO)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
