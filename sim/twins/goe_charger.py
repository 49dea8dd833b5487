"""Twin of the go-e Charger: it has no fail-safe; its power (120) is in steps of 0.01 W, as its maker says."""

from drivers.goe_charger import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins import own_w, wired
from sim.twins.register_wallbox import WallboxTwin, nature


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": {"A": 1, "B": 4, "C": 2, "E": 0}[letter]}


NATURE = nature(words)


class GoeTwin(WallboxTwin):
    steps = 100  # a watt; 10 where the other source is right

    def values(self) -> "dict[str, tuple[int, ...]]":
        out = super().values()
        out["power_raw"] = (self.steps * sum(own_w(self._part, self._phases)),)
        return out

    def knows_zero(self) -> bool:
        return False


def build(registers: Registers, part: Car, options: "dict[str, object]") -> GoeTwin:
    return GoeTwin(registers, part, BOX, NATURE, wired(options))
