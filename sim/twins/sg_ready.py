"""Twin of a heat pump behind two SG-Ready relays: its contacts move the pump as the label defines."""

from drivers.sg_ready import CONTACTS
from sim.heatpump import HeatPump
from sim.pins import Pins
from sim.twins import Twin


class SgReadyTwin(Twin):
    def __init__(self, pins: Pins, part: HeatPump, contacts: "tuple[int, int]", active_high: bool) -> None:
        self._pins = pins
        self._part = part
        self._contacts = contacts
        self._active_high = active_high

    def tick(self, now_ms: int) -> None:
        closed = tuple(self._pins.closed(pin, self._active_high) for pin in self._contacts)
        self._part.sg(CONTACTS.index(closed) + 1)


def build(registers: Pins, part: HeatPump, options: "dict[str, object]") -> SgReadyTwin:
    lock_pin, boost_pin = options["lock_pin"], options["boost_pin"]
    assert isinstance(lock_pin, int)
    assert isinstance(boost_pin, int)
    return SgReadyTwin(registers, part, (lock_pin, boost_pin), options["active_high"] == 1)
