"""Kostal Plenticore G1 to G3, Piko IQ with a battery: its power told on Modbus TCP (port 1502, unit 71).

Source: maker's Modbus description for what is read, three independent drivers for the setpoint. It needs "external
via protocol (Modbus TCP)" as battery control, set by its installer; the time after which it regulates by itself again
stands beside it (timeout_s). Floats have their low word first, unless that was changed there (`words`).
"""

from drivers.given import whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import BOTH
from drivers.meter_table import WORDS
from drivers.orders import EVERY_TIME, Order, order
from drivers.register_storage import POWERS, RegisterStorage, ability_of, timeout
from hal.options import choice
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "the inverter returns to its own self-consumption timeout_s after our last setpoint"
LOAD = LoadFacts("Kostal Plenticore, Piko IQ", "storage", "P of the battery, charge, temperature",
                 "charge and discharge in W", "the power, again and again", BOTH)

OPTIONS = POWERS + (timeout("its time-out of external control, as set in it; 0 where none is set", 60),
           choice("words", "low first", WORDS.choices, "order of the two words of a float, as set in it"))

READS = (
    #   field           fn addr kind  n  num  den
    Reg("soc_permille", 3, 514, "u16", 1, 10, 1),
    Reg("total_w", 3, 582, "s16", 1, -1, 1),
)


class Plenticore(RegisterStorage):
    refresh_ms = EVERY_TIME

    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        kind = "f32_le" if word(options, "words") == "low first" else "f32"
        slow = (Reg("temperature_mdegc", 3, 214, kind, 1, 1000, 1),)
        super().__init__(bus, options, ability(options), READS, slow)
        self._setpoint = order("setpoint_w", 16, 1034, kind, -1)

    def recipe(self, power_w: int) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        return ((self._setpoint, power_w),)

    def neutral(self) -> "tuple[tuple[Order, int | tuple[int, ...]], ...]":
        """0 until its time-out, then its own regulation."""
        return ((self._setpoint, 0),)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, 1000 * whole(options, "timeout_s"))


def build(port: Bus, options: "dict[str, object]") -> Plenticore:
    return Plenticore(port, options)
