"""E3/DC S10: what its "simple mode" tells on Modbus TCP. It is only read: controlling it needs RSCP, its own protocol.

Source: two independent drivers that agree. 32-bit values have their low word first. `shows` chooses which of its
powers this device is: the grid connection (meter of a node), its roof (a source), or its battery (shown only).
In a farm of several the grid's power stays 0: then use another meter.
"""

from drivers.given import phases, whole, word
from drivers.meter_facts import DRIVERS, Facts
from drivers.register_device import RegisterDevice, one
from hal.faults import RANGE, DeviceError
from hal.options import choice
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, reading
from hal.values import ability as able

LINES = ("modbus-tcp",)
FAILSAFE = "only read; it regulates by itself"
METER = Facts("E3/DC S10 (simple mode)", "P of the grid, the roof or the battery; charge", DRIVERS)

ROLES = {"grid": "meter", "roof": "source", "battery": "sensor"}
OPTIONS = (choice("shows", "grid", ("grid", "roof", "battery"), "which of its powers this device is"),)

READS = (
    #   field           fn   addr   kind     n  num  den
    Reg("roof_w", 3, 40067, "s32_le", 1, 1, 1),
    Reg("battery_w", 3, 40069, "s32_le", 1, 1, 1),
    Reg("grid_w", 3, 40073, "s32_le", 1, 1, 1),
    Reg("soc_permille", 3, 40082, "u16", 1, 10, 1),
)


class S10(RegisterDevice):
    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        super().__init__(bus, whole(options, "unit"), READS, phases=phases(options))
        self._shows = word(options, "shows")

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        """The roof is + when it makes something; turned here."""
        soc_permille, power_w = one(values, "soc_permille"), one(values, self._shows + "_w")
        if soc_permille is not None and soc_permille > 1000:
            raise DeviceError(RANGE, "charge %d permille" % soc_permille)
        if self._shows == "roof":
            power_w = None if power_w is None else -power_w
        return reading(now_ms, total_w=power_w, soc_permille=soc_permille if self._shows == "battery" else None)


def ability(options: "dict[str, object]") -> Ability:
    return able(ROLES[word(options, "shows")])


def build(port: Bus, options: "dict[str, object]") -> S10:
    return S10(port, options)
