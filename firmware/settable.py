"""What can be set from outside, on which kind of device, and within which bounds: one table for every way in.

Nothing here passes the guard: what is set reaches the decision through the snapshot, as a wish.
"""

from typing import NamedTuple

from control.values import CONSUME, NONE, PRODUCE, TARGET, DeviceSpec, Site
from control.wiring import is_load, most_w
from firmware.config.site import MODES
from firmware.said import said

SITE = NONE  # instead of a device's index: the house itself
DEFAULT = "default"  # instead of a value: what the configuration says again
Series = tuple[tuple[int, int], ...]  # (seconds from now, number), rising
Value = str | int | Series
OBLIGES = (("ceiling_w", CONSUME), ("feed_in_w", PRODUCE))  # sections 14a EnWG and 9 EEG
MOST_CEILING_W = 1_000_000
LEASE_S = 86_400  # whoever steers a power exactly says so again before it ends
TARGET_S = 7 * 86_400
MOST_TARGET_WH = 200_000
MONEY_UNIT = "0.001 ct/kWh"
MOST_MONEY = 1_000_000
MOST_SLOTS = 200  # two days of quarter hours
PRICE_S = 7 * 86_400  # a price that is not known beyond its time is not believed beyond it


class What(NamedTuple):
    """One thing that can be set on one device: a choice of words, a whole number within bounds, or a series of them.

    `longest_s`: it must say for how long, and that is at most so much; 0 = it need not.
    """

    name: str
    choices: "tuple[str, ...]"  # () for a number
    least: int = 0
    most: int = 0
    unit: str = ""
    longest_s: int = 0
    series: bool = False  # [[in_s, number], ...], the first from now on
    least_on: int = 0  # between 0 and this there is nothing it could do
    texts: "tuple[str, ...]" = ()  # of something that is done once and does not hold: what more may be said to it

    def refusal(self, value: object) -> str:
        """Why this value cannot be had, "" when it can."""
        if self.choices:
            return "" if value in self.choices else said("allowed are {} and {}", ", ".join(self.choices), DEFAULT)
        if self.series:
            return "" if self._is_series(value) else said(
                "allowed are 1 to {} pairs [[0, PRICE], [SECONDS FROM NOW, PRICE], ...] with rising seconds, each "
                "price {} to {} ({}), and {}", MOST_SLOTS, self.least, self.most, self.unit, DEFAULT)
        if _whole(value, self.least, self.most) and (not self.least_on or value == 0 or value >= self.least_on):  # type: ignore[operator]
            return ""
        if self.least_on:
            return said("allowed are 0, {} to {} ({}) and {}", self.least_on, self.most, self.unit, DEFAULT)
        return said("allowed are {} to {} ({}) and {}", self.least, self.most, self.unit, DEFAULT)

    def _is_series(self, value: object) -> bool:
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_SLOTS:
            return False
        before_s = -1
        for pair in value:
            if not isinstance(pair, list | tuple) or len(pair) != 2 or not _whole(pair[0], before_s + 1, PRICE_S):
                return False
            if not _whole(pair[1], self.least, self.most):
                return False
            before_s = pair[0]
        return bool(value[0][0] == 0)


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


# a reading at this instant, or the begin or end of a transaction: a record (firmware.records.events)
EVENT = What("event", ("reading", "begin", "end"), texts=("text", "source", "group", "transaction", "register"))


def of_device(device: DeviceSpec) -> "tuple[What, ...]":
    """power_w: exactly so much, as far as the limits allow; target_wh: so much more energy by then, in mode target;
    target_permille: so much charge by then, likewise, of a battery that tells its charge; worth: of a kWh to it; limit:
    most it may draw, in mA per conductor of a wallbox, or make."""
    if device.ability.kind == "inverter":
        return (What("limit", (), 0, -device.ability.min_w, "W"),)
    choices = MODES.get(device.ability.kind, ())
    if not choices or not is_load(device):
        return ()
    out = [What("mode", choices), What("power_w", (), device.ability.min_w if device.ability.kind == "storage" else 0,
                                       most_w(device), "W", LEASE_S)]
    if TARGET in choices and device.store is not None:
        out.append(What("target_permille", (), 0, 1_000, "permille", TARGET_S))
    if TARGET in choices and device.ability.kind != "storage":
        out.append(What("target_wh", (), 0, MOST_TARGET_WH, "Wh", TARGET_S))
    out.append(What("worth", (), -MOST_MONEY, MOST_MONEY, MONEY_UNIT, LEASE_S))
    able, wallbox = device.ability, device.ability.kind == "wallbox"
    most, unit, least = (able.max_ma, "mA", able.min_ma) if wallbox else (most_w(device), "W", 0)
    out.append(What("limit", (), 0, most, unit, least_on=least))
    return tuple(out)


def of_site(_site: Site) -> "tuple[What, ...]":
    # most the controllable loads may take from the grid, most that may be fed in; they can only lower
    return (*(What(name, (), 0, MOST_CEILING_W, "W") for name, _ in OBLIGES),
            What("import_price", (), -MOST_MONEY, MOST_MONEY, MONEY_UNIT, PRICE_S),
            What("import_prices", (), -MOST_MONEY, MOST_MONEY, MONEY_UNIT, PRICE_S, True),
            What("export_price", (), -MOST_MONEY, MOST_MONEY, MONEY_UNIT, PRICE_S))


def table(site: Site, events: bool = False) -> "dict[tuple[int, str], What]":
    """By index of the device (SITE for the house) and name. `events`: readings for the records can be asked for."""
    out = {(SITE, what.name): what for what in of_site(site)}
    for index, device in enumerate(site.devices):
        out.update({(index, what.name): what for what in of_device(device)})
        if events:
            out[index, EVENT.name] = EVENT
    return out
