"""What becomes of a demand of the grid operator, as it is written down."""

from collections.abc import Sequence
from typing import Any

from control.values import (
    CONSUME,
    FAST,
    NONE,
    NOTHING_HEARD,
    NOTHING_WRITTEN,
    DeviceSpec,
    Grant,
    Heard,
    NodeSpec,
    Obeyed,
    Obligation,
    Plan,
    Site,
    Snapshot,
    Written,
)
from firmware.duties import Duties
from firmware.duties_kept import open_duties
from hal.times import TimeNow
from hal.values import ZERO, Setpoint, ability, reading

BOX = ability("wallbox", min_ma=6_000, max_ma=16_000)
DIM = (("dim", CONSUME, 4_200, True),)
SITE = Site("Haus", (NodeSpec("house", NONE, 0, 35_000, 35_000, "gg", 5_000, 0, 0),), (
    DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, FAST, 5_000, 0, (0, 0, 0), NONE, ""),
    DeviceSpec("car", 0, (0, 1, 2), BOX, 1, FAST, 5_000, 16_000, (0, 0, 0), NONE, "a"),
    DeviceSpec("box", 0, (0, 1, 2), ability("signal", signals=DIM), 0, FAST, 5_000, 0, (0, 0, 0), NONE, ""),
), 1_000, NONE, None)


T0_MS = 1_792_888_000_000


class House:
    def __init__(self, owed_w: int = 4_200) -> None:
        self.duties = Duties(SITE, owed_w)
        self.now_ms = 0
        self.stands_w = self.granted_w = self.drawn_w = 11_000
        self.alarms: "tuple[tuple[int, int], ...]" = ()
        self.minutes: "list[dict[str, Any]]" = []

    def live(self, *obliged: Obligation, seconds: int = 1) -> "list[dict[str, Any]]":
        out = []
        for _ in range(seconds):
            self.now_ms += 1_000
            car = Heard(reading(self.now_ms, total_w=self.drawn_w), None)
            stands = Written(Setpoint(ZERO, self.stands_w), self.now_ms, None, None)
            snapshot = Snapshot(self.now_ms, (car, car, NOTHING_HEARD), (NOTHING_WRITTEN, stands, NOTHING_WRITTEN),
                                (FAST,) * 3, obliged, (), None, NONE)
            grant = Grant(Setpoint(ZERO, self.granted_w), Setpoint(ZERO, 11_000), 14, NONE, NONE)
            out += self.duties.look(snapshot, Plan((None, grant, None), (), None, self.alarms,
                                                   Obeyed(obliged, self.drawn_w, 0)))
        self.minutes += [event for event in out if event["state"] == "minute"]
        return [event for event in out if event["state"] != "minute"]


def told(ceiling_w: int = 4_200, until_ms: int = NONE, source: str = "box") -> Obligation:
    return Obligation(CONSUME, ceiling_w, until_ms, source)


def states(events: "Sequence[dict[str, Any]]") -> "list[tuple[str, int]]":
    return [(event["state"], event["after_ms"]) for event in events]


def test_received_applied_kept_and_released_each_with_its_time() -> None:
    house = House()
    assert states(house.live(told())) == [("received", 0)]
    house.granted_w = 4_140
    assert house.live(told(), seconds=2) == []  # the box has not confirmed it
    house.stands_w = 4_140
    assert states(house.live(told())) == [("applied", 3_000)]
    house.drawn_w = 4_200
    kept = house.live(told())
    assert (states(kept), kept[0]["measured_w"]) == ([("kept", 4_000)], 4_200)
    house.live(told(), seconds=5)
    released = house.live()
    assert states(released) == [("released", 10_000)]
    assert (released[0]["cause"], released[0]["most_w"], released[0]["over_s"]) == ("taken back", 4_200, 0)
    assert released[0]["event"] == kept[0]["event"]


def test_what_is_drawn_above_it_later_is_counted_and_a_lapse_is_said() -> None:
    house = House()
    house.stands_w = house.granted_w = house.drawn_w = 4_000
    house.live(told(until_ms=20_000), seconds=5)
    house.drawn_w = 6_000
    house.live(told(until_ms=20_000), seconds=3)
    house.drawn_w = 4_000
    house.live(told(until_ms=20_000), seconds=11)
    released = house.live()
    assert (released[0]["cause"], released[0]["most_w"], released[0]["over_s"]) == ("lapsed", 6_000, 3)


