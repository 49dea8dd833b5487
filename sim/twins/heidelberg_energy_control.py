"""Twin of the Heidelberg Energy Control: its watchdog, its power-on defaults, its sleep.

Any request re-triggers the watchdog; once it has expired the fail-safe current rules until the next one,
and 0 shows as an error. 258 and 259 answer reads with exception 2. With standby allowed and no car it drops
off the bus. The pilot moves once a second here; how slowly a car follows is the car's own.
"""

from drivers.heidelberg_energy_control import DEFAULT_WATCHDOG_MS, IDENTITY, MAX_MA, MIN_MA, READS, WRITES
from hal.faults import TIMEOUT, DeviceError
from sim.bank import ILLEGAL_ADDRESS, ILLEGAL_VALUE, Refused, Registers
from sim.car import Car
from sim.twins import RegisterTwin, own_mv, three, wired

WATCHDOG, STANDBY, LOCK, LIMIT, FAILSAFE = (reg.address for reg in WRITES)
BLIND = (STANDBY, LOCK)  # layout 1.0.7 does not let them be read
STATE, CURRENT, TEMPERATURE, VOLTAGE, RELEASED, TOTAL, SINCE_ON, IMPORT = READS[:8]
LIMIT_READ, FAILSAFE_READ = READS[8:]
SLEEP_MS = 60_000  # without a car and without standby = 4
BOARD_MDEGC = 31_000
LOCKED, ERROR = 10, 11
CODES = {"A": 2, "B": 4, "C": 6}  # one more when a current is offered
POWER_ON_RAW = 160  # in 0.1 A; the worst a box can come back with
_STEP_MA = 100


class EnergyControlTwin(RegisterTwin):
    def __init__(self, registers: Registers, part: Car, phases: "tuple[int, ...]") -> None:
        super().__init__(registers)
        self._part = part
        self._phases = phases
        for mark in IDENTITY:
            registers.poke(mark.function, mark.address, mark.values[0])
        self.released = True  # contact of the external lock
        self._alone_ms = 0  # since when no car is there
        self.power_cycle()

    def power_cycle(self) -> None:
        self._raw = {WATCHDOG: DEFAULT_WATCHDOG_MS, STANDBY: 0, LOCK: 1, LIMIT: POWER_ON_RAW, FAILSAFE: 0}
        self._heard_ms = self.now_ms
        self._alone_ms = self.now_ms
        self._on_wh = self._part.import_wh
        self._show()

    @property
    def expired(self) -> bool:
        watchdog_ms = self._raw[WATCHDOG]
        return bool(watchdog_ms) and self.now_ms - self._heard_ms >= watchdog_ms

    @property
    def asleep(self) -> bool:
        return not self._raw[STANDBY] and self.now_ms - self._alone_ms >= SLEEP_MS

    @property
    def offered_ma(self) -> int:
        if self._locked:
            return 0
        return self._raw[FAILSAFE if self.expired else LIMIT] * _STEP_MA

    @property
    def _locked(self) -> bool:
        return not self._raw[LOCK] or not self.released

    def _live(self) -> None:
        if self._part.state != "A":
            self._alone_ms = self.now_ms
        self._part.offer((self.offered_ma,) * len(self._phases))

    def _show(self) -> None:
        put, part = self.registers.put, self._part
        current_ma = three(part.current_ma)
        voltage_mv = own_mv(part, self._phases)
        put(STATE, (self._code(),))
        put(CURRENT, current_ma)
        put(TEMPERATURE, (BOARD_MDEGC,))
        put(VOLTAGE, voltage_mv)
        put(RELEASED, (1 if self.released else 0,))
        put(TOTAL, (sum(ma * mv for ma, mv in zip(current_ma, voltage_mv)) // 1_000_000,))
        put(SINCE_ON, (part.import_wh - self._on_wh,))
        put(IMPORT, (part.import_wh,))
        for address in self._raw:
            self.registers.poke(3, address, (self._raw[address],))

    def _code(self) -> int:
        if self._locked:
            return LOCKED
        if self.expired and not self._raw[FAILSAFE]:
            return ERROR
        return CODES[self._part.state] + (1 if self.offered_ma else 0)

    def _asked(self, function: int, address: int, count: int) -> None:
        super()._asked(function, address, count)  # as it stood when the request came
        self._hear()
        if function == 3 and any(address <= blind < address + count for blind in BLIND):
            raise Refused(ILLEGAL_ADDRESS)

    def _told(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        self._hear()
        super()._told(function, address, values)

    def _hear(self) -> None:
        if self.asleep:
            self._show()  # what the bank has just been told is lost
            raise DeviceError(TIMEOUT, "standby")
        self._heard_ms = self.now_ms

    def _take(self, address: int, value: int) -> None:
        if address in (LIMIT, FAILSAFE) and not (value == 0 or MIN_MA <= value * _STEP_MA <= MAX_MA):
            raise Refused(ILLEGAL_VALUE)
        self._raw[address] = value


def build(registers: Registers, part: Car, options: "dict[str, object]") -> EnergyControlTwin:
    return EnergyControlTwin(registers, part, wired(options))


