"""What loads must remember over restarts, for the decision forgets with its process: when a tank was last hot enough
against legionella, the starts of a day and its energy, how long each conductor was in use, the changes of phases.

Kept as times of day on a date, so nothing is told or believed while no time service has set the clock. What happened
in this process before that is added.
"""

import time
from collections.abc import Callable

from control.heat import HOLD_MS
from control.phases import DAY_MS
from control.upkeep import least_used
from control.values import NEVER, NONE, DeviceSpec, LoadState, Site, Upkeep
from firmware.cycle import Cycle
from firmware.kept import Kept

FORMAT = 1
PACE_S = 60  # while a tank is hot, or takes power, something moves with every cycle
ROUNDED_MS = 5_000  # a midnight kept in seconds is still this one
MOST_S = 10 * 365 * 86_400  # of use
Row = dict[str, object]


class KeptUpkeep:
    def __init__(self, site: Site, kept: Kept, now_ms: int,
                 wall_s: "Callable[[], int]" = lambda: int(time.time())) -> None:
        self._devices = {index: device for index, device in enumerate(site.devices) if _remembers(device)}
        self._kept = kept
        self._wall_s = wall_s
        self._began_ms = now_ms
        self._restored = not self._devices
        self._told_ms = NEVER
        self._told: "tuple[object, ...]" = ()

    def obey(self, cycle: Cycle, now_ms: int) -> None:
        """Before a cycle: gives the decision what is known from before, once, and keeps what it has learnt: a start or
        a change of phases at once, what moves on with time at a pace."""
        if not self._devices or cycle.day_ms == NONE:
            return
        if not self._restored:
            self._restored = True
            self._restore(cycle, now_ms)
        counts = tuple([_counts(cycle.state.loads[index]) for index in self._devices])
        if self._told_ms == NEVER or counts != self._told or now_ms - self._told_ms >= 1_000 * PACE_S:
            self._told_ms, self._told = now_ms, counts
            self._kept.keep({"format": FORMAT, "loads": self._rows(cycle, now_ms)})

    def _restore(self, cycle: Cycle, now_ms: int) -> None:
        rows, loads = _known(self._kept.load()), list(cycle.state.loads)
        zero_s = self._wall_s() - now_ms // 1_000
        for index, device in self._devices.items():
            row, load = rows.get(device.name), loads[index]
            if not isinstance(row, dict) or load is None:
                continue
            past = _Past(row, zero_s, now_ms)
            load = _turns(device, load, past)
            if load.upkeep is not None:
                upkeep = _day(_starts(device, load.upkeep, past), past, cycle.day_ms)
                upkeep = _used(upkeep, past, load.level != 0)
                load = load._replace(upkeep=_hot(upkeep, past, self._began_ms))
            loads[index] = load
        if loads != list(cycle.state.loads):
            cycle.state = cycle.state._replace(loads=tuple(loads))

    def _rows(self, cycle: Cycle, now_ms: int) -> "dict[str, Row]":
        """By name, times in seconds since 1970."""
        out, now_s = {}, self._wall_s()
        for index, device in self._devices.items():
            load = cycle.state.loads[index]
            if load is not None:
                out[device.name] = _row(device, load, lambda at_ms: now_s - (now_ms - at_ms) // 1_000)
        return out


class _Past:
    """What was kept of one load, as far as it can be true, in the monotonic time of this process."""

    def __init__(self, row: Row, zero_s: int, now_ms: int) -> None:
        self._row, self._zero_s, self.now_ms = row, zero_s, now_ms

    def at_ms(self, key: str) -> "int | None":
        return self._ms(self._row.get(key))

    def all_ms(self, key: str) -> "tuple[int, ...]":
        told = self._row.get(key)
        times = [self._ms(each) for each in told] if isinstance(told, list) else []
        return tuple(sorted([at_ms for at_ms in times if at_ms is not None]))

    def number(self, key: str, most: int) -> "int | None":
        return _number(self._row.get(key), most)

    def numbers(self, key: str, most: int) -> "tuple[int, ...]":
        told = self._row.get(key)
        numbers = [_number(each, most) for each in told] if isinstance(told, list) else []
        return tuple([number for number in numbers if number is not None])

    def _ms(self, at_s: object) -> "int | None":
        """None when it is not known, or from the future."""
        at_ms = (at_s - self._zero_s) * 1_000 if isinstance(at_s, int) else None
        if at_ms is None or at_ms > self.now_ms:
            return None
        return at_ms if at_ms != NEVER else at_ms - 1


def _number(told: object, most: int) -> "int | None":
    return told if isinstance(told, int) and 0 <= told <= most else None


def _remembers(device: DeviceSpec) -> bool:
    able = device.ability
    return able.heat is not None or able.most_starts > 0 or able.kind == "stages" or able.one_phase


def _known(content: object) -> "dict[str, object]":
    """By name."""
    rows = content.get("loads") if isinstance(content, dict) and content.get("format") == FORMAT else None
    return rows if isinstance(rows, dict) else {}


def _counts(load: "LoadState | None") -> "tuple[object, ...]":
    """What shall not be lost, should the process be killed now."""
    return () if load is None else (load.turns, load.conductors, load.upkeep.starts if load.upkeep else ())


def _row(device: DeviceSpec, load: LoadState, at_s: "Callable[[int], int]") -> Row:
    out: Row = {}
    if device.ability.one_phase:
        out["turns"], out["turns_day_s"] = load.turns, at_s(load.turns_ms)
        if load.conductors_ms != NEVER:
            out["conductors"], out["conductors_s"] = load.conductors, at_s(load.conductors_ms)
    upkeep = load.upkeep
    if upkeep is None:
        return out
    heat = device.ability.heat
    if heat is not None and heat.hot_mdegc is not None:
        out["hot_s"] = at_s(upkeep.hot_ms)  # also what is hoped after a start: restarts shall not put it off
    if device.ability.most_starts:
        out["starts_s"] = [at_s(start_ms) for start_ms in upkeep.starts]
    if heat is not None and heat.day_wh:
        out["day_s"], out["day_mws"] = at_s(upkeep.day_ms), upkeep.day_mws
    if device.ability.kind == "stages":
        out["used_s"] = [used_ms // 1_000 for used_ms in upkeep.used_ms]
    return out


def _hot(upkeep: Upkeep, past: _Past, began_ms: int) -> Upkeep:
    hot_ms = past.at_ms("hot_s")
    if hot_ms is None or upkeep.hot_ms >= began_ms + HOLD_MS:
        return upkeep  # not known, or it has been hot since
    return upkeep._replace(hot_ms=hot_ms)


def _starts(device: DeviceSpec, upkeep: Upkeep, past: _Past) -> Upkeep:
    most = device.ability.most_starts
    if not most:
        return upkeep
    return upkeep._replace(starts=(past.all_ms("starts_s") + upkeep.starts)[-most:])


def _day(upkeep: Upkeep, past: _Past, day_ms: int) -> Upkeep:
    """What was taken today before."""
    began_ms, day_mws = past.at_ms("day_s"), past.number("day_mws", 1 << 53)
    midnight_ms = past.now_ms - day_ms
    if began_ms is None or day_mws is None or began_ms < midnight_ms - ROUNDED_MS:
        return upkeep
    return upkeep._replace(day_ms=max(began_ms, midnight_ms), day_mws=day_mws + upkeep.day_mws)


def _used(upkeep: Upkeep, past: _Past, runs: bool) -> Upkeep:
    used_s = past.numbers("used_s", MOST_S)
    if len(used_s) != len(upkeep.used_ms):
        return upkeep
    used_ms = tuple([before * 1_000 + now_ms for before, now_ms in zip(used_s, upkeep.used_ms)])
    return upkeep._replace(used_ms=used_ms, order=upkeep.order if runs else least_used(used_ms))


def _turns(device: DeviceSpec, load: LoadState, past: _Past) -> LoadState:
    """Changes of phases of this day, and on how many it stands, unless it has been changed since."""
    if not device.ability.one_phase:
        return load
    began_ms, turns = past.at_ms("turns_day_s"), past.number("turns", 1_000)
    if began_ms is not None and turns is not None and past.now_ms - began_ms < DAY_MS:
        load = load._replace(turns=load.turns + turns, turns_ms=began_ms)
    turned_ms, conductors = past.at_ms("conductors_s"), past.number("conductors", len(device.phases))
    if turned_ms is not None and conductors and load.conductors_ms == NEVER and load.level == 0:
        load = load._replace(conductors=conductors, conductors_ms=turned_ms)
    return load
