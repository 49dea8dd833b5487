"""Mennekes AMTRON Compact 2.0s, Start 2.0s: wallbox on Modbus RTU (57600 8N2), 6 to 16 A, one or three phases.

Source: one independent driver; its maker's description was not at hand. A heartbeat has to be written every 5 s, else
the box takes its fallback, whatever its installer made that, and says state 6: it comes back once it was told 0 and
released. Phases are switched while it pauses. Its session energy is not trusted; 0x1000 counts all energy.
"""

from drivers.meter_facts import SINGLE
from drivers.orders import STATED, blind, order
from drivers.register_device import one
from drivers.register_wallbox import RegisterWallbox, lettered
from drivers.wallbox_table import Enable, ability_of, box, fail_safe, options_of, switch
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading

LINES = ("modbus-rtu",)
FAILSAFE = "the box itself goes to the fallback its installer has set (failsafe_a) failsafe_s after our last heartbeat"

LOST = 6
STATES = {1: "A", 2: "B", 3: "B", 4: "B", 5: "C", LOST: "E"}
BEAT = 0x55AA
AGAIN_MS = 10_000


def state(values: "dict[str, tuple[int | None, ...]]") -> str:
    return lettered(values, STATES)


BOX = box(
    "Mennekes AMTRON Compact/Start 2.0s", SINGLE,
    (
        #   field         fn  addr  kind  n  num  den
        Reg("state_code", 3, 0x0100, "u16", 1, 1, 1),
        Reg("limit_ma", 3, 0x0302, "f32", 1, 1000, 1),
        Reg("current_ma", 3, 0x0500, "f32", 3, 1000, 1),
        Reg("voltage_mv", 3, 0x0506, "f32", 3, 1000, 1),
        Reg("total_w", 3, 0x0512, "f32", 1, 1, 1),
        Reg("conductors", 3, 0x0D04, "u16", 1, 1, 1),
        Reg("enabled", 3, 0x0D05, "u16", 1, 1, 1),
    ),
    state, order("limit_ma", 16, 0x0302, "f32", 1000), slow=(Reg("import_wh", 3, 0x1000, "f32", 1, 1000, 1),),
    step_ma=100, max_ma=16_000, enable=Enable(order("enabled", 6, 0x0D05), 1, 0),
    switch=switch(order("conductors", 6, 0x0D04), 1, 0),
    failsafe=fail_safe(STATED, alive=blind("heartbeat", 6, 0x0D00), alive_value=BEAT, least_s=10, most_s=20,
                       default_s=15),
)
OPTIONS = options_of(BOX)


class Compact(RegisterWallbox):
    _lost_ms: "int | None" = None

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        if one(values, "state_code") != LOST:
            self._lost_ms = None
        elif self._armed and (self._lost_ms is None or now_ms - self._lost_ms >= AGAIN_MS):
            self._lost_ms = now_ms
            self._recover()
        return super().say(now_ms, values)

    def _recover(self) -> None:
        """Told 0 and released, it leaves its fallback; then it gets what it had."""
        told_ma, self._told_ma = self._told_ma, None
        assert self.box.enable is not None
        self.tell(self.box.limit, 0)
        self.tell(self.box.enable.order, self.box.enable.on)
        if told_ma is not None:
            self.stand(told_ma)


def ability(options: "dict[str, object]") -> Ability:
    return ability_of(BOX, options)


def build(port: Bus, options: "dict[str, object]") -> Compact:
    return Compact(port, BOX, options)
