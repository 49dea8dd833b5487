"""Twin of a Phoenix EM-CP-PP-ETH: it has no fail-safe; its meter is there or not."""

from drivers.phoenix_em_cp import BARE, BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": ord(letter)}


NATURE = nature(words)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    return build_twin(registers, part, options, BOX if options["meter"] else BARE, NATURE)
