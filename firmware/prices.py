"""What was ordered of prices -> what the decision is told: what a kWh costs now, and in the hours that are known."""

from typing import TYPE_CHECKING

from control.values import Prices

if TYPE_CHECKING:
    from firmware.commands import Order


def of_orders(buy: "Order | None", series: "Order | None", sell: "Order | None", now_ms: int) -> "Prices | None":
    """Import is known while either is, a series before a single price; a single price needs one of export too."""
    if series is not None:
        return _of_series(series, sell, now_ms)
    if buy is None or sell is None:
        return None
    return Prices(int(str(buy.value)), int(str(sell.value)), min(buy.until_ms or 0, sell.until_ms or 0), ())


def _of_series(series: "Order", sell: "Order | None", now_ms: int) -> Prices:
    """Its seconds count from when it was ordered, over a restart too."""
    assert isinstance(series.value, tuple)
    until_ms = series.until_ms or 0
    begun_ms = until_ms - 1_000 * (series.for_s or 0)
    slots = [(begun_ms + 1_000 * in_s, price) for in_s, price in series.value]
    begun = [slot for slot in slots if slot[0] <= now_ms]
    return Prices(begun[-1][1], None if sell is None else int(str(sell.value)), until_ms, tuple(slots[len(begun):]))
