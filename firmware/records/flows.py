"""Four flows of a house, apart: feed-in, draw, charge, discharge; the last two by where the energy came from or went.

Two methods, and each result names its own:
QUARTER_MINIMUM  in a quarter hour the smaller of both counters was at once (section 21 (4) EnFG, as in storage_split):
                 of a charge, min(draw, charge) came from the grid; of a discharge, min(feed-in, discharge) went to it.
PROPORTIONAL     moment by moment: what is charged is made up as roof and grid together are just then, what is
                 discharged as the storage is filled. Finer, and needs powers every second.
All whole numbers; the parts always add up to what was measured, to the last digit.
"""

from collections.abc import Iterable
from typing import NamedTuple

from firmware.records.series import Interval

QUARTER_MINIMUM = "quarter-hour minimum"
PROPORTIONAL = "proportional, moment by moment"


class Flows(NamedTuple):
    """One quarter hour, in 10**scaler Wh."""

    start_s: int
    draw_e: int
    feed_in_e: int
    charge_e: int
    charge_grid_e: int
    charge_roof_e: int
    discharge_e: int
    discharge_grid_e: int  # that went to the grid
    discharge_house_e: int  # that stayed
    scaler: int
    status: str


def by_minimum(grid: "Iterable[Interval]", storage: "Iterable[Interval]", worst: "tuple[str, ...]") -> "list[Flows]":
    """Where both meters tell all. `worst`: statuses, the worst first; of two the worse counts."""
    stored = {one.start_s: one for one in storage}
    out = []
    for one in grid:
        other = stored.get(one.start_s)
        if other is not None:
            found = _by_minimum(one, other, worst)
            if found is not None:
                out.append(found)
    return out


def _by_minimum(grid: Interval, storage: Interval, worst: "tuple[str, ...]") -> "Flows | None":
    told = (grid.import_e, grid.export_e, storage.import_e, storage.export_e)
    if None in told:
        return None
    scaler = min(grid.scaler, storage.scaler)
    scalers = (grid.scaler, grid.scaler, storage.scaler, storage.scaler)
    draw, feed_in, charge, discharge = (
        (part or 0) * 10 ** (own - scaler) for part, own in zip(told, scalers))
    from_grid, to_grid = min(draw, charge), min(feed_in, discharge)
    return Flows(grid.start_s, draw, feed_in, charge, from_grid, charge - from_grid, discharge, to_grid,
                 discharge - to_grid, scaler, min(grid.status, storage.status, key=worst.index))


class Stock(NamedTuple):
    """What is in a storage, by where it came from. Any unit of energy, whole numbers."""

    roof_e: int
    grid_e: int


class Moment(NamedTuple):
    """What flowed in a moment; none negative."""

    roof_e: int
    draw_e: int
    charge_e: int
    discharge_e: int


class Parts(NamedTuple):
    charge_roof_e: int
    charge_grid_e: int
    discharge_roof_e: int  # by where it once came from
    discharge_grid_e: int


def proportional(stock: Stock, moment: Moment, capacity_e: int) -> "tuple[Stock, Parts]":
    """The stock after a moment, and its parts: charge = roof + grid, discharge = roof + grid, exactly.

    What cannot be told counts as the grid's: a charge while neither roof nor grid gives, a discharge beyond the stock.
    A stock above the capacity is what the storage has lost; it goes from both in proportion.
    """
    assert min(moment) >= 0
    given_e = moment.roof_e + moment.draw_e
    charge_roof_e = moment.charge_e * moment.roof_e // given_e if given_e else 0
    held_e = stock.roof_e + stock.grid_e
    out_e = min(moment.discharge_e, held_e)
    out_roof_e = out_e * stock.roof_e // held_e if held_e else 0
    parts = Parts(charge_roof_e, moment.charge_e - charge_roof_e, out_roof_e, moment.discharge_e - out_roof_e)
    roof_e = stock.roof_e + parts.charge_roof_e - out_roof_e
    grid_e = stock.grid_e + parts.charge_grid_e - (out_e - out_roof_e)
    if roof_e + grid_e > capacity_e:
        roof_e = roof_e * capacity_e // (roof_e + grid_e)
        grid_e = capacity_e - roof_e
    return Stock(roof_e, grid_e), parts
