"""Phoenix Contact EV-CC-AC1-M: charge controller on Modbus RTU, 6 to 32 A in whole amperes; it measures nothing.

Source: one independent driver. No fail-safe is known.
"""

from drivers.meter_facts import SINGLE
from drivers.orders import ON_CHANGE, order
from drivers.phoenix import state_high
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_table import Enable, ability_of, box, options_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = "none that is known: it keeps its last current; released it is off"

BOX = box(
    "Phoenix Contact EV-CC-AC1-M (RTU)", SINGLE,
    (
        #   field         fn  addr   kind  n  num  den
        Reg("state_code", 4, 24000, "u16", 1, 1, 1),
        Reg("limit_ma", 3, 22000, "u16", 1, 1000, 1),
        Reg("enabled", 1, 20000, "u16", 1, 1, 1),
    ),
    state_high, order("limit_ma", 6, 22000, "u16", 1000), enable=Enable(order("enabled", 5, 20000), 1, 0),
    refresh_ms=ON_CHANGE,
)
OPTIONS = options_of(BOX)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options, measured=False)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, BOX, options, ability(options))
