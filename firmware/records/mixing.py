"""The proportional method of `flows` on the powers of each moment: what the storage holds, by where it came from.

Energies are sums of W * ms and leave as whole mWh; what is left over stays for the next quarter hour, so that nothing
is lost over a day. A moment in which one of the meters is silent or not believed is not known, and `known_ms` says how
much was.
"""

from typing import Any

from control.values import NONE, Site
from control.wiring import SOURCES
from firmware.records.flows import PROPORTIONAL, Moment, Stock, proportional
from firmware.records.legal_time import QUARTER_S
from firmware.records.sampler import Seen

LONGEST_MS = 10_000  # between two snapshots; beyond it nobody knows what flowed
MWH = 3_600  # W * ms
WH = 3_600_000
PARTS = ("draw", "feed_in", "roof", "charge_roof", "charge_grid", "discharge_roof", "discharge_grid")


class Mixing:
    """`feed` with every snapshot, `look` for the quarter hour that is over."""

    def __init__(self, site: Site, capacity_wh: int) -> None:
        self._site = site
        self._capacity_e = capacity_wh * WH
        self._grid = site.nodes[0].meter
        self._roof = _of_kind(site, *SOURCES)
        self._storage = _of_kind(site, "storage")
        self._stock = Stock(0, 0)
        self._sums = dict.fromkeys(PARTS, 0)
        self._resumed = False
        self._known_ms = 0
        self._last_ms: "int | None" = None
        self._begin_s: "int | None" = None

    def resume(self, data: "dict[str, Any]") -> None:
        """What the storage held by the newest record, given in mWh; once, as from then on more is known here."""
        if self._resumed:
            return
        self._resumed = True
        self._stock = Stock(data["stock_roof"] * MWH, data["stock_grid"] * MWH)

    def feed(self, seen: Seen) -> None:
        now_ms = seen.snapshot.now_ms
        before_ms, self._last_ms = self._last_ms, now_ms
        powers = self._powers(seen)
        if powers is None or before_ms is None or not 0 < now_ms - before_ms <= LONGEST_MS:
            return
        lasted_ms = now_ms - before_ms
        draw_w, roof_w, charge_w, discharge_w = powers
        moment = Moment(*(part * lasted_ms for part in (roof_w, max(draw_w, 0), charge_w, discharge_w)))
        self._stock, parts = proportional(self._stock, moment, self._capacity_e)
        self._known_ms += lasted_ms
        for name, part in zip(PARTS, (moment.draw_e, max(-draw_w, 0) * lasted_ms, moment.roof_e, *parts)):
            self._sums[name] += part

    def look(self, utc_ms: int, ends: bool = False) -> "dict[str, Any] | None":
        """The data of a record, once the quarter hour it began in is over.

        `ends`: nothing more will be fed; what there is of this quarter hour is given, and its rest after the restart.
        """
        at_s = utc_ms // 1_000 // QUARTER_S * QUARTER_S
        begin_s, self._begin_s = self._begin_s, at_s
        if begin_s is None or (begin_s == at_s and not (ends and self._known_ms)):
            return None
        if begin_s == at_s:
            at_s = utc_ms // 1_000
        data = {"start_s": begin_s, "end_s": at_s, "known_ms": self._known_ms, "unit": "mWh", "method": PROPORTIONAL,
                **{name: total // MWH for name, total in self._sums.items()},
                "stock_roof": self._stock.roof_e // MWH, "stock_grid": self._stock.grid_e // MWH}
        self._sums = {name: total % MWH for name, total in self._sums.items()}
        self._known_ms = 0
        return data

    def _powers(self, seen: Seen) -> "tuple[int, int, int, int] | None":
        """Grid (+ draw), roof, charge and discharge in W; the last three never negative."""
        if self._grid == NONE or not self._storage:
            return None
        told = {index: self._power(seen, index) for index in (self._grid, *self._roof, *self._storage)}
        known = {index: power for index, power in told.items() if power is not None}
        if len(known) < len(told):
            return None
        stored = [known[index] for index in self._storage]
        return (known[self._grid], max(0, -sum(known[index] for index in self._roof)),
                sum(max(0, power) for power in stored), sum(max(0, -power) for power in stored))

    def _power(self, seen: Seen, index: int) -> "int | None":
        one = seen.snapshot.heard[index].reading
        if one is None or index in seen.doubted:
            return None
        if seen.snapshot.now_ms - one.t_ms > self._site.devices[index].stale_ms:
            return None
        return one.total_w if one.power_w is None or one.total_w is not None else one.power_w.total()


def _of_kind(site: Site, *kinds: str) -> "tuple[int, ...]":
    return tuple(index for index, device in enumerate(site.devices) if device.ability.kind in kinds)
