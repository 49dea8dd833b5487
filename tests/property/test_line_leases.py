"""No setpoint outlives its lease, whatever the bus does and whenever the decision stops."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.image import Image, Lease
from firmware.line import LEASE_MS, Line, Slot
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Load
from hal.values import Phases, Reading, Setpoint, ability, reading
from sim.clock import SimClock

FAILSAFE_MS = 15_000
TIMEOUT_MS = 300


class Box(Load):
    """A wallbox with a fail-safe of its own. While it is cut off nothing reaches it; its answers may be lost."""

    def __init__(self, clock: SimClock, dice: Random) -> None:
        self.clock, self.dice = clock, dice
        self.cut, self.lossy = False, False
        self.stands: "Setpoint | None" = None  # None = its fallback
        self.heard_ms = clock.now_ms()
        self.leased: "Lease | None" = None  # the last there was
        self.late: "list[str]" = []  # what was told with no lease to it

    def now_stands(self) -> "Setpoint | None":
        return None if self.clock.now_ms() - self.heard_ms > FAILSAFE_MS else self.stands

    def _ask(self) -> None:
        self.stands = self.now_stands()
        if self.cut:
            self.clock.advance(TIMEOUT_MS)
            raise DeviceError(TIMEOUT)
        self.heard_ms = self.clock.now_ms()

    def _answer(self) -> None:
        lost = self.lossy and self.dice.random() < 0.5
        self.clock.advance(TIMEOUT_MS if lost else 40)
        if lost:
            raise DeviceError(TIMEOUT)

    def read(self, now_ms: int) -> Reading:
        self._ask()
        self._answer()
        return reading(now_ms, total_w=0)

    def arm(self) -> None:
        self._ask()
        self._answer()

    def apply(self, setpoint: Setpoint) -> None:
        self._ask()
        if self.leased is None or setpoint != self.leased.setpoint or self.clock.now_ms() >= self.leased.until_ms:
            self.late.append(f"{self.clock.now_ms()}: {setpoint}")
        self.stands = setpoint
        self._answer()

    def release(self) -> None:
        self._ask()
        self.stands = None
        self._answer()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 4))
def test_no_setpoint_outlives_its_lease(seed: int, count: int) -> None:
    dice, clock = Random(seed), SimClock(1_000)
    image, boxes = Image(count), [Box(clock, dice) for _ in range(count)]
    line = Line("rs485", tuple(Slot(index, box, ability("wallbox", failsafe_ms=FAILSAFE_MS), 1_000, urgent=False)
                               for index, box in enumerate(boxes)), image, clock)
    goes_on, decide_ms, mood_ms = True, 0, 0
    stood, busy_ms = 0, 5 * count * TIMEOUT_MS  # each device is asked, told and armed at its time-out
    while clock.now_ms() < 150_000:
        now_ms = clock.now_ms()
        if now_ms >= mood_ms:
            mood_ms = now_ms + dice.randint(2_000, 40_000)
            goes_on = dice.random() < 0.6
            for box in boxes:
                box.cut, box.lossy = dice.random() < 0.2, dice.random() < 0.2
        if goes_on and now_ms >= decide_ms:
            decide_ms = now_ms + 1_000
            for index, box in enumerate(boxes):
                ma = dice.choice((6_000, 6_000, 10_000))
                box.leased = Lease(Setpoint(Phases(ma, ma, ma), ma * 690 // 1_000), now_ms + LEASE_MS)
                image.lease(index, box.leased)
        clock.advance(line.turn() or 1)
        for index, box in enumerate(boxes):
            stands = box.now_stands()
            stood += stands is not None
            assert not box.late, (seed, index, box.late)
            if stands is not None:
                assert box.leased is not None
                over_ms = clock.now_ms() - box.leased.until_ms
                # what can not be reached ends by itself
                assert over_ms <= FAILSAFE_MS + busy_ms, (seed, index, over_ms)
    assert stood
