"""A line writes what is due first, arms before it writes, backs off what is silent, and ends what has lapsed."""

from itertools import pairwise

from firmware.image import Image, Lease
from firmware.line import LEASE_MS, Line, Slot
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.ports import Load, Meter
from hal.values import STOP, Phases, Reading, Setpoint, ability, reading
from sim.clock import SimClock

SIX = Setpoint(Phases(6_000, 6_000, 6_000), 4_140)
TEN = Setpoint(Phases(10_000, 10_000, 10_000), 6_900)
PERIOD_MS = 1_000


class Grid(Meter):
    """Takes 80 ms to answer."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.asked: "list[int]" = []
        self.silent = False

    def read(self, now_ms: int) -> Reading:
        self.asked.append(now_ms)
        if self.silent:
            self.clock.advance(300)
            raise DeviceError(TIMEOUT)
        self.clock.advance(80)
        return reading(now_ms, total_w=100)


class Box(Load):
    """A wallbox that notes what is done to it; `fault` makes everything fail after a time-out of 300 ms."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.did: "list[object]" = []
        self.asked: "list[int]" = []
        self.fault = ""
        self.deaf = False  # answers, but refuses what it is told

    def _do(self, what: object) -> None:
        self.did.append(what)
        if self.deaf and what != "read":
            self.clock.advance(40)
            raise DeviceError(REFUSED)
        if self.fault:
            self.clock.advance(300)
            raise DeviceError(self.fault)
        self.clock.advance(40)

    def read(self, now_ms: int) -> Reading:
        self.asked.append(now_ms)
        self._do("read")
        return reading(now_ms, total_w=0)

    def arm(self) -> None:
        self._do("arm")

    def apply(self, setpoint: Setpoint) -> None:
        self._do(setpoint)

    def release(self) -> None:
        self._do("release")


class Bench:
    """One line with a grid meter and a box, turned by hand."""

    def __init__(self) -> None:
        self.clock = SimClock(1_000)
        self.image = Image(2)
        self.grid, self.box = Grid(self.clock), Box(self.clock)
        meter = Slot(0, self.grid, ability("meter"), PERIOD_MS, urgent=True)
        self.slot = Slot(1, self.box, ability("wallbox", failsafe_ms=15_000), PERIOD_MS, urgent=False)
        self.line = Line("rs485", (self.slot, meter), self.image, self.clock)

    def run(self, duration_ms: int, lease: "Setpoint | None" = None) -> None:
        end_ms = self.clock.now_ms() + duration_ms
        while self.clock.now_ms() < end_ms:
            if lease is not None:
                self.image.lease(1, Lease(lease, self.clock.now_ms() + LEASE_MS))
            self.clock.advance(self.line.turn() or 1)

    def commands(self) -> "list[object]":
        return [what for what in self.box.did if what != "read"]


def test_a_load_is_armed_and_released_before_anything_is_written() -> None:
    bench = Bench()
    bench.run(500, lease=SIX)
    assert bench.commands() == ["arm", "release", SIX]
    assert bench.image.snapshot(0, ()).written[1].confirmed == SIX


def test_a_standing_lease_is_refreshed_every_third_of_its_life() -> None:
    bench = Bench()
    bench.run(20_500, lease=SIX)
    assert bench.commands() == ["arm", "release"] + [SIX] * 5


def test_a_changed_lease_is_written_at_once() -> None:
    bench = Bench()
    bench.run(2_000, lease=TEN)
    before_ms = bench.clock.now_ms()
    bench.image.lease(1, Lease(SIX, before_ms + LEASE_MS))
    bench.line.turn()
    assert bench.commands()[-1] == SIX


def test_a_lapsed_lease_is_ended_by_the_line_itself() -> None:
    bench = Bench()
    bench.run(2_000, lease=TEN)
    bench.run(LEASE_MS + 500)
    assert bench.commands()[-1] == "release"
    assert bench.image.snapshot(0, ()).written[1].confirmed == STOP


def test_a_write_that_is_not_confirmed_stays_pending() -> None:
    bench = Bench()
    bench.run(2_000, lease=TEN)
    bench.box.fault = REFUSED
    bench.run(300, lease=SIX)
    written = bench.image.snapshot(0, ()).written[1]
    assert written.confirmed == TEN
    assert written.pending == SIX
    assert written.fault is not None
    assert written.fault.kind == REFUSED


def test_a_silent_load_is_backed_off_and_never_delays_the_grid_meter_beyond_one_timeout() -> None:
    bench = Bench()
    bench.run(2_000, lease=SIX)
    bench.box.fault = TIMEOUT
    bench.grid.asked.clear()
    bench.box.did.clear()
    bench.run(60_000, lease=SIX)
    gaps = [b - a for a, b in zip(bench.grid.asked, bench.grid.asked[1:])]
    assert max(gaps) <= PERIOD_MS + 2 * 300
    assert len(bench.grid.asked) >= 55
    assert len(bench.box.did) <= 20


def test_a_load_that_costs_nothing_to_see_is_looked_for_every_two_seconds() -> None:
    bench = Bench()
    bench.run(2_000, lease=SIX)
    bench.box.fault, bench.box.retry_ms = TIMEOUT, 2_000
    bench.box.did.clear()
    bench.run(120_000, lease=SIX)
    assert len(bench.box.did) >= 2 * 50  # it is read, and told to come down


def test_a_load_is_armed_again_after_a_silence() -> None:
    bench = Bench()
    bench.run(2_000, lease=SIX)
    bench.box.fault = TIMEOUT
    bench.run(10_000, lease=SIX)
    bench.box.fault = ""
    bench.box.did.clear()
    bench.run(20_000, lease=SIX)
    assert bench.commands()[:2] == [SIX, "arm"]


