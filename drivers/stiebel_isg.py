"""Stiebel Eltron ISG web, ISG plus (with EMI): heat pump with SG-Ready as two registers, on Modbus TCP.

Source: three independent drivers for the inputs, two for the state (5000); vendor numbers are one higher. Sources
differ on which input locks: `lock_input` says it, and 5000 tells whether that is right. If the pump says for two
minutes the opposite of what it was told, the device is at fault. What it is told is stored; hold_s keeps that seldom.
"""

from drivers.given import clock, whole, word
from drivers.load_facts import LoadFacts
from drivers.meter_facts import DRIVERS
from drivers.register_device import one
from drivers.sg_modbus import POWERS, SgModbus, ability_of, told
from drivers.sg_ready import LOCK, RECOMMEND
from hal.faults import REFUSED, DeviceError
from hal.options import choice
from hal.ports import Bus, Relays
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint

LINES = ("modbus-tcp",)
GROUP = "b"  # heat pumps, of section 14a EnWG
FAILSAFE = "none: it keeps its last state; stopped and by the service's stop hook that is normal operation"
LOAD = LoadFacts("Stiebel Eltron ISG web/plus", "heating", "state, temperature", "lock, normal, recommend", "none",
                 DRIVERS)
OPTIONS = POWERS + (choice("lock_input", "2", ("1", "2"), "which SG-Ready input alone locks the pump"),)

ENABLE, INPUTS = 4000, (4001, 4002)
OPPOSITE = {LOCK: 3, RECOMMEND: 1}  # what 5000 says when the inputs are the other way round
WRONG_MS = 120_000

READS = (Reg("sg_state", 4, 5000, "u16", 1, 1, 1),)
SLOW = (Reg("temperature_mdegc", 4, 521, "s16", 1, 100, 1),)


class Inputs(Relays):
    """(lock, boost) as the two registers."""

    def __init__(self, bus: Bus, unit: int, lock_input: int) -> None:
        self._bus = bus
        self._unit = unit
        self._places = (INPUTS[lock_input - 1], INPUTS[2 - lock_input])

    def set(self, closed: "tuple[bool, ...]") -> None:
        """What opens, first: on the way between two states the pump is told to do less."""
        for wanted in (False, True):
            for place, close in zip(self._places, closed):
                if close == wanted:
                    self._bus.write(self._unit, 6, place, (1 if close else 0,))

    def get(self) -> "tuple[bool, ...]":
        found = self._bus.read(self._unit, 3, INPUTS[0], 2)
        return tuple([found[place - INPUTS[0]] == 1 for place in self._places])


class Isg(SgModbus):
    _wrong_ms: "int | None" = None
    _complaint = ""

    def read(self, now_ms: int) -> Reading:
        said = super().read(now_ms)
        says = one(self.values, "sg_state")
        if says is None or says != OPPOSITE.get(self._state(), 0):
            self._wrong_ms = None
        elif self._wrong_ms is None:
            self._wrong_ms = now_ms
        elif now_ms - self._wrong_ms >= WRONG_MS:
            self._complaint = "it says state %d: its inputs are the other way round (lock_input)" % says
        return said

    def apply(self, setpoint: Setpoint) -> None:
        super().apply(setpoint)
        if self._complaint:
            words, self._complaint = self._complaint, ""
            raise DeviceError(REFUSED, words)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(options, False)


def build(port: Bus, options: "dict[str, object]") -> Isg:
    inputs = Inputs(port, whole(options, "unit"), int(word(options, "lock_input")))
    return Isg(inputs, ability(options), 1000 * whole(options, "hold_s"), clock(options),
               told(port, options, READS, SLOW), ((6, ENABLE, 1),))
