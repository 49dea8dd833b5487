"""Twin of the Webasto NEXT: it takes the life bit back at once."""

from drivers.webasto_next import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import ALIVE, WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 0, "B": 1 if offers else 4, "C": 3, "E": 7}[letter]}


NATURE = nature(words, ALIVE, {"failsafe_s": 60})


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
