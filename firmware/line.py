"""A line is a bus and its one worker: it writes what is due first, then reads what is due.

A load is armed before it is first written and again after each silence. A lease is written when it
changes and every third of its life; when it lapses, the line puts the device on its fallback by itself.
A silent device is asked less and less often (2 s growing to 5 min; a node's meter every 2 s), so it
never delays the others on its line by more than one time-out. A node's meter that can stand it is asked more
often while the line has nothing else to do, half of the time at most. One that answers but refuses to come down is
not spoken to until its own fail-safe has acted: each request of ours would keep it as it is.
"""

from control.values import NOTHING_WRITTEN, Written
from firmware.image import Image, Lease
from hal.faults import RANGE, REFUSED, DeviceError, Fault
from hal.ports import Clock, Load, Meter
from hal.values import ZERO, Ability, Setpoint

BACKOFF_MS = 2_000
BACKOFF_MOST_MS = 300_000
LEASE_MS = 15_000  # the life of a grant, unless the device's own fail-safe acts sooner
IDLE_MS = 50
DECIDE_MS = 10  # from a node's reading to the decision that follows it; meanwhile no other request takes the bus
MOST_REFUSALS = 2  # in a row, of a lower setpoint; one alone may be a busy moment
NEVER = Setpoint(ZERO, -1 << 31)  # equal to nothing that is ever granted


def lease_ms(ability: Ability) -> int:
    """How long a grant lives: never longer than the device itself waits for us."""
    return min(ability.failsafe_ms, LEASE_MS) if ability.failsafe_ms else LEASE_MS


class Slot:
    """One device on a line: when it is due, what stands in it, how it has been doing."""

    def __init__(self, index: int, device: Meter, ability: Ability, period_ms: int, urgent: bool) -> None:
        self.index = index
        self.meter = device
        self.load: "Load | None" = device if isinstance(device, Load) else None
        self.period_ms = period_ms
        self.urgent = urgent  # a node's meter: read first, never left alone for long
        self.quick_ms = device.quick_ms if urgent else 0
        self.quick_due_ms = 0
        self.fallback = ability.fallback
        self.hush_ms = ability.failsafe_ms and ability.failsafe_ms + ability.settle_ms  # until its fail-safe has acted
        if ability.kind == "inverter":
            self.hush_ms = 0  # left alone it makes more, not less
        self.lease_ms = lease_ms(ability)
        self.due_ms = 0
        self.write_ms = 0  # not written before this
        self.armed = False
        self.seen = False  # armed at least once
        self.standing: "Setpoint | None" = None  # what we wrote last; None = the fallback, or nothing yet
        self.written = NOTHING_WRITTEN
        self.failures = 0  # in a row
        self.refusals = 0  # in a row, of a lower setpoint than may stand
        self.reads = 0
        self.errors = 0
        self.last_fault = ""

    def backoff_ms(self) -> int:
        """How long to leave a failing device alone; the first miss costs no more than its period.

        A node's meter has three tries in the time after which its reading is too old: a stopped car rests for minutes.
        """
        if self.urgent:
            return self.period_ms // 3 if self.failures < 3 else max(self.period_ms, BACKOFF_MS)
        if self.failures <= 1:
            return self.period_ms
        if self.meter.retry_ms:
            return max(self.period_ms, self.meter.retry_ms)
        return max(self.period_ms, min(BACKOFF_MS << min(self.failures - 2, 8), BACKOFF_MOST_MS))


