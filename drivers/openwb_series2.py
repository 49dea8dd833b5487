"""openWB series 2, Pro+ and software 2.x as a wallbox: its Modbus TCP server (port 1502), 6 to 32 A in 0.01 A.

Source: one independent driver. A second charge point stands 100 higher (`charge_point = 2`). What it is told cannot be
read back; 10116 tells the current it offers. Nobody is sure what its heartbeat register does: none is counted on.
"""

from drivers.cards import ASCII, card
from drivers.given import whole
from drivers.meter_facts import SINGLE
from drivers.orders import blind
from drivers.register_device import needed
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_table import Box, ability_of, box, options_of, switch
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "none that is counted on: it keeps its last current; released it is at 0"


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    plugged, charging = needed(values, "plugged")[0], needed(values, "charging")[0]
    if plugged > 1 or charging > 1:
        raise DeviceError(RANGE, "plugged %d, charging %d" % (plugged, charging))
    return "A" if not plugged else "C" if charging else "B"


def table(charge_point: int) -> Box:
    at = 10_000 + 100 * (charge_point - 1)
    return box(
        "openWB series 2, Pro+ (Modbus)", SINGLE,
        (
            #   field         fn   address   kind  n  num  den
            Reg("total_w", 4, at + 100, "s32", 1, 1, 1),
            Reg("voltage_mv", 4, at + 104, "s16", 3, 10, 1),
            Reg("current_ma", 4, at + 107, "s16", 3, 10, 1),
            Reg("plugged", 4, at + 114, "u16", 1, 1, 1),
            Reg("charging", 4, at + 115, "u16", 1, 1, 1),
            Reg("limit_ma", 4, at + 116, "u16", 1, 10, 1),
        ),
        state, blind("limit_ma", 6, at + 171, "u16", 10), slow=(Reg("import_wh", 4, at + 102, "s32", 1, 1, 1),),
        step_ma=100, effective=True, settle_ms=15_000, card=card(4, at + 160, 10, ASCII),
        switch=switch(blind("conductors", 6, at + 180), 1, 3, behind=((blind("switch_now", 6, at + 181), 1),),
                      rest_ms=20_000),
    )


BOX = table(1)
OPTIONS = options_of(BOX, integer("charge_point", 1, 1, 2, "which charge point of the box"))


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> RegisterWallbox:
    return RegisterWallbox(port, table(whole(options, "charge_point")), options)
