"""The master against seeded lines in simulated time: late, lost, spoilt, refused, echoing, shared with another master.

Each request has a number which every register of its answer tells. A read either fails or brings the number
of the very request that was sent last; and on a line where most is well, most reads come through.
"""

import contextlib

import pytest

from drivers.modbus_master import RtuMaster
from hal.faults import TIMEOUT, DeviceError
from sim.clock import SimClock
from sim.rng import Rng
from sim.rtu_line import Habits, RtuLine, word

READS = 40
SEEDS = 150
DELAY_MS = 200
LONGEST_MS = {False: 3 * (DELAY_MS + 120) + 4_000, True: 16_000}  # busy line included; `alone` has patience


class Bench:
    def __init__(self, seed: int, habits: Habits, alone: bool = False, echo: str = "auto") -> None:
        self.rng = Rng(seed)
        self.clock = SimClock(1_000)
        self.line = RtuLine(self.clock, seed, habits)
        self.master = RtuMaster(self.line, self.clock, delay_ms=DELAY_MS, alone=alone, echo=echo)
        self.alone = alone
        self.longest_ms = 0

    def good(self, reads: int = READS) -> int:
        """How many of so many reads brought a value. None brought a wrong one, none took too long."""
        return sum(self.read() for _ in range(reads))

    def read(self) -> bool:
        count = self.rng.between(1, 8) if self.rng.chance(300) else 6
        start_ms = self.clock.now_ms()
        words = None
        with contextlib.suppress(DeviceError):
            words = self.master.read(1, 3, 10, count)
        assert words in (None, tuple(word(self.line.number, offset) for offset in range(count)))
        assert self.clock.now_ms() - start_ms <= LONGEST_MS[self.alone]
        self.clock.advance(self.rng.below(300))
        return words is not None


def some_habits(rng: Rng) -> Habits:
    habits = Habits()
    least_ms = rng.below(60)
    habits.delay_ms = (least_ms, least_ms + rng.below(60))
    if rng.chance(500):
        habits.late_permille = rng.below(600)
        least_ms = rng.below(600)
        habits.late_ms = (least_ms, least_ms + rng.below(800))
    if rng.chance(500):
        habits.lost_permille = rng.below(400)
    if rng.chance(500):
        habits.spoilt_permille = rng.below(400)
    if rng.chance(500):
        habits.noise_permille = rng.below(1000)
    if rng.chance(200):
        habits.refused_permille = rng.below(400)
    habits.echo = rng.chance(300)
    return habits


@pytest.mark.parametrize("alone", [False, True])
def test_no_late_lost_or_spoilt_answer_is_ever_a_wrong_value(alone: bool) -> None:
    good = 0
    for seed in range(SEEDS):
        habits = some_habits(Rng(seed))
        habits.longer = Rng(seed).between(-1, 1) if seed % 10 == 0 else 0
        good += Bench(seed, habits, alone).good()
    assert good > SEEDS * READS // 2


@pytest.mark.parametrize("alone", [False, True])
def test_nor_of_a_slave_that_refuses_every_probe(alone: bool) -> None:
    """A meter of single values: all its answers look alike, and any other length is an exception."""
    good = 0
    for seed in range(SEEDS):
        habits = some_habits(Rng(7_000 + seed))
        habits.only_words = 6
        if seed % 3 == 0:
            habits.rival_ms = Rng(seed).between(200, 1_500)
            habits.rival_request = (1, 3, 10, (6, 2)[seed % 2])
        told = "yes" if habits.echo else "no"  # a rival's very same question would look like an echo
        good += Bench(seed, habits, alone, told).good()
    assert good > SEEDS * READS // 5


@pytest.mark.parametrize("silent_reads", [1, 2, 3, 5])
def test_a_slave_of_single_values_is_read_as_soon_as_it_is_back(silent_reads: int) -> None:
    habits = one(only_words=6, lost_permille=1000)
    bench = Bench(5, habits)
    for _ in range(silent_reads):
        assert not bench.read()
        bench.clock.advance(2_000)
    habits.lost_permille = 0
    with contextlib.suppress(DeviceError):
        bench.master.read(1, 3, 10, 6)
    assert bench.master.read(1, 3, 10, 6)


