"""What somebody plugs in is felt at once, on its phases, at every node above it."""

from hal.values import ZERO, Phases
from sim.appliance import Appliance
from sim.house import NONE, House
from sim.part import WH_MWS


def test_a_kettle_hung_under_way_is_felt_on_its_phase_at_both_nodes() -> None:
    house = House((NONE, 0), ())
    house.step(1_000, 1_000)
    assert house.node_w(0) == ZERO
    kettle = Appliance((1,), 2_000)
    house.hang(1, kettle)
    house.step(2_000, 1_000)
    assert house.node_w(1) == house.node_w(0) == Phases(0, 2_000, 0)
    kettle.switch(0)
    house.step(3_000, 1_000)
    assert house.node_w(0) == ZERO
    assert house.nodes[0].import_mws == 2_000 * 1_000 < WH_MWS


def test_an_oven_lies_evenly_on_its_phases() -> None:
    house = House((NONE,), ((0, Appliance((0, 2), 3_001)),))
    house.step(1_000, 1_000)
    assert house.node_w(0) == Phases(1_501, 0, 1_500)
