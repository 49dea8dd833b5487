"""Twin of the Vestel EVC04: an alive bit re-triggers its fail-safe."""

from drivers.vestel_evc04 import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import ALIVE, WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"cable": 0 if letter == "A" else 3, "charging": 1 if letter == "C" else 0}


NATURE = nature(words, ALIVE, {"failsafe_s": 20})


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
