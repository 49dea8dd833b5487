"""Lines beside each other on one simulated clock."""

from firmware.image import Image
from firmware.lanes import Lanes
from firmware.line import Line, Slot
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Meter
from hal.values import Reading, ability, reading
from sim.clock import SimClock


class Slow(Meter):
    """Answers, or stays silent, after `wait_ms`."""

    def __init__(self, clock: SimClock, wait_ms: int, silent: bool = False) -> None:
        self.clock = clock
        self.wait_ms = wait_ms
        self.silent = silent
        self.asked: "list[int]" = []

    def read(self, now_ms: int) -> Reading:
        self.asked.append(now_ms)
        self.clock.sleep_ms(self.wait_ms)
        if self.silent:
            raise DeviceError(TIMEOUT)
        return reading(now_ms, total_w=1)


def lanes(clock: SimClock, *meters: Meter) -> Lanes:
    image = Image(len(meters))
    return Lanes(tuple(Line(str(index), (Slot(index, meter, ability("meter"), 1_000, True),), image, clock)
                       for index, meter in enumerate(meters)), clock)


def test_a_line_that_waits_delays_no_other() -> None:
    clock = SimClock(1_000)
    dead, quick = Slow(clock, 300, silent=True), Slow(clock, 20)
    assert lanes(clock, dead, quick).run(2_000) == 1_300
    assert (dead.asked, quick.asked) == ([1_000], [1_000])


def test_nothing_is_begun_after_the_end() -> None:
    clock = SimClock(1_000)
    beside = lanes(clock, Slow(clock, 1_700), Slow(clock, 0))
    assert beside.run(2_000) == 1_999


def test_a_line_that_waits_longer_comes_back_when_its_wait_is_over() -> None:
    clock = SimClock(1_000)
    slow, quick = Slow(clock, 2_400), Slow(clock, 0)
    beside = lanes(clock, slow, quick)
    for now_ms in range(1_000, 6_000, 1_000):
        clock.put(now_ms)
        beside.run(now_ms + 1_000)
    assert quick.asked == [1_000, 2_000, 3_000, 4_000, 5_000]
    assert slow.asked == [1_000, 3_400, 5_800]
