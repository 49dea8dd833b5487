"""Twin of a rod behind a solid-state relay: full power in bursts, as its pin pulses. A failed one conducts for ever."""

from sim.pins import Pins
from sim.tank import Tank
from sim.twins import Twin


class SsrRodTwin(Twin):
    def __init__(self, pins: Pins, part: Tank, pin: int, rod_w: int) -> None:
        self._pins = pins
        self._part = part
        self._pin = pin
        self._rod_w = rod_w
        self._last_ms = 0
        self.shorted = False  # as most solid-state relays fail

    def tick(self, now_ms: int) -> None:
        """The mean of the bursts since the last tick."""
        since_ms = max(now_ms - self._last_ms, 1)
        on_ms = since_ms if self.shorted else self._pins.on_between(self._pin, now_ms - since_ms, now_ms)
        self._last_ms = now_ms
        self._part.set_w(self._rod_w * on_ms // since_ms)


def build(registers: Pins, part: Tank, options: "dict[str, object]") -> SsrRodTwin:
    pin, rod_w = options["pin"], options["rod_w"]
    assert isinstance(pin, int)
    assert isinstance(rod_w, int)
    return SsrRodTwin(registers, part, pin, rod_w)
