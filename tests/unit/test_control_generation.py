"""Generators that are limited, in a house that takes what it takes: inverters that lag, a meter a second late."""

from control import reasons
from control.step import start, step
from control.values import (
    CONSUME,
    NO_WISH,
    NONE,
    NOTHING_HEARD,
    NOTHING_WRITTEN,
    PRODUCE,
    SURPLUS,
    DeviceSpec,
    Grant,
    Heard,
    NodeSpec,
    Obligation,
    Plan,
    Prices,
    Site,
    Snapshot,
    Wish,
    Written,
    store,
)
from hal.faults import TIMEOUT, Fault
from hal.values import STOP, ZERO, Ability, Phases, Reading, Setpoint, ability, ma_of_w, reading

ROOF = ability("inverter", min_w=-10_000, settle_ms=2_000, fallback=Setpoint(ZERO, -10_000))
BATTERY = ability("storage", min_w=-5_000, max_w=5_000, settle_ms=2_000)
ROD = ability("heater", max_w=6_000, settle_ms=2_000)
BOX = ability("signal", signals=(("dim", CONSUME, 4_200, True), ("s1", PRODUCE, 6_000, True), ("w3", PRODUCE, 0, True)))


class House:
    """`house_w` on three phases; each inverter makes what `sun_w` gives it, up to its limit of `lag` seconds ago."""

    def __init__(self, feed_in_w: int, able: "tuple[Ability, ...]" = (ROOF,), lag: int = 2) -> None:
        house = NodeSpec("house", NONE, 0, 63_000, 63_000, "gg", 10_000, 0, 0)
        kinds = {"inverter": "roof", "storage": "battery", "heater": "rod", "signal": "box", "source": "old"}
        devices = [DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, SURPLUS, 5_000, 0, (0, 0, 0), NONE, "")]
        for number, one in enumerate(able):
            bands = store(100, 100, 1_000) if one.kind == "storage" else None
            devices.append(DeviceSpec(f"{kinds[one.kind]}{number}", 0, (0, 1, 2), one, 1, SURPLUS, 5_000, 0, bands,
                                      NONE, ""))
        self.site = Site("s", (house,), tuple(devices), 1_000, feed_in_w, None)
        self.lag = lag
        self.now_ms = 0
        self.house_w = 500
        self.sun_w = 8_000
        self.soc_permille = 500
        self.says = "free"
        self.obliged: "tuple[Obligation, ...]" = ()
        self.prices: "Prices | None" = None
        self.wishes: "tuple[Wish | None, ...]" = ()
        self.dead: "set[int]" = set()
        self.power_w = [0] * len(devices)
        self.told: "list[list[int]]" = [[one.ability.min_w] for one in devices]
        self.heard = [NOTHING_HEARD] * len(devices)
        self.written = [NOTHING_WRITTEN] + [Written(STOP, 0, None, None)] * len(able)
        self.state = start(self.site, 0)
        self.plan: "Plan | None" = None
        self.grid: "list[int]" = []

    def run(self, seconds: int) -> "list[int]":
        """The grid power of each of these seconds; + import."""
        for _ in range(seconds):
            self.now_ms += 1_000
            self._live()
            self.grid.append(self.house_w + sum(self.power_w[1:]))
            for index, device in enumerate(self.site.devices):
                self._hear(index, device)
            snapshot = Snapshot(self.now_ms, tuple(self.heard), tuple(self.written), (SURPLUS,) * len(self.heard),
                                self.obliged, self.wishes, self.prices, NONE)
            self.state, self.plan = step(self.site, self.state, snapshot)
            for index, grant in enumerate(self.plan.grants):
                if grant is not None and index not in self.dead:
                    self.told[index].append(grant.setpoint.power_w)
                    self.written[index] = Written(grant.setpoint, self.now_ms, None, None)
        return self.grid[-seconds:]

    def _live(self) -> None:
        for index, device in enumerate(self.site.devices):
            kind, told_w = device.ability.kind, self.told[index][-min(self.lag, len(self.told[index]))]
            if kind == "inverter":
                self.power_w[index] = -min(self.sun_w, -told_w)
            elif kind == "source":
                self.power_w[index] = -self.sun_w
            elif kind in ("storage", "heater"):
                self.power_w[index] = 0 if kind == "storage" and self.soc_permille >= 1_000 and told_w > 0 else told_w

    def _hear(self, index: int, device: DeviceSpec) -> None:
        if index in self.dead:
            self.heard[index] = Heard(self.heard[index].reading, Fault(self.now_ms, TIMEOUT, ""))
            return
        watts = self.grid[-1] if index == 0 else self.power_w[index]
        share_ma = ma_of_w(watts // 3)
        volts = Phases(230_000 + self.now_ms // 1_000 % 997, 230_000, 230_000)
        new: Reading = reading(self.now_ms, total_w=watts, current_ma=Phases(share_ma, share_ma, share_ma),
                               voltage_mv=volts if index == 0 else None,
                               soc_permille=self.soc_permille if device.ability.kind == "storage" else None,
                               state=self.says if device.ability.kind == "signal" else None)
        self.heard[index] = Heard(new, None)

    def grant(self, index: int) -> Grant:
        assert self.plan is not None
        out = self.plan.grants[index]
        assert out is not None
        return out

    def limit_w(self, index: int = 1) -> int:
        return -self.grant(index).setpoint.power_w


def test_no_more_is_fed_in_than_allowed_and_what_the_house_takes_is_made() -> None:
    house = House(feed_in_w=3_000)
    house.run(60)
    assert min(house.run(60)) >= -3_000
    assert max(house.grid[-60:]) <= -2_900  # and hardly less
    assert house.grant(1).reason == reasons.FEED_IN
    house.house_w = 4_500
    house.run(30)
    assert -3_000 <= min(house.run(60)) <= max(house.grid[-60:]) <= -2_900


def test_a_load_that_goes_off_is_followed_within_the_inverters_lag() -> None:
    house = House(feed_in_w=0, lag=3)
    house.house_w = 5_000
    house.run(120)
    house.house_w = 500
    after = house.run(30)
    assert sum(watts < -40 for watts in after) <= 5
    assert min(after[6:]) >= -30


def test_without_a_limit_it_makes_all_it_can() -> None:
    house = House(feed_in_w=NONE)
    house.run(30)
    assert house.limit_w() == 10_000
    assert house.grant(1).reason == reasons.GENERATES


def test_a_slow_inverter_does_not_swing() -> None:
    house = House(feed_in_w=0, lag=8, able=(ability("inverter", min_w=-10_000, settle_ms=9_000),))
    house.house_w = 3_000
    house.run(300)
    steady = house.run(120)
    assert max(steady) - min(steady) <= 30


def test_storage_takes_before_the_roof_is_limited() -> None:
    house = House(feed_in_w=0, able=(ROOF, BATTERY))
    house.run(120)
    house.sun_w = 2_000
    house.run(60)
    house.sun_w = 5_400  # within what the storage can take
    house.run(60)
    assert house.power_w[1] == -5_400
    assert abs(house.grid[-1]) <= 60


def test_storage_that_takes_no_more_does_not_hold_the_limit_up() -> None:
    house = House(feed_in_w=0, able=(ROOF, BATTERY))
    house.run(60)
    house.soc_permille = 1_000
    house.run(30)
    assert min(house.run(60)) >= -30


def test_storage_that_does_not_take_what_it_may_does_not_either() -> None:
    """It says it is half full, and is at a limit of its own."""
    house = House(feed_in_w=0, able=(ROOF, ability("storage", min_w=-5_000, max_w=100, settle_ms=2_000)))
    house.run(60)
    assert min(house.run(60)) >= -30


def test_a_rod_gets_what_a_limited_roof_could_make() -> None:
    house = House(feed_in_w=0, able=(ROOF, ROD))
    house.run(1_500)
    assert house.power_w[2] >= 5_500
    assert max(house.run(120)) <= 700  # tried for a moment, and no more than that


def test_with_the_grid_meter_lost_no_more_is_made_than_may_be_fed_in() -> None:
    house = House(feed_in_w=3_000)
    house.house_w = 4_000
    house.run(60)
    assert house.limit_w() > 6_500
    house.dead.add(0)
    house.run(10)
    assert 2_900 <= house.limit_w() <= 3_000
    assert house.grant(1).reason == reasons.METER_LOST
    house.dead.clear()
    house.run(60)
    assert house.limit_w() > 6_500


def test_two_share_by_their_size_and_what_one_cannot_make_the_other_may() -> None:
    house = House(feed_in_w=0, able=(ROOF, ability("inverter", min_w=-5_000, settle_ms=2_000)))
    house.house_w = 6_000
    house.run(120)
    assert abs(house.power_w[1] - 2 * house.power_w[2]) <= 300
    house.sun_w = 2_500  # all each of them gets
    house.run(120)
    assert house.power_w[1:] == [-2_500, -2_500]


def test_a_generator_that_cannot_be_limited_leaves_less_to_the_other() -> None:
    house = House(feed_in_w=3_000, able=(ROOF, ability("source")))
    house.sun_w = 2_500
    house.house_w = 1_000
    house.run(120)
    assert -3_000 <= min(house.run(60)) <= max(house.grid[-60:]) <= -2_800


def test_contacts_limit_and_the_lowest_counts() -> None:
    house = House(feed_in_w=9_000, able=(ROOF, BOX))
    house.run(60)
    assert house.limit_w() > 8_000
    house.says = "s1"
    house.run(20)
    assert -6_000 <= house.grid[-1] <= -5_900
    assert house.grant(1).reason == reasons.OPERATOR
    house.says = "dim+w3"
    house.run(20)
    assert house.grid[-1] >= 0
    assert house.plan is not None
    assert {one[:2] for one in house.plan.obeyed.obligations} == {(CONSUME, 4_200), (PRODUCE, 0)}


def test_a_contact_that_is_not_heard_or_says_nonsense_demands_the_least() -> None:
    for silence in (True, False):
        house = House(feed_in_w=NONE, able=(ROOF, BOX))
        house.run(30)
        if silence:
            house.dead.add(2)
        else:
            house.says = "s2"
        house.run(30)
        assert house.limit_w() < 600
        assert house.plan is not None
        assert {one[:2] for one in house.plan.obeyed.obligations} == {
            (CONSUME, 4_200), (PRODUCE, 6_000), (PRODUCE, 0)}


def test_an_obligation_ends_with_its_time_and_the_roof_comes_back_slowly() -> None:
    house = House(feed_in_w=NONE)
    house.obliged = (Obligation(PRODUCE, 0, 60_000, "command"),)
    house.run(59)
    assert house.limit_w() < 600
    house.run(3)
    assert house.limit_w() < 2_000
    house.run(60)
    assert house.limit_w() == 10_000


def test_nothing_is_fed_in_while_that_costs_money() -> None:
    house = House(feed_in_w=NONE)
    house.prices = Prices(20_000, -1_000, 60_000, ())
    house.run(30)
    assert house.grant(1).reason == reasons.EXPORT_COSTS
    assert house.grid[-1] >= 0
    house.run(120)
    assert house.limit_w() == 10_000


def test_too_much_feed_in_is_an_alarm_and_so_is_an_inverter_that_does_not_obey() -> None:
    house = House(feed_in_w=1_000)
    house.lag = 10_000  # never
    house.run(40)
    assert house.plan is not None
    assert {reason for reason, _ in house.plan.alarms} == {reasons.FEEDS_TOO_MUCH, reasons.NOT_OBEYED}


def test_one_broken_wire_is_an_alarm_and_limits_what_it_stands_for_alone() -> None:
    house = House(feed_in_w=NONE, able=(ROOF, BOX))
    house.says = "s1!"
    house.run(30)
    assert house.plan is not None
    assert {one[:2] for one in house.plan.obeyed.obligations} == {(PRODUCE, 6_000)}
    assert house.plan.alarms == ((reasons.INPUT_LOST, 2),)


def test_what_its_owner_lets_go_when_it_is_lost_is_not_limited() -> None:
    box = ability("signal", signals=(("dim", CONSUME, 4_200, False), ("s1", PRODUCE, 6_000, True)))
    house = House(feed_in_w=NONE, able=(ROOF, box))
    house.dead.add(2)
    house.run(30)
    assert house.plan is not None
    assert {one[:2] for one in house.plan.obeyed.obligations} == {(PRODUCE, 6_000)}


def test_the_owner_limits_it_and_takes_that_back() -> None:
    house = House(feed_in_w=NONE)
    house.wishes = (None, NO_WISH._replace(limit=2_000))
    house.run(30)
    assert (house.limit_w(), house.grant(1).reason) == (2_000, reasons.LIMIT)
    house.wishes = ()
    house.run(60)
    assert house.limit_w() == 10_000


def test_one_that_switches_off_at_night_is_no_alarm_and_one_that_is_gone_by_day_is() -> None:
    for sun_w, alarms in ((0, set()), (8_000, {reasons.STALE})):
        house = House(feed_in_w=3_000)
        house.sun_w = sun_w
        house.run(30)
        house.dead.add(1)
        house.run(30)
        assert house.plan is not None
        assert {reason for reason, _ in house.plan.alarms} == alarms


def test_a_slow_one_is_not_told_each_watt_while_its_last_word_is_on_its_way() -> None:
    house = House(feed_in_w=0, lag=10, able=(ability("inverter", min_w=-800, settle_ms=12_000, pace_ms=10_000),))
    house.house_w, told = 300, 0
    house.run(120)
    before = house.limit_w()
    for second in range(300):
        house.house_w = 300 + second % 5  # W, as appliances flicker
        house.run(1)
        told, before = told + (house.limit_w() != before), house.limit_w()
    assert told <= 10
    assert min(house.grid[-200:]) >= -40
