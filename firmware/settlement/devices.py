"""Device tariffs: heat pump, charger, storage and household behind one meter, each with a tariff of its own.

    household = draw + made + discharge - feed-in - all measured devices (a storage's charge is one of them)

In each quarter hour the draw at the grid is divided among all that consumed, by what they consumed, or in an agreed
order: those named first have their energy from the own roof first. Grid parts add up to the draw, to the last digit.
Where the meters contradict each other (more was consumed than there was) the household is 0, and what is left over is
told as a difference of the measurement.
"""

from collections.abc import Mapping
from typing import NamedTuple

from firmware.records.sharing import divided

HOUSEHOLD = "household"


class House(NamedTuple):
    """One quarter hour at the connection; all in one unit, none negative."""

    draw: int
    feed_in: int
    made: int  # by all roofs
    discharge: int  # of all storages


class Parts(NamedTuple):
    """By device and household; grid + own = consumed for each, the grid ones + `difference` = the draw."""

    consumed: "dict[str, int]"
    grid: "dict[str, int]"
    own: "dict[str, int]"
    difference: int


def divide(house: House, devices: "Mapping[str, int]", order: "tuple[str, ...]" = ()) -> Parts:
    """`order`: who has of the own energy first, all of them; () for all alike."""
    assert min(house) >= 0
    assert min(devices.values(), default=0) >= 0
    assert HOUSEHOLD not in devices
    rest = house.draw + house.made + house.discharge - house.feed_in - sum(devices.values())
    consumed = {**devices, HOUSEHOLD: max(rest, 0)}
    all_consumed = sum(consumed.values())
    drawn = min(house.draw, all_consumed)
    if order:
        own = in_order(all_consumed - drawn, consumed, order)
        grid = {name: energy - own[name] for name, energy in consumed.items()}
    else:
        grid = divided(drawn, consumed)
        own = {name: energy - grid[name] for name, energy in consumed.items()}
    return Parts(consumed, grid, own, house.draw - drawn)


def in_order(total: int, wanted: "Mapping[str, int]", order: "tuple[str, ...]") -> "dict[str, int]":
    """What each has of the total when those before it take what they want."""
    assert sorted(order) == sorted(wanted)
    out = {}
    for name in order:
        out[name] = min(total, wanted[name])
        total -= out[name]
    return {name: out[name] for name in wanted}
