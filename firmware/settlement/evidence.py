"""Evidence that the grid operator was obeyed (section 14a EnWG; BK6-22-300 annex 1, 7): one line an obligation.

Two kinds of records of the consumer's log are read, the first where it is there:

    obligation  {"id", "channel", "ceiling_w", "duration_s", "received_ms", "applied_ms", "compliant_ms", "released_ms",
                 "cause", "owed_w", "failsafe", "changes": [...]}. All times are UTC in ms; what is not known is null or
                 left out. Written anew under the same id as more becomes known: of each key the newest that says
                 something counts, so an obligation may be one record at its end or one for each of its steps.
    ceiling     {"ceiling_w", "by"}: a ceiling that came or, null, went. It proves what was received and released.

Nothing is taken from one obligation for another, and what no record says is not known, never assumed to be well.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

STEPS = ("received_ms", "applied_ms", "compliant_ms", "released_ms")
QUARTER_MS = 900_000


class Obligation(NamedTuple):
    id: str
    channel: "str | None"
    ceiling_w: "int | None"
    duration_s: "int | None"
    received_ms: "int | None"
    applied_ms: "int | None"
    compliant_ms: "int | None"
    released_ms: "int | None"
    cause: "str | None"
    owed_w: "int | None"  # the guaranteed minimum
    failsafe: "bool | None"
    changes: int
    clock: str  # the worst that its records bear
    log_n: "tuple[int, ...]"  # numbers of its records


def obligations(records: "Iterable[Mapping[str, Any]]") -> "list[Obligation]":
    """Of whole records of kind `obligation`, in the order of their chain."""
    order: "list[str]" = []
    by_id: "dict[str, list[Mapping[str, Any]]]" = {}
    for record in records:
        name = str(record["data"].get("id", f"record {record['n']}"))
        if name not in by_id:
            order.append(name)
        by_id.setdefault(name, []).append(record)
    return [_merged(name, by_id[name]) for name in order]


def _merged(name: str, records: "list[Mapping[str, Any]]") -> Obligation:
    newest: "dict[str, Any]" = {}
    changes = 0
    for record in records:
        told = {key: value for key, value in record["data"].items() if value is not None}
        changes = max(changes, len(told.get("changes", ())))
        newest.update(told)
    keys = ("channel", "ceiling_w", "duration_s", *STEPS, "cause", "owed_w", "failsafe")
    numbers = tuple(record["n"] for record in records)
    return Obligation._make((name, *map(newest.get, keys), changes, _worst(records), numbers))


def of_ceilings(records: "Iterable[Mapping[str, Any]]") -> "list[Obligation]":
    """Where only the ceiling itself was recorded: received when it came, released when it went or another came."""
    out: "list[Obligation]" = []
    for record in records:
        at_ms, ceiling_w = record["utc_ms"], record["data"].get("ceiling_w")
        if out and out[-1].released_ms is None:
            one = out[-1]
            out[-1] = one._replace(released_ms=at_ms, log_n=(*one.log_n, record["n"]),
                                   clock=_worse(one.clock, record["clock"]))
        if ceiling_w is not None:
            out.append(Obligation(f"record {record['n']}", record["data"].get("by"), ceiling_w, None, at_ms, None, None,
                                  None, None, None, None, 0, record["clock"], (record["n"],)))
    return out


def touching(found: "Iterable[Obligation]", from_s: int, to_s: int) -> "list[Obligation]":
    """Those that held at any time of the period."""
    return [one for one in found if (one.received_ms is None or one.received_ms < to_s * 1_000)
            and (one.released_ms is None or one.released_ms >= from_s * 1_000)]


def quarters(one: Obligation, starts: "Iterable[int]", to_s: int) -> "list[int]":
    """UTC starts of the quarter hours that lie in it whole: from when it was complied with, else received, on."""
    begin_ms = next((told for told in (one.compliant_ms, one.applied_ms, one.received_ms) if told is not None), None)
    if begin_ms is None:
        return []
    end_ms = to_s * 1_000 if one.released_ms is None else one.released_ms
    return [start_s for start_s in starts if begin_ms <= start_s * 1_000 and start_s * 1_000 + QUARTER_MS <= end_ms]


def mean_w(energy_e: int, scaler: int) -> int:
    """Of a quarter hour's energy in 10**scaler Wh, rounded up: no evidence is made to look better."""
    return int(-(-energy_e * 4 // 10 ** -scaler))


def _worst(records: "Iterable[Mapping[str, Any]]") -> str:
    worst = "synced"
    for record in records:
        worst = _worse(worst, record["clock"])
    return worst


def _worse(one: str, two: str) -> str:
    order = ("unknown", "holdover", "synced")
    return min(one, two, key=lambda state: order.index(state) if state in order else 0)
