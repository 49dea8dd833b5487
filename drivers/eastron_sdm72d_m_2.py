"""Eastron SDM72D-M-2: three-phase meter, bidirectional.

Source: maker's manual, and drivers that agree; drivers.eastron has its registers. At most 80 registers a request, an
odd start or count is answered with exception 2. Some units are silent to more than 10 registers: `most_registers`.
"""

from drivers.eastron import reads, slow
from drivers.given import whole
from drivers.meter_facts import BOTH
from drivers.meter_table import MEASURES_ONLY, TableMeter, ability_of, options_of, table, within
from drivers.passport import NUMBER, Tell
from hal.options import integer
from hal.ports import Bus
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = MEASURES_ONLY

TABLE = table(
    "Eastron SDM72D-M-2", BOTH, reads(3), slow(3), most_words=80,
    passport=(Tell("serial", 3, 0xFC00, 2, NUMBER), Tell("model", 3, 0xFC02, 1, NUMBER)),
)
OPTIONS = options_of(TABLE, integer("most_registers", 80, 6, 80,
                                    "longest request; 10 for a unit that is silent to longer ones"))


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, within(TABLE, whole(options, "most_registers")), options)
