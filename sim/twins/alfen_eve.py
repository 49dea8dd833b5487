"""Twin of the Alfen Eve: what it is told is valid for a while, then its installer's safe current rules."""

from drivers.alfen_eve import BOX
from sim.bank import Registers
from sim.car import Car
from sim.twins import wired
from sim.twins.register_wallbox import LIMIT, WallboxTwin, nature

VALID_MS = 60_000  # as delivered


def words(letter: str, offers: bool) -> "dict[str, int]":
    return {"state_code": ord(letter) << 8 | (0 if letter in "AE" else ord("2" if offers else "1"))}


NATURE = nature(words, LIMIT, failsafe_ms=VALID_MS)


class EveTwin(WallboxTwin):
    safe_ma = 0  # as its installer has set it
    heeds = True  # load balancing is set to the energy manager

    def values(self) -> "dict[str, tuple[int, ...]]":
        out = super().values()
        self.told["failsafe_ma"] = self.safe_ma
        out.update({"safe_ma": (self.safe_ma,), "heeded": (1 if self.heeds else 0,),
                    "valid_s": (max(0, self.failsafe_ms - self.now_ms + self._heard_ms) // 1000,)})
        return out

    def _offered_ma(self) -> int:
        return super()._offered_ma() if self.heeds and not self.expired else self.safe_ma


def build(registers: Registers, part: Car, options: "dict[str, object]") -> EveTwin:
    return EveTwin(registers, part, BOX, NATURE, wired(options))
