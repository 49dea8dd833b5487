"""Janitza UMG 96RM, 96RM-E, 103, 104, 604: three-phase meters, bidirectional.

Source: maker's address lists of the UMG 96RM and 604, OpenEMS and mbmd agree on the common block from 19000; of the
native block of the 104 and 604, frequency and energies are from OpenEMS alone. Function 3, IEEE 754, high word first.
Sign: + on import. Its power factor is the cos phi of the fundamental wave. Energies in Wh are floats: beyond 16.7 MWh
they count in steps of 2 Wh and more. `ct_ratio` only where the meter's own ratio is 1.
"""

from drivers.given import word
from drivers.meter_facts import BOTH
from drivers.meter_table import CT_RATIO, MEASURES_ONLY, TableMeter, ability_of, options_of, table
from hal.options import choice
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = MEASURES_ONLY

TABLE = table(
    "Janitza UMG 96RM/103/104/604", BOTH,
    reads=(
        #   field         fn  address kind n   num  den
        Reg("voltage_mv", 3, 19000, "f32", 3, 1000, 1),
        Reg("current_ma", 3, 19012, "f32", 3, 1000, 1),
        Reg("power_w", 3, 19020, "f32", 3, 1, 1),
    ),
    slow=(
        Reg("import_wh", 3, 19068, "f32", 1, 1, 1),
        Reg("export_wh", 3, 19076, "f32", 1, 1, 1),
        Reg("power_factor_permille", 3, 19044, "f32", 3, 1000, 1),
        Reg("frequency_mhz", 3, 19050, "f32", 1, 1000, 1),
    ),
    gap=6,
)
NATIVE = table(
    "Janitza UMG 104/604, native block", BOTH,
    reads=(
        Reg("voltage_mv", 3, 1317, "f32", 3, 1000, 1),
        Reg("current_ma", 3, 1325, "f32", 3, 1000, 1),
        Reg("power_w", 3, 1333, "f32", 3, 1, 1),
    ),
    slow=(
        Reg("import_wh", 3, 9851, "f32", 1, 1, 1),
        Reg("export_wh", 3, 9863, "f32", 1, 1, 1),
        Reg("frequency_mhz", 3, 1439, "f32", 1, 1000, 1),
    ),
    gap=2,
)
TABLES = {"common": TABLE, "native": NATIVE}
OPTIONS = options_of(TABLE, CT_RATIO, choice("block", "common", ("common", "native"),
                                             "registers to read: from 19000, or those of the UMG 104 and 604"))


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLES[word(options, "block")], options)
