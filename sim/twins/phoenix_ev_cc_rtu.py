"""Twin of a Phoenix EV-CC-AC1-M: it has no fail-safe."""

from drivers.phoenix_ev_cc_rtu import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": ord(letter) << 8}


NATURE = nature(words)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
