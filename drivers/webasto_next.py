"""Webasto/Ampure NEXT: wallbox on Modbus TCP, 6 to 32 A in whole amperes, no phase switching.

Source: two independent drivers that agree; the fail-safe current (2000) from one of them. A life bit has to be written
again and again, for the box clears it each time. What it was told cannot be read back.
"""

from drivers.cards import ASCII, card
from drivers.meter_facts import DRIVERS
from drivers.orders import blind, order
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import ability_of, box, fail_safe, options_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last life bit"

STATES = {0: "A", 1: "B", 3: "C", 4: "B", 7: "E", 8: "F"}


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


BOX = box(
    "Webasto/Ampure NEXT", DRIVERS,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("state_code", 3, 1000, "u16", 1, 1, 1),
        Reg("current_ma", 3, 1008, "u16", 1, 1, 1),
        Reg("current_ma", 3, 1010, "u16", 1, 1, 1),
        Reg("current_ma", 3, 1012, "u16", 1, 1, 1),
        Reg("total_w", 3, 1020, "u32", 1, 1, 1),
    ),
    state, blind("limit_ma", 6, 5004, "u16", 1000),
    slow=(Reg("import_wh", 3, 1036, "u32", 1, 1, 1), Reg("session_wh", 3, 1502, "u16", 1, 1, 1),
          Reg("failsafe_ma", 3, 2000, "u16", 1, 1000, 1),
          Reg("failsafe_s", 3, 2002, "u16", 1, 1, 1)),
    card=card(3, 1600, 10, ASCII),
    failsafe=fail_safe(order("failsafe_ma", 6, 2000, "u16", 1000), order("failsafe_s", 6, 2002),
                       alive=blind("life", 6, 6000), default_s=20),
)
OPTIONS = options_of(BOX)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, BOX, options)
