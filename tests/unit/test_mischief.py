import pytest

from hal.faults import FRAME, TIMEOUT, DeviceError
from hal.ports import Stream
from hal.registers import Reg, decode
from sim.bank import Bank
from sim.clock import SimClock
from sim.mischief import ANSWER_MS, Mischief, Noise, Twist

POWER = Reg("power_w", 4, 0x000C, "f32", 3, 1, 1)
LIMIT = Reg("limit_ma", 6, 261, "u16", 1, 100, 1)
UNIT = 1


class Bench:
    def __init__(self, seed: int = 1) -> None:
        self.clock = SimClock(1_000)
        self.bank = Bank()
        self.bus = Mischief(self.bank, self.clock, seed)
        self.trouble = self.bus.on(UNIT)
        self.put(1_000)
        self.bank.unit(UNIT).put(LIMIT, (6_000,))

    def put(self, power_w: int) -> None:
        self.bank.unit(UNIT).put(POWER, (power_w, 0, -power_w))

    def power_w(self) -> "tuple[int | None, ...]":
        return decode(POWER, self.bus.read(UNIT, 4, POWER.address, 6))

    def fault(self) -> str:
        with pytest.raises(DeviceError) as caught:
            self.power_w()
        return caught.value.kind

    def limit(self) -> int:
        return self.bank.unit(UNIT).words(3, LIMIT.address, 1)[0]


def test_without_trouble_it_is_the_bus_itself() -> None:
    bench = Bench()
    assert bench.power_w() == (1_000, 0, -1_000)
    bench.bus.write(UNIT, 6, LIMIT.address, (80,))
    assert bench.limit() == 80
    assert bench.clock.now_ms() == 1_000


@pytest.mark.parametrize("whose", ["cable", "unit"])
def test_a_silent_device_hears_nothing_and_costs_the_time_out(whose: str) -> None:
    bench = Bench()
    bench.bus.cut = whose == "cable"
    bench.trouble.silent = whose == "unit"
    assert bench.fault() == TIMEOUT
    assert bench.clock.now_ms() == 1_000 + ANSWER_MS
    with pytest.raises(DeviceError):
        bench.bus.write(UNIT, 6, LIMIT.address, (80,))
    assert bench.limit() == 60


def test_a_late_answer_takes_its_time() -> None:
    bench = Bench()
    bench.trouble.late_ms = 20
    assert bench.power_w() == (1_000, 0, -1_000)
    assert bench.clock.now_ms() == 1_020


def test_an_answer_that_comes_too_late_was_obeyed_all_the_same() -> None:
    bench = Bench()
    bench.trouble.late_ms = ANSWER_MS + 1
    with pytest.raises(DeviceError) as caught:
        bench.bus.write(UNIT, 6, LIMIT.address, (80,))
    assert caught.value.kind == TIMEOUT
    assert bench.limit() == 80
    assert bench.clock.now_ms() == 1_000 + ANSWER_MS


def test_some_answers_are_spoilt_by_seed() -> None:
    def which(seed: int) -> "list[bool]":
        bench = Bench(seed)
        bench.trouble.spoilt_permille = 300
        out = []
        for _ in range(200):
            try:
                bench.power_w()
                out.append(True)
            except DeviceError as error:
                out.append(error.kind != FRAME)
        return out

    assert which(1) == which(1) != which(2)
    assert 30 <= which(1).count(False) <= 90


def test_a_frozen_device_repeats_itself() -> None:
    bench = Bench()
    bench.power_w()
    bench.trouble.frozen = True
    bench.put(2_000)
    assert bench.power_w() == (1_000, 0, -1_000)
    bench.trouble.clear()
    assert bench.power_w() == (2_000, 0, -2_000)


def test_a_wrong_sign() -> None:
    bench = Bench()
    bench.trouble.twists = (Twist(POWER, -1),)
    assert bench.power_w() == (-1_000, 0, 1_000)


def test_a_twist_touches_nothing_else() -> None:
    bench = Bench()
    bench.trouble.twists = (Twist(POWER, -1),)
    bench.bank.unit(UNIT).poke(4, POWER.address - 2, (7, 8))
    words = bench.bus.read(UNIT, 4, POWER.address - 2, 8)
    assert words[:2] == (7, 8)
    assert decode(POWER, words[2:]) == (-1_000, 0, 1_000)
    assert bench.bus.read(UNIT, 4, POWER.address, 4) == bench.bank.read(UNIT, 4, POWER.address, 4)


def test_a_drift_grows_with_time() -> None:
    bench = Bench()
    bench.trouble.twists = (Twist(POWER, drift_s=5),)
    assert bench.power_w() == (1_000, 0, -1_000)
    bench.clock.advance(60_000)
    assert bench.power_w() == (1_300, 300, -700)


class Port(Stream):
    def __init__(self) -> None:
        self.waiting = bytes(range(200))

    def read(self, most: int, wait_ms: int) -> bytes:
        out, self.waiting = self.waiting[:most], self.waiting[most:]
        return out


def test_noise_loses_and_flips_by_seed() -> None:
    heard = [Noise(Port(), seed, drop_permille=50, flip_permille=50).read(200, 0) for seed in (1, 1, 2)]
    assert heard[0] == heard[1] != heard[2]
    assert 180 <= len(heard[0]) < 200
    assert Noise(Port(), 1).read(200, 0) == bytes(range(200))


def test_a_head_that_fell_off_loses_what_was_sent() -> None:
    noise = Noise(Port(), 1)
    noise.cut = True
    assert noise.read(100, 0) == b""
    noise.cut = False
    assert noise.read(100, 0) == bytes(range(100, 200))
