"""Phoenix Contact CHARX SEC-3xxx: charge controllers on Modbus TCP (unit 255 or 1), 6 to 32 A in whole amperes.

Source: one independent driver. Each controller behind the gateway is a block of 1000 registers (`controller`), and a
device of its own. A time-out may be set in the box; it cannot be seen from here, so none is counted on.
"""

from drivers.cards import ASCII, card
from drivers.given import whole
from drivers.meter_facts import SINGLE
from drivers.orders import ON_CHANGE, order
from drivers.phoenix import state_high
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_table import Box, Enable, ability_of, box, options_of
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "none that is counted on: unless a time-out is set in the box it keeps its last current; released it is off"


def table(controller: int) -> Box:
    """`controller` 1 is the first."""
    at = 1_000 * controller
    return box(
        "Phoenix Contact CHARX SEC-3xxx", SINGLE,
        (
            #   field         fn   address  kind  n  num  den
            Reg("voltage_mv", 3, at + 232, "s32", 3, 1, 1),
            Reg("current_ma", 3, at + 238, "s32", 3, 1, 1),
            Reg("total_w", 3, at + 244, "s32", 1, 1, 1000),
            Reg("state_code", 3, at + 299, "u16", 1, 1, 1),
            Reg("enabled", 3, at + 300, "u16", 1, 1, 1),
            Reg("limit_ma", 3, at + 301, "u16", 1, 1000, 1),
        ),
        state_high, order("limit_ma", 16, at + 301, "u16", 1000), slow=(
            Reg("import_wh", 3, at + 250, "s64", 1, 1, 1), Reg("session_wh", 3, at + 289, "u32", 1, 1, 1)),
        card=card(3, at + 275, 10, ASCII),
        enable=Enable(order("enabled", 16, at + 300), 1, 0), refresh_ms=ON_CHANGE,
    )


BOX = table(1)
OPTIONS = options_of(BOX, integer("controller", 1, 1, 12, "which controller behind the gateway, in its order"))


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, table(whole(options, "controller")), options)
