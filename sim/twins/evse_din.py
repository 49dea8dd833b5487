"""Twin of an EVSE-DIN: it has no fail-safe; its configuration says in what it counts."""

from drivers.evse_din import CONFIG, PRECISE, table
from drivers.orders import Order
from hal.registers import Reg
from sim.bank import Registers
from sim.car import Car
from sim.twins.register_wallbox import WallboxTwin, nature
from sim.twins.register_wallbox import build as build_twin


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 1, "B": 2, "C": 3}[letter]}


SETTING = Order(None, Reg("config", 3, CONFIG, "u16", 1, 1, 1))
WHOLE = nature(words, fixed={"config": 0}, extra=(SETTING,))
FINE = nature(words, fixed={"config": PRECISE}, extra=(SETTING,))


def build(registers: Registers, part: Car, options: "dict[str, object]") -> WallboxTwin:
    precise = options["precise"] == 1
    return build_twin(registers, part, options, table(10 if precise else 1_000), FINE if precise else WHOLE)
