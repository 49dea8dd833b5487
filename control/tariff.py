"""How much of the time before a deadline costs no more than now.

A price that is not known counts as no dearer than now: so a price that is lost never lets anything take more.
"""

from control.values import NEVER, Prices


def cheap_ms(prices: "Prices | None", now_ms: int, until_ms: int) -> int:
    """The present moment's price included; without prices, all of the time."""
    left_ms = until_ms - now_ms
    if prices is None:
        return left_ms
    later = prices.later
    for index, (from_ms, price) in enumerate(later):
        if price > prices.import_:
            to_ms = later[index + 1][0] if index + 1 < len(later) else prices.until_ms
            left_ms -= max(min(to_ms, until_ms) - max(from_ms, now_ms), 0)
    return left_ms


def pays_from(prices: Prices, efficiency_permille: int) -> int:
    """When the first hour begins that pays for what is lost of a kWh taken now; NEVER when none is known."""
    for from_ms, price in prices.later:
        if price * efficiency_permille > prices.import_ * 1_000:
            return from_ms
    return NEVER
