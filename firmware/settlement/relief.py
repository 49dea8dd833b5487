"""Use instead of curtail (section 13k EnWG): what the transmission operator allocated, hour by hour, and what was used.

An allocation is a quantity for an hour, told the day before; proved are the quarter hours of the withdrawal point. An
hour in which a quarter hour is not known is not proved, and said to be so.
"""

from collections.abc import Mapping
from typing import NamedTuple

from firmware.records.sampler import QUARTER_S

HOUR_S = 3_600


class Hour(NamedTuple):
    start_s: int
    allocated: int
    used: "int | None"  # None: not all of its quarter hours are known
    counted: "int | None"  # what was allocated and used
    short: "int | None"  # allocated and not used: what a penalty stands on


def hours(allocated: "Mapping[int, int]", used: "Mapping[int, int]") -> "list[Hour]":
    """`allocated` by the start of the hour, `used` by that of the quarter hour, both in one unit."""
    out = []
    for start_s in sorted(allocated):
        quarters = [used.get(start_s + number * QUARTER_S) for number in range(HOUR_S // QUARTER_S)]
        known = [energy for energy in quarters if energy is not None]
        if len(known) < len(quarters):
            out.append(Hour(start_s, allocated[start_s], None, None, None))
            continue
        total = sum(known)
        counted = min(total, allocated[start_s])
        out.append(Hour(start_s, allocated[start_s], total, counted, allocated[start_s] - counted))
    return out