def test_another_ceiling_of_the_same_source_is_a_change_and_below_what_is_owed_is_said() -> None:
    house = House()
    house.stands_w = house.granted_w = house.drawn_w = 2_000
    received = house.live(told())[0]
    assert (received["below_owed"], received["owed_w"], received["for_ms"]) == (False, 4_200, None)
    changed = house.live(told(3_000), seconds=2)
    assert [event["state"] for event in changed] == ["changed", "applied", "kept"]
    assert (changed[0]["was_w"], changed[0]["ceiling_w"]) == (4_200, 3_000)
    assert house.live(told(3_000, source="command"))[-1]["below_owed"] is True


def test_an_input_that_is_not_heard_is_written_down_as_such() -> None:
    house = House()
    house.alarms = ((101, 2),)
    assert house.live(told())[0]["input_lost"] is True
    house.alarms = ()
    assert states(house.live(told()))[0] == ("changed", 1_000)
    assert house.live()[0]["cause"] == "taken back"


def test_each_minute_under_a_demand_has_its_means() -> None:
    house = House()
    house.live(seconds=59)
    for watts in (3_000, 4_000):
        house.drawn_w = watts
        house.live(told(), seconds=30)
    house.live(told())
    duty = house.minutes[0].pop("duties")[0]
    assert house.minutes == [{"state": "minute", "ceiling_w": 4_200, "feed_in_w": None,
                              "mean_w": {"grid": 3_500, "car": 3_500}}]
    assert (duty["most_w"], duty["over_s"]) == (4_000, 0)


def restarted(house: House, records: "list[dict[str, Any]]", away_s: int = 60) -> House:
    """The same house after a while, by what stood in the records; its monotonic clock begins anew."""
    now = TimeNow(T0_MS + house.now_ms + 1_000 * away_s, 500, True, 0)
    minute = {"data": house.minutes[-1]} if house.minutes else None
    again = House()
    again.duties = Duties(SITE, 4_200, open_duties(records, minute, now))
    again.stands_w = again.granted_w = again.drawn_w = 4_000
    return again


def obeying() -> "tuple[House, list[dict[str, Any]]]":
    house = House()
    house.stands_w = house.granted_w = house.drawn_w = 4_000
    received = house.live(told())
    rest = house.live(told(), seconds=4)
    house.drawn_w = 6_000
    rest += house.live(told(), seconds=70)
    records = [{"utc_ms": T0_MS + 1_000 + event["after_ms"], "data": event} for event in received + rest]
    assert [record["data"]["state"] for record in records] == ["received", "applied", "kept"]
    return house, records


def test_over_a_restart_it_is_the_same_demand() -> None:
    house, records = obeying()
    again = restarted(house, records)
    resumed = again.live(told())
    assert [(event["state"], event["event"]) for event in resumed] == [("resumed", records[0]["data"]["event"])]
    assert abs(resumed[0]["after_ms"] - (house.now_ms - 1_000 + 60_000)) <= 1_000
    assert again.live(told(), seconds=60) == []  # applied and kept to as before
    released, = again.live()
    assert (released["state"], released["event"], released["cause"]) == (
        "released", records[0]["data"]["event"], "taken back")
    assert (released["most_w"], released["over_s"]) == (6_000, 55)  # by the newest minute that was recorded


def test_a_demand_that_is_gone_after_a_restart_is_released_once_every_input_was_heard() -> None:
    house, records = obeying()
    again = restarted(house, records)
    assert again.live(seconds=30) == []
    released, = again.live()
    assert (released["state"], released["cause"], released["event"]) == (
        "released", "gone at restart", records[0]["data"]["event"])
    assert again.live(told())[0]["state"] == "received"  # another one


def test_what_is_not_heard_at_a_start_is_not_lost_yet_and_what_changed_is_said() -> None:
    house, records = obeying()
    again = restarted(house, records)
    again.alarms = ((101, 2),)
    assert [event["state"] for event in again.live(told(), seconds=20)] == ["resumed"]
    assert [event["state"] for event in again.live(told(), seconds=20)] == ["changed", "applied", "kept"]
    third = restarted(house, records)
    assert [(event["state"], event["ceiling_w"]) for event in third.live(told(3_000))[:2]] == [
        ("resumed", 4_200), ("changed", 3_000)]


def test_what_was_released_or_never_recorded_is_not_taken_up_and_no_clock_makes_it_begin_later() -> None:
    records = obeying()[1]
    gone = {"utc_ms": T0_MS + 80_000, "data": {**records[0]["data"], "state": "released"}}
    now = TimeNow(T0_MS, 5_000, True, 0)
    assert open_duties([*records, gone], None, now) == ()
    assert open_duties([], None, now) == ()
    one, = open_duties(records, None, now)  # the clock was set back
    assert (one.received_ms, one.kept_ms) == (5_000, 5_000)
