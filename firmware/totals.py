"""Energy totals that never fall, whatever the counters behind them do: what people and Home Assistant add up.

A total moves with the meter's own counter, in both directions apart. When the counter falls (another meter, a reset),
or jumps by more than its fuse lets through, nothing is added and counting goes on from the new value: energy is never
made up. One that falls and leaps back (a meter that tells 0 while it boots, or whole kWh while it is locked) is the
same meter: what was counted in between is not counted twice. A device that measures power and has no counter is summed
up from its power; while that is not known nothing is added. The totals are kept over restarts where there is a [state]
folder.
"""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from control.values import DeviceSpec, Site, Snapshot
from control.wiring import SOURCES
from firmware.kept import Kept
from firmware.topics import Pairs, slug
from hal.values import Reading

EVERY_MS = 10_000  # a total is told
KEEP_MS = 60_000  # and kept; what a crash loses is counted again from the meter
PATIENCE_MS = 60_000  # so long a device may have no counter before its power is summed up
HIGH_V = 253  # EN 50160
SLACK_WH = 2_000  # meters that count whole kWh
LEAST_WALL_S = 1_735_689_600  # 2025: before, the clock is not set
DAY_S = 86_400
WMS_PER_WH = 3_600_000
FORMAT = 1
OUT_ONLY, IN_ONLY = SOURCES, ("wallbox", "heater", "stages")


class Fall(NamedTuple):
    """Where a counter stood when it fell, and by how much."""

    counter_wh: int
    depth_wh: int
    wh: int  # the total then
    t_ms: int


class Total:
    """One direction of one device, in Wh."""

    def __init__(self) -> None:
        self.wh: "int | None" = None
        self.counter_wh: "int | None" = None
        self.t_ms = 0  # of that counter
        self.more_ms = 0  # how much older it may be: it was kept over a restart
        self._fall: "Fall | None" = None
        self._wms = 0  # of a sum, what is less than a Wh

    def count(self, counter_wh: int, t_ms: int, most_w: int) -> None:
        if self.wh is None:
            self.wh = counter_wh
        elif self.counter_wh is not None:
            passed_ms = t_ms - self.t_ms + self.more_ms
            step_wh = counter_wh - self.counter_wh
            if step_wh < 0 and (self._fall is None or self.counter_wh > self._fall.counter_wh):
                self._fall = Fall(self.counter_wh, -step_wh, self.wh, self.t_ms - self.more_ms)
            elif self._fall is not None and counter_wh >= self._fall.counter_wh:
                fall, self._fall = self._fall, None
                if 2 * step_wh > fall.depth_wh:
                    step_wh = max(0, counter_wh - fall.counter_wh - (self.wh - fall.wh))
                    passed_ms = t_ms - fall.t_ms
            if 0 <= step_wh <= 2 * most_w * passed_ms // WMS_PER_WH + SLACK_WH:
                self.wh += step_wh
        self.counter_wh, self.t_ms, self.more_ms = counter_wh, t_ms, 0

    def sum(self, power_w: int, passed_ms: int) -> None:
        """`power_w` is what flowed in this direction, not negative."""
        self._wms += power_w * passed_ms
        self.wh = (self.wh or 0) + self._wms // WMS_PER_WH
        self._wms %= WMS_PER_WH
        self.counter_wh = None


class Meter:
    """Both directions of one device."""

    def __init__(self, device: DeviceSpec, rated_ma: int) -> None:
        kind = device.ability.kind
        self.import_, self.export = Total(), Total()
        self._most_w = 3 * rated_ma * HIGH_V // 1_000
        self._stale_ms = device.stale_ms
        self._directions = (kind not in OUT_ONLY, kind not in IN_ONLY)
        self._last: "tuple[int, int] | None" = None  # time and power of the reading before
        self._bare_ms: "int | None" = None  # since when it has told no counter

    def feed(self, reading: Reading) -> None:
        if reading.import_wh is None and reading.export_wh is None:
            self._sum(reading)
            return
        self._bare_ms = self._last = None
        for total, counter_wh in ((self.import_, reading.import_wh), (self.export, reading.export_wh)):
            if counter_wh is not None:
                total.count(counter_wh, reading.t_ms, self._most_w)

    def _sum(self, reading: Reading) -> None:
        if reading.total_w is None:
            self._last = None
            return
        if self._bare_ms is None:
            self._bare_ms = reading.t_ms
        last, self._last = self._last, (reading.t_ms, reading.total_w)
        if last is None or reading.t_ms - self._bare_ms < PATIENCE_MS:
            return
        passed_ms = reading.t_ms - last[0]
        if 0 < passed_ms <= self._stale_ms:
            mean_w = (last[1] + reading.total_w) // 2
            for total, wanted, flow_w in zip((self.import_, self.export), self._directions, (mean_w, -mean_w)):
                if wanted:
                    total.sum(max(0, flow_w), passed_ms)


