"""Twin of a Bender charge controller: its time-out stands on its web page."""

from drivers.bender_cc import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import ANY, WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 1, "B": 2, "C": 3, "E": 5}[letter]}


NATURE = nature(words, ANY, failsafe_ms=30_000)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
