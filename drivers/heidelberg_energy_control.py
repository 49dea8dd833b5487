"""Heidelberg Energy Control: wallbox, 6 to 16 A on one to three phases, no phase switching.

Source: maker's register table for layout 1.0.7 (which this driver needs) and the quirks known from others.
Power is apparent power, energy VAh; a car's cos phi is close enough to 1 to take them as W and Wh.

The box stops by itself: any valid request re-triggers its watchdog (257, ms); once it has expired the
fail-safe current (262) rules. Both are armed and read back, and the watchdog is never set to 0.
258 = 4 keeps the box awake without a car; 258 and 259 cannot be read. After a power cut all of them are
back on their defaults: the line arms again after a silence, and `read` itself arms again and repeats the
newest current when it finds a default (262, 261, a fallen counter; 257 every 10 s). So that 257 shows it,
ours is never the default of 15 s. A current that is found otherwise again and again, while the box was not
without power, is another master's.
"""

from drivers.given import phases, whole
from drivers.identity import Mark
from drivers.load_facts import LoadFacts
from drivers.meter_facts import BOTH
from drivers.register_device import RegisterDevice, needed, one, split
from drivers.rivals import WORDS, Rivals
from hal.faults import RANGE, REFUSED, DeviceError
from hal.options import integer
from hal.ports import Bus, Load
from hal.registers import Reg
from hal.values import Ability, Reading, Setpoint, placed, reading, unplaced, w_of_ma
from hal.values import ability as able

LINES = ("modbus-rtu", "modbus-tcp")
FAILSAFE = "the box itself goes to failsafe_a (0: charging stops) failsafe_s after our last request"
LOAD = LoadFacts("Heidelberg Energy Control", "wallbox", "state, I, U, P, energy, temperature",
                 "6 to 16 A in steps of 0.1 A", "any request", BOTH)

OPTIONS = (
    integer("failsafe_a", 0, 0, 16, "current the box falls back to: 6 to 16, or 0 to stop"),
    integer("failsafe_s", 14, 6, 60, "silence after which it falls back; above its period_s, and not 15"),
)

IDENTITY = (Mark(4, 4, ((0x0107,),), "register layout %04X"),)

MIN_MA = 6_000  # IEC 61851-1: lowest offered current
MAX_MA = 16_000  # maker: 11 kW box
STEP_MA = 100
AWAKE = 4  # 258: standby off
UNLOCKED = 1
DEFAULT_WATCHDOG_MS = 15_000
UNLOCK_EVERY_MS = 10_000  # it needs about so long to leave state F
LOCKED = 10
STATES = "  AABBCCCEFF"  # by code 2..11; 8 charges with derating, 11 is an error

READS = (
    #   field                 fn addr kind  n  num  den
    Reg("state_code", 4, 5, "u16", 1, 1, 1),
    Reg("current_ma", 4, 6, "u16", 3, 100, 1),
    Reg("temperature_mdegc", 4, 9, "s16", 1, 100, 1),
    Reg("voltage_mv", 4, 10, "u16", 3, 1000, 1),
    Reg("released", 4, 13, "u16", 1, 1, 1),  # contact of the external lock: 1 = may charge
    Reg("total_w", 4, 14, "u16", 1, 1, 1),
    Reg("since_on_wh", 4, 15, "u32", 1, 1, 1),
    Reg("import_wh", 4, 17, "u32", 1, 1, 1),
    Reg("limit_ma", 3, 261, "u16", 1, 100, 1),
    Reg("failsafe_ma", 3, 262, "u16", 1, 100, 1),
)
SLOW = (Reg("watchdog_ms", 3, 257, "u16", 1, 1, 1),)

WATCHDOG = Reg("watchdog_ms", 6, 257, "u16", 1, 1, 1)
STANDBY = Reg("standby", 6, 258, "u16", 1, 1, 1)
LOCK = Reg("lock", 6, 259, "u16", 1, 1, 1)
LIMIT = Reg("limit_ma", 6, 261, "u16", 1, 100, 1)
FAILSAFE_CURRENT = Reg("failsafe_ma", 6, 262, "u16", 1, 100, 1)
WRITES = (WATCHDOG, STANDBY, LOCK, LIMIT, FAILSAFE_CURRENT)


