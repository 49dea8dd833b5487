"""go-e Charger V3/V4 (HOMEfix, HOME+, Gemini): wallbox, 6 to 32 A in whole amperes, on one or three phases.

Source: maker's Modbus API, firmware 55.6 and later; Modbus has to be switched on in the app. The current is told to
299, which is volatile: 300 wears its memory out. `frc` (337) is 2 to charge and 1 to stop; 0 would leave it to the box.
Two sources scale 120 (power) differently, so it is taken where it fits voltage times current, else not at all.
Firmware 60.3 swaps bytes: its state then makes no sense, and it is neither believed nor written to.
"""

from drivers.cards import ASCII, card
from drivers.meter_facts import MAKER
from drivers.orders import ON_CHANGE, order
from drivers.register_device import needed, one
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import Enable, ability_of, box, options_of, switch
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading

LINES = ("modbus-tcp",)
FAILSAFE = "none of its own: it keeps its last current; released it is off (frc 1) until the app or we say otherwise"

STATES = {0: "F", 1: "A", 2: "C", 3: "B", 4: "B"}
LEAST_VA = 500  # below this, voltage times current tells no factor of ten


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


BOX = box(
    "go-e Charger V3/V4", MAKER,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("state_code", 4, 100, "u16", 1, 1, 1),
        Reg("voltage_mv", 4, 108, "u32", 3, 1000, 1),
        Reg("current_ma", 4, 114, "u32", 3, 100, 1),
        Reg("power_raw", 4, 120, "u32", 1, 1, 1),
        Reg("limit_ma", 3, 299, "u16", 1, 1000, 1),
        Reg("conductors", 3, 332, "u16", 1, 1, 1),
        Reg("enabled", 3, 337, "u16", 1, 1, 1),
    ),
    state, order("limit_ma", 16, 299, "u16", 1000), slow=(
        Reg("import_wh", 4, 128, "u32", 1, 100, 1), Reg("session_wh", 4, 132, "u32", 1, 1, 360)),
    card=card(4, 327, 5, ASCII),
    enable=Enable(order("enabled", 16, 337), 2, 1), switch=switch(order("conductors", 16, 332), 1, 2, rest_ms=30_000),
    refresh_ms=ON_CHANGE,
)
OPTIONS = options_of(BOX)


class GoeCharger(RegisterWallbox):
    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        raw = one(values, "power_raw")
        values["total_w"] = (None if raw is None else watts(raw, apparent_va(values)),)
        return super().say(now_ms, values)


def apparent_va(values: "dict[str, tuple[int | None, ...]]") -> int:
    currents_ma, volts_mv = needed(values, "current_ma", 3), needed(values, "voltage_mv", 3)
    return sum(ma * mv for ma, mv in zip(currents_ma, volts_mv)) // 1_000_000


def watts(raw: int, apparent_va: int) -> "int | None":
    """The power in steps of 0.01 W, or of 0.1 W where only that fits; None when neither or both do."""
    if not raw:
        return 0
    fits = [raw // steps for steps in (100, 10)
            if apparent_va // 2 - LEAST_VA <= raw // steps <= apparent_va + apparent_va // 5 + LEAST_VA // 5]
    return fits[0] if len(fits) == 1 else None


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> GoeCharger:
    return GoeCharger(port, BOX, options)
