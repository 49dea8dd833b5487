"""Twin of the Mennekes Compact: without a heartbeat it stops, until it is told 0."""

from drivers.mennekes_compact import BOX, LOST
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import ALIVE, WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 1, "B": 3, "C": 5, "E": LOST}[letter]}


NATURE = nature(words, ALIVE, failsafe_ms=15_000, stops=True)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