class EnergyControl(RegisterDevice, Load):
    def __init__(self, bus: Bus, unit: int, wired: "tuple[int, ...]", box: Ability) -> None:
        super().__init__(bus, unit, READS, SLOW, phases=wired)
        self._max_ma = box.max_ma
        self._failsafe_ma = max(box.fallback.current_ma)
        self._watchdog_ms = box.failsafe_ms
        self._armed = False
        self._told_ma: "int | None" = None  # newest current it has confirmed
        self._since_on_wh = 0
        self._unlocked_ms: "int | None" = None
        self._rivals = Rivals()
        self._complaint = ""

    def read(self, now_ms: int) -> Reading:
        values = self.fetch(now_ms)
        if self._armed and self._lost_settings(values):
            self._look_for_masters(now_ms, values)
            self.arm()
            if self._told_ma is not None:
                self.keep(LIMIT, (self._told_ma,))
        self._since_on_wh = one(values, "since_on_wh") or 0
        said = self.say(now_ms, values)
        self._unlock(now_ms, values)
        return said

    def say(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> Reading:
        code = needed(values, "state_code")[0]
        if not 2 <= code < len(STATES):
            raise DeviceError(RANGE, "state %d" % code)
        count = len(self.phases)
        current_ma = needed(values, "current_ma", count)
        total_w = needed(values, "total_w")[0]
        return reading(
            now_ms, total_w=total_w, power_w=placed(split(total_w, current_ma), self.phases),
            current_ma=placed(current_ma, self.phases), voltage_mv=self.vector(values, "voltage_mv"),
            import_wh=one(values, "import_wh"), temperature_mdegc=one(values, "temperature_mdegc"),
            state=STATES[code], limit_ma=placed(needed(values, "limit_ma") * count, self.phases),
        )

    def arm(self) -> None:
        self.keep(FAILSAFE_CURRENT, (self._failsafe_ma,))
        self.keep(WATCHDOG, (self._watchdog_ms,))
        self.bus.write(self.unit, STANDBY.function, STANDBY.address, (AWAKE,))
        self.forget()
        self._armed = True

    def apply(self, setpoint: Setpoint) -> None:
        """One pilot serves all conductors: the least of them, in steps of 0.1 A."""
        least_ma = min(min(unplaced(setpoint.current_ma, self.phases)), self._max_ma)
        self._tell(least_ma if least_ma >= MIN_MA else 0)
        if self._complaint:
            words, self._complaint = self._complaint, ""
            raise DeviceError(REFUSED, words)

    def release(self) -> None:
        self._tell(self._failsafe_ma)

    def _tell(self, current_ma: int) -> None:
        current_ma -= current_ma % STEP_MA
        self.keep(LIMIT, (current_ma,))
        self._told_ma = current_ma

    def _lost_settings(self, values: "dict[str, tuple[int | None, ...]]") -> bool:
        """Something else stands there than was confirmed: the box was without power, or has another master."""
        return (
            one(values, "failsafe_ma") != self._failsafe_ma
            or one(values, "watchdog_ms") not in (None, self._watchdog_ms)
            or (self._told_ma is not None and one(values, "limit_ma") != self._told_ma)
            or (one(values, "since_on_wh") or 0) < self._since_on_wh
        )

    def _look_for_masters(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> None:
        """One that was without power has forgotten all it was told."""
        limit_ma = one(values, "limit_ma")
        if self._told_ma in (None, limit_ma) or (one(values, "since_on_wh") or 0) < self._since_on_wh \
                or one(values, "failsafe_ma") != self._failsafe_ma:
            return
        if self._rivals.found(now_ms):
            self._complaint = "told %d mA, and it stands at %s mA" % (self._told_ma, limit_ma) + WORDS

    def _unlock(self, now_ms: int, values: "dict[str, tuple[int | None, ...]]") -> None:
        """Takes back a remote lock that another master, or a power cut, has left."""
        if needed(values, "state_code")[0] != LOCKED or one(values, "released") != 1:
            self._unlocked_ms = None
        elif self._unlocked_ms is None or now_ms - self._unlocked_ms >= UNLOCK_EVERY_MS:
            self._unlocked_ms = now_ms
            self.bus.write(self.unit, LOCK.function, LOCK.address, (UNLOCKED,))


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError for a fail-safe the box does not know, or that would hide its power cuts."""
    wired = phases(options)
    max_ma = min(whole(options, "max_a") * 1000, MAX_MA)
    failsafe_ma = min(whole(options, "failsafe_a") * 1000, max_ma)
    if 0 < failsafe_ma < MIN_MA:
        raise ValueError("failsafe_a: the box knows 0 (stop) and 6 to 16")
    watchdog_ms = whole(options, "failsafe_s") * 1000
    if watchdog_ms == DEFAULT_WATCHDOG_MS:
        raise ValueError("failsafe_s: with 15, the default of the box, a power cut would not show; take 14 or 16")
    fallback = Setpoint(placed((failsafe_ma,) * len(wired), wired), w_of_ma(failsafe_ma) * len(wired))
    # the box moves its pilot at most every 5 s, the car follows within 5 s (IEC 61851-1)
    return able("wallbox", min_ma=MIN_MA, max_ma=max_ma, step_ma=STEP_MA, fallback=fallback,
                failsafe_ms=watchdog_ms, settle_ms=10_000, pace_ms=5_000)


def build(port: Bus, options: "dict[str, object]") -> EnergyControl:
    return EnergyControl(port, whole(options, "unit"), phases(options), ability(options))
