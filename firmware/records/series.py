"""From counter readings to quarter-hour energies, in whole last digits of the meter.

An interval is the difference of the readings at both its ends and nothing else: one that lacks an end is absent, never
0, and neighbours always add up to the difference of the outer readings.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from firmware.records.sampler import (
    CLOCK_UNKNOWN,
    FAULTY,
    MEASURED,
    QUARTER_S,
    SUBSTITUTED,
    Quarter,
    Value,
    fell,
    scaled,
)

WORST = (CLOCK_UNKNOWN, FAULTY, SUBSTITUTED, MEASURED)  # of two ends the worse counts


class Interval(NamedTuple):
    """Energy through one meter in 10**scaler Wh; import and export apart, None where the meter has no such counter."""

    start_s: int  # UTC
    import_e: "int | None"
    export_e: "int | None"
    scaler: int
    status: str


def readings(quarters: "Iterable[Quarter]") -> "dict[str, dict[int, Value]]":
    """meter -> UTC second -> its reading. When the clock was set back an instant came twice: the better one counts."""
    out: "dict[str, dict[int, Value]]" = {}
    for quarter in quarters:
        for value in quarter.values:
            kept = out.setdefault(value.meter, {})
            before = kept.get(quarter.at_s)
            if before is None or WORST.index(value.status) > WORST.index(before.status):
                kept[quarter.at_s] = value
    return out


def intervals(values: "dict[int, Value]") -> "tuple[Interval, ...]":
    """Of one meter, in order; those whose both ends are there."""
    out = []
    for at_s in sorted(values):
        after = values.get(at_s + QUARTER_S)
        if after is not None:
            out.append(_between(at_s, values[at_s], after))
    return tuple(out)


def filled(values: "dict[int, Value]", most: "int | None" = None) -> "dict[int, Value]":
    """With substitutes in the gaps: the counter as if it had moved evenly; the sum over the gap is as measured.

    None where the counter fell meanwhile, or beside a reading that is not relied on: then nothing is known of the gap.
    `most`: the longest gap that is filled, in intervals.
    """
    out = dict(values)
    known = sorted(values)
    for begin_s, end_s in pairwise(known):
        first, last = scaled(values[begin_s], values[end_s])
        count = (end_s - begin_s) // QUARTER_S
        doubted = {first.status, last.status} & {CLOCK_UNKNOWN, FAULTY}
        if doubted or fell(first, last) or (most is not None and count > most):
            continue
        for number in range(1, count):
            out[begin_s + number * QUARTER_S] = Value(
                first.meter, _part(first.import_e, last.import_e, number, count),
                _part(first.export_e, last.export_e, number, count), first.scaler, SUBSTITUTED, 0)
    return out


def _between(start_s: int, before: Value, after: Value) -> Interval:
    before, after = scaled(before, after)
    status = before.status if before.status == after.status else min(before.status, after.status, key=WORST.index)
    if fell(before, after):
        return Interval(start_s, None, None, before.scaler, FAULTY)
    return Interval(start_s, _less(after.import_e, before.import_e), _less(after.export_e, before.export_e),
                    before.scaler, status)


def reckoned(terms: "tuple[tuple[str, int], ...]", parts: "dict[str, tuple[Interval, ...]]") -> "tuple[Interval, ...]":
    """Intervals of a meter that is reckoned: (meter, weight in thousandths) summed, where all its parts have told.

    Of a difference only the balance of a quarter hour is known: it is import or export, never both.
    """
    tables = [{one.start_s: one for one in parts.get(meter, ())} for meter, _ in terms]
    out = []
    for start_s in sorted(set.intersection(*[set(table) for table in tables])):
        found = [table[start_s] for table in tables]
        if all(one.import_e is not None or one.export_e is not None for one in found):
            scaler = min(one.scaler for one in found)
            total = sum(weight * ((one.import_e or 0) - (one.export_e or 0)) * 10 ** (one.scaler - scaler)
                        for (_, weight), one in zip(terms, found))
            status = min((one.status for one in found), key=WORST.index)
            out.append(Interval(start_s, max(total, 0), max(-total, 0), scaler - 3, status))
    return tuple(out)


def _less(after: "int | None", before: "int | None") -> "int | None":
    return None if after is None or before is None else after - before


def _part(first: "int | None", last: "int | None", number: int, count: int) -> "int | None":
    return None if first is None or last is None else first + (last - first) * number // count
