"""NIBE S-series heat pumps: SG mode told on Modbus TCP (menu 7.5.9), firmware 4.7.5 and later; its power is read.

Source: one independent driver for the mode (6008); power and energy from two (32 bit, low word first). The mode is
blocked, normal or boosted; it is stored, so it is put back to normal at start, at stop and by the service's stop hook.
"""

from drivers.given import clock, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import SINGLE
from drivers.orders import CONFIRM, confirmed
from drivers.sg_modbus import POWERS, SgModbus, ability_of, told
from hal.faults import RANGE, DeviceError
from hal.ports import Bus, Relays
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
GROUP = "b"  # heat pumps, of section 14a EnWG
FAILSAFE = "none: it keeps its last mode; stopped and by the service's stop hook that is normal operation"
LOAD = LoadFacts("NIBE S-series heat pumps", "heating", "P, energy, temperature", "block, normal, boost", "none",
                 SINGLE)
OPTIONS = POWERS + (CONFIRM,)

ENABLE, MODE = 3032, 6008
MODES = ((0, (True, False)), (1, (False, False)), (3, (False, True)))  # what is told, (lock, boost)

READS = (Reg("total_w", 4, 2305, "u32_le", 1, 10, 1),)
SLOW = (Reg("import_wh", 4, 3823, "u32_le", 1, 100, 1), Reg("temperature_mdegc", 4, 8, "s16", 1, 100, 1))


class Mode(Relays):
    """(lock, boost) as one register."""

    def __init__(self, bus: Bus, unit: int) -> None:
        self._bus = bus
        self._unit = unit

    def set(self, closed: "tuple[bool, ...]") -> None:
        for mode, contacts in MODES:
            if contacts == tuple(closed):
                self._bus.write(self._unit, 16, MODE, (mode,))

    def get(self) -> "tuple[bool, ...]":
        found = self._bus.read(self._unit, 3, MODE, 1)[0]
        for mode, contacts in MODES:
            if mode == found:
                return contacts
        raise DeviceError(RANGE, "mode %d" % found)


def ability(options: "dict[str, object]") -> Ability:
    confirmed(options)
    return ability_of(options, True)


def build(port: Bus, options: "dict[str, object]") -> SgModbus:
    return SgModbus(Mode(port, whole(options, "unit")), ability(options), 1000 * whole(options, "hold_s"),
                    clock(options), told(port, options, READS, SLOW), ((16, ENABLE, 1),))
