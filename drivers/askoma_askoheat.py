"""Askoma ASKOHEAT+: screw-in heater of three elements in seven steps, told in watts on Modbus TCP or RTU.

Source: maker's Modbus description 1.16 and independent drivers for what it is told; its readings (316 to 333) from two
drivers. It chooses the step by itself, so it is told no power between two steps. Its relays close 5 s after they
opened at the earliest. "Setpoint" has to be enabled in its input setting (502, bit 3). What it does without us, its
"auto heater off" says; timeout_s repeats that time. A sensor that is not connected reads 9999.9.
"""

from drivers.given import most_w, phases, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import BOTH
from drivers.orders import Order
from drivers.register_device import needed, one
from drivers.register_load import RegisterLoad
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint, reading
from hal.values import ability as able

LINES = ("modbus-tcp", "modbus-rtu")
FAILSAFE = "it stops heating after the time set in it (timeout_s); with none set it stays as told"
LOAD = LoadFacts("Askoma ASKOHEAT+", "heating", "P, temperature", "seven steps of its power",
                 "the power, again and again", BOTH)
OPTIONS = (
    integer("rod_w", None, 700, 30_000, "power of all its elements together"),
    integer("timeout_s", 0, 0, 600, "time after which it stops by itself, as set in it; 0 where none is set"),
)

STEPS = 7
NOTHING_MDEGC = 1_000_000  # a temperature from here on is none
ENABLED = 8  # bit 3 of the input setting
POWER = Order(Reg("setpoint_w", 6, 319, "s16", 1, 1, 1), Reg("setpoint_w", 4, 319, "s16", 1, 1, 1))

READS = (
    #   field                 fn addr kind  n  num  den
    Reg("total_w", 4, 317, "u16", 1, 1, 1),
    Reg("setpoint_w", 4, 319, "s16", 1, 1, 1),
    Reg("temperature_mdegc", 4, 325, "f32", 1, 1000, 1),
)
SETTING = Reg("setting", 4, 502, "u16", 1, 1, 1)


class Askoheat(RegisterLoad):
    def __init__(self, bus: Bus, options: "dict[str, object]") -> None:
        super().__init__(bus, whole(options, "unit"), READS, phases=phases(options))
        rod = ability(options)
        self._max_w, self._step_w = rod.max_w, rod.step_w

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        total_w, mdegc = needed(values, "total_w")[0], one(values, "temperature_mdegc")
        if total_w > 2 * self._max_w + 1_000:
            raise DeviceError(RANGE, "%d W from a heater of %d W" % (total_w, self._max_w))
        return reading(now_ms, total_w=total_w, limit_w=one(values, "setpoint_w"),
                       temperature_mdegc=None if mdegc is None or mdegc >= NOTHING_MDEGC else mdegc,
                       state="heating" if total_w else "standby")

    def arm(self) -> None:
        self.say(self._now_ms, self.fetch(self._now_ms))
        if not self.bus.read(self.unit, SETTING.function, SETTING.address, 1)[0] & ENABLED:
            raise DeviceError(RANGE, 'input setting: "setpoint" is not enabled in it')

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(0, min(setpoint.power_w, self._max_w))
        self.tell(POWER, power_w - power_w % self._step_w)

    def release(self) -> None:
        self.tell(POWER, 0)


def ability(options: "dict[str, object]") -> Ability:
    rod_w = whole(options, "rod_w")
    step_w = rod_w // STEPS
    return able("heater", min_w=step_w, max_w=min(step_w * STEPS, most_w(options)), step_w=step_w,
                failsafe_ms=1000 * whole(options, "timeout_s"), settle_ms=8_000, pace_ms=10_000)


def build(port: Bus, options: "dict[str, object]") -> Askoheat:
    return Askoheat(port, options)
