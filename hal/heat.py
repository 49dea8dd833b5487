"""What the owner of a tank asks of whatever heats it."""

from collections import namedtuple


class HeatRule(namedtuple("HeatRule", (
    "thermometer", "most_mdegc", "gap_mdegc", "hot_mdegc", "hot_every_ms", "warm_mdegc", "warm_day_ms", "litres",
    "heats_w", "day_wh",
))):
    """Temperatures are those of the water where its thermometer sits. None and 0 where nothing is asked."""

    __slots__ = ()
    thermometer: int  # index of the device that tells the temperature
    most_mdegc: "int | None"  # not heated above
    gap_mdegc: int  # so far below that it is heated again
    hot_mdegc: "int | None"  # against legionella: so hot for a while ...
    hot_every_ms: int  # ... at least so often
    warm_mdegc: "int | None"  # at least so warm ...
    warm_day_ms: int  # ... by this time of day, since local midnight
    litres: int  # what has to be warmed for that
    heats_w: int  # heat that the device gives at its full power
    day_wh: int  # most it may take in a day; 0 = not limited
