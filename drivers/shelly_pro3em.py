"""Shelly Pro 3EM over Modbus TCP (to be enabled), profile triphase.

Source: maker's component description, and an emulator and a client that agree; input registers, IEEE 754, LOW word
first; the maker's numbers less 30000. It samples about once a second.
Sign: + on import. Its energies are sums of the phases, each counted by itself: what goes out on one phase while
another takes in counts on both sides. They are not the utility meter's.
"""

from drivers.meter_facts import BOTH
from drivers.meter_table import MEASURES_ONLY, TableMeter, ability_of, options_of, table
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = MEASURES_ONLY


def _phase(base: int) -> "tuple[Reg, ...]":
    return (
        #   field         fn  address    kind      n   num  den
        Reg("voltage_mv", 4, base, "f32_le", 1, 1000, 1),
        Reg("current_ma", 4, base + 2, "f32_le", 1, 1000, 1),
        Reg("power_w", 4, base + 4, "f32_le", 1, 1, 1),
        Reg("power_factor_permille", 4, base + 8, "f32_le", 1, 1000, 1),
    )


TABLE = table(
    "Shelly Pro 3EM", BOTH, quick_ms=0,
    reads=_phase(1020) + _phase(1040) + _phase(1060),
    slow=(
        Reg("import_wh", 4, 1162, "f32_le", 1, 1, 1),
        Reg("export_wh", 4, 1164, "f32_le", 1, 1, 1),
        Reg("frequency_mhz", 4, 1033, "f32_le", 1, 1000, 1),
    ),
    gap=10,
)
OPTIONS = options_of(TABLE)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(TABLE, options)


def build(port: Bus, options: "dict[str, object]") -> TableMeter:
    return TableMeter(port, TABLE, options)
