"""Heating rod behind a solid-state relay: whole cycles of the mains let through in bursts, by a pin that pulses.

In each period_ms the relay is on for as many whole cycles (20 ms) as the granted power covers, towards less. The relay
has to switch at the zero crossing by itself. Cutting within a cycle (phase angle) is not done here: no program on Linux
hits the angle, and mains harmonics of such a rod are not allowed. While it is on the rod draws its full current: at a
fuse of 35 A a rod of 3 kW in bursts warms it like 0.6 A more than its mean at most (rms), which the fuse bears; its own
circuit has to bear the whole rod. Short periods flicker less than long ones only above some ten a second, so whoever
sees the lights flicker takes a longer period, and a meter that averages over less than a period sees the bursts.
What flows is not measured. Thermostat and safety limiter are the rod's own.
"""

from drivers.given import most_w, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from hal.faults import REFUSED, DeviceError
from hal.options import integer
from hal.ports import Board, Load, Pulses
from hal.values import Ability, Reading, Setpoint, reading
from hal.values import ability as able

LINES = ("gpio",)
FAILSAFE = ("none of its own: its pin stays high or low, as it happens, when the computer hangs; wire a watchdog relay "
            "before the rod")
LOAD = LoadFacts("Heating rods behind a solid-state relay", "heating", "what its pin is told",
                 "any power, in whole cycles of the mains", "none", STANDARD)
OPTIONS = (
    integer("pin", None, 0, 27, "GPIO of the solid-state relay, which switches at the zero crossing"),
    integer("active_high", 1, 0, 1, "1 when a high pin lets current through"),
    integer("rod_w", None, 100, 30_000, "power of the rod at 230 V"),
    integer("period_ms", 1_000, 200, 10_000, "length of a burst and the pause behind it; whole cycles of 20 ms"),
)

CYCLE_MS = 20  # 50 Hz


class SsrRod(Load):
    def __init__(self, pulses: Pulses, rod_w: int, period_ms: int) -> None:
        self._pulses = pulses
        self._rod_w = rod_w
        self._period_ms = period_ms

    def read(self, now_ms: int) -> Reading:
        on_ms = self._pulses.get()
        return reading(now_ms, state="heating" if on_ms else "off", limit_w=self._rod_w * on_ms // self._period_ms)

    def arm(self) -> None:
        """There is nothing to arm; that the pin can be had is all that can be seen."""
        self._pulses.get()

    def apply(self, setpoint: Setpoint) -> None:
        self._pulse(on_ms_of(setpoint.power_w, self._rod_w, self._period_ms))

    def release(self) -> None:
        self._pulse(0)

    def _pulse(self, on_ms: int) -> None:
        if self._pulses.get() == on_ms:
            return
        self._pulses.set(on_ms)
        if self._pulses.get() != on_ms:
            raise DeviceError(REFUSED, "the pin does not follow")


def on_ms_of(power_w: int, rod_w: int, period_ms: int) -> int:
    """Whole cycles of each period, towards less."""
    on_ms = period_ms * max(0, min(power_w, rod_w)) // rod_w
    return on_ms - on_ms % CYCLE_MS


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError when the options contradict each other."""
    rod_w, period_ms = whole(options, "rod_w"), whole(options, "period_ms")
    if period_ms % CYCLE_MS:
        raise ValueError("period_ms: allowed are whole cycles of the mains: multiples of %d" % CYCLE_MS)
    if rod_w > most_w(options):
        raise ValueError("rod_w: above what max_a bears; allowed are 100 to %d" % most_w(options))
    step_w = -(-rod_w * CYCLE_MS // period_ms)
    return able("heater", min_w=step_w, max_w=rod_w, measured=False, settle_ms=2 * period_ms, pace_ms=2 * period_ms)


def build(port: Board, options: "dict[str, object]") -> SsrRod:
    period_ms = whole(options, "period_ms")
    pulses = port.pulses(whole(options, "pin"), whole(options, "active_high") == 1, period_ms)
    return SsrRod(pulses, whole(options, "rod_w"), period_ms)
