"""The loads nobody controls, found between readings of different age."""

from control.claims import Claim
from control.health import NEW_SENSE
from control.rest import NEW_NODE, Flow, rests
from control.values import FAST, NEVER, NONE, OFF, DeviceSpec, LoadState, NodeSpec, NodeState, Sense, Site
from control.wiring import levels, wiring
from hal.values import Phases, ability, reading

CAR = ability("wallbox", min_ma=6_000, max_ma=16_000)


def site_of(node_meter: int = 0, rest_ma: int = 5_000) -> Site:
    return Site("s", (NodeSpec("house", NONE, node_meter, 35_000, 35_000, "gg", rest_ma, 0, 0),), (
        DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, OFF, 4_000, 0, None, NONE, ""),
        DeviceSpec("car", 0, (0, 1, 2), CAR, 1, FAST, 9_000, 16_000, None, NONE, ""),
        DeviceSpec("roof", 0, (0, 1, 2), ability("source"), 0, OFF, 9_000, 0, None, NONE, ""),
    ), 1_000, NONE, None)


def sensed(t_ms: int, ma: int, phased: bool = True, before_ma: "int | None" = None) -> Sense:
    flow = (ma, ma, ma, ma * 690 // 1_000)
    was = ma if before_ma is None else before_ma
    before = (was, was, was, was * 690 // 1_000)
    return Sense(reading(t_ms, current_ma=Phases(ma, ma, ma)), flow, phased, before, t_ms - 1_000, t_ms, 0, 3, True,
                 None, None, None)


class Meter:
    """One node with one car behind it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.nodes: "tuple[NodeState, ...]" = (NEW_NODE,)
        self.now_ms = 0

    def see(self, house_ma: int, car_ma: int, held_ma: int = 16_000, car_age_ms: int = 0,
            before_ma: "int | None" = None, phased: bool = True, roof: Sense = NEW_SENSE, step_ms: int = 1_000) -> Flow:
        self.now_ms += step_ms
        car = sensed(self.now_ms - car_age_ms, car_ma, True, before_ma)
        load = LoadState(16_000, 3, (0, 0, 0, 0), None, 0, 0, 0, NEVER, NEVER, NEVER, NEVER, 0, NEVER, 0, 0, 0,
                         None)
        claim = Claim(1, self.site.devices[1], (0,), levels(self.site.devices[1]), load, car, FAST,
                      (207_000, 230_000, 253_000))
        claim.held, claim.drawn = (held_ma, held_ma, held_ma, held_ma * 759 // 1_000), car.flow
        senses = (sensed(self.now_ms, house_ma, phased), car, roof)
        flows, self.nodes = rests(self.site, wiring(self.site), self.nodes, senses, (None, claim, None), self.now_ms)
        return flows[0]


def test_measured_less_what_the_car_draws() -> None:
    assert Meter(site_of()).see(20_000, 16_000).rest[:3] == (4_000, 4_000, 4_000)


def test_a_car_on_its_way_up_is_not_the_rest() -> None:
    meter = Meter(site_of())
    meter.see(4_000, 0)
    assert [meter.see(ma, 0, car_age_ms=3_000).rest[0] for ma in (8_000, 14_000, 20_000)] == [4_000] * 3
    assert meter.see(20_000, 16_000, before_ma=0).rest[0] == 4_000


def test_more_than_the_car_may_draw_is_the_rest_at_once() -> None:
    meter = Meter(site_of())
    meter.see(4_000, 0)
    assert meter.see(28_000, 0).rest[0] == 12_000


def test_a_rise_beside_a_steady_car_is_the_rest_at_once() -> None:
    meter = Meter(site_of())
    meter.see(20_000, 16_000)
    assert meter.see(29_000, 16_000).rest[0] == 13_000


def test_above_the_fuse_there_is_no_patience() -> None:
    meter = Meter(site_of())
    meter.see(24_000, 0)
    assert meter.see(34_000, 0).rest[0] == 24_000
    assert meter.see(36_000, 0).rest[0] == 36_000


def test_patience_ends() -> None:
    meter = Meter(site_of())
    meter.see(4_000, 0)
    seen = [meter.see(14_000, 0).rest[0] for _ in range(12)]
    assert seen[0] == 4_000
    assert seen[-1] == 14_000
    assert seen.index(14_000) == 8


def test_a_car_that_stops_between_two_readings_frees_nothing() -> None:
    meter = Meter(site_of())
    meter.see(20_000, 16_000)
    for age_ms in range(1_000, 16_000, 1_000):  # the meter sees it at once, the car is asked again only later
        assert meter.see(4_000, 16_000, car_age_ms=age_ms).rest[0] == 4_000
    assert meter.see(4_000, 0, before_ma=16_000).rest[0] == 4_000


def test_a_car_seen_before_the_meter_frees_nothing() -> None:
    meter = Meter(site_of())
    meter.see(4_000, 0)
    for _ in range(3):  # a meter asked rarely, each time just before the car has risen
        assert meter.see(4_000, 16_000, before_ma=0, step_ms=6_000).rest[0] == 4_000


def test_a_fall_counts_when_it_has_lasted() -> None:
    meter = Meter(site_of())
    meter.see(30_000, 16_000)
    seen = [meter.see(20_000, 16_000).rest[0] for _ in range(12)]
    assert seen[:4] == [14_000] * 4
    assert seen[-1] == 4_000


def test_a_node_without_a_meter_has_what_is_assumed() -> None:
    flow = Meter(site_of(node_meter=NONE)).see(20_000, 16_000)
    assert flow.rest[:3] == (5_000, 5_000, 5_000)
    assert not flow.lost


def test_a_total_stands_on_every_phase_and_the_roof_hides_nothing() -> None:
    meter = Meter(site_of(rest_ma=2_000))
    flow = meter.see(6_000, 0, phased=False, roof=sensed(0, -3_000))
    gross_w = (6_000 + 3_000) * 690 // 1_000
    assert flow.rest[:3] == (gross_w * 1_000_000 // 207_000,) * 3
    assert Meter(site_of()).see(100, 0, phased=False).rest[:3] == (5_000, 5_000, 5_000)


def test_cut_above_1_3_and_stop_above_1_8_at_once() -> None:
    meter = Meter(site_of())
    meter.see(4_000, 0)
    meter.see(46_000, 0)
    assert meter.nodes[0].severity == 1
    meter.see(64_000, 0)
    assert meter.nodes[0].severity == 2
