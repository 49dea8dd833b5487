"""Victron EV Charging Station, asked directly on Modbus TCP: 6 to 32 A in whole amperes, switches phases.

Source: one independent driver; its states from the maker's list for its GX devices. It tells its power and no currents.
It only heeds us in manual mode, which is set when it is armed. No fail-safe is known; what it is told may be stored, so
it is told only changes.
"""

from drivers.meter_facts import SINGLE
from drivers.orders import ON_CHANGE, Order, order
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import Enable, ability_of, box, options_of, switch
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "none that is known: it keeps its last current; released it is stopped"

MANUAL = 0
# 22 and 23 are on the way to three phases or one
STATES = {0: "A", 1: "B", 2: "C", 3: "B", 4: "B", 5: "B", 6: "B", 7: "B", 8: "E", 9: "E", 10: "E", 11: "E", 12: "F",
          13: "F", 14: "F", 20: "C", 21: "B", 22: "B", 23: "B", 24: "B"}
MODE = order("mode", 6, 5009)


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


BOX = box(
    "Victron EV Charging Station", SINGLE,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("mode", 3, 5009, "u16", 1, 1, 1),
        Reg("enabled", 3, 5010, "u16", 1, 1, 1),
        Reg("total_w", 3, 5014, "u16", 1, 1, 1),
        Reg("state_code", 3, 5015, "u16", 1, 1, 1),
        Reg("limit_ma", 3, 5016, "u16", 1, 1000, 1),
    ),
    state, order("limit_ma", 6, 5016, "u16", 1000), slow=(
        Reg("conductors", 3, 5055, "u16", 1, 1, 1), Reg("session_wh", 3, 5021, "u16", 1, 10, 1)),
    enable=Enable(order("enabled", 6, 5010), 1, 0), switch=switch(order("conductors", 6, 5055), 1, 0, rest_ms=15_000),
    refresh_ms=ON_CHANGE,
)
OPTIONS = options_of(BOX)


class ChargingStation(RegisterWallbox):
    def settings(self) -> "tuple[tuple[Order, int], ...]":
        return super().settings() + ((MODE, MANUAL),)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> ChargingStation:
    return ChargingStation(port, BOX, options)
