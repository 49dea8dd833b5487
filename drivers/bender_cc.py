"""Bender/ebee charge controllers CC612, CC613: Mennekes AMTRON Charge Control, 4You, 4Business and others, 6 to 32 A.

Source: two independent drivers that agree; the safe current (131) from one of them. Its HEMS interface has to be set
up on its web page, with a communication time-out: that time stands there only, so failsafe_s repeats it. 0xFFFFFFFF
comes now and then and is no value. 730 and 740 are never read: some models hang up.
"""

from drivers.cards import ASCII, card
from drivers.meter_facts import DRIVERS
from drivers.orders import order
from drivers.register_device import one
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import ability_of, box, fail_safe, options_of
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading

LINES = ("modbus-tcp",)
FAILSAFE = "the box itself goes to failsafe_a (0: charging stops) after the time-out set on its web page (failsafe_s)"

STATES = {1: "A", 2: "B", 3: "C", 4: "D", 5: "E"}


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


BOX = box(
    "Mennekes AMTRON Charge Control/4You/4Business, Bender CC612/CC613", DRIVERS,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("state_code", 3, 122, "u16", 1, 1, 1),
        Reg("current_ma", 3, 212, "u32", 3, 1, 1),
        Reg("limit_ma", 3, 1000, "u16", 1, 1000, 1),
    ),
    state, order("limit_ma", 16, 1000, "u16", 1000),
    slow=(Reg("voltage_mv", 3, 222, "u32", 3, 1000, 1), Reg("phase_wh", 3, 200, "u32", 3, 1, 1),
          Reg("failsafe_ma", 3, 131, "u16", 1, 1000, 1)),
    card=card(3, 720, 10, ASCII),
    failsafe=fail_safe(order("failsafe_ma", 16, 131, "u16", 1000), least_s=15, most_s=600, default_s=30),
)
OPTIONS = options_of(BOX)


class ChargeController(RegisterWallbox):
    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        """Its energy is the sum of the phases, when it has all of them."""
        each = [value for value in values.get("phase_wh", (None,)) if value is not None]
        values["import_wh"] = (sum(each) if len(each) == 3 else one(values, "import_wh"),)
        return super().say(now_ms, values)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> ChargeController:
    return ChargeController(port, BOX, options)
