"""When each tank was last hot enough against legionella, kept over restarts: the decision forgets with its process.

Kept as a time of day on a date, so nothing is told or believed while no time service has set the clock.
"""

import time
from collections.abc import Callable

from control.heat import HOLD_MS
from control.values import NEVER, NONE, Site
from firmware.cycle import Cycle
from firmware.kept import Kept

FORMAT = 1
PACE_S = 60  # while a tank is hot its time moves with every cycle


class Tanks:
    def __init__(self, site: Site, kept: Kept, now_ms: int,
                 wall_s: "Callable[[], int]" = lambda: int(time.time())) -> None:
        self._names = {index: device.name for index, device in enumerate(site.devices)
                       if device.ability.heat is not None and device.ability.heat.hot_mdegc is not None}
        self._kept = kept
        self._wall_s = wall_s
        self._began_ms = now_ms
        self._restored = not self._names
        self._told_ms = NEVER

    def obey(self, cycle: Cycle, now_ms: int) -> None:
        """Before a cycle: gives the decision what is known from before, once, and keeps what it has learnt."""
        if not self._names or cycle.day_ms == NONE:
            return
        if not self._restored:
            self._restored = True
            self._restore(cycle, now_ms)
        if self._told_ms == NEVER or now_ms - self._told_ms >= 1_000 * PACE_S:
            self._told_ms = now_ms
            self._kept.keep({"format": FORMAT, "hot": self._hot(cycle, now_ms)})

    def _restore(self, cycle: Cycle, now_ms: int) -> None:
        content = self._kept.load()
        hot = content.get("hot") if isinstance(content, dict) and content.get("format") == FORMAT else None
        loads = list(cycle.state.loads)
        for index, name in self._names.items():
            at_s = hot.get(name) if isinstance(hot, dict) else None
            load, ago_s = loads[index], self._wall_s() - at_s if isinstance(at_s, int) else -1
            if load is None or load.upkeep is None or ago_s < 0 or load.upkeep.hot_ms >= self._began_ms + HOLD_MS:
                continue  # not known, from the future, or it has been hot since
            loads[index] = load._replace(upkeep=load.upkeep._replace(hot_ms=now_ms - 1_000 * ago_s))
        if loads != list(cycle.state.loads):
            cycle.state = cycle.state._replace(loads=tuple(loads))

    def _hot(self, cycle: Cycle, now_ms: int) -> "dict[str, int]":
        """By name, in seconds since 1970. What is hoped after a start is kept too: restarts shall not put it off."""
        out = {}
        for index, name in self._names.items():
            load = cycle.state.loads[index]
            if load is not None and load.upkeep is not None:
                out[name] = self._wall_s() - (now_ms - load.upkeep.hot_ms) // 1_000
        return out
