"""SMA Sunny Tripower, Sunny Boy (without a battery): limited on Modbus TCP (unit 3) by plant control.

Source: maker's Modbus description and an independent driver. 40016 takes whole per cent of the rated power, may be
written again and again, and cannot be read back; stored parameters are not touched. Its installer sets the active-power
mode to plant control, that the fallback is applied when nobody speaks (41193), after which time (41195, here timeout_s)
and to what (here fallback_w). At night its power has no value, which is not 0.
"""

from drivers.generator import FALLBACK, LEAST, RATED, ability_of
from drivers.given import whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import BOTH
from drivers.orders import Order, blind
from drivers.register_inverter import RegisterInverter
from drivers.register_storage import timeout
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability

LINES = ("modbus-tcp",)
FAILSAFE = "goes to the limit set in it (fallback_w) after the time set in it (timeout_s); with none it keeps its last"
LOAD = LoadFacts("SMA Sunny Tripower, Sunny Boy", "inverter", "P, energy", "how much it makes, in whole per cent",
                 "the limit, again and again", BOTH)
OPTIONS = (RATED, LEAST, FALLBACK, timeout("time after which it goes to fallback_w, as set in it; 0 where none is set"))

LIMIT = blind("limit_pct", 6, 40016, "s16")
READS = (Reg("total_w", 3, 30775, "s32", 1, -1, 1),)
SLOW = (Reg("export_wh", 3, 30513, "u64", 1, 1, 1),)


class SmaInverter(RegisterInverter):
    def orders(self, power_w: int) -> "tuple[tuple[Order, int], ...]":
        return ((LIMIT, 100 * power_w // self.rated_w),)


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    return ability_of(options, 1_000 * whole(options, "timeout_s"), settle_ms=5_000, pace_ms=2_000,
                      step_w=max(whole(options, "rated_w") // 100, 1))


def build(port: Bus, options: "dict[str, object]") -> SmaInverter:
    return SmaInverter(port, options, ability(options), READS, SLOW)
