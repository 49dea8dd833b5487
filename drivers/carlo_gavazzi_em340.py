"""Carlo Gavazzi EM330, EM340, ET330, ET340: three-phase meters, bidirectional.

Source: maker's protocol of the series, mbmd and OpenEMS agree. At most 50 registers a request. They leave the factory
in measurement mode A, in which everything counts as import: that is refused, since an export would be believed to be
an import.
"""

from drivers.carlo_gavazzi import READS, slow
from drivers.identity import Mark
from drivers.meter_facts import BOTH
from drivers.meter_table import MEASURES_ONLY, TableMeter, ability_of, options_of, table
from hal.ports import Bus
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = MEASURES_ONLY

TABLE = table(
    "Carlo Gavazzi EM330/EM340/ET330/ET340", BOTH, READS, slow(0x002E, 0x0033, 0x0034, 0x004E), most_words=50, gap=6,
    checks=(Mark(3, 0x1103, ((1,),), "measurement mode %d (0 = A) counts everything as import: "
                                     "set register 0x1103 to 1 (B, bidirectional)"),),
)
OPTIONS = options_of(TABLE)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
