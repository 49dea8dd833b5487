"""Twin of the KEBA P30 and P40: one value a request, no fail-safe until it is armed, phases by a switch that is ours.

Which of both it is stands in `p40`; the phases count differently, and only the P40 is paused by 0.
"""

from drivers.keba_p30_p40 import BOX, CAR, MODBUS, P30, PRODUCT
from drivers.orders import Order
from sim.bank import ILLEGAL_VALUE, Refused, Registers
from sim.car import Car
from sim.twins import wired
from sim.twins.register_wallbox import ANY, WallboxTwin, nature


def words(letter: str, offers: bool) -> "dict[str, int]":
    code = {"A": 1, "B": 2 if offers else 1, "C": 3, "E": 4}[letter]
    return {"state_code": code, "cable": 3 if letter == "A" else 3 | CAR}


FIXED = {"fast_charging": 0, "firmware": 10_300, "phase_source": 0}
NATURE = nature(words, ANY, fixed=FIXED, extra=(Order(None, PRODUCT),))


class KebaTwin(WallboxTwin):
    def __init__(self, registers: Registers, part: Car, phases: "tuple[int, ...]", p40: bool = True) -> None:
        self.p40 = p40
        super().__init__(registers, part, BOX if p40 else P30, NATURE, phases)

    def values(self) -> "dict[str, tuple[int, ...]]":
        out = super().values()
        out["product"] = (4_030_131 if self.p40 else 312_211,)
        one = self.conductors == 1
        out["conductors"] = ((1 if one else 3) if self.p40 else (0 if one else 1),)
        return out

    def knows_zero(self) -> bool:
        return self.p40

    def _obey(self, field: str, value: "int | None") -> None:
        if field == "conductors" and self.told["phase_source"] != MODBUS:
            raise Refused(ILLEGAL_VALUE)
        if field == "failsafe_ma" and value == 0:
            self.told["failsafe_ma"] = 0
            return
        super()._obey(field, value)


def build(registers: Registers, part: Car, options: "dict[str, object]") -> KebaTwin:
    return KebaTwin(registers, part, wired(options))
