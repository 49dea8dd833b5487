"""What a kWh costs in a quarter hour: the same always, or spot price and network-fee level as they change.

    (spot + energy + network fee (level) + levies) * value-added tax        section 41a EnWG; BK8-22/010-A, module 3

Prices are net, in 0.001 ct/kWh. The levels (low, standard, high) hold in windows of local time, in the quarters of the
year in which the operator has them; beyond these it is the standard one. On a day of change a window has the quarter
hours it has: one from 01:00 to 04:00 lasts two hours in March and four in October.
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from firmware.settlement.money import gross

LOW, STANDARD, HIGH = "low", "standard", "high"
DAY_MIN = 1_440


class Window(NamedTuple):
    """Of a day, in minutes of local time; one that ends before it begins goes over midnight."""

    from_min: int
    to_min: int


class Levels(NamedTuple):
    """Network fees by time of day, net, in 0.001 ct/kWh."""

    low_mct: int
    high_mct: int
    low: "tuple[Window, ...]"
    high: "tuple[Window, ...]"
    quarters: "tuple[int, ...]"  # of the year, 1 to 4


class Tariff(NamedTuple):
    """Net prices in 0.001 ct/kWh; `spot` by UTC start of each quarter hour, None for a tariff that has none."""

    name: str
    energy_mct: int
    grid_mct: int = 0  # network fee, at its standard level
    levies_mct: int = 0
    vat_permille: int = 0
    base_day_mct: int = 0  # 0.001 ct a day
    levels: "Levels | None" = None
    spot: "Mapping[int, int] | None" = None


class Price(NamedTuple):
    level: str
    gross: "int | None"  # in 1e-11 EUR/Wh; None: the spot price of this quarter hour is not known


def price(tariff: Tariff, start_s: int, zone: ZoneInfo) -> Price:
    level = level_at(tariff.levels, start_s, zone)
    spot_mct = 0
    if tariff.spot is not None:
        found = tariff.spot.get(start_s)
        if found is None:
            return Price(level, None)
        spot_mct = found
    net_mct = spot_mct + tariff.energy_mct + _grid_mct(tariff, level) + tariff.levies_mct
    return Price(level, gross(net_mct, tariff.vat_permille))


def level_at(levels: "Levels | None", start_s: int, zone: ZoneInfo) -> str:
    if levels is None:
        return STANDARD
    local = datetime.fromtimestamp(start_s, timezone.utc).astimezone(zone)
    if (local.month + 2) // 3 not in levels.quarters:
        return STANDARD
    minute = local.hour * 60 + local.minute
    if any(within(window, minute) for window in levels.high):
        return HIGH
    return LOW if any(within(window, minute) for window in levels.low) else STANDARD


def within(window: Window, minute: int) -> bool:
    if window.from_min <= window.to_min:
        return window.from_min <= minute < window.to_min
    return minute >= window.from_min or minute < window.to_min


def minutes(window: Window) -> int:
    """How long it lasts on a day without a change."""
    return (window.to_min - window.from_min) % DAY_MIN


def overlap(windows: "tuple[Window, ...]") -> bool:
    """Whether a minute of the day is in two of them; quarters of an hour are enough to tell."""
    return any(sum(within(window, minute) for window in windows) > 1 for minute in range(0, DAY_MIN, 15))


def _grid_mct(tariff: Tariff, level: str) -> int:
    if tariff.levels is None or level == STANDARD:
        return tariff.grid_mct
    return tariff.levels.low_mct if level == LOW else tariff.levels.high_mct


def module_1_ct(grid_mct: int) -> int:
    """BK8-22/010-A, module 1: what a year's network fee is lowered by, net, in ct: 80 EUR / 1.19 + 750 kWh."""
    return (2 * (800_000_000 // 119 + 750 * grid_mct) + MCT_A_CT) // (2 * MCT_A_CT)


def module_2_mct(grid_mct: int) -> int:
    """BK8-22/010-A, module 2: 40 % of the price, in 0.001 ct/kWh, half up; of a meter of its own, without a base."""
    return (grid_mct * 4 + 5) // 10


MCT_A_CT = 1_000
