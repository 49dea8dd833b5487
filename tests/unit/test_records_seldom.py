"""A meter that is asked seldom: what its gateway captured at a quarter hour counts for that one, though told later."""

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from control.values import Site
from firmware.config.file import load
from firmware.image import Image
from firmware.records.clock import SYNCED, ClockState, Look
from firmware.records.digits import captured_ms
from firmware.records.events import READING, Ask, Desk
from firmware.records.sampler import MEASURED, SUBSTITUTED, Sampler, Seen
from hal.measured import OWN_CLOCK, RECEIVED, Measured
from hal.times import TimeNow
from hal.values import reading

SELDOM = """
[line.wire]
kind = "m-bus"
port = "/dev/ttyUSB9"
[device.flat]
driver = "mbus_meter"
line = "wire"
address = 1
node = "house"
"""
T0 = int(datetime(2026, 10, 25, 0, 40, tzinfo=timezone.utc).timestamp()) * 1_000  # an hour that comes twice
AT_S = T0 // 1_000 + 300


def told(value: int, time: "str | None", clock: str = OWN_CLOCK) -> "tuple[Measured, ...]":
    return (Measured("m", "electricity", "energy", value, 0, "Wh", time, clock, (), "now", 0, 0, 0, ()),)


@pytest.fixture
def site(recorded_site: "Callable[[str], Path]") -> Site:
    return load(recorded_site(SELDOM)).site


class Clockwork:
    """Both are fed every 10 s; the flat's meter is asked when `asked_ms` says, and told from then on."""

    def __init__(self, site: Site) -> None:
        self.sampler, self.desk, self.image = Sampler(site), Desk(site), Image(2)
        self.told: "dict[int, tuple[Measured, ...]]" = {}
        self.found: "list[tuple[int, str, int | None, str]]" = []

    def live(self, from_ms: int, to_ms: int) -> None:
        for now_ms in range(from_ms, to_ms, 10_000):
            self.image.hear(0, reading(now_ms, import_wh=now_ms // 1_000))
            snapshot = self.image.snapshot(now_ms, ("surplus",) * 2)
            self.sampler.feed(Seen(snapshot, frozenset(), self.told), T0)
            quarter = self.sampler.look(now_ms + T0, True)
            for one in (*self.sampler.late(True), *([] if quarter is None else [quarter])):
                self.found += [(one.at_s, value.meter, value.import_e, value.status) for value in one.values]

    def hear(self, now_ms: int, value: int, time: "str | None", clock: str = OWN_CLOCK) -> None:
        self.image.hear(1, reading(now_ms, import_wh=value))
        self.told = {1: told(value, time, clock)}

    def flat(self) -> "list[tuple[int, int | None, str]]":
        return [(at_s, value, status) for at_s, meter, value, status in self.found if meter == "flat"]


def test_what_a_gateway_captured_is_of_then_and_never_of_now(site: Site) -> None:
    house = Clockwork(site)
    house.live(0, 310_000)
    house.hear(305_000, 7_000, "2026-10-25T02:30:00+02:00")  # asked 5 s after a quarter hour, and a quarter hour old
    house.live(310_000, 1_000_000)
    house.hear(1_000_000, 7_500, "2026-10-25T02:45:03+02:00")
    house.live(1_000_000, 2_000_000)
    house.hear(2_000_000, 8_000, "2026-10-25T02:00:20+01:00")
    house.live(2_000_000, 2_500_000)
    house.hear(2_500_000, 9_000, "2026-10-25T02:07:00+01:00")  # of no quarter hour
    house.live(2_500_000, 3_000_000)
    assert house.flat() == [(AT_S - 900, 7_000, MEASURED), (AT_S, 7_500, MEASURED), (AT_S + 900, 8_000, SUBSTITUTED)]
    assert [at_s for at_s, meter, _, _ in house.found if meter == "grid"] == [AT_S, AT_S + 900, AT_S + 1_800]


def test_without_a_time_of_its_own_it_is_of_when_it_answered(site: Site) -> None:
    house = Clockwork(site)
    house.live(0, 290_000)
    house.hear(288_000, 7_000, "2026-10-25 01:00:00", RECEIVED)
    house.live(290_000, 400_000)
    assert house.flat() == [(AT_S, 7_000, SUBSTITUTED)]
    assert captured_ms(told(1, "2026-10-25T02:30:00")) is None  # how far it is from UTC nobody knows
    assert captured_ms(told(1, "nonsense")) is None
    assert captured_ms(told(1, "2026-10-25T00:30:00Z")) == T0 - 600_000


def test_a_reading_that_was_asked_for_is_none_of_before(site: Site) -> None:
    house = Clockwork(site)
    look = Look(TimeNow(T0 + 20_000, 20_000, True, 0), ClockState(SYNCED, 0), 0)
    assert house.desk.ask(Ask(READING, "flat", 10_000)) == ""
    house.hear(15_000, 7_000, "2026-10-25T02:30:00+02:00")
    seen = Seen(house.image.snapshot(20_000, ("surplus",) * 2), frozenset(), house.told)
    assert house.desk.look(seen, look) == []
    house.hear(15_000, 7_000, "2026-10-25T02:40:12+02:00")
    seen = Seen(house.image.snapshot(20_000, ("surplus",) * 2), frozenset(), house.told)
    answer, = house.desk.look(seen, look)
    assert answer.event is not None
    assert (answer.event["value"], answer.event["captured_ms"]) == (7_000, T0 + 12_000)
