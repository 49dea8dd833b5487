"""Twin of a Kostal Plenticore: a minute after the last setpoint it regulates by itself."""

from drivers.kostal_plenticore import READS
from drivers.orders import order
from hal.registers import Reg
from sim.bank import Registers
from sim.battery import Battery
from sim.twins import wired
from sim.twins.register_storage import StoreTwin, kind

FORGETS_MS = 60_000


class PlenticoreTwin(StoreTwin):
    def __init__(self, registers: Registers, part: Battery, phases: "tuple[int, ...]", word_kind: str) -> None:
        self.external = False  # a setpoint was told, and not long ago
        setpoint = order("setpoint_w", 16, 1034, word_kind, -1)
        slow = (Reg("temperature_mdegc", 3, 214, word_kind, 1, 1000, 1),)
        super().__init__(registers, part, READS + slow, kind((setpoint,), self._wished, failsafe_ms=FORGETS_MS), phases)

    def _wished(self, told: "dict[str, int]", part: Battery) -> "int | None":
        return told["setpoint_w"] if self.external else None

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        super()._told(function, address, values)
        self.external = not self.ignore_writes

    def _forget(self) -> None:
        self.external = False


def build(registers: Registers, part: Battery, options: "dict[str, object]") -> PlenticoreTwin:
    return PlenticoreTwin(registers, part, wired(options), "f32_le" if options["words"] == "low first" else "f32")
