"""Twin of any meter that is a table: clamped to a point of the house, it serves the very table its driver reads.

Quirks: exception 2 for a register it has not got and for a request longer than the table allows, with `pairs` also
for an odd start or count of input registers; currents are sizes; nothing answers while there is no voltage, since a
meter feeds itself from its terminals.
"""

from drivers.meter_reading import ALIVE_MV
from drivers.meter_table import Table, as_set
from drivers.passport import TEXT, VERSION, Tell
from hal.faults import TIMEOUT, DeviceError
from hal.registers import blocks
from sim.bank import ILLEGAL_ADDRESS, Refused, Registers
from sim.part import Point
from sim.twins import RegisterTwin, own_ma, own_mv, own_w, wired

MAINS_MHZ = 50_000
SERIAL = 21_043_217  # of every simulated meter
SAYS = {"maker": "Hutschiene", "serial": str(SERIAL), "model": "TWIN", "firmware": "1.2.3"}


class TableTwin(RegisterTwin):
    def __init__(self, registers: Registers, part: Point, meter: Table, options: "dict[str, object]",
                 pairs: bool = False, most_clients: int = 0) -> None:
        super().__init__(registers)
        self.most_clients = most_clients
        self._part = part
        self._table = meter
        self._pairs = pairs
        self._phases = wired(options)
        self._sign = -1 if options.get("mounting") == "reversed" else 1
        ratio = options.get("ct_ratio", 1)
        assert isinstance(ratio, int)
        low_first = options.get("words") == "low first"
        self._regs = tuple([as_set(reg, ratio, low_first) for reg in meter.reads + meter.slow])
        self.replaced_wh = 0  # counters stand this much lower: another meter hangs here now
        self._fill()
        self._show()

    def replace(self) -> None:
        """A new meter is clamped here: its counters begin at 0."""
        self.replaced_wh = max(self._part.import_wh, self._part.export_wh)
        self._show()

    def _fill(self) -> None:
        """What never changes: the registers between, and who it is."""
        for regs in (self._table.reads, self._table.slow):
            for function, address, count in blocks(regs, self._table.most_words, self._table.gap):
                self.registers.poke(function, address, (0,) * count)
        for tell in self._table.passport:
            self.registers.poke(tell.function, tell.address, _words(tell))
        for mark in self._table.identity + self._table.checks:
            self.registers.poke(mark.function, mark.address, mark.values[0])

    def _show(self) -> None:
        said = truth(self._part, self._phases, self._sign, self.replaced_wh)
        seen: "dict[str, int]" = {}
        for reg in self._regs:
            start = seen.get(reg.field, 0)
            seen[reg.field] = start + reg.count
            self.registers.put(reg, said[reg.field][start:start + reg.count])

    def _asked(self, function: int, address: int, count: int) -> None:
        if max(own_mv(self._part, self._phases)) < ALIVE_MV:
            raise DeviceError(TIMEOUT, "no voltage")
        if count > self._table.most_words or (self._pairs and function == 4 and (address % 2 or count % 2)):
            raise Refused(ILLEGAL_ADDRESS)
        super()._asked(function, address, count)


def truth(part: Point, phases: "tuple[int, ...]", sign: int, replaced_wh: int = 0) -> "dict[str, tuple[int, ...]]":
    """What a meter clamped here says, by field of drivers.meter_table; `sign` -1 when it is mounted reversed."""
    power_w = tuple([sign * w for w in own_w(part, phases)])
    came, went = (part.import_wh, part.export_wh) if sign > 0 else (part.export_wh, part.import_wh)
    return {
        "voltage_mv": own_mv(part, phases), "current_ma": tuple([abs(ma) for ma in own_ma(part, phases)]),
        "power_w": power_w, "total_w": (sum(power_w),),
        "taken_w": tuple([max(w, 0) for w in power_w]), "given_w": tuple([max(-w, 0) for w in power_w]),
        "import_wh": (max(0, came - replaced_wh),), "export_wh": (max(0, went - replaced_wh),),
        "power_factor_permille": (1000, 1000, 1000), "frequency_mhz": (MAINS_MHZ,),
    }


def _words(tell: Tell) -> "tuple[int, ...]":
    if tell.kind == VERSION:
        return (0x1203,)
    if tell.kind != TEXT:
        return tuple([SERIAL >> 16 * (tell.words - 1 - i) & 0xFFFF for i in range(tell.words)])
    text = (SAYS[tell.field] + "\0" * 2 * tell.words)[:2 * tell.words]
    return tuple([ord(text[2 * i]) << 8 | ord(text[2 * i + 1]) for i in range(tell.words)])
