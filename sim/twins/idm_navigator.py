"""Twin of an IDM Navigator: it takes what surplus it was told last, for ever."""

from drivers.idm_navigator import READS, SLOW, SURPLUS
from sim.bank import Registers
from sim.tank import Tank
from sim.twins import wired
from sim.twins.register_heater import HeaterTwin


class NavigatorTwin(HeaterTwin):
    def asked_w(self) -> int:
        return self.told["surplus_w"]


def build(registers: Registers, part: Tank, options: "dict[str, object]") -> NavigatorTwin:
    return NavigatorTwin(registers, part, wired(options), READS + SLOW, (SURPLUS,))