class Line:
    """The worker of one bus. `turn` does the most urgent thing that is due, once."""

    def __init__(self, name: str, slots: "tuple[Slot, ...]", image: Image, clock: Clock) -> None:
        self.name = name
        self.slots = slots
        self._image = image
        self._clock = clock

    def turn(self) -> int:
        """Returns how many ms to leave the bus alone: nothing is due, or the decision may want to answer first."""
        now_ms = self._clock.now_ms()
        for slot in self.slots:
            if slot.load is not None and self._write_due(slot, now_ms):
                self._write(slot, slot.load, now_ms)
                return 0
        due = [slot for slot in self.slots if slot.due_ms <= now_ms]
        if due:
            slot = min(due, key=lambda slot: (not slot.urgent, slot.due_ms))
            self._read(slot, now_ms)
            return DECIDE_MS if slot.urgent else 0
        quick = [slot for slot in self.slots if slot.quick_ms and not slot.failures]
        for slot in quick:
            if slot.quick_due_ms <= now_ms:
                self._read(slot, now_ms)
                slot.due_ms = now_ms + slot.period_ms
                return DECIDE_MS
        return max(0, min([IDLE_MS] + [slot.due_ms - now_ms for slot in self.slots]
                          + [slot.quick_due_ms - now_ms for slot in quick]))

    def idle(self) -> bool:
        """Nothing is due now."""
        now_ms = self._clock.now_ms()
        return not any(slot.due_ms <= now_ms or (slot.load is not None and self._write_due(slot, now_ms))
                       for slot in self.slots)

    def release(self) -> None:
        """Leaves every load on its fallback; each is tried once, none keeps the next from it."""
        for slot in self.slots:
            if slot.load is not None:
                try:
                    slot.load.release()
                except DeviceError as error:
                    self._failed(slot, error, self._clock.now_ms())

    def _write_due(self, slot: Slot, now_ms: int) -> bool:
        if now_ms < slot.write_ms:
            return False
        lease = self._image.leased(slot.index)
        if not slot.armed:
            return True
        if lease is None:
            return False
        wanted = self._in_force(slot, lease, now_ms)
        return slot.standing != wanted or now_ms - slot.written.t_ms >= slot.lease_ms // 3

    def _in_force(self, slot: Slot, lease: Lease, now_ms: int) -> "Setpoint | None":
        """None stands for the fallback: the lease has lapsed."""
        return lease.setpoint if now_ms < lease.until_ms else None

    def _write(self, slot: Slot, load: Load, now_ms: int) -> None:
        lease = self._image.leased(slot.index)
        setpoint = None if lease is None else self._in_force(slot, lease, now_ms)
        try:
            if not slot.armed:
                self._arm(slot, load, setpoint)
            else:
                self._stand(slot, load, setpoint)
        except DeviceError as error:
            done_ms = self._clock.now_ms()
            fault = self._failed(slot, error, done_ms)
            slot.written = Written(slot.written.confirmed, slot.written.t_ms, setpoint, fault)
            slot.write_ms = done_ms + slot.backoff_ms()
            self._hush(slot, error.kind == REFUSED and _lowers(setpoint or slot.fallback, slot.written.confirmed))
        self._image.write(slot.index, slot.written)

    def _hush(self, slot: Slot, refused: bool) -> None:
        """Falls silent towards a device that will not come down while we talk to it."""
        slot.refusals = slot.refusals + 1 if refused else 0
        if slot.refusals >= MOST_REFUSALS and slot.hush_ms:
            slot.write_ms += slot.hush_ms
            slot.due_ms = slot.write_ms

    def _arm(self, slot: Slot, load: Load, setpoint: "Setpoint | None") -> None:
        if slot.seen:
            self._stand(slot, load, setpoint)  # first: a load whose answers are lost may hear us all the same
        load.arm()
        if not slot.seen:
            self._stand(slot, load, None)  # whatever an earlier life of ours left standing
        slot.armed = slot.seen = True
        slot.write_ms = 0

    def _stand(self, slot: Slot, load: Load, setpoint: "Setpoint | None") -> None:
        slot.standing = NEVER  # until the device has confirmed it, the next turn writes again
        if setpoint is None:
            load.release()
        else:
            load.apply(setpoint)
        slot.standing = setpoint
        slot.refusals = 0
        slot.written = Written(slot.fallback if setpoint is None else setpoint, self._clock.now_ms(), None, None)

    def _read(self, slot: Slot, now_ms: int) -> None:
        slot.reads += 1
        try:
            self._image.hear(slot.index, slot.meter.read(now_ms))
        except DeviceError as error:
            fault = self._failed(slot, error, self._clock.now_ms())
            self._image.fail(slot.index, fault)
            slot.due_ms = self._clock.now_ms() + slot.backoff_ms()
            return
        slot.failures = 0
        done_ms = self._clock.now_ms()
        slot.quick_due_ms = max(now_ms + slot.quick_ms, done_ms + done_ms - now_ms)
        if not slot.armed:
            slot.write_ms = now_ms  # it is there again: what stands in it must not rule while we ask it
        slot.due_ms = max(slot.due_ms + slot.period_ms, now_ms + slot.period_ms // 2)

    def _failed(self, slot: Slot, error: DeviceError, t_ms: int) -> Fault:
        slot.errors += 1
        slot.failures += 1
        slot.last_fault = error.kind
        if slot.failures >= 2 and error.kind != RANGE:
            slot.armed = False
        return Fault(t_ms, error.kind, error.detail)

    def health(self) -> "tuple[str, tuple[tuple[int, int, int, str, int], ...]]":
        """(line, ((device index, reads, errors, newest fault or "", failures in a row), ...))"""
        return self.name, tuple((s.index, s.reads, s.errors, s.last_fault if s.failures else "", s.failures)
                                for s in self.slots)


def healths(lines: "tuple[Line, ...]") -> "tuple[tuple[str, tuple[tuple[int, int, int, str, int], ...]], ...]":
    """One for each name: what several workers have of one line is told together."""
    told = [line.health() for line in lines]
    names = []
    for name, _ in told:
        if name not in names:
            names.append(name)
    return tuple([(name, tuple([one for other, ones in told if other == name for one in ones])) for name in names])


def _lowers(wanted: Setpoint, stands: "Setpoint | None") -> bool:
    """Whether any phase is to carry less than it may now; None = it may be anything."""
    return stands is None or any(less < more for less, more in zip(wanted.current_ma, stands.current_ma))
