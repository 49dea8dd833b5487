"""Twin of the Eastron SDM630: clamped to any point of the house.

Quirks: exception 2 for an odd start or count and for more than 80 registers; currents are magnitudes;
nothing answers while there is no voltage, since the meter feeds itself from its terminals.
"""

from drivers.eastron_sdm630 import ALIVE_MV, MOST_WORDS, READS, SLOW
from hal.faults import TIMEOUT, DeviceError
from sim.bank import ILLEGAL_ADDRESS, Refused, Registers
from sim.part import Point
from sim.twins import RegisterTwin, own_ma, own_mv, own_w, wired

VOLTAGE, CURRENT, POWER = READS
IMPORT, EXPORT = SLOW


class Sdm630Twin(RegisterTwin):
    def __init__(self, registers: Registers, part: Point, phases: "tuple[int, ...]", reversed_: bool) -> None:
        super().__init__(registers)
        self._part = part
        self._phases = phases
        self._sign = -1 if reversed_ else 1
        self.replaced_wh = 0  # counters stand this much lower: another meter hangs here now
        self._show()

    def _show(self) -> None:
        part, put = self._part, self.registers.put
        put(VOLTAGE, own_mv(part, self._phases))
        put(CURRENT, tuple(abs(ma) for ma in own_ma(part, self._phases)))
        put(POWER, tuple(self._sign * w for w in own_w(part, self._phases)))
        counters_wh = (part.import_wh, part.export_wh)
        import_wh, export_wh = counters_wh if self._sign > 0 else (counters_wh[1], counters_wh[0])
        put(IMPORT, (max(0, import_wh - self.replaced_wh),))
        put(EXPORT, (max(0, export_wh - self.replaced_wh),))

    def replace(self) -> None:
        """A new meter is clamped here: its counters begin at 0."""
        self.replaced_wh = max(self._part.import_wh, self._part.export_wh)
        self._show()

    def _asked(self, function: int, address: int, count: int) -> None:
        if max(own_mv(self._part, self._phases)) < ALIVE_MV:
            raise DeviceError(TIMEOUT, "no voltage")
        if address % 2 or count % 2 or count > MOST_WORDS:
            raise Refused(ILLEGAL_ADDRESS)
        super()._asked(function, address, count)


def build(registers: Registers, part: Point, options: "dict[str, object]") -> Sdm630Twin:
    return Sdm630Twin(registers, part, wired(options), options.get("mounting") == "reversed")
