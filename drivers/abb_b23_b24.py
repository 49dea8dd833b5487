"""ABB B23 (direct) and B24 (transformers): three-phase meters, bidirectional in some models.

Source: mbmd, Victron's Modbus client and openWB agree; the type code is from Victron's alone. Function 3 only, high
word first. No value is all ones, of signed values 0x7FFF..; an import-only model says so of its export.
Sign: + on import. `ct_ratio` only for a B24 whose own ratio is 1.
"""

from drivers.identity import Mark
from drivers.meter_facts import DRIVERS
from drivers.meter_table import CT_RATIO, MEASURES_ONLY, TableMeter, ability_of, options_of, table
from drivers.passport import NUMBER, TEXT, Tell
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = MEASURES_ONLY

TABLE = table(
    "ABB B23/B24", DRIVERS,
    reads=(
        #   field         fn  address kind    n   num  den
        Reg("voltage_mv", 3, 0x5B00, "u32", 3, 100, 1),
        Reg("current_ma", 3, 0x5B0C, "u32", 3, 10, 1),
        Reg("power_w", 3, 0x5B16, "s32n", 3, 1, 100),
    ),
    slow=(
        Reg("import_wh", 3, 0x5000, "u64", 1, 10, 1),
        Reg("export_wh", 3, 0x5004, "u64", 1, 10, 1),
        Reg("frequency_mhz", 3, 0x5B2C, "u16", 1, 10, 1),
        Reg("power_factor_permille", 3, 0x5B3B, "s16n", 3, 1, 1),
    ),
    gap=6,
    passport=(Tell("model", 3, 0x8960, 2, TEXT), Tell("serial", 3, 0x8900, 2, NUMBER),
              Tell("firmware", 3, 0x8908, 8, TEXT)),
    identity=(Mark(3, 0x8960, ((0x4232, 0x3320), (0x4232, 0x3420)), "type %04X %04X is no B23 or B24"),),
)
OPTIONS = options_of(TABLE, CT_RATIO)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
