"""Twin of the Mennekes Xtra: it has no fail-safe."""

from drivers.mennekes_xtra import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 1, "B": 3, "C": 5}[letter] + (1 if offers else 0)}


NATURE = nature(words)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
