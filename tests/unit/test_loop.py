"""The cycle beside its lines, with real threads: what hangs, hangs alone; what is wrong ends everything safely."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from control.values import FAST, NONE, SURPLUS, DeviceSpec, NodeSpec, Plan, Site, Snapshot
from drivers.clock import MonotonicClock
from firmware import loop as under_test
from firmware.journal import Journal, journals, read
from firmware.line import Line, Slot
from firmware.loop import EARLY_MS, FASTEST_MS, FRESH_MS, Loop, WatchedImage
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Load, Meter, Watchdog
from hal.values import Phases, Reading, Setpoint, ability, reading

PATIENCE_S = 20  # for what takes a moment; on a busy machine longer
WALLBOX = ability("wallbox", min_ma=6_000, max_ma=16_000, step_ma=100, failsafe_ms=15_000)


def site(cycle_ms: int) -> Site:
    house = NodeSpec("house", NONE, 0, 35_000, 35_000, "sls-e", 10_000, 0, 0)
    grid = DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, SURPLUS, 5_000, 0, None, NONE, "")
    boxes = tuple(DeviceSpec(name, 0, (0, 1, 2), WALLBOX, 1, FAST, 5_000, 16_000, None, NONE, "")
                  for name in ("one", "two"))
    return Site("test", (house,), (grid, *boxes), cycle_ms, NONE, None)


class Grid(Meter):
    def __init__(self) -> None:
        self.reads = 0
        self.most_ma = 1_000

    def read(self, now_ms: int) -> Reading:
        self.reads += 1
        current = Phases(1_000 + self.reads % 7, 1_000, self.most_ma)
        return reading(now_ms, total_w=690, current_ma=current, voltage_mv=Phases(230_000, 230_000, 230_000))


class Box(Load):
    """A wallbox with a car; `trouble` is called in each reading."""

    def __init__(self) -> None:
        self.did: "list[object]" = []
        self.trouble: "Callable[[], None]" = lambda: None

    def read(self, now_ms: int) -> Reading:
        self.trouble()
        return reading(now_ms, total_w=0, current_ma=Phases(0, 0, 0), state="B")

    def arm(self) -> None:
        self.did.append("arm")

    def apply(self, setpoint: Setpoint) -> None:
        self.did.append(setpoint)

    def release(self) -> None:
        self.did.append("release")


class Dog(Watchdog):
    def __init__(self) -> None:
        self.fed = 0

    def feed(self) -> None:
        self.fed += 1


class Bench:
    """A loop in a thread of its own, three lines beside it."""

    def __init__(self, cycle_ms: int = 20, period_ms: int = 20, journal: "Journal | None" = None) -> None:
        self.grid, self.boxes, self.dog = Grid(), (Box(), Box()), Dog()
        self.plans: "list[tuple[Snapshot, Plan]]" = []
        self.spoil: "Callable[[], None]" = lambda: None
        self.error: "BaseException | None" = None
        of_site, clock = site(cycle_ms), MonotonicClock()
        image = WatchedImage(of_site)
        devices = (self.grid, *self.boxes)
        lines = tuple(Line(str(i), (Slot(i, device, of_site.devices[i].ability, period_ms, i == 0),), image, clock)
                      for i, device in enumerate(devices))
        self.loop = Loop(of_site, image, lines, clock, self.dog, journal, self._publish)
        self._thread = threading.Thread(target=self._run)

    def _publish(self, snapshot: Snapshot, plan: Plan) -> None:
        self.spoil()
        self.plans.append((snapshot, plan))

    def _run(self) -> None:
        try:
            self.loop.run()
        except BaseException as error:
            self.error = error

    def start(self) -> None:
        self._thread.start()

    def ended(self) -> bool:
        self._thread.join(PATIENCE_S)
        return not self._thread.is_alive()

    def until(self, holds: "Callable[[], bool]") -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s, "it never came"
            assert self._thread.is_alive()
            time.sleep(0.005)

    def more_cycles(self, count: int) -> None:
        before = len(self.plans)
        self.until(lambda: len(self.plans) >= before + count)


@pytest.fixture
def bench() -> "Iterator[Callable[..., Bench]]":
    made: "list[Bench]" = []

    def build(cycle_ms: int = 20, period_ms: int = 20, journal: "Journal | None" = None) -> Bench:
        made.append(Bench(cycle_ms, period_ms, journal))
        return made[-1]

    yield build
    for each in made:
        each.loop.stop()
        assert each.ended()


def charges(box: Box) -> bool:
    return isinstance(box.did[-1], Setpoint) and min(box.did[-1].current_ma) >= 6_000 if box.did else False


def test_what_is_read_is_decided_and_written(bench: "Callable[..., Bench]") -> None:
    made = bench()
    made.start()
    made.until(lambda: charges(made.boxes[0]) and charges(made.boxes[1]))
    for box in made.boxes:
        assert box.did[:2] == ["arm", "release"]


def test_stop_leaves_every_load_on_its_fallback(bench: "Callable[..., Bench]") -> None:
    made = bench()
    made.start()
    made.until(lambda: charges(made.boxes[0]) and charges(made.boxes[1]))
    made.loop.stop()
    assert made.ended()
    assert made.error is None
    assert [box.did[-1] for box in made.boxes] == ["release", "release"]


def test_a_line_that_hangs_hangs_alone(bench: "Callable[..., Bench]", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "STOP_S", 0.2)
    made = bench()
    hangs, free = threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        free.wait(PATIENCE_S)

    made.boxes[0].trouble = hang
    made.start()
    made.until(hangs.is_set)
    made.more_cycles(8)
    made.until(lambda: charges(made.boxes[1]))
    assert not free.is_set()
    made.loop.stop()
    assert made.ended()  # a line that does not come back is left behind
    assert made.boxes[1].did[-1] == "release"
    free.set()


def test_a_mistake_in_a_line_ends_everything_with_the_loads_released(bench: "Callable[..., Bench]") -> None:
    made = bench()
    made.start()
    made.until(lambda: charges(made.boxes[0]) and charges(made.boxes[1]))

    def mistake() -> None:
        raise AssertionError("a programmer's mistake")

    made.boxes[0].trouble = mistake
    assert made.ended()
    assert isinstance(made.error, AssertionError)
    assert [box.did[-1] for box in made.boxes] == ["release", "release"]


def test_what_happens_on_the_wire_ends_nothing(bench: "Callable[..., Bench]") -> None:
    made = bench()

    def silence() -> None:
        raise DeviceError(TIMEOUT)

    made.boxes[0].trouble = silence
    made.start()
    made.more_cycles(8)
    assert made.error is None
    assert made.plans[-1][0].heard[1].fault is not None


def test_a_mistake_in_a_cycle_is_not_fed_to_the_watchdog(bench: "Callable[..., Bench]") -> None:
    made = bench()
    made.start()
    made.until(lambda: charges(made.boxes[0]) and charges(made.boxes[1]))

    def mistake() -> None:
        raise ZeroDivisionError

    made.spoil = mistake
    assert made.ended()
    assert isinstance(made.error, ZeroDivisionError)
    assert made.dog.fed == len(made.plans)  # once for each cycle that was good
    assert [box.did[-1] for box in made.boxes] == ["release", "release"]


def test_a_fresh_grid_reading_wakes_the_cycle(bench: "Callable[..., Bench]") -> None:
    made = bench(cycle_ms=3_600_000, period_ms=500)
    made.start()
    made.more_cycles(3)
    assert made.grid.reads >= 2


def test_readings_of_one_second_make_one_cycle(bench: "Callable[..., Bench]") -> None:
    made = bench(cycle_ms=3_600_000, period_ms=50)
    made.start()
    made.more_cycles(3)
    times_ms = [snapshot.now_ms for snapshot, _ in made.plans]
    assert min(after - before for before, after in pairwise(times_ms[1:])) >= FRESH_MS - EARLY_MS - 1


def test_readings_above_the_fuse_wake_it_at_once_and_no_more_than_five_times_a_second(
        bench: "Callable[..., Bench]") -> None:
    made = bench(cycle_ms=3_600_000, period_ms=2)
    made.grid.most_ma = 36_000
    made.start()
    made.more_cycles(6)
    times_ms = [snapshot.now_ms for snapshot, _ in made.plans]
    gaps_ms = [after - before for before, after in pairwise(times_ms[1:])]
    assert min(gaps_ms) >= FASTEST_MS - 1
    assert made.grid.reads > 2 * len(made.plans)


def test_a_cycle_that_takes_too_long_is_counted(bench: "Callable[..., Bench]") -> None:
    made = bench(cycle_ms=5)
    made.spoil = lambda: time.sleep(0.02)
    made.start()
    made.more_cycles(3)
    assert made.loop.overruns >= 2


def test_every_cycle_is_in_the_journal_once_it_has_ended(bench: "Callable[..., Bench]", tmp_path: Path) -> None:
    made = bench(journal=Journal(tmp_path))
    made.start()
    made.more_cycles(4)
    made.loop.stop()
    assert made.ended()
    path, = journals(tmp_path)
    assert [entry.plan for entry in read(path)[1]] == [plan for _, plan in made.plans]


def test_a_full_disk_does_not_end_the_cycles(bench: "Callable[..., Bench]", tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file")
    made = bench(journal=journal)
    made.start()
    made.more_cycles(4)
    assert journal.fault
    assert made.error is None
