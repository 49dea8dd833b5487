"""Kostal Smart Energy Meter (KSEM G1, G2), which is the TQ EM420 (EM300): three-phase meter, bidirectional.

Source: maker's Modbus description (TQ), OpenEMS and openWB agree. Function 3, high word first; unit 71 on a KSEM, 247
on a TQ; at most 5 TCP clients.
Sign: it keeps the powers of the two directions apart, both 0 or more, and the energies. `ct_ratio` only where the
ratio is not set in its own pages.
"""

from drivers.identity import Mark
from drivers.meter_facts import BOTH
from drivers.meter_table import CT_RATIO, MEASURES_ONLY, TableMeter, ability_of, options_of, table
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = MEASURES_ONLY


def _phase(base: int) -> "tuple[Reg, ...]":
    return (
        #   field      fn  address    kind   n   num  den
        Reg("taken_w", 3, base, "u32", 1, 1, 10),
        Reg("given_w", 3, base + 2, "u32", 1, 1, 10),
        Reg("current_ma", 3, base + 20, "u32", 1, 1, 1),
        Reg("voltage_mv", 3, base + 22, "u32", 1, 1, 1),
        Reg("power_factor_permille", 3, base + 24, "s32", 1, 1, 1),
    )


TABLE = table(
    "Kostal Smart Energy Meter, TQ EM420/EM300", BOTH,
    reads=_phase(40) + _phase(80) + _phase(120),
    slow=(
        Reg("import_wh", 3, 512, "u64", 1, 1, 10),
        Reg("export_wh", 3, 516, "u64", 1, 1, 10),
        Reg("frequency_mhz", 3, 26, "u32", 1, 1, 1),
    ),
    gap=16,
    identity=(Mark(3, 8192, ((0x5233, 0x4842),), "%04X %04X is no KSEM or EM420"),),
)
OPTIONS = options_of(TABLE, CT_RATIO)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
