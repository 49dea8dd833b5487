"""A heat pump that is told how much surplus there is and makes of it what its own controller thinks right.

Told nothing it heats as it needs, so what it is told is a leave, no order: its draw is what it says itself.
"""

from drivers.given import most_w, phases, whole
from drivers.orders import Order
from drivers.register_device import one
from drivers.register_load import RegisterLoad
from hal.faults import RANGE, DeviceError
from hal.options import Option, integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint, ma_of_w, placed, reading
from hal.values import ability as able

STEP_W = 100  # less moves no compressor
RUN_MS = 300_000  # run and rest; a cloud shall not start it anew, and its own controller waits longer where it has to
POWERS: "tuple[Option, ...]" = (
    integer("least_w", None, 100, 30_000, "electric power below which its compressor does not run"),
    integer("nominal_w", None, 200, 30_000, "highest electric power, without a heating rod"),
)


class SurplusHeatPump(RegisterLoad):
    """`scale`: what is told for one watt, as Reg has it, stands in the order."""

    def __init__(self, bus: Bus, options: "dict[str, object]", pump: Ability, surplus: Order, reads: "tuple[Reg, ...]",
                 slow: "tuple[Reg, ...]" = ()) -> None:
        super().__init__(bus, whole(options, "unit"), reads, slow, phases=phases(options))
        self._surplus = surplus
        self._max_w = pump.max_w
        self._least_w = pump.min_w

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        total_w = one(values, "total_w")
        if total_w is not None and not -100 <= total_w <= 3 * self._max_w + 10_000:
            raise DeviceError(RANGE, "%d W from a pump of %d W" % (total_w, self._max_w))
        return reading(now_ms, total_w=total_w, import_wh=one(values, "import_wh"),
                       temperature_mdegc=one(values, "temperature_mdegc"),
                       state=None if total_w is None else "heating" if total_w >= self._least_w // 2 else "standby")

    def arm(self) -> None:
        """Nothing is written to what makes no sense: it may be another device."""
        self.say(self._now_ms, self.fetch(self._now_ms))

    def apply(self, setpoint: Setpoint) -> None:
        power_w = max(0, min(setpoint.power_w, self._max_w))
        power_w -= power_w % STEP_W
        self.tell(self._surplus, power_w if power_w >= self._least_w else 0)

    def release(self) -> None:
        self.tell(self._surplus, 0)


def ability_of(options: "dict[str, object]", failsafe_ms: int, pace_ms: int) -> Ability:
    """Left alone it heats as it needs: at most its nominal power."""
    least_w, nominal_w = whole(options, "least_w"), min(whole(options, "nominal_w"), most_w(options))
    if least_w > nominal_w:
        raise ValueError("least_w, nominal_w: the first must not be above the second, nor above what max_a bears")
    wired = phases(options)
    own = Setpoint(placed((ma_of_w(nominal_w // len(wired)),) * len(wired), wired), nominal_w)
    return able("heater", min_w=least_w, max_w=nominal_w, step_w=STEP_W, fallback=own, failsafe_ms=failsafe_ms,
                settle_ms=60_000, pace_ms=pace_ms, min_on_ms=RUN_MS, min_off_ms=RUN_MS)
