"""Alfen Eve (NG9xx): wallbox on Modbus TCP, 6 to 32 A, switches between one and three phases. Socket 2 is unit 2.

Source: two independent drivers that agree, with excerpts of the maker's map; per-phase power and 1206, 1212, 1214 from
one of them. It needs active load balancing set to "Energy Management System"; else 1214 says that we are not heard,
which is the device's fault. What was told is valid for the time its installer has set (60 s as delivered); after it
the safe current (1212) rules, which only the installer can change: it is read, and must not be above failsafe_a.
"""

from drivers.meter_facts import DRIVERS
from drivers.orders import Order, order
from drivers.register_device import needed, one
from drivers.register_wallbox import RegisterWallbox, letter
from drivers.wallbox_table import ability_of, box, fail_safe, options_of, switch
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading

LINES = ("modbus-tcp",)
FAILSAFE = "the box itself goes to its safe current (failsafe_a at most) when our last current is not valid any more"

HEARD_MS = 10_000  # by then it must heed what it was told


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    """ASCII: A, B1, B2, C1, C2, D1, D2, E, F."""
    return letter(needed(values, "state_code")[0] >> 8)


BOX = box(
    "Alfen Eve", DRIVERS,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("voltage_mv", 3, 306, "f32", 3, 1000, 1),
        Reg("current_ma", 3, 320, "f32", 3, 1000, 1),
        Reg("total_w", 3, 344, "f32", 1, 1, 1),
        Reg("state_code", 3, 1201, "u16", 1, 1, 1),
        Reg("limit_ma", 3, 1206, "f32", 1, 1000, 1),
        Reg("valid_s", 3, 1208, "u32", 1, 1, 1),
    ),
    state, order("limit_ma", 16, 1210, "f32", 1000), step_ma=100, effective=True,
    slow=(Reg("import_wh", 3, 374, "f64", 1, 1, 1), Reg("heeded", 3, 1214, "u16", 1, 1, 1),
          Reg("conductors", 3, 1215, "u16", 1, 1, 1)),
    switch=switch(order("conductors", 6, 1215), 1, 3, rest_ms=10_000),
    failsafe=fail_safe(Order(None, Reg("safe_ma", 3, 1212, "f32", 1, 1000, 1)), default_s=60, least_s=10, most_s=300),
    pace_ms=1_000,
)
OPTIONS = options_of(BOX)


class Eve(RegisterWallbox):
    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        valid_s = one(values, "valid_s")
        if valid_s is not None and 1000 * valid_s > self._failsafe_ms:
            self._complaint = "what it is told is valid for %d s, failsafe_s says %d" % (
                valid_s, self._failsafe_ms // 1000)
        elif self._told_ma is not None and now_ms - self._told_ms >= HEARD_MS and one(values, "heeded") == 0:
            self._complaint = 'it does not heed what it is told: set load balancing to "Energy Management System"'
        return super().say(now_ms, values)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> Eve:
    return Eve(port, BOX, options)
