"""Twin of the Amperfied connect: any request re-triggers its watchdog."""

from drivers.amperfied_connect import BOX, UNLOCK
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import ANY, WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 2, "B": 4, "C": 6, "E": 9}[letter] + (1 if offers and letter != "E" else 0)}


NATURE = nature(words, ANY, {"watchdog_ms": 15_000, "phases": 3}, extra=(UNLOCK,))


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
