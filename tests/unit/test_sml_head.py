"""The SML head as a meter of the house, on a simulated port and clock."""

import pytest

from drivers import push_head, sml_head
from drivers.sml import frames_of
from drivers.sml_head import SmlHead, build, reading_of
from drivers.sml_transport import Transport
from hal.faults import FRAME, RANGE, TIMEOUT, DeviceError
from hal.ports import Stream
from hal.values import Phases, Reading
from sim.clock import SimClock
from sim.sml_meter import ABSENT, SmlMeter, SmlPort, entry, frame, message, several, signed, text, unsigned

MA, MV = Phases(2000, 1000, 3000), Phases(230_000, 231_000, 229_500)


class House:
    """A draw that changes with each frame, so that an old one shows."""

    def __init__(self, meter: SmlMeter) -> None:
        self.meter = meter
        self.sent: "list[tuple[int, int]]" = []

    def frame(self, now_ms: int) -> bytes:
        power_w = Phases(100 + len(self.sent), -50, 300)
        self.sent.append((now_ms, power_w.total()))
        return self.meter.frame(now_ms, power_w, MA, MV, 12_345, 678)


def head_on(port: Stream, clock: SimClock, phases: "tuple[int, ...]" = (0, 1, 2), mounting: str = "normal") -> SmlHead:
    return build(port, {"clock": clock, "phases": phases, "role": "meter", "mounting": mounting})


def a_house(meter: "SmlMeter | None" = None, period_ms: int = 1000) -> "tuple[House, SimClock, SmlHead]":
    house, clock = House(meter or SmlMeter()), SimClock(5_000)
    return house, clock, head_on(SmlPort(clock, house.frame, period_ms), clock)


def fault(head: SmlHead, clock: SimClock) -> str:
    with pytest.raises(DeviceError) as caught:
        head.read(clock.now_ms())
    return caught.value.kind


def one_reading(data: bytes, wired: "tuple[int, ...]" = (0, 1, 2), turned: bool = False) -> Reading:
    (_, payload), = Transport().feed(data)
    return reading_of(frames_of(0, payload)[0], 7, wired, turned)


def listed(*entries: bytes) -> bytes:
    return frame(message(b"\x01", 0x0701, several(ABSENT, text(b"\x0a\x01X"), ABSENT, ABSENT, several(*entries),
                                                  ABSENT, ABSENT)))


def test_a_reading_carries_everything_the_meter_says() -> None:
    _, clock, head = a_house()
    got = head.read(clock.now_ms())
    assert got == Reading(got.t_ms, 350, Phases(100, -50, 300), Phases(2000, -1000, 3000), MV, 12_345, 678,
                          *(None,) * 12)
    wire_ms = 404 * 10_000 // 9600  # the frame's 404 bytes
    assert 5_000 + wire_ms - push_head.STEP_MS <= got.t_ms <= clock.now_ms()
    assert clock.now_ms() - 5_000 <= wire_ms + 20


def test_each_read_gives_the_newest_frame() -> None:
    house, clock, head = a_house()
    for _ in range(30):
        got = head.read(clock.now_ms())
        assert got.total_w == house.sent[-1][1]
        assert clock.now_ms() - got.t_ms <= 120
        clock.advance(20)


@pytest.mark.parametrize("pause_ms", [1_000, 1_400, 1_600, 5_000, 60_000, 600_000])
def test_what_piled_up_is_never_taken_for_new(pause_ms: int) -> None:
    """However long nobody listened: the reading's age is never less than the frame's own."""
    house, clock, head = a_house()
    head.read(clock.now_ms())
    clock.advance(pause_ms)
    before_ms = clock.now_ms()
    got = head.read(before_ms)
    sent_ms = next(sent for sent, total in house.sent if total == got.total_w)
    wire_ms = 404 * 10_000 // 9600
    assert got.t_ms <= sent_ms + wire_ms + 1
    assert clock.now_ms() - got.t_ms <= push_head.FRESH_MS + 20
    assert clock.now_ms() - before_ms <= sml_head.ANSWER_MS


