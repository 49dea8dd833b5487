import json
from collections import namedtuple

import pytest

from hal.values import Phases
from sim.battery import Battery
from sim.car import Car, Session
from sim.house import NONE, House
from sim.kpi import Kpi
from sim.part import Part
from sim.tank import Tank

Node = namedtuple("Node", "name rated_ma continuous_ma max_w imbalance_va")
Device = namedtuple("Device", "name")
Site = namedtuple("Site", "nodes devices feed_in_w")
Grant = namedtuple("Grant", "setpoint reason")
Plan = namedtuple("Plan", "grants obeyed")
Obeyed = namedtuple("Obeyed", "obligations")
Obligation = namedtuple("Obligation", "direction ceiling_w")

HOUSE = Node("house", 35_000, 35_000, 0, 0)


class Fixed(Part):
    def __init__(self, kind, powers_w, phases=(0, 1, 2)):
        super().__init__(phases)
        self.kind = self.name = kind
        self.powers_w = powers_w

    def _live(self, now_ms, dt_ms):
        self.power_w = self.powers_w[min(now_ms // 1000 - 1, len(self.powers_w) - 1)]


def each(power_w):
    return Phases(power_w, power_w, power_w)


def run(parts, seconds, nodes=(HOUSE,), feed_in_w=NONE, parents=(NONE,), devices=(), plans=None):
    house = House(parents, parts)
    kpi = Kpi(Site(nodes, devices, feed_in_w))
    for second in range(seconds):
        house.step((second + 1) * 1000, 1000)
        kpi.second((second + 1) * 1000, house, plans[second] if plans else None)
    return kpi


def limit(kpi, node, what):
    return next(each for each in kpi.as_dict()["limits"] if (each["node"], each["limit"]) == (node, what))


def test_energies_self_consumption_and_autarky():
    load = Fixed("household", [each(1_000)] * 1800 + [each(3_000)])
    sun = Fixed("pv", [each(-2_000)])
    got = run(((0, load), (0, sun)), 3600).as_dict()
    assert got["pv_wh"] == 6_000
    assert got["export_wh"] == 1_500
    assert got["import_wh"] == 1_500
    assert got["used_wh"] == 6_000
    assert got["self_consumption_permille"] == 750
    assert got["autarky_permille"] == 750


def test_of_a_night_there_is_no_self_consumption():
    got = run(((0, Fixed("household", [each(100)])),), 10).as_dict()
    assert got["self_consumption_permille"] is None
    assert got["autarky_permille"] == 0


def test_surplus_goes_to_all_that_draw_in_proportion():
    parts = ((0, Fixed("household", [each(1_000)])), (0, Fixed("pv", [each(-3_000)])),
             (0, Fixed("tank", [each(1_000)])), (0, Fixed("heatpump", [each(3_000)])))
    got = run(parts, 3600).as_dict()
    assert [(use["energy_wh"], use["surplus_wh"]) for use in got["devices"]] == [(3_000, 1_500), (9_000, 4_500)]


def test_what_a_battery_gives_is_no_surplus():
    giving, tank = Fixed("battery", [each(-1_000)]), Fixed("tank", [each(1_000)])
    got = run(((0, giving), (0, tank)), 3600).as_dict()
    assert [use["surplus_wh"] for use in got["devices"]] == [0, 0]


def test_seconds_above_a_fuse_and_the_longest_run():
    over, under = Phases(0, 36 * 240, 0), Phases(0, 30 * 220, 0)
    load = Fixed("household", [under] * 5 + [over] * 3 + [under] * 2 + [over] * 7 + [under])
    kpi = run(((0, load),), 30)
    fuse, cut = limit(kpi, "house", "fuse"), limit(kpi, "house", "1.3 x fuse")
    assert (fuse["seconds"], fuse["longest_s"]) == (10, 7)
    assert 36_000 < fuse["worst"] < 45_500
    assert cut["seconds"] == 0
    assert kpi.as_dict()["over_limit_s"] == 10


def test_export_strains_a_fuse_too():
    kpi = run(((0, Fixed("pv", [Phases(-40 * 250, 0, 0)])),), 4)
    assert limit(kpi, "house", "fuse")["seconds"] == 4


def test_each_node_has_its_own_limits():
    garage = Node("garage", 10_000, 10_000, 5_000, 0)
    parts = ((1, Fixed("tank", [each(0)] * 2 + [each(2_000)])),)
    kpi = run(parts, 10, (HOUSE, garage), parents=(NONE, 0))
    assert limit(kpi, "garage", "import")["seconds"] == 8
    assert limit(kpi, "garage", "fuse")["seconds"] == 0
    assert [each["limit"] for each in kpi.as_dict()["limits"] if each["node"] == "house"] == ["fuse", "1.3 x fuse"]


def test_feed_in_is_limited_at_the_grid_only():
    kpi = run(((1, Fixed("pv", [each(-3_000)])),), 5, (HOUSE, HOUSE), 8_000, (NONE, 0))
    assert [each["seconds"] for each in kpi.as_dict()["limits"] if each["limit"] == "feed-in"] == [5]


def test_the_continuous_limit_is_felt_after_minutes():
    cabinet = Node("house", 35_000, 32_000, 0, 0)
    load = Fixed("household", [Phases(34 * 222, 0, 0)])
    assert limit(run(((0, load),), 600, (cabinet,)), "house", "continuous")["seconds"] == 0
    assert limit(run(((0, load),), 3_600, (cabinet,)), "house", "continuous")["seconds"] > 1_000


def test_imbalance_counts_controlled_parts_only():
    node = Node("house", 35_000, 35_000, 0, 4_600)
    one_phase = Phases(5_000, 0, 0)
    assert limit(run(((0, Fixed("household", [one_phase])),), 5, (node,)), "house", "imbalance")["seconds"] == 0
    assert limit(run(((0, Fixed("tank", [one_phase])),), 5, (node,)), "house", "imbalance")["seconds"] == 5


def test_starts_stops_and_running_time():
    powers = ([each(0)] * 3 + [each(500)] * 4) * 3 + [each(0)]
    (use,) = run(((0, Fixed("tank", powers)),), 40).as_dict()["devices"]
    assert (use["starts"], use["stops"], use["running_s"]) == (3, 3, 12)


def test_a_car_tells_what_it_took_by_its_departure():
    car = Car((0, 1, 2), 1, sessions=(Session(0, 1_800_000, 300), Session(2_400_000, 3_600_000, 400)))
    car.offer((10_000,) * 3)
    kpi = run(((0, car),), 3_000)
    (use,) = kpi.as_dict()["devices"]
    (left,) = use["departures"]
    assert left["t_ms"] == 1_801_000
    assert 3_200 <= left["energy_wh"] <= 3_450
    assert left["soc_permille"] > 340
    assert use["plugged"]
    assert 1_000 <= use["session_wh"] <= use["energy_wh"] - left["energy_wh"]
    rows = {what: (value, unit) for what, value, unit in kpi.table()}
    assert rows["car: taken by 00:30"][0] == "%.2f" % (left["energy_wh"] // 10 / 100)
    assert rows["car: starts"][0] == "2"


def test_storage_and_tank_say_where_they_ended():
    battery, tank = Battery((0, 1, 2), 1, soc_permille=500), Tank((0,), 1, temperature_mdegc=50_000)
    battery.target(3_000)
    tank.set_w(3_000)
    store, water = run(((0, battery), (0, tank)), 1_800).as_dict()["devices"]
    assert 640 <= store["soc_permille"] <= 645
    assert water["highest_mdegc"] == water["temperature_mdegc"] > 53_000


def test_what_control_said_is_counted_by_device_and_reason():
    plans = [Plan((None, Grant(("a", i // 5), 3 if i < 12 else 7)), Obeyed(())) for i in range(20)]
    kpi = run(((0, Fixed("tank", [each(0)])),), 20, devices=(Device("grid"), Device("rod")), plans=plans)
    assert kpi.as_dict()["control"] == [{"name": "rod", "changes": 3, "reason_s": {3: 12, 7: 8}}]


def test_the_dictionary_is_json_and_the_table_three_words_a_row():
    kpi = run(((0, Battery((0,), 1)), (0, Tank((1,), 1)), (0, Fixed("pv", [each(-1)]))), 5)
    assert json.loads(json.dumps(kpi.as_dict()))["seconds"] == 5
    assert all(len(row) == 3 and all(isinstance(cell, str) for cell in row) for row in kpi.table())


def test_a_site_of_another_tree_is_refused():
    with pytest.raises(AssertionError, match="different trees"):
        run(((0, Fixed("tank", [each(0)])),), 1, (HOUSE, HOUSE))


def test_feed_in_above_what_is_allowed_just_then():
    told = Plan((), Obeyed((Obligation("produce", 2_000), Obligation("consume", 100))))
    lifted = Plan((), Obeyed(()))
    kpi = run(((0, Fixed("pv", [each(-3_000)])),), 7_200, feed_in_w=2_500, plans=[told] * 3_600 + [lifted] * 3_600)
    got = kpi.as_dict()
    assert (got["over_feed_in_s"], got["over_feed_in_wh"], got["curtailed_wh"]) == (7_200, 7_000 + 6_500, 0)
