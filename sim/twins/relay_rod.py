"""Twin of a heating rod behind three relays: contacts to contactors. A welded contactor stays closed."""

from drivers.relay_rod import ELEMENTS
from sim.pins import Pins
from sim.tank import Tank
from sim.twins import Twin


class RelayRodTwin(Twin):
    def __init__(self, pins: Pins, part: Tank, contacts: "tuple[int, ...]", active_high: bool) -> None:
        self._pins = pins
        self._part = part
        self._contacts = contacts
        self._active_high = active_high
        self.welded: "set[int]" = set()  # elements whose contactor never opens again

    def tick(self, now_ms: int) -> None:
        self._part.set_elements(tuple(
            i in self.welded or self._pins.closed(pin, self._active_high) for i, pin in enumerate(self._contacts)))


def build(registers: Pins, part: Tank, options: "dict[str, object]") -> RelayRodTwin:
    contacts = []
    for i in range(ELEMENTS):
        pin = options["pin_%d" % (i + 1)]
        assert isinstance(pin, int)
        contacts.append(pin)
    return RelayRodTwin(registers, part, tuple(contacts), options["active_high"] == 1)
