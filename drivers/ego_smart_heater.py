"""E.G.O. Smart Heater EI: heating rod of three elements (0.5, 1 and 2 kW), told in watts on Modbus RTU (address 247).

Source: one independent driver. It says which elements are on and what each has, and that is the power reported here.
What it was told lapses after about a minute. Its maker stands in 0x2000 (0x14EF): nothing is written to anything else.
"""

from drivers.given import phases, whole
from drivers.identity import Mark, missed
from drivers.load_facts import LoadFacts
from drivers.meter_facts import SINGLE
from drivers.orders import CONFIRM, confirmed, order
from drivers.register_device import needed, one
from drivers.register_load import RegisterLoad
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import NOMINAL_MV, Ability, Reading, Setpoint, reading
from hal.values import ability as able

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = "it stops heating about a minute after our last power (timeout_s)"
LOAD = LoadFacts("E.G.O. Smart Heater EI", "heating", "P from its elements, temperature", "0 to 3500 W in steps of 500",
                 "the power, again and again", SINGLE)
OPTIONS = (integer("timeout_s", 60, 30, 600, "time after which it stops by itself"), CONFIRM)

MAX_W, STEP_W = 3_500, 500
IDENTITY = (Mark(3, 0x2000, ((0x14EF,),), "maker %04X, not 14EF"),)
POWER = order("setpoint_w", 16, 0x1300, "s16")

READS = (
    #   field                fn address kind  n  num  den
    Reg("setpoint_w", 3, 0x1300, "s16", 1, 1, 1),
    Reg("temperature_mdegc", 3, 0x1404, "s16", 1, 1000, 1),
    Reg("closed", 3, 0x1408, "u16", 1, 1, 1),
)
ELEMENTS = (Reg("element_1_w", 3, 0x1000, "u16", 1, 1, 1), Reg("element_2_w", 3, 0x1020, "u16", 1, 1, 1),
            Reg("element_3_w", 3, 0x1040, "u16", 1, 1, 1))


class SmartHeater(RegisterLoad):
    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        super().__init__(bus, whole(options, "unit"), READS, ELEMENTS, phases=phases(options))
        self._max_w = ability(options).max_w

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        closed = needed(values, "closed")[0]
        each = [one(values, reg.field) for reg in ELEMENTS]
        known = [each_w for each_w in each if each_w is not None]
        if sum(known) > 2 * MAX_W:
            raise DeviceError(RANGE, "elements of %d W" % sum(known))
        on = [each_w for bit, each_w in enumerate(each) if closed >> bit & 1]
        total_w = sum([each_w for each_w in on if each_w is not None]) if None not in on else None
        return reading(now_ms, total_w=total_w, temperature_mdegc=one(values, "temperature_mdegc"),
                       limit_w=one(values, "setpoint_w"), state="heating" if on else "standby")

    def arm(self) -> None:
        wrong = missed(self.bus, self.unit, IDENTITY)
        if wrong:
            raise DeviceError(RANGE, wrong)
        self.say(self._now_ms, self.fetch(self._now_ms))

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(0, min(setpoint.power_w, self._max_w))
        self.tell(POWER, power_w - power_w % STEP_W)

    def release(self) -> None:
        self.tell(POWER, 0)


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError when nobody has confirmed its registers, or it is wired to more phases than it has."""
    confirmed(options)
    if len(phases(options)) != 1:
        raise ValueError("phases: the rod hangs on one phase")
    max_w = min(MAX_W, whole(options, "max_a") * (NOMINAL_MV // 1000))
    return able("heater", min_w=STEP_W, max_w=max_w - max_w % STEP_W, step_w=STEP_W,
                failsafe_ms=1000 * whole(options, "timeout_s"), settle_ms=5_000, pace_ms=10_000)


def build(port: Bus, options: "dict[str, object]") -> SmartHeater:
    return SmartHeater(port, options)
