import pytest

from drivers.register_device import RegisterDevice, own_values, split
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.ports import Bus
from hal.registers import Reg
from hal.values import Phases
from sim.bank import Bank

READS = (
    Reg("voltage_mv", 4, 0, "u16", 3, 1000, 1),
    Reg("current_ma", 4, 3, "s16", 3, 100, 1),
    Reg("power_w", 4, 6, "s16", 3, 1, 1),
)
SLOW = (
    Reg("import_wh", 4, 100, "u32", 1, 1, 1),
    Reg("export_wh", 4, 200, "u32", 1, 1, 1),
)
LIMIT = Reg("limit_w", 6, 300, "u16", 1, 10, 1)


class Counting(Bus):
    """Another bus, with a list of what was read; addresses in `spoilt` come damaged."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.asked: "list[tuple[int, int]]" = []
        self.spoilt: "set[int]" = set()

    def read(self, unit: int, function: int, address: int, count: int) -> "tuple[int, ...]":
        self.asked.append((address, count))
        if address in self.spoilt:
            raise DeviceError(FRAME, "spoilt")
        return self._bus.read(unit, function, address, count)

    def write(self, unit: int, function: int, address: int, values: "tuple[int, ...]") -> None:
        self._bus.write(unit, function, address, values)


def bank() -> Bank:
    made = Bank()
    registers = made.unit(1)
    registers.put(READS[0], (231_000, 229_000, 230_000))
    registers.put(READS[1], (10_000, -2_000, 0))
    registers.put(READS[2], (2310, -458, 0))
    registers.put(SLOW[0], (123_456,))
    registers.put(SLOW[1], (7,))
    registers.put(LIMIT, (500,))
    return made


def test_values_become_a_reading() -> None:
    said = RegisterDevice(bank(), 1, READS).read(5)
    assert said.t_ms == 5
    assert said.power_w == Phases(2310, -458, 0)
    assert said.total_w == 1852
    assert said.current_ma == Phases(10_000, -2_000, 0)
    assert said.voltage_mv == Phases(231_000, 229_000, 230_000)
    assert (said.import_wh, said.soc_permille, said.state) == (None, None, None)


@pytest.mark.parametrize(("phases", "power_w"), [
    ((0, 1, 2), Phases(2310, -458, 0)),
    ((1, 2, 0), Phases(0, 2310, -458)),
    ((2, 0, 1), Phases(-458, 0, 2310)),
    ((2,), Phases(0, 0, 2310)),
])
def test_conductors_stand_on_their_grid_phases(phases: "tuple[int, ...]", power_w: Phases) -> None:
    assert RegisterDevice(bank(), 1, READS, phases=phases).read(0).power_w == power_w


def test_a_conductor_without_value_makes_the_vector_unknown() -> None:
    made = bank()
    made.unit(1).poke(4, 7, (0x8000,))
    said = RegisterDevice(made, 1, READS).read(0)
    assert (said.power_w, said.total_w) == (None, None)
    assert said.current_ma is not None
    assert RegisterDevice(made, 1, READS, phases=(0,)).read(0).total_w == 2310  # it is not wired there


def test_neighbours_come_in_one_request_within_the_devices_limit() -> None:
    bus = Counting(bank())
    RegisterDevice(bus, 1, READS).read(0)
    assert bus.asked == [(0, 9)]
    bus = Counting(bank())
    RegisterDevice(bus, 1, READS, most_words=6).read(0)
    assert bus.asked == [(0, 6), (6, 3)]


def test_one_slow_request_a_reading_in_turn() -> None:
    bus = Counting(bank())
    device = RegisterDevice(bus, 1, READS, SLOW, slow_every_ms=5_000)
    first = device.read(0)
    assert (first.import_wh, first.export_wh) == (123_456, None)
    assert device.read(1_000).export_wh == 7
    bus.asked.clear()
    for second in range(2, 12):
        device.read(second * 1_000)
    assert [address for address, _ in bus.asked if address] == [100, 200, 100, 200]


def test_a_slow_value_too_old_is_no_value() -> None:
    bus = Counting(bank())
    device = RegisterDevice(bus, 1, READS, SLOW, slow_every_ms=5_000)
    device.read(0)
    bus.spoilt.add(100)
    assert device.read(15_000).import_wh == 123_456
    said = device.read(15_001)
    assert said.import_wh is None
    assert said.total_w == 1852
    bus.spoilt.clear()
    device.read(20_000)
    assert device.read(25_000).import_wh == 123_456


def test_a_spoilt_slow_request_is_not_repeated_each_time() -> None:
    bus = Counting(bank())
    bus.spoilt = {100, 200}
    device = RegisterDevice(bus, 1, READS, SLOW, slow_every_ms=5_000)
    for second in range(10):
        assert device.read(second * 1_000).total_w == 1852
    assert [address for address, _ in bus.asked].count(100) == 2


def test_forgotten_slow_values_are_asked_at_once() -> None:
    bus = Counting(bank())
    device = RegisterDevice(bus, 1, READS, SLOW[:1])
    device.read(0)
    device.forget()
    bus.spoilt.add(100)
    assert device.read(1).import_wh is None
    bus.spoilt.clear()
    device.forget()
    assert device.read(2).import_wh == 123_456


def test_a_silent_unit_is_an_error() -> None:
    with pytest.raises(DeviceError) as caught:
        RegisterDevice(bank(), 2, READS).read(0)
    assert caught.value.kind == TIMEOUT


def test_what_is_written_is_read_back() -> None:
    made = bank()
    RegisterDevice(made, 1, READS).keep(LIMIT, (1_239,))
    assert made.read(1, 3, 300, 1) == (123,)


def test_what_is_not_kept_is_refused() -> None:
    made = bank()

    def clamp(function: int, address: int, values: "tuple[int, ...]") -> None:
        made.unit(1).poke(3, address, (min(values[0], 100),))

    made.unit(1).on_write(clamp)
    with pytest.raises(DeviceError) as caught:
        RegisterDevice(made, 1, READS).keep(LIMIT, (2_000,))
    assert caught.value.kind == REFUSED


@pytest.mark.parametrize(("total", "weights", "parts"), [
    (100, (1, 1, 1), (33, 33, 34)),
    (100, (0, 0, 0), (33, 33, 34)),
    (-100, (3, 1, 0), (-75, -25, 0)),
    (7, (5,), (7,)),
])
def test_a_split_sums_up(total: int, weights: "tuple[int, ...]", parts: "tuple[int, ...]") -> None:
    assert split(total, weights) == parts
    assert sum(parts) == total


def test_own_values_of_the_wired_conductors() -> None:
    assert own_values({"x": (1, 2, None)}, "x", 2) == (1, 2)
    assert own_values({"x": (1, 2, None)}, "x", 3) is None
    assert own_values({}, "x", 1) is None
