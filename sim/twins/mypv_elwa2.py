"""Twin of the my-PV AC ELWA 2: forgets our power after its time-out; reads back what it draws, not what it was told."""

from drivers.mypv_elwa2 import BOOST, HEATING, MAX_W, POWER, READS, SLOW, STANDBY_W
from sim.bank import Registers
from sim.tank import Tank
from sim.twins import RegisterTwin, own_mv, own_w, wired

TOTAL, TEMPERATURE, TARGET, STATUS = READS
VOLTAGE = SLOW[0]


class AcElwa2Twin(RegisterTwin):
    def __init__(self, registers: Registers, part: Tank, phases: "tuple[int, ...]", timeout_ms: int) -> None:
        super().__init__(registers)
        self._part = part
        self._phases = phases
        self._timeout_ms = timeout_ms
        self.least_mdegc = 0  # below this it heats by itself; 0 = never
        self._asked_w = 0
        self._told_ms = 0
        self._boosting = False
        self._show()

    def power_cycle(self) -> None:
        self._asked_w = 0

    def _live(self) -> None:
        if self.now_ms - self._told_ms >= self._timeout_ms:
            self._asked_w = 0
        self._boosting = self._part.temperature_mdegc < self.least_mdegc
        self._part.set_w(MAX_W if self._boosting else self._asked_w)

    def _show(self) -> None:
        put, part = self.registers.put, self._part
        drawn_w = sum(own_w(part, self._phases))
        status = BOOST if self._boosting else HEATING if self._asked_w and drawn_w else 0
        put(TOTAL, (drawn_w or STANDBY_W,))
        put(TEMPERATURE, (part.temperature_mdegc,))
        put(TARGET, (part.thermostat_mdegc,))
        put(STATUS, (status,))
        put(VOLTAGE, own_mv(part, self._phases)[:1])

    def _take(self, address: int, value: int) -> None:
        if address != POWER.address:
            return super()._take(address, value)
        self._asked_w = min(value, MAX_W)
        self._told_ms = self.now_ms


def build(registers: Registers, part: Tank, options: "dict[str, object]") -> AcElwa2Twin:
    timeout_s = options["timeout_s"]
    assert isinstance(timeout_s, int)
    return AcElwa2Twin(registers, part, wired(options)[:1], timeout_s * 1000)
