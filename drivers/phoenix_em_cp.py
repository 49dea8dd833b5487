"""Phoenix Contact EM-CP-PP-ETH: charge controller on Modbus TCP (unit 180), 6 to 32 A in whole amperes.

Source: one independent driver. It measures only what a meter beside it tells (`meter = true`). No fail-safe is known.
32-bit values have their low word first.
"""

from drivers.given import whole
from drivers.meter_facts import SINGLE
from drivers.orders import ON_CHANGE, order
from drivers.phoenix import HAS_METER, able_with, state
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_table import Enable, box, options_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "none that is known: it keeps its last current; released it is off"

READS = (
    #   field         fn  addr  kind  n  num  den
    Reg("state_code", 4, 100, "u16", 1, 1, 1),
    Reg("limit_ma", 3, 300, "u16", 1, 1000, 1),
    Reg("enabled", 1, 400, "u16", 1, 1, 1),
)
MEASURED = (
    Reg("voltage_mv", 4, 108, "s32_le", 3, 10, 1),
    Reg("current_ma", 4, 114, "s32_le", 3, 1, 1),
    Reg("total_w", 4, 120, "s32_le", 1, 10, 1),
)
LIMIT, ENABLE = order("limit_ma", 6, 300, "u16", 1000), Enable(order("enabled", 5, 400), 1, 0)
BARE = box("Phoenix Contact EM-CP-PP-ETH", SINGLE, READS, state, LIMIT, enable=ENABLE, refresh_ms=ON_CHANGE)
BOX = box("Phoenix Contact EM-CP-PP-ETH", SINGLE, READS + MEASURED, state, LIMIT, enable=ENABLE, refresh_ms=ON_CHANGE,
          slow=(Reg("import_wh", 4, 128, "u32_le", 1, 10, 1),))
OPTIONS = options_of(BOX, HAS_METER)


def ability(options: "dict[str, object]") -> Ability:
    return able_with(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, BOX if whole(options, "meter") else BARE, options, ability(options))
