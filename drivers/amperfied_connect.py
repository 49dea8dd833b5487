"""Amperfied/Heidelberg connect.home, connect.business: wallbox, 6 to 16 A, switches between one and three phases.

Source: two independent drivers that agree; 501 and 5001 (phases) from one of them. Input and holding registers as in
the older Energy Control, over TCP. Power is apparent power, energy VAh. Any valid request re-triggers its watchdog.
"""

from drivers.cards import ASCII, card
from drivers.meter_facts import DRIVERS
from drivers.orders import Order, blind, order
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import ability_of, box, fail_safe, options_of, switch
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last request"

STATES = {2: "A", 3: "A", 4: "B", 5: "B", 6: "C", 7: "C", 8: "C", 9: "E", 10: "F", 11: "F"}
UNLOCK = blind("unlocked", 16, 259)


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


BOX = box(
    "Amperfied connect.home/business", DRIVERS,
    (
        #   field                 fn addr kind  n  num  den
        Reg("state_code", 4, 5, "u16", 1, 1, 1),
        Reg("current_ma", 4, 6, "u16", 3, 100, 1),
        Reg("temperature_mdegc", 4, 9, "s16", 1, 100, 1),
        Reg("voltage_mv", 4, 10, "u16", 3, 1000, 1),
        Reg("total_w", 4, 14, "u16", 1, 1, 1),
        Reg("limit_ma", 3, 261, "u16", 1, 100, 1),
        Reg("failsafe_ma", 3, 262, "u16", 1, 100, 1),
    ),
    state, order("limit_ma", 16, 261, "u16", 100), step_ma=100, max_ma=16_000,
    slow=(Reg("import_wh", 4, 17, "u32", 1, 1, 1), Reg("session_wh", 4, 19, "u32", 1, 1, 1),
          Reg("watchdog_ms", 3, 257, "u16", 1, 1, 1),
          Reg("conductors", 4, 5001, "u16", 1, 1, 1)),
    card=card(4, 2002, 6, ASCII), switch=switch(order("phases", 16, 501), 1, 3, rest_ms=10_000),
    failsafe=fail_safe(order("failsafe_ma", 16, 262, "u16", 100), order("watchdog_ms", 16, 257), least_s=6, most_s=60,
                       default_s=14),
)
OPTIONS = options_of(BOX)


class Connect(RegisterWallbox):
    def settings(self) -> "tuple[tuple[Order, int], ...]":
        """Also takes back a remote lock that another master, or a power cut, has left."""
        return super().settings() + ((UNLOCK, 1),)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> Connect:
    return Connect(port, BOX, options)
