"""Heat pump with SG-Ready contacts: two relays, four states, nothing measured.

Source: the label's definition (Bundesverband Waermepumpe): contacts 1:0 lock (at most 2 h a day), 0:0
normal, 0:1 recommended, 1:1 commanded start. The options name the relays by what each does when it closes
alone, since makers number the two the other way round. Both must be closed-when-on contacts: open is normal.
As a staged load: below normal_w it is locked, from normal_w on normal, from boost_w on recommended, from
force_w (if given) on commanded. Whoever wants the pump to heat as it likes and only take surplus on top
gives it the mode "minimum". A raise waits until the present state has stood hold_s, which only ever means
less than was granted; a lowering is never kept waiting. The lock's hours are counted since our start.
"""

from drivers.given import clock, phases, whole
from drivers.load_facts import LoadFacts
from drivers.meter_facts import STANDARD
from drivers.register_device import split
from hal.faults import REFUSED, DeviceError
from hal.options import integer
from hal.ports import Board, Clock, Load, Relays
from hal.values import Ability, Reading, Setpoint, ma_of_w, placed, reading
from hal.values import ability as able

LINES = ("gpio",)
GROUP = "b"  # heat pumps, of section 14a EnWG
FAILSAFE = "none of its own: relays stay as they are when the computer hangs; open relays mean normal operation"
LOAD = LoadFacts("Heat pumps with SG-Ready contacts", "heating", "what its relays stand at",
                 "lock, normal, recommend, command", "none", STANDARD)

OPTIONS = (
    integer("lock_pin", None, 0, 27, "GPIO of the relay that alone locks the pump"),
    integer("boost_pin", None, 0, 27, "GPIO of the relay that alone recommends a start"),
    integer("active_high", 1, 0, 1, "1 when a high pin closes the relay"),
    integer("normal_w", None, 100, 30_000, "electric power in normal operation"),
    integer("boost_w", None, 101, 40_000, "electric power when a start is recommended; above normal_w"),
    integer("force_w", 0, 0, 60_000, "electric power when a start is commanded; 0 = never command one"),
    integer("hold_s", 600, 60, 3_600, "shortest time in a state before a higher one"),
)

LOCK, NORMAL, RECOMMEND, COMMAND = 0, 1, 2, 3
CONTACTS = ((True, False), (False, False), (False, True), (True, True))  # (lock, boost) by state
WORDS = ("locked", "normal", "recommended", "commanded")
LOCK_MS = 2 * 3_600_000  # a day
_HOUR_MS = 3_600_000
_HOURS = 24


class LockBudget:
    """How long the pump has been locked in the last 24 hours, in whole hours' buckets."""

    def __init__(self, now_ms: int) -> None:
        self._used_ms = [0] * _HOURS
        self._now_ms = now_ms

    def pass_time(self, now_ms: int, locked: bool) -> None:
        """Books the time since the last call."""
        while self._now_ms < now_ms:
            hour_end_ms = (self._now_ms // _HOUR_MS + 1) * _HOUR_MS
            until_ms = min(now_ms, hour_end_ms)
            if locked:
                self._used_ms[self._now_ms // _HOUR_MS % _HOURS] += until_ms - self._now_ms
            if until_ms == hour_end_ms:
                self._used_ms[until_ms // _HOUR_MS % _HOURS] = 0
            self._now_ms = until_ms

    def left_ms(self) -> int:
        return LOCK_MS - sum(self._used_ms)


class SgReady(Load):
    def __init__(self, relays: Relays, pump: Ability, hold_ms: int, time: Clock) -> None:
        self._relays = relays
        self._stages_w = tuple(sum(stage) for stage in pump.stages)
        self._hold_ms = hold_ms
        self._clock = time
        self._budget = LockBudget(time.now_ms())
        self._changed_ms = time.now_ms() - hold_ms

    def read(self, now_ms: int) -> Reading:
        state = self._state()
        limit_w = self._stages_w[min(state, len(self._stages_w) - 1)]
        return reading(now_ms, state=WORDS[state], limit_w=limit_w)

    def arm(self) -> None:
        """There is nothing to arm; that the relays can be moved is all that can be seen."""
        self._relays.get()

    def apply(self, setpoint: Setpoint) -> None:
        now_ms = self._clock.now_ms()
        present = self._state()
        self._budget.pass_time(now_ms, present == LOCK)
        wanted = max([LOCK] + [i for i, w in enumerate(self._stages_w) if w <= setpoint.power_w])
        if wanted == LOCK and self._budget.left_ms() <= 0:
            self._move(present, NORMAL, now_ms)
            raise DeviceError(REFUSED, "the lock's 2 h of the day are used up")
        if wanted <= present or now_ms - self._changed_ms >= self._hold_ms:
            self._move(present, wanted, now_ms)

    def release(self) -> None:
        now_ms = self._clock.now_ms()
        present = self._state()
        self._budget.pass_time(now_ms, present == LOCK)
        self._move(present, NORMAL, now_ms)

    def _state(self) -> int:
        return CONTACTS.index(tuple(self._relays.get()))

    def _move(self, present: int, wanted: int, now_ms: int) -> None:
        if wanted == present:
            return
        self._relays.set(CONTACTS[wanted])
        self._changed_ms = now_ms
        if self._state() != wanted:
            raise DeviceError(REFUSED, "relays do not follow: %s" % WORDS[self._state()])


def ability(options: "dict[str, object]") -> Ability:
    """Raises ValueError when the options contradict each other."""
    powers_w = [0, whole(options, "normal_w"), whole(options, "boost_w")]
    if whole(options, "force_w"):
        powers_w.append(whole(options, "force_w"))
    if sorted(set(powers_w)) != powers_w:
        raise ValueError("normal_w, boost_w, force_w: each must be above the one before it")
    if options["lock_pin"] == options["boost_pin"]:
        raise ValueError("boost_pin: the same pin as lock_pin")
    wired = phases(options)
    stages = tuple(split(power_w, (1,) * len(wired)) for power_w in powers_w)
    normal = placed(tuple(ma_of_w(w) for w in stages[NORMAL]), wired)
    hold_ms = whole(options, "hold_s") * 1000
    return able("stages", stages=stages, measured=False, fallback=Setpoint(normal, powers_w[NORMAL]),
                settle_ms=60_000, min_on_ms=hold_ms, min_off_ms=hold_ms)


def build(port: Board, options: "dict[str, object]") -> SgReady:
    pins = (whole(options, "lock_pin"), whole(options, "boost_pin"))
    relays = port.relays(pins, whole(options, "active_high") == 1)
    return SgReady(relays, ability(options), whole(options, "hold_s") * 1000, clock(options))
