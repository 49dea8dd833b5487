"""What the grid operator demanded before a restart, by the records: it goes on under the name it had.

The records alone are asked. What they do not hold was never said, so nothing can be taken up that nobody can prove.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from hal.times import TimeNow

RECEIVED, CHANGED, APPLIED, KEPT, RELEASED, RESUMED = "received", "changed", "applied", "kept", "released", "resumed"
Data = dict[str, Any]


class Open(NamedTuple):
    """One that was not released. Times are monotonic, of this run."""

    event: str
    source: str
    direction: str
    ceiling_w: int
    input_lost: bool
    received_ms: int
    applied_ms: "int | None"
    kept_ms: "int | None"
    most_w: int
    over_s: int


def open_duties(records: "Iterable[Data]", minute: "Data | None", now: TimeNow) -> "tuple[Open, ...]":
    """`records`: whole ones of kind `obligation`, oldest first; `minute`: the newest of kind `obligation-minute`.

    By a clock that was set back meanwhile nothing began later than now.
    """
    found: "dict[str, Open]" = {}
    for record in records:
        data = record["data"]
        at_ms = now.mono_ms - max(0, now.utc_ms - record["utc_ms"])
        event, state = str(data["event"]), data["state"]
        if state == RELEASED:
            found.pop(event, None)
            continue
        one = found.get(event)
        if one is None:
            one = Open(event, data["source"], data["direction"], data["ceiling_w"], data["input_lost"],
                       at_ms - data["after_ms"], None, None, 0, 0)
        one = one._replace(ceiling_w=data["ceiling_w"], input_lost=data["input_lost"])
        if state == CHANGED:
            one = one._replace(applied_ms=None, kept_ms=None)
        elif state in (APPLIED, KEPT):
            one = one._replace(**{state + "_ms": at_ms})
        found[event] = one
    for told in (minute or {}).get("data", {}).get("duties", ()):
        if told["event"] in found:
            found[told["event"]] = found[told["event"]]._replace(most_w=told["most_w"], over_s=told["over_s"])
    return tuple(found.values())
