"""Twin of the Victron EV Charging Station: in automatic mode until it is told manual."""

from drivers.victron_evcs import BOX, MODE
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 0, "B": 1, "C": 2}[letter]}


NATURE = nature(words, power_on={"mode": 1, "enabled": 0}, extra=(MODE,))


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX, NATURE)
