"""The quarter hours on which everything is settled: those in which every meter that is needed has told.

What is missing, faulty or was taken without a clock is not settled and is named; nothing is made up for it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from firmware.records.sampler import MEASURED, QUARTER_S, SUBSTITUTED
from firmware.records.series import Interval

IMPORT, EXPORT = "import", "export"


class Use(NamedTuple):
    """One counter of a meter. A roof makes export, a storage charges by import and gives by export."""

    meter: str
    direction: str


class Aligned(NamedTuple):
    scaler: int  # of all energies, 0 or negative: 10**scaler Wh
    rows: "tuple[tuple[int, tuple[int, ...]], ...]"  # (UTC start, the energies in the order of the uses)
    missing: "dict[int, tuple[str, ...]]"  # UTC start -> meters that have not told
    substituted: "frozenset[int]"  # starts with a value that only stands in for a measured one


def aligned(found: "Mapping[str, Iterable[Interval]]", uses: "tuple[Use, ...]", starts: "Iterable[int]",
            scaler: "int | None" = None) -> Aligned:
    """`scaler`: at least as fine as that of any meter; None for the finest there is."""
    tables = {meter: {one.start_s: one for one in found.get(meter, ())} for meter in {use.meter for use in uses}}
    finest = finest_of(found) if scaler is None else scaler
    rows, missing, substituted = [], {}, set()
    for start_s in starts:
        row, gone = [], []
        for use in uses:
            one = tables[use.meter].get(start_s)
            energy = None if one is None else told(one, use.direction)
            if one is None or energy is None:
                gone.append(use.meter)
                continue
            row.append(energy * 10 ** (one.scaler - finest))
            if one.status == SUBSTITUTED:
                substituted.add(start_s)
        if gone:
            missing[start_s] = tuple(dict.fromkeys(gone))
        else:
            rows.append((start_s, tuple(row)))
    return Aligned(finest, tuple(rows), missing, frozenset(substituted - set(missing)))


def finest_of(found: "Mapping[str, Iterable[Interval]]") -> int:
    return min((one.scaler for intervals in found.values() for one in intervals), default=0)


def told(one: Interval, direction: str) -> "int | None":
    """None unless it may be settled."""
    if one.status not in (MEASURED, SUBSTITUTED):
        return None
    return one.import_e if direction == IMPORT else one.export_e


def spans(starts: "Iterable[int]") -> "list[tuple[int, int]]":
    """(first start, end) of what hangs together."""
    out: "list[tuple[int, int]]" = []
    for start_s in sorted(starts):
        if out and out[-1][1] == start_s:
            out[-1] = (out[-1][0], start_s + QUARTER_S)
        else:
            out.append((start_s, start_s + QUARTER_S))
    return out
