"""A meter's counters to its last digit, where its telegram tells more than whole watt-hours."""

import contextlib
from collections.abc import Sequence
from datetime import datetime

from hal.measured import OWN_CLOCK, Measured
from hal.values import Reading

Counters = tuple["int | None", "int | None", int]  # import, export, scaler: in 10**scaler Wh


def counters(one: Reading, told: "Sequence[Measured]") -> Counters:
    """Those of the reading, with the digits of `told` when they are certainly those of the same telegram.

    How a meter is mounted only its driver knows: so a direction is believed when it fits in one way only.
    """
    ahead, back = _total(told, ()), _total(told, ("backward",))
    plain = _fits(one.import_wh, ahead) and _fits(one.export_wh, back)
    turned = _fits(one.import_wh, back) and _fits(one.export_wh, ahead)
    if plain == turned:
        return one.import_wh, one.export_wh, 0
    if turned:
        ahead, back = back, ahead
    scaler = min(part.scaler for part in (ahead, back) if part is not None)
    return _at(ahead, scaler), _at(back, scaler), scaler


def _total(told: "Sequence[Measured]", qualifiers: "tuple[str, ...]") -> "Measured | None":
    """Over all tariffs, now; None unless there is exactly one with digits behind the watt-hour."""
    found = [one for one in told if (one.quantity, one.unit, one.function) == ("energy", "Wh", "now")
             and one.qualifiers == qualifiers and not one.storage and not one.tariff and not one.subunit]
    return found[0] if len(found) == 1 and found[0].scaler <= 0 else None


def _fits(whole_wh: "int | None", part: "Measured | None") -> bool:
    """Whether one is the other, rounded in whichever direction."""
    if whole_wh is None or part is None:
        return whole_wh is None and part is None
    unit = 10 ** -part.scaler
    return bool(abs(part.value - whole_wh * unit) < unit)


def _at(part: "Measured | None", scaler: int) -> "int | None":
    return None if part is None else int(part.value * 10 ** (part.scaler - scaler))


def captured_ms(told: "Sequence[Measured]") -> "int | None":
    """When the newest of its counters was captured, in UTC, by a clock of its own that says how far it is from UTC."""
    found = []
    for one in told:
        if (one.quantity, one.unit, one.function, one.clock) == ("energy", "Wh", "now", OWN_CLOCK) and one.time:
            with contextlib.suppress(ValueError):
                at = datetime.fromisoformat(one.time.replace("Z", "+00:00"))
                if at.tzinfo is not None:
                    found.append(int(at.timestamp() * 1_000))
    return max(found, default=None)
