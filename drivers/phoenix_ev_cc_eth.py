"""Phoenix Contact EV-CC-AC1-M3-..-ETH, wallbe Eco and Pro: charge controller on Modbus TCP, 6 to 32 A.

Source: one independent driver. wallbe's own firmware counts the current in 0.1 A (`tenths = true`); what stands there
is looked at before anything is written. It measures only what a meter beside it tells (`meter = true`), in whole
volts, amperes and watts. No fail-safe is known. 32-bit values have their low word first.
"""

from drivers.cards import ASCII, card
from drivers.given import whole
from drivers.meter_facts import SINGLE
from drivers.orders import ON_CHANGE, order
from drivers.phoenix import HAS_METER, able_with, state
from drivers.register_wallbox import RegisterWallbox
from drivers.wallbox_table import Box, Enable, box, options_of
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "none that is known: it keeps its last current; released it is off"

TENTHS_FROM = 60  # 6 A in tenths; 60 A no such box has
CURRENT = 528
MEASURED = (
    Reg("voltage_mv", 4, 108, "s32_le", 3, 1000, 1),
    Reg("current_ma", 4, 114, "s32_le", 3, 1000, 1),
    Reg("total_w", 4, 120, "s32_le", 1, 1, 1),
)
ENERGY = (Reg("import_wh", 3, 904, "u32_le", 1, 1, 1), Reg("session_wh", 4, 132, "s32_le", 1, 1_000, 1))


def table(each_ma: int, meter: bool) -> Box:
    """`each_ma`: what 1 in the register of the current means."""
    reads = (
        #   field         fn  addr  kind  n  num  den
        Reg("state_code", 4, 100, "u16", 1, 1, 1),
        Reg("limit_ma", 3, CURRENT, "u16", 1, each_ma, 1),
        Reg("enabled", 1, 400, "u16", 1, 1, 1),
    )
    return box("Phoenix Contact EV-CC-..-ETH, wallbe Eco/Pro", SINGLE, reads + (MEASURED if meter else ()), state,
               order("limit_ma", 6, CURRENT, "u16", each_ma), slow=ENERGY if meter else (), step_ma=each_ma,
               enable=Enable(order("enabled", 5, 400), 1, 0), refresh_ms=ON_CHANGE,
               card=card(3, 606, 16, ASCII))


BOX = table(1_000, True)
OPTIONS = options_of(BOX, HAS_METER, integer("tenths", 0, 0, 1, "true: it counts in 0.1 A (wallbe's firmware)"))


class EvCc(RegisterWallbox):
    def arm(self) -> None:
        raw = self.bus.read(self.unit, 3, CURRENT, 1)[0]
        if raw and (raw >= TENTHS_FROM) != (self.box.step_ma < 1_000):
            raise DeviceError(RANGE, "%d stands in its current: tenths = %s" % (
                raw, "true" if raw >= TENTHS_FROM else "false"))
        super().arm()


def _table(options: "dict[str, object]") -> Box:
    return table(100 if whole(options, "tenths") else 1_000, whole(options, "meter") == 1)


def ability(options: "dict[str, object]") -> Ability:
    return able_with(_table(options), options)


def build(port: Bus, options: "dict[str, object]") -> EvCc:
    return EvCc(port, _table(options), options, ability(options))
