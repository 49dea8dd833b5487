"""Whatever hangs behind one relay on a pin (pool pump, fan heater, rod of one element): a load of one stage, on or off.

Nothing is measured. It opens at once when less is granted than it draws; opened, it stays open for hold_s, also after
our start, for whoever ran before us may just have opened it. That it stays closed so long is the decision's part.
"""

from drivers.given import clock, most_w, phases, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from drivers.register_device import split
from hal.faults import REFUSED, DeviceError
from hal.options import integer
from hal.ports import Board, Clock, Load, Relays
from hal.values import Ability, Reading, Setpoint, reading
from hal.values import ability as able

LINES = ("gpio",)
FAILSAFE = "none of its own: the relay stays as it is when the computer hangs; wire a watchdog relay before what heats"
LOAD = LoadFacts("Relays: anything that is on or off", "plug", "what the relay stands at", "on and off", "none",
                 STANDARD)
OPTIONS = (
    integer("pin", None, 0, 27, "GPIO of the relay"),
    integer("active_high", 1, 0, 1, "1 when a high pin closes the relay"),
    integer("power_w", None, 10, 11_000, "what hangs on it, at 230 V"),
    integer("hold_s", 60, 10, 3_600, "shortest time it stays on, and off"),
)


class RelayPlug(Load):
    def __init__(self, relays: Relays, power_w: int, hold_ms: int, time: Clock) -> None:
        self._relays = relays
        self._power_w = power_w
        self._hold_ms = hold_ms
        self._clock = time
        self._opened_ms = time.now_ms()

    def read(self, now_ms: int) -> Reading:
        closed = self._relays.get()[0]
        return reading(now_ms, state="on" if closed else "off", limit_w=self._power_w if closed else 0)

    def arm(self) -> None:
        """There is nothing to arm; that the relay can be moved is all that can be seen."""
        self._relays.get()

    def apply(self, setpoint: Setpoint) -> None:
        rested = self._clock.now_ms() - self._opened_ms >= self._hold_ms
        self._stand(setpoint.power_w >= self._power_w and (rested or self._relays.get()[0]))

    def release(self) -> None:
        self._stand(False)

    def _stand(self, closed: bool) -> None:
        if self._relays.get()[0] == closed:
            return
        self._relays.set((closed,))
        if self._relays.get()[0] != closed:
            raise DeviceError(REFUSED, "the relay does not follow")
        if not closed:
            self._opened_ms = self._clock.now_ms()


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError for more than its wires bear."""
    wired, power_w, hold_ms = phases(options), whole(options, "power_w"), 1000 * whole(options, "hold_s")
    if power_w > most_w(options):
        raise ValueError("power_w: above what max_a bears; allowed are 10 to %d" % most_w(options))
    stages = ((0,) * len(wired), split(power_w, (1,) * len(wired)))
    return able("stages", stages=stages, measured=False, settle_ms=1_000, min_on_ms=hold_ms, min_off_ms=hold_ms)


def build(port: Board, options: "dict[str, object]") -> RelayPlug:
    relays = port.relays((whole(options, "pin"),), whole(options, "active_high") == 1)
    return RelayPlug(relays, whole(options, "power_w"), 1000 * whole(options, "hold_s"), clock(options))
