"""The least power the grid operator has to leave: the cases of BK6-22-300."""

import pytest

from control.values import NONE, SURPLUS, DeviceSpec, NodeSpec, Site
from firmware.pmin import owed_w, rule
from hal.values import Ability, ability

BOX = ability("wallbox", min_ma=6_000, max_ma=16_000)
BATTERY = ability("storage", min_w=-5_000, max_w=5_000)


def pump(power_w: int) -> Ability:
    return ability("heater", max_w=power_w)


def site(*loads: "tuple[str, Ability]") -> Site:
    house = NodeSpec("house", NONE, NONE, 63_000, 63_000, "gg", 0, 0, 0)
    devices = tuple(DeviceSpec(f"d{n}", 0, (0, 1, 2), able, 1, SURPLUS, 5_000, 0, (0, 0, 0), NONE, group)
                    for n, (group, able) in enumerate(loads))
    return Site("s", (house,), devices, 1_000, NONE, None)


@pytest.mark.parametrize(("loads", "least_w"), [
    ((("a", BOX),), 4_200),
    ((("a", BOX), ("d", BATTERY)), 7_560),
    ((("a", BOX), ("d", BATTERY), ("b", pump(5_000))), 10_500),
    ((("b", pump(5_000)),) * 3, 6_000),
    ((("b", pump(5_000)),) * 3 + (("a", BOX), ("d", BATTERY)), 12_300),
    ((("b", pump(4_200)),), NONE),
    ((("", BOX),), NONE),
    ((("b", pump(2_500)), ("b", pump(2_500))), 4_200),
    ((("a", BOX),) * 10, 4_200 + 9 * 1_890),
])
def test_what_is_owed(loads: "tuple[tuple[str, Ability], ...]", least_w: int) -> None:
    assert owed_w(site(*loads).devices, "2026-11-21") == least_w


def test_a_clock_that_is_not_set_takes_the_first_rule() -> None:
    assert rule("1970-01-01") == rule("2024-01-01")