@pytest.mark.parametrize("same_registers", [False, True])
def test_no_answer_to_another_master_is_ever_a_wrong_value(same_registers: bool) -> None:
    good = 0
    for seed in range(SEEDS):
        rng = Rng(1_000 + seed)
        habits = some_habits(rng)
        habits.rival_ms = rng.between(60, 1_500)
        habits.rival_request = (1, 3, 10, 6) if same_registers else (1, 3, rng.below(60), rng.between(1, 8))
        # told, as the other's very same question would look like an echo, and its answer be as good as ours
        told = "auto" if not same_registers else "yes" if habits.echo else "no"
        good += Bench(seed, habits, echo=told).good()
    assert good > SEEDS * READS // 4


def one(**habits: object) -> Habits:
    made = Habits()
    for name, value in habits.items():
        assert hasattr(made, name)
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(("habits", "least"), [
    (one(), READS),
    (one(noise_permille=1000), READS),
    (one(echo=True), READS),
    (one(delay_ms=(180, 195)), READS),
    (one(spoilt_permille=200), READS * 90 // 100),
    (one(lost_permille=200), READS * 70 // 100),
    (one(late_permille=200, late_ms=(200, 600)), READS * 60 // 100),
    (one(rival_ms=400, rival_request=(2, 3, 10, 6)), READS * 95 // 100),
    (one(rival_ms=400, rival_request=(1, 3, 40, 6)), READS * 95 // 100),
], ids=["healthy", "noise", "echo", "slow", "spoilt", "lost", "late", "another slave", "same slave"])
def test_what_can_be_known_is_read(habits: Habits, least: int) -> None:
    good = [Bench(seed, habits).good() for seed in range(10)]
    assert sum(good) >= 10 * least


def test_a_slave_one_answer_behind_is_caught_up_with() -> None:
    """The case that gives pymodbus 19 wrong values of 20."""
    habits = one(delay_ms=(400, 400))
    bench = Bench(1, habits)
    assert not bench.read()
    habits.delay_ms = (100, 100)
    assert bench.good(20) == 20


@pytest.mark.parametrize("refused", [0, 1000], ids=["answers", "refuses"])
def test_a_late_answer_of_one_slave_in_the_exchange_of_another_is_no_other_master(refused: int) -> None:
    """Were it taken for one, each exchange would be listened to for its whole time-out, for a minute."""
    habits = one()
    bench = Bench(4, habits)
    bench.clock.advance(10_000)
    assert bench.good(10) == 10
    for first, late in ((1, 2), (2, 1)):
        habits.delay_ms, habits.refused_permille = (400, 400), refused
        with pytest.raises(DeviceError):
            bench.master.read(first, 3, 10, 6)
        habits.delay_ms, habits.refused_permille = (190, 190), 0
        for _ in range(20):
            for unit in (late, first):
                bench.master.read(unit, 3, 10, 6)
        start_ms = bench.clock.now_ms()
        habits.delay_ms = (20, 20)
        for unit in (1, 2):
            bench.master.read(unit, 3, 10, 6)
        assert bench.clock.now_ms() - start_ms <= 2 * 70


def test_a_slave_that_is_always_too_late_is_never_believed() -> None:
    assert Bench(2, one(delay_ms=(260, 320))).good() == 0


def test_a_dead_slave_costs_one_time_out_a_read() -> None:
    bench = Bench(3, one(lost_permille=1000))
    for _ in range(30):
        start_ms = bench.clock.now_ms()
        with pytest.raises(DeviceError) as caught:
            bench.master.read(1, 3, 10, 6)
        assert caught.value.kind == TIMEOUT
        assert bench.clock.now_ms() - start_ms <= DELAY_MS + 250  # the longest probe's time on the wire
