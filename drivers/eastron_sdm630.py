"""Eastron SDM630-Modbus V2: three-phase meter, bidirectional, direct up to 100 A.

Source: maker's register description (SDM630-Modbus V2 protocol), input registers; IEEE 754, high word
first; at most 80 registers a request, an odd start or count is answered with exception 2.
Sign: the meter already reads + on import. Its currents are magnitudes and take the sign of their power.
The total is the sum of the phases, not register 52: a request less, and all of one instant.
"""

from drivers.given import phases, whole, word
from drivers.register_device import RegisterDevice, needed, own_values
from hal.faults import RANGE, DeviceError
from hal.options import choice
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, placed, reading
from hal.values import ability as able

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = "only measures; when it is silent its node is reckoned at its rated current"

OPTIONS = (
    choice("role", "meter", ("meter", "source"), "meter of a node, or of a PV system that is only read"),
    choice("mounting", "normal", ("normal", "reversed"), "reversed when the grid is on the terminals of the load"),
)

MOST_WORDS = 80
ALIVE_MV = 50_000  # fed from its own measuring terminals (from 173 V between phases): below this it is off

READS = (
    #   field         fn  address kind   n   num  den
    Reg("voltage_mv", 4, 0x0000, "f32", 3, 1000, 1),
    Reg("current_ma", 4, 0x0006, "f32", 3, 1000, 1),
    Reg("power_w", 4, 0x000C, "f32", 3, 1, 1),
)
SLOW = (
    Reg("import_wh", 4, 0x0048, "f32", 1, 1000, 1),
    Reg("export_wh", 4, 0x004A, "f32", 1, 1000, 1),
)


class Sdm630(RegisterDevice):
    def __init__(self, bus: Bus, unit: int, wired: "tuple[int, ...]", reversed_: bool) -> None:
        super().__init__(bus, unit, READS, SLOW, most_words=MOST_WORDS, phases=wired)
        self._sign = -1 if reversed_ else 1

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        count = len(self.phases)
        voltage_mv = needed(values, "voltage_mv", count)
        if max(voltage_mv) < ALIVE_MV:
            raise DeviceError(RANGE, "no voltage on any phase: %s mV" % (voltage_mv,))
        power_w = tuple(self._sign * w for w in needed(values, "power_w", count))
        current_ma = tuple(-abs(ma) if w < 0 else abs(ma)
                           for ma, w in zip(needed(values, "current_ma", count), power_w))
        came, went = ("import_wh", "export_wh") if self._sign > 0 else ("export_wh", "import_wh")
        import_wh, export_wh = own_values(values, came, 1), own_values(values, went, 1)
        return reading(
            now_ms, total_w=sum(power_w), power_w=placed(power_w, self.phases),
            current_ma=placed(current_ma, self.phases), voltage_mv=placed(voltage_mv, self.phases),
            import_wh=import_wh[0] if import_wh else None, export_wh=export_wh[0] if export_wh else None,
        )


def ability(options: "dict[str, object]") -> Ability:
    return able(word(options, "role"))


def build(port: Bus, options: "dict[str, object]") -> Sdm630:
    return Sdm630(port, whole(options, "unit"), phases(options), word(options, "mounting") == "reversed")
