"""An inverter that is a table of registers: told its limit in a share of its rated power.

A subclass says its orders, and what is set once.
"""

from drivers.generator import limit_w
from drivers.given import phases, whole
from drivers.orders import Order
from drivers.register_device import one
from drivers.register_load import RegisterLoad
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint, reading


class RegisterInverter(RegisterLoad):
    def __init__(self, bus: Bus, options: "dict[str, object]", able: Ability, reads: "tuple[Reg, ...]",
                 slow: "tuple[Reg, ...]" = ()) -> None:
        super().__init__(bus, whole(options, "unit"), reads, slow, phases=phases(options))
        self._able = able
        self.rated_w = -able.min_w

    def orders(self, power_w: int) -> "tuple[tuple[Order, int], ...]":
        """What it is told to make no more than that, in the order of writing."""
        raise NotImplementedError

    def settings(self) -> "tuple[tuple[Order, int], ...]":
        """What has to stand in it before; written only where something else stands."""
        return ()

    def arm(self) -> None:
        self.say(self._now_ms, self.fetch(self._now_ms))  # one that makes no sense may be another device
        for told, value in self.settings():
            self.settle(told, value)
        self._armed = True

    def apply(self, setpoint: Setpoint) -> None:
        for told, value in self.orders(limit_w(setpoint, self._able)):
            self.tell(told, value)

    def release(self) -> None:
        for told, value in self.orders(-self._able.fallback.power_w):
            self.tell(told, value)

    def read(self, now_ms: int) -> Reading:
        self._now_ms = now_ms
        return super().read(now_ms)

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        return reading(now_ms, total_w=one(values, "total_w"), export_wh=one(values, "export_wh"),
                       limit_w=one(values, "limit_w"))
