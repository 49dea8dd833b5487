"""Who hangs behind what, as the decision reads it from the site."""

from control.values import NONE, SURPLUS, DeviceSpec, NodeSpec, Site
from control.wiring import wiring
from hal.values import Ability, ability

CAR = ability("wallbox", min_ma=6_000, max_ma=16_000)
GRID, GARAGE, CAR_IN_GARAGE, ROOF, SHED, CAR_IN_SHED, YARD = range(7)


def device(name: str, node: int, able: Ability) -> DeviceSpec:
    return DeviceSpec(name, node, (0, 1, 2), able, 1, SURPLUS, 5_000, 16_000, None, NONE, "")


def node(name: str, parent: int, meter: int) -> NodeSpec:
    return NodeSpec(name, parent, meter, 35_000, 35_000, "gg", 5_000, 0, 0)


SITE = Site("s", (node("house", NONE, GRID), node("yard", 0, YARD), node("garage", 1, GARAGE), node("shed", 0, NONE)), (
    device("grid", 0, ability("meter")), device("garage", 2, ability("meter")), device("car", 2, CAR),
    device("roof", 0, ability("source")), device("sensor", 3, ability("sensor")), device("tractor", 3, CAR),
    device("yard", 1, ability("meter"))), 1_000, NONE, None)


def test_what_flows_into_a_node_goes_on_to_loads_generators_and_the_next_meters() -> None:
    """Kirchhoff: of a measured node its meter stands for all behind it."""
    measured = wiring(SITE).measured
    assert measured[0] == (ROOF, CAR_IN_SHED, YARD)
    assert measured[1] == (GARAGE,)
    assert measured[2] == (CAR_IN_GARAGE,)
    assert measured[3] == (CAR_IN_SHED,)


def test_every_meter_of_a_node_is_known() -> None:
    assert wiring(SITE).meters == (GRID, YARD, GARAGE)
