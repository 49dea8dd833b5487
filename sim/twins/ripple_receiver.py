"""Twin of a ripple-control receiver: at rest its contact for 100 % is closed."""

from drivers.ripple_receiver import STAGES
from sim.part import Point
from sim.pins import Pins
from sim.twins.contact_input import ContactTwin, pin_of


class RippleTwin(ContactTwin):
    def demand(self, name: str, on: bool) -> None:
        """A stage is set, or 100 % again: the others open."""
        for other in self.names():
            self.set(other, other == (name if on else "100"))


def build(board: Pins, point: Point, options: "dict[str, object]") -> RippleTwin:
    contacts = {}
    for stage in STAGES:
        pin = pin_of(options, "pin_%d" % stage)
        if pin >= 0:
            contacts[str(stage)] = (pin, -1, stage == 100)
    return RippleTwin(board, contacts, options["closes"] == "to-ground")