class Known(NamedTuple):
    import_wh: "int | None"
    export_wh: "int | None"
    summed: bool  # from the power, not from the meter's own counter


class Totals:
    """Of every device that has any. `kept` None: they begin at the meters' counters at each start."""

    def __init__(self, site: Site, kept: "Kept | None", now_ms: int,
                 wall_s: "Callable[[], int]" = lambda: int(time.time())) -> None:
        self._root = f"hutschiene/{slug(site.name)}/"
        self._kept = kept
        self._wall_s = wall_s
        self._names = tuple(device.name for device in site.devices)
        rated_ma = [site.nodes[device.node].rated_ma for device in site.devices]
        self._meters = tuple(None if device.ability.kind in ("sensor", "signal") else Meter(device, most_ma)
                             for device, most_ma in zip(site.devices, rated_ma))
        self._fed_ms = [-1] * len(self._names)
        self._pairs: Pairs = ()
        self._told_ms = self._kept_ms = now_ms
        if kept is not None:
            self._load(kept.load(), now_ms)

    def feed(self, snapshot: Snapshot, live: "tuple[Reading | None, ...]") -> None:
        """`live`: by device, the reading that is believed."""
        for index, (meter, reading) in enumerate(zip(self._meters, live)):
            if meter is not None and reading is not None and reading.t_ms != self._fed_ms[index]:
                self._fed_ms[index] = reading.t_ms
                meter.feed(reading)
        if not self._pairs or snapshot.now_ms - self._told_ms >= EVERY_MS:
            self._told_ms = snapshot.now_ms
            self._pairs = tuple((f"{self._root}{slug(self._names[index])}/energy", _payload(known))
                                for index, known in self.known())
        if snapshot.now_ms - self._kept_ms >= KEEP_MS:
            self._kept_ms = snapshot.now_ms
            self.keep()

    def known(self) -> "tuple[tuple[int, Known], ...]":
        """By device's index, of those that have a total."""
        out = []
        for index, meter in enumerate(self._meters):
            if meter is not None and (meter.import_.wh is not None or meter.export.wh is not None):
                summed = meter.import_.counter_wh is None and meter.export.counter_wh is None
                out.append((index, Known(meter.import_.wh, meter.export.wh, summed)))
        return tuple(out)

    def pairs(self) -> Pairs:
        return self._pairs

    def keep(self) -> None:
        if self._kept is not None:
            devices = {name: [_kept_total(meter.import_), _kept_total(meter.export)]
                       for name, meter in zip(self._names, self._meters) if meter is not None}
            self._kept.keep({"format": FORMAT, "wall_s": self._wall_s(), "devices": devices})

    def _load(self, content: Any, now_ms: int) -> None:
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            return
        devices, then_s, now_s = content.get("devices"), content.get("wall_s"), self._wall_s()
        away_s = DAY_S  # a clock that is not set yet tells nothing
        if isinstance(then_s, int) and LEAST_WALL_S <= then_s <= now_s:
            away_s += now_s - then_s
        for name, meter in zip(self._names, self._meters):
            kept = devices.get(name) if isinstance(devices, dict) else None
            if meter is not None and isinstance(kept, list) and len(kept) == 2:
                for total, one in zip((meter.import_, meter.export), kept):
                    _restore(total, one, now_ms, 1_000 * away_s)


def _payload(known: Known) -> str:
    return json.dumps({"import_wh": known.import_wh, "export_wh": known.export_wh, "summed": known.summed},
                      separators=(",", ":"))


def _kept_total(total: Total) -> "list[int | None]":
    return [total.wh, total.counter_wh]


def _restore(total: Total, kept: Any, now_ms: int, away_ms: int) -> None:
    if isinstance(kept, list) and len(kept) == 2 and all(type(one) in (int, type(None)) for one in kept):
        total.wh, total.counter_wh = kept
        total.t_ms, total.more_ms = now_ms, away_ms
