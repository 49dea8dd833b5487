"""Tenant electricity (section 42a EnWG): the landlord supplies tenants whole, from the roof and from what he buys.

One meter stands at the grid for all of the building. Tenants with a supplier of their own are taken out of it by
reckoning (the virtual summation meter): their consumption lowers what the landlord draws, and where that is not enough
it is energy of the roof that he feeds in. What no meter has (stairs, lift, losses) is the house's own.

    made = roof + discharge - charge of the storages beside it
    bought = max(0, draw - others)     fed in = feed-in + max(0, others - draw)     used of the roof = made - fed in
"""

from collections.abc import Mapping
from typing import NamedTuple

from firmware.records.sharing import divided

COMMON = "common"


class Building(NamedTuple):
    """One quarter hour; none negative."""

    draw: int
    feed_in: int
    made: int


class Supplied(NamedTuple):
    """roof + grid = used for each tenant and the house's own; the grid ones + `difference` = bought."""

    roof: "dict[str, int]"
    grid: "dict[str, int]"
    bought: int
    fed_in: int
    difference: int  # by which the meters contradict each other; 0 mostly


def with_storage(building: Building, charge: int, discharge: int, others: int) -> "tuple[Building, int]":
    """A storage is one plant with the roof: what it takes is not made yet, what it gives is. What it took from the grid
    is bought and used by nobody; it comes second and leaves the building that is settled."""
    net = building.made + discharge - charge
    stored = min(max(0, -net), max(0, building.draw - others))
    return Building(building.draw - stored, building.feed_in, max(0, net)), stored


def supply(building: Building, tenants: "Mapping[str, int]", others: int) -> Supplied:
    """`tenants`: what each used whom the landlord supplies; `others`: what all with another supplier used."""
    assert min((*building, others, *tenants.values())) >= 0
    assert COMMON not in tenants
    bought = max(0, building.draw - others)
    fed_in = building.feed_in + max(0, others - building.draw)
    own = max(0, building.made - fed_in)
    used = {**tenants, COMMON: max(0, own + bought - sum(tenants.values()))}
    all_used = sum(used.values())
    roof = divided(min(own, all_used), used)
    grid = {name: energy - roof[name] for name, energy in used.items()}
    return Supplied(roof, grid, bought, fed_in, bought - sum(grid.values()))
