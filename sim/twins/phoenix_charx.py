"""Twin of a Phoenix CHARX: one controller behind its gateway."""

from drivers.phoenix_charx import table
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": ord(letter) << 8 | ord("2" if offers else "1")}


NATURE = nature(words)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    number = options["controller"]
    assert isinstance(number, int)
    return build_twin(registers, part, options, table(number), NATURE)
