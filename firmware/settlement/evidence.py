"""Evidence that the grid operator was obeyed (section 14a EnWG; BK6-22-300 annex 1, 7): one line an obligation.

Read are the records of kind `obligation` (firmware.duties) of the consumer's log: received, changed, applied, kept,
released, each with how long after its receipt, and `resumed` after a restart of the program; and of kind
`obligation-minute` the means of each minute in between. Nothing is taken from one
obligation for another, and what no record says is not known, never assumed to be well.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

RECEIVED, CHANGED, APPLIED, KEPT, RELEASED, MINUTE = "received", "changed", "applied", "kept", "released", "minute"
RESUMED = "resumed"
CONSUME = "consume"
QUARTER_MS = 900_000
CLOCKS = ("unknown", "holdover", "synced")  # the worst first
Record = Mapping[str, Any]


class Step(NamedTuple):
    id: str
    state: str
    at_ms: int  # UTC
    ceiling_w: "int | None"
    measured_w: "int | None"
    cause: "str | None"


class Obligation(NamedTuple):
    """All times are UTC in ms. `applied_ms` and `kept_ms` are of the ceiling it ended with: a change begins anew."""

    id: str
    source: "str | None"
    direction: "str | None"  # consume or produce
    ceiling_w: "int | None"
    owed_w: "int | None"  # the guaranteed minimum of the house
    for_ms: "int | None"  # asked for so long
    received_ms: "int | None"
    applied_ms: "int | None"
    kept_ms: "int | None"
    released_ms: "int | None"
    cause: "str | None"
    most_w: "int | None"  # measured while it held
    over_s: "int | None"  # above it after it was kept to
    input_lost: bool  # at any time: limited for safety, as its input was not heard
    changes: int
    restarts: int  # of the program while it held: what was drawn meanwhile nobody saw
    clock: str  # the worst that its records bear
    numbers: "tuple[int, ...]"  # of its records


def obligations(records: "Iterable[Record]") -> "list[tuple[Obligation, tuple[Step, ...]]]":
    """Of whole records of kind `obligation`, in the order of their chain."""
    by_id: "dict[str, list[Record]]" = {}
    for record in records:
        if record["data"].get("state") != MINUTE:
            by_id.setdefault(str(record["data"].get("event", f"record {record['n']}")), []).append(record)
    return [_read(name, found) for name, found in by_id.items()]


def minutes(records: "Iterable[Record]") -> "list[tuple[int, str, int]]":
    """(UTC ms of the minute's end, device, mean W; + from the grid into it), of the minutes in which one held."""
    return [(int(record["utc_ms"]), str(name), int(mean_w)) for record in records
            if record["data"].get("state") == MINUTE for name, mean_w in record["data"].get("mean_w", {}).items()]


def _read(name: str, records: "list[Record]") -> "tuple[Obligation, tuple[Step, ...]]":
    begun_ms = next((one["utc_ms"] - one["data"].get("after_ms", 0) for one in records
                     if one["data"].get("state") == RECEIVED), None)
    run = records[0].get("run")  # in another one of the program its clock is the only word for how long it was
    steps, times = [], {RECEIVED: begun_ms, APPLIED: None, KEPT: None, RELEASED: None}
    told: "dict[str, Any]" = {}
    for record in records:
        data = record["data"]
        after_ms = data.get("after_ms")
        own = begun_ms is not None and after_ms is not None and record.get("run") == run
        at_ms = begun_ms + after_ms if own else record["utc_ms"]
        state = str(data.get("state"))
        if state == CHANGED:
            times[APPLIED] = times[KEPT] = None
        times[state] = at_ms
        steps.append(Step(name, state, at_ms, data.get("ceiling_w"), data.get("measured_w"), data.get("cause")))
        told.update({key: value for key, value in data.items() if value is not None})
    one = Obligation(
        name, told.get("source"), told.get("direction"), told.get("ceiling_w"), told.get("owed_w"), told.get("for_ms"),
        times[RECEIVED], times[APPLIED], times[KEPT], times[RELEASED], told.get("cause"), told.get("most_w"),
        told.get("over_s"), any(one["data"].get("input_lost") for one in records),
        sum(step.state == CHANGED for step in steps), sum(step.state == RESUMED for step in steps), _worst(records),
        tuple(one["n"] for one in records))
    return one, tuple(steps)


def touches(one: Obligation, from_s: int, to_s: int) -> bool:
    """Whether it held at any time of the period, as far as is known."""
    return ((one.received_ms is None or one.received_ms < to_s * 1_000)
            and (one.released_ms is None or one.released_ms >= from_s * 1_000))


def quarters(one: Obligation, starts: "Iterable[int]", to_s: int) -> "list[int]":
    """UTC starts of the quarter hours that lie in it whole, from when it was kept to; none if that is not known."""
    if one.kept_ms is None or one.direction != CONSUME:
        return []
    kept_ms, end_ms = one.kept_ms, to_s * 1_000 if one.released_ms is None else one.released_ms
    return [start_s for start_s in starts if kept_ms <= start_s * 1_000 and start_s * 1_000 + QUARTER_MS <= end_ms]


def mean_w(energy_e: int, scaler: int) -> int:
    """Of a quarter hour's energy in 10**scaler Wh, rounded up: no evidence is made to look better."""
    return int(-(-energy_e * 4 // 10 ** -scaler))


def _worst(records: "Iterable[Record]") -> str:
    return min((str(record["clock"]) for record in records),
               key=lambda state: CLOCKS.index(state) if state in CLOCKS else 0)
