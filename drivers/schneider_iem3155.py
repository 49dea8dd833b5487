"""Schneider iEM3155, iEM3255, iEM3355: three-phase meters, bidirectional.

Source: mbmd and a list of the maker's block from 3000 agree, on most values Tasmota too; what it says about itself is
from two lists of the maker's registers. Function 3, high word first; the maker's numbers are one higher than what goes
on the wire. Power in kW. Factory setting 19200 8E1.
Sign: + on import. Its power factor is coded (above 1 means leading), of the total only and known from one source: left
out. `ct_ratio` only for a 3255 whose own ratio is 1.
"""

from drivers.meter_facts import DRIVERS
from drivers.meter_table import CT_RATIO, MEASURES_ONLY, TableMeter, ability_of, options_of, table
from drivers.passport import NUMBER, TEXT, Tell
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = MEASURES_ONLY

TABLE = table(
    "Schneider iEM3155/3255/3355", DRIVERS,
    reads=(
        #   field         fn  address kind n   num  den
        Reg("current_ma", 3, 2999, "f32", 3, 1000, 1),
        Reg("voltage_mv", 3, 3027, "f32", 3, 1000, 1),
        Reg("power_w", 3, 3053, "f32", 3, 1000, 1),
    ),
    slow=(
        Reg("import_wh", 3, 3203, "s64", 1, 1, 1),
        Reg("export_wh", 3, 3207, "s64", 1, 1, 1),
        Reg("frequency_mhz", 3, 3109, "f32", 1, 1000, 1),
    ),
    gap=22,
    passport=(Tell("maker", 3, 69, 20, TEXT), Tell("model", 3, 49, 20, TEXT), Tell("serial", 3, 129, 2, NUMBER),
              Tell("firmware", 3, 1636, 1, NUMBER)),
)
OPTIONS = options_of(TABLE, CT_RATIO)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
