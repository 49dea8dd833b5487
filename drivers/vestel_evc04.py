"""Vestel EVC04, Webasto UNITE, Hymes: wallbox on Modbus TCP, 6 to 32 A in whole amperes; some models switch phases.

Source: two independent drivers that agree; the fail-safe current (2000) and the phase switch (405) from one each. An
alive bit has to be written at least every half of its time.
"""

from drivers.cards import UTF16, card
from drivers.meter_facts import DRIVERS
from drivers.orders import blind, order
from drivers.register_device import needed
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_table import ability_of, box, fail_safe, options_of, switch
from hal.faults import RANGE, DeviceError
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last alive bit"

MOST_CABLE = 3  # of its cable states; 2 and 3 have a car


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    cable, charging = needed(values, "cable")[0], needed(values, "charging")[0]
    if cable > MOST_CABLE or charging > 1:
        raise DeviceError(RANGE, "cable %d, charging %d" % (cable, charging))
    return "A" if cable < 2 else "C" if charging else "B"


BOX = box(
    "Vestel EVC04, Webasto UNITE", DRIVERS,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("charging", 4, 1001, "u16", 1, 1, 1),
        Reg("cable", 4, 1004, "u16", 1, 1, 1),
        Reg("current_ma", 4, 1008, "u16", 1, 1, 1),
        Reg("current_ma", 4, 1010, "u16", 1, 1, 1),
        Reg("current_ma", 4, 1012, "u16", 1, 1, 1),
        Reg("total_w", 4, 1020, "u32", 1, 1, 1),
        Reg("limit_ma", 3, 5004, "u16", 1, 1000, 1),
    ),
    state, order("limit_ma", 6, 5004, "u16", 1000),
    slow=(Reg("voltage_mv", 4, 1014, "u16", 1, 1000, 1), Reg("voltage_mv", 4, 1016, "u16", 1, 1000, 1),
          Reg("voltage_mv", 4, 1018, "u16", 1, 1000, 1), Reg("import_wh", 4, 1036, "u32", 1, 100, 1),
          Reg("failsafe_ma", 3, 2000, "u16", 1, 1000, 1), Reg("failsafe_s", 3, 2002, "u16", 1, 1, 1),
          Reg("conductors", 3, 405, "u16", 1, 1, 1), Reg("session_wh", 4, 1502, "u32", 1, 1, 1)),
    card=card(4, 1516, 15, UTF16),
    switch=switch(order("conductors", 6, 405), 0, 1, rest_ms=10_000),
    failsafe=fail_safe(order("failsafe_ma", 6, 2000, "u16", 1000), order("failsafe_s", 6, 2002),
                       alive=blind("life", 6, 6000), default_s=20),
)
OPTIONS = options_of(BOX)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, BOX, options)
