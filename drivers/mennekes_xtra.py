"""Mennekes AMTRON Xtra, Premium (controller HCC3): wallbox on Modbus TCP, 6 to 32 A in whole amperes.

Source: one independent driver. It tells its power and no currents, and nothing is known of a fail-safe.
"""

from drivers.meter_facts import SINGLE
from drivers.orders import ON_CHANGE, order
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import ability_of, box, options_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "none that is known: it keeps its last current"

STATES = {1: "A", 2: "A", 3: "B", 4: "B", 5: "C", 6: "C"}


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


BOX = box(
    "Mennekes AMTRON Xtra/Premium (HCC3)", SINGLE,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("state_code", 4, 770, "u16", 1, 1, 1),
        Reg("total_w", 4, 783, "u32_le", 1, 1, 1),
        Reg("limit_ma", 3, 1024, "u16", 1, 1000, 1),
    ),
    state, order("limit_ma", 6, 1024, "u16", 1000), refresh_ms=ON_CHANGE,
    slow=(Reg("session_wh", 4, 781, "u32_le", 1, 1, 1),),
)
OPTIONS = options_of(BOX)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, BOX, options)
