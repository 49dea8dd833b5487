"""Siemens SENTRON PAC2200: three-phase meter, bidirectional.

Source: OpenEMS, mbmd and openWB agree on voltage, current, power and energy; power factor and serial number are from
the maker's manual, frequency from openWB alone (mbmd names another register). Function 3, high word first.
Sign: + on import. The energies are those of tariff 1: leave its tariff input open. `ct_ratio` only where its own is 1.
"""

from drivers.meter_facts import DRIVERS
from drivers.meter_table import CT_RATIO, MEASURES_ONLY, TableMeter, ability_of, options_of, table
from drivers.passport import TEXT, Tell
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = MEASURES_ONLY

TABLE = table(
    "Siemens SENTRON PAC2200", DRIVERS,
    reads=(
        #   field         fn  address kind n   num  den
        Reg("voltage_mv", 3, 1, "f32", 3, 1000, 1),
        Reg("current_ma", 3, 13, "f32", 3, 1000, 1),
        Reg("power_w", 3, 25, "f32", 3, 1, 1),
    ),
    slow=(
        Reg("import_wh", 3, 801, "f64", 1, 1, 1),
        Reg("export_wh", 3, 809, "f64", 1, 1, 1),
        Reg("power_factor_permille", 3, 37, "f32", 3, 1000, 1),
        Reg("frequency_mhz", 3, 55, "f32", 1, 1000, 1),
    ),
    gap=6,
    passport=(Tell("serial", 3, 64012, 8, TEXT),),
)
OPTIONS = options_of(TABLE, CT_RATIO)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
