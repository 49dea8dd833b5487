"""Twin of what hangs behind one relay: an element of a tank. A welded relay stays closed."""

from sim.pins import Pins
from sim.tank import Tank
from sim.twins import Twin


class RelayPlugTwin(Twin):
    def __init__(self, pins: Pins, part: Tank, pin: int, active_high: bool) -> None:
        self._pins = pins
        self._part = part
        self._pin = pin
        self._active_high = active_high
        self.welded = False

    def tick(self, now_ms: int) -> None:
        closed = self.welded or self._pins.closed(self._pin, self._active_high)
        self._part.set_elements((closed,) * len(self._part.elements_w))


def build(registers: Pins, part: Tank, options: "dict[str, object]") -> RelayPlugTwin:
    pin = options["pin"]
    assert isinstance(pin, int)
    return RelayPlugTwin(registers, part, pin, options["active_high"] == 1)
