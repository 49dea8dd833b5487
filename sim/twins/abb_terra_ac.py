"""Twin of the ABB Terra AC: any request keeps it alive; expired, it stops with an error."""

from drivers.abb_terra_ac import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import ANY, WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    code = {"A": 0, "B": 2, "C": 4, "E": 5}[letter]
    return {"state_code": code << 8, "lock": 0 if letter == "A" else 0x0101}


NATURE = nature(words, ANY, stops=True)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
