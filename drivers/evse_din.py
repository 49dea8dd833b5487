"""SimpleEVSE, EVSE-DIN, EVSE-WB (inside openWB satellit and series 2): controller on Modbus RTU that measures nothing.

Source: two independent drivers that agree. Whole amperes, or 0.01 A where bit 7 of 2005 is set (firmware 17 and later,
`precise = true`); that bit is looked at before anything is written, for 2005 itself wears out. It has no fail-safe.
"""

from drivers.given import whole
from drivers.meter_facts import DRIVERS
from drivers.orders import ON_CHANGE, order
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import Box, ability_of, box, options_of
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = "none: it keeps its last current; released it is at 0"

STATES = {1: "A", 2: "B", 3: "C", 4: "D", 5: "E"}
CONFIG, PRECISE = 2005, 0x80


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


def table(each_ma: int) -> Box:
    """`each_ma`: what 1 in the register of the current means."""
    return box(
        "SimpleEVSE, EVSE-DIN, EVSE-WB", DRIVERS,
        (
            #   field         fn  addr  kind  n  num  den
            Reg("limit_ma", 3, 1000, "u16", 1, each_ma, 1),
            Reg("state_code", 3, 1002, "u16", 1, 1, 1),
        ),
        state, order("limit_ma", 6, 1000, "u16", each_ma), step_ma=max(each_ma, 100), refresh_ms=ON_CHANGE,
    )


BOX = table(1_000)
OPTIONS = options_of(BOX, integer("precise", 0, 0, 1, "true: it counts its current in 0.01 A"))


class EvseDin(RegisterWallbox):
    def arm(self) -> None:
        precise = self.bus.read(self.unit, 3, CONFIG, 1)[0] & PRECISE
        if bool(precise) != (self.box.step_ma < 1_000):
            raise DeviceError(RANGE, "bit 7 of 2005 says precise = %s" % ("true" if precise else "false"))
        super().arm()


def _table(options: "dict[str, object]") -> Box:
    return table(10 if whole(options, "precise") else 1_000)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(_table(options), options, measured=False)


def build(port: Bus, options: "dict[str, object]") -> EvseDin:
    return EvseDin(port, _table(options), options, ability(options))
