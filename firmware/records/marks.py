"""Sections of a quarter-hour series that belong to a transaction and its balancing group.

The counter itself is the ruler: of an interval, a transaction has what its two readings and the interval's two readings
have in common. So nothing is interpolated, an event inside an interval cuts it where the meter was, and marked and
unmarked parts add up to the interval, the marked ones to the transaction, to the last digit. Time only says which
transactions there can be: another meter, or one that was reset, goes through the numbers of the one before once more.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from firmware.records.events import BEGIN, END, IMPORT, readings_of
from firmware.records.sampler import CLOCK_UNKNOWN, FAULTY, MEASURED, QUARTER_S, WINDOW_MS, Value, scaled
from firmware.records.series import WORST

ALWAYS_S = 1 << 40
EDGE_S = WINDOW_MS // 1_000  # a reading at a quarter hour may be that much away from it


class Transaction(NamedTuple):
    """The difference of two readings of one meter, in 10**scaler Wh."""

    id: str
    number: int
    meter: str
    group: str  # balancing group; "" = the connection's own
    begin: "dict[str, Any]"  # the data of its events
    end: "dict[str, Any] | None"  # None while it is open

    @property
    def scaler(self) -> int:
        return int(self.begin["scaler"] if self.end is None else min(self.begin["scaler"], self.end["scaler"]))

    @property
    def external(self) -> str:
        """What whoever asked for it, or the wallbox, has told of whom it is."""
        return str(self.begin.get("external") or (self.end or {}).get("external") or "")

    @property
    def registers(self) -> "tuple[str, ...]":
        """OBIS of the counters it is a difference of."""
        return tuple(obis for obis, _ in readings_of(self.begin))

    def energy_e(self, obis: str = IMPORT) -> "int | None":
        """None too for a counter that it is not of."""
        if self.end is None or obis not in self.registers:
            return None
        return _at(self.end, obis, self.scaler) - _at(self.begin, obis, self.scaler)


class Section(NamedTuple):
    """A part of one interval. `transaction` is "" for what no transaction has."""

    start_s: int
    transaction: str
    group: str
    energy_e: int
    scaler: int
    status: str = MEASURED  # of its interval


def transactions(events: "Iterable[dict[str, Any]]") -> "list[Transaction]":
    """Of the data of events in the order of their chain."""
    found: "dict[str, Transaction]" = {}
    for data in events:
        if data["what"] == BEGIN:
            found[data["transaction"]] = Transaction(data["transaction"], data["number"], data["meter"], data["group"],
                                                     data, None)
        elif data["what"] == END and data["transaction"] in found:
            found[data["transaction"]] = found[data["transaction"]]._replace(end=data)
    return list(found.values())


def sections(values: "dict[int, Value]", marks: "Iterable[Transaction]", obis: str = IMPORT) -> "list[Section]":
    """Of one meter's readings and its transactions, by one counter. An open one reaches to the newest reading."""
    marks = [mark for mark in marks if obis in mark.registers]
    coming = sorted(((*_span(mark), number) for number, mark in enumerate(marks)), reverse=True)
    here: "list[tuple[int, int, int]]" = []
    out = []
    for at_s in sorted(values):
        while coming and coming[-1][0] <= at_s + QUARTER_S:
            here.append(coming.pop())
        here = [one for one in here if one[1] >= at_s]
        after = values.get(at_s + QUARTER_S)
        if after is not None:
            near = [marks[number] for number in sorted(number for _, _, number in here)]
            out += _of_interval(at_s, *scaled(values[at_s], after), near, obis)
    return out


def _span(mark: Transaction) -> "tuple[int, int]":
    """From when to when it can have anything; an event without a clock may have been at any time."""
    begin_s, end_s = -ALWAYS_S, ALWAYS_S
    if mark.begin["status"] != CLOCK_UNKNOWN:
        begin_s = mark.begin["at_s"] - EDGE_S
    if mark.end is not None and mark.end["status"] != CLOCK_UNKNOWN:
        end_s = mark.end["at_s"] + EDGE_S
    return begin_s, end_s


def _of_interval(start_s: int, before: Value, after: Value, marks: "list[Transaction]", obis: str) -> "list[Section]":
    counted = [value.import_e if obis == IMPORT else value.export_e for value in (before, after)]
    if FAULTY in (before.status, after.status):
        return []
    status = min(before.status, after.status, key=WORST.index)
    scaler = min([before.scaler] + [mark.scaler for mark in marks])
    first, last = (None if value is None else value * 10 ** (before.scaler - scaler) for value in counted)
    if first is None or last is None or last < first:
        return []
    out, rest = [], last - first
    for mark in marks:
        end = last if mark.end is None else _at(mark.end, obis, scaler)
        part = min(end, last) - max(_at(mark.begin, obis, scaler), first)
        if part > 0:
            out.append(Section(start_s, mark.id, mark.group, part, scaler, status))
            rest -= part
    assert rest >= 0, "transactions of one meter overlap"
    return [*out, Section(start_s, "", "", rest, scaler, status)]


def _at(event: "dict[str, Any]", obis: str, scaler: int) -> int:
    """One of its counters in 10**scaler Wh, at least as fine as its own."""
    return int(dict(readings_of(event))[obis] * 10 ** (event["scaler"] - scaler))
