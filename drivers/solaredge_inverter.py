"""SolarEdge without a battery: limited on Modbus TCP (port 1502) by its dynamic power control, which ends by itself.

Source: maker's power control description; measured by SunSpec's inverter model at 40069, whose place its drivers agree
on. The limit (0xF322) is a share of the rated power; after timeout_s without a new one it goes to the fallback
(0xF312). What enables that is stored, so it is written only where something else stands. Values have their low word
first. It bears one connection only.
"""

from drivers.generator import FALLBACK, LEAST, RATED, ability_of
from drivers.given import whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import MAKER
from drivers.orders import Order, order
from drivers.register_device import one
from drivers.register_inverter import RegisterInverter
from hal.faults import RANGE, DeviceError
from hal.options import integer
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, reading

LINES = ("modbus-tcp",)
FAILSAFE = "the inverter goes to fallback_w by itself timeout_s after our last word"
LOAD = LoadFacts("SolarEdge without a battery", "inverter", "P, energy",
                 "how much it makes, in 0.001 % of its rated power", "the limit, again and again", MAKER)
OPTIONS = (RATED, LEAST, FALLBACK,
           integer("timeout_s", 60, 15, 3_600, "silence after which it goes to fallback_w by itself"))

ADVANCED = order("advanced", 16, 0xF142, "s32_le")
COMMIT = Order(Reg("commit", 6, 0xF100, "s16", 1, 1, 1), None)
DYNAMIC = order("dynamic", 6, 0xF300)
TIMEOUT = order("timeout_s", 16, 0xF310, "u32_le")
AFTER = order("after_mpct", 16, 0xF312, "f32_le", 1_000)
LIMIT = order("limit_mpct", 16, 0xF322, "f32_le", 1_000)
FULL_MPCT = 100_000

READS = (
    #   field           fn addr   kind  n  num  den
    Reg("produced", 3, 40083, "s16", 1, 1, 1),
    Reg("produced_sf", 3, 40084, "s16", 1, 1, 1),
    Reg("energy", 3, 40093, "u32", 1, 1, 1),
    Reg("energy_sf", 3, 40095, "s16", 1, 1, 1),
)
SLOW = (Reg("limit_mpct", 3, 0xF322, "f32_le", 1, 1_000, 1),)


class SolarEdge(RegisterInverter):
    def __init__(self, bus: Bus, options: "dict[str, object]", able: Ability) -> None:
        super().__init__(bus, options, able, READS, SLOW)
        self._timeout_s = whole(options, "timeout_s")

    def arm(self) -> None:
        """Its stored switch needs a commit, once in its life."""
        if self._found(ADVANCED) != 1:
            self.settle(ADVANCED, 1)
            self.tell(COMMIT, 1)
        super().arm()

    def settings(self) -> "tuple[tuple[Order, int], ...]":
        return (TIMEOUT, self._timeout_s), (AFTER, self._mpct(-self._able.fallback.power_w)), (DYNAMIC, 1)

    def orders(self, power_w: int) -> "tuple[tuple[Order, int], ...]":
        return ((LIMIT, self._mpct(power_w)),)

    def _mpct(self, power_w: int) -> int:
        return FULL_MPCT * power_w // self.rated_w

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        produced_w, energy_wh = scaled(values, "produced"), scaled(values, "energy")
        mpct = one(values, "limit_mpct")
        return reading(now_ms, total_w=None if produced_w is None else -produced_w, export_wh=energy_wh,
                       limit_w=None if mpct is None else -(mpct * self.rated_w // FULL_MPCT))


def scaled(values: "dict[str, tuple[int | None, ...]]", field: str) -> "int | None":
    """A number with its factor beside it; DeviceError(RANGE) for a factor that cannot be."""
    raw, factor = one(values, field), one(values, field + "_sf")
    if raw is None or factor is None:
        return None
    if not -10 <= factor <= 10:
        raise DeviceError(RANGE, "%s: scale factor %d" % (field, factor))
    size: int = abs(raw) * 10 ** factor if factor >= 0 else abs(raw) // 10 ** -factor
    return size if raw >= 0 else -size


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError("key: what is allowed")."""
    return ability_of(options, 1_000 * whole(options, "timeout_s"), settle_ms=5_000, pace_ms=2_000)


def build(port: Bus, options: "dict[str, object]") -> SolarEdge:
    return SolarEdge(port, options, ability(options))