def test_silence_is_a_timeout_of_known_length() -> None:
    clock = SimClock(5_000)
    head = head_on(SmlPort(clock, lambda now_ms: b"", 1000), clock)
    assert fault(head, clock) == TIMEOUT
    assert clock.now_ms() == 5_000 + sml_head.ANSWER_MS


def test_a_clock_that_stands_still_ends_the_wait_too() -> None:
    class Dead(Stream):
        def read(self, most: int, wait_ms: int) -> bytes:
            return b""

    class Flood(Stream):
        def read(self, most: int, wait_ms: int) -> bytes:
            return b"\x1b" * most

    for port in (Dead(), Flood()):
        clock = SimClock()
        assert fault(head_on(port, clock), clock) == TIMEOUT


def test_damaged_frames_only_are_named_so() -> None:
    meter, clock = SmlMeter(), SimClock(5_000)
    house = House(meter)
    head = head_on(SmlPort(clock, lambda now_ms: house.frame(now_ms)[:-5], 500), clock)
    assert fault(head, clock) == FRAME


def test_a_lost_line_is_passed_on() -> None:
    class Gone(Stream):
        def read(self, most: int, wait_ms: int) -> bytes:
            raise DeviceError(TIMEOUT, "unplugged")

    clock = SimClock()
    assert fault(head_on(Gone(), clock), clock) == TIMEOUT


def test_a_locked_meter_shows_it() -> None:
    _, clock, head = a_house(SmlMeter(locked=True))
    got = head.read(clock.now_ms())
    assert (got.state, got.total_w, got.power_w, got.import_wh, got.export_wh) == ("locked", None, None, 12_000, 0)


@pytest.mark.parametrize("layout", ["legacy", "dzg"])
def test_other_layouts_have_the_same_sign(layout: str) -> None:
    for power_w in (Phases(200, 100, 56), Phases(-4_000, 300, 20), Phases(-500, 800, 400)):
        got = one_reading(SmlMeter(layout).frame(0, power_w, MA, MV, 5, 6))
        assert got.total_w == power_w.total()
        assert got.power_w == (None if layout == "legacy" else power_w)


def test_wiring_puts_the_meters_phases_on_the_grids() -> None:
    data = SmlMeter().frame(0, Phases(100, 200, 300), MA, MV, 0, 0)
    assert one_reading(data, (1, 2, 0)).power_w == Phases(300, 100, 200)
    assert one_reading(data, (1, 2, 0)).voltage_mv == Phases(229_500, 230_000, 231_000)
    assert one_reading(data, (2,)).current_ma == Phases(0, 0, 2000)


def test_one_phase_carries_the_total() -> None:
    data = listed(entry("1 0 16 7 0 255", signed(-1234), 27, -1))
    assert one_reading(data, (2,)).power_w == Phases(0, 0, -123)
    assert one_reading(data, (0, 1, 2)).power_w is None


def test_mounted_the_other_way_round() -> None:
    data = SmlMeter().frame(0, Phases(100, 200, -300), MA, MV, 50, 60)
    got = one_reading(data, turned=True)
    assert (got.power_w, got.current_ma) == (Phases(-100, -200, 300), Phases(-2000, -1000, 3000))
    assert (got.total_w, got.import_wh, got.export_wh) == (0, 60, 50)


def test_a_counter_is_rounded_down_and_power_to_the_nearest() -> None:
    got = one_reading(listed(entry("1 0 1 8 0 255", unsigned(9_999_999), 30, -4), entry("1 0 16 7 0 255", signed(
        -155), 27, -1)))
    assert (got.import_wh, got.total_w) == (999, -16)


def test_what_cannot_be_is_refused() -> None:
    for line in (entry("1 0 16 7 0 255", signed(99), 27, 6), entry("1 0 1 8 0 255", unsigned(1), 30, 13)):
        with pytest.raises(DeviceError) as caught:
            one_reading(listed(line))
        assert caught.value.kind == RANGE


def test_the_driver_says_what_it_is() -> None:
    assert sml_head.LINES == ("sml",)
    assert sml_head.ability({"role": "source"}).kind == "source"
    assert sml_head.ability({"role": "meter"}).kind == "meter"
    assert {option.name: option.default for option in sml_head.OPTIONS} == {"role": "meter", "mounting": "normal"}
