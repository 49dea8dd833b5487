"""Twin of a Phoenix EV-CC-ETH: it has no fail-safe."""

from drivers.phoenix_ev_cc_eth import table
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": ord(letter)}


NATURE = nature(words)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    each_ma = 100 if options["tenths"] else 1_000
    return build_twin(registers, part, options, table(each_ma, options["meter"] == 1), NATURE)