def test_a_load_that_is_heard_again_is_armed_before_it_is_asked_again() -> None:
    bench = Bench()
    bench.box.fault = TIMEOUT
    bench.run(40_000, lease=SIX)
    bench.box.fault = ""
    bench.box.did.clear()
    bench.slot.due_ms = bench.clock.now_ms()  # its writes are backed off for longer
    bench.slot.write_ms = bench.clock.now_ms() + 60_000
    bench.run(500, lease=SIX)
    assert bench.box.did == ["read", "arm", "release", SIX]


def test_a_load_whose_answers_are_lost_is_still_told_to_come_down() -> None:
    bench = Bench()
    bench.run(2_000, lease=TEN)
    bench.box.fault = FRAME
    bench.run(6_000, lease=TEN)
    bench.box.did.clear()
    bench.run(8_000, lease=STOP)
    assert STOP in bench.box.did
    bench.box.fault = ""
    bench.run(10_000, lease=STOP)
    assert "arm" in bench.commands()
    assert bench.image.snapshot(0, ()).written[1].confirmed == STOP


def test_a_load_that_refuses_to_come_down_is_left_alone_until_its_failsafe_has_acted() -> None:
    bench = Bench()
    bench.run(2_000, lease=TEN)
    bench.box.deaf = True
    bench.run(3_000, lease=SIX)
    asked = len(bench.box.did)
    bench.grid.asked.clear()
    bench.run(15_000 - 2_500, lease=SIX)
    assert len(bench.box.did) == asked
    assert len(bench.grid.asked) > 10
    bench.run(4_000, lease=SIX)
    assert bench.commands()[-1] == SIX
    asked = len(bench.box.did)
    bench.run(13_000, lease=SIX)
    assert len(bench.box.did) == asked  # each try would wake it for as long as it waits for us
    bench.box.deaf = False
    bench.run(20_000, lease=SIX)
    assert bench.image.snapshot(0, ()).written[1].confirmed == SIX
    assert bench.box.did[-1] == "read"


def test_a_load_that_refuses_to_rise_or_refused_once_is_asked_as_ever() -> None:
    bench = Bench()
    bench.run(2_000, lease=SIX)
    bench.box.deaf = True
    bench.box.asked.clear()
    bench.run(10_000, lease=TEN)
    assert len(bench.box.asked) >= 9
    bench.image.lease(1, Lease(STOP, bench.clock.now_ms() + LEASE_MS))
    while bench.commands()[-1] != STOP:
        bench.run(10)
    bench.box.deaf = False
    bench.box.asked.clear()
    bench.run(10_000, lease=STOP)
    assert len(bench.box.asked) >= 9
    assert bench.image.snapshot(0, ()).written[1].confirmed == STOP


def test_a_lost_grid_meter_is_asked_every_two_seconds_for_ever() -> None:
    bench = Bench()
    bench.grid.silent = True
    bench.run(600_000)
    assert 230 <= len(bench.grid.asked) <= 300
    assert bench.line.health()[1][1][3] == TIMEOUT


def test_two_lost_answers_of_a_grid_meter_do_not_make_it_stale() -> None:
    bench = Bench()
    bench.run(3_000, lease=SIX)
    before = bench.image.snapshot(0, ()).heard[0].reading
    bench.grid.silent = True
    bench.grid.asked.clear()
    while len(bench.grid.asked) < 2:
        bench.run(1, lease=SIX)
    bench.grid.silent = False
    bench.run(500, lease=SIX)
    after = bench.image.snapshot(0, ()).heard[0].reading
    assert before is not None
    assert after is not None
    assert 1_000 < after.t_ms - before.t_ms < 3 * PERIOD_MS


def test_one_lost_answer_costs_no_more_than_its_period() -> None:
    bench = Bench()
    bench.run(3_000, lease=SIX)
    bench.box.fault = TIMEOUT
    lost_ms = bench.clock.now_ms()
    while bench.clock.now_ms() < lost_ms + 1_200:
        bench.clock.advance(bench.line.turn() or 1)
    bench.box.fault = ""
    bench.run(1_500, lease=SIX)
    heard = bench.image.snapshot(0, ()).heard[1]
    assert heard.fault is None
    assert heard.reading is not None
    assert heard.reading.t_ms > lost_ms


def test_release_reaches_every_load_even_when_one_fails() -> None:
    clock = SimClock(0)
    image = Image(2)
    first, second = Box(clock), Box(clock)
    first.fault = TIMEOUT
    slots = tuple(Slot(i, box, ability("wallbox"), PERIOD_MS, False) for i, box in enumerate((first, second)))
    Line("rs485", slots, image, clock).release()
    assert first.did == ["release"]
    assert second.did == ["release"]


def test_a_nodes_meter_is_asked_more_often_while_its_line_has_nothing_else_to_do() -> None:
    bench = Bench()
    bench.line.slots[1].quick_ms = 200
    bench.run(3_000, lease=SIX)
    reads = [t_ms for t_ms in bench.grid.asked if t_ms >= 2_000]
    assert all(160 <= after - before <= 300 for before, after in pairwise(reads))
    assert all(after - before <= PERIOD_MS + 200 for before, after in pairwise(bench.box.asked))


def test_the_quick_readings_take_half_of_a_slow_line_at_most() -> None:
    bench = Bench()
    bench.line.slots[1].quick_ms = 50
    bench.run(5_000)
    reads = [t_ms for t_ms in bench.grid.asked if t_ms >= 2_000]
    assert 80 * len(reads) <= 2_000  # of 4,000 ms, each takes 80
    bench.grid.silent = True
    bench.grid.asked.clear()
    bench.run(30_000)
    assert len(bench.grid.asked) <= 20  # a silent one is left alone as ever
