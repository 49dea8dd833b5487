"""Twin of an openWB series 2: it switches phases when it is told to, and has no fail-safe."""

from drivers.openwb_series2 import table
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"plugged": 0 if letter == "A" else 1, "charging": 1 if letter == "C" else 0}


NATURE = nature(words, power_on={"switch_now": 0})


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    charge_point = options["charge_point"]
    assert isinstance(charge_point, int)
    return build_twin(registers, part, options, table(charge_point), NATURE)
