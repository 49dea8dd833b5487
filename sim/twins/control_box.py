"""Twin of a control box: at rest it demands nothing."""

from drivers.control_box import NAMES
from sim.part import Point
from sim.pins import Pins
from sim.twins.contact_input import ContactTwin, pin_of


def build(board: Pins, point: Point, options: "dict[str, object]") -> ContactTwin:
    contacts = {}
    for name in NAMES:
        pin = pin_of(options, name + "_pin")
        if pin >= 0:
            contacts[name] = (pin, pin_of(options, name + "_rest_pin"), options[name + "_demands"] == "open")
    return ContactTwin(board, contacts, options["closes"] == "to-ground")
