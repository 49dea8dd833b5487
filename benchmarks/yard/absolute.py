"""Baseline (b): every 10 s all charge points are set anew, from absolute limits and the whole surplus.

Written from what openWB documents (wiki: Ladeeinstellungen, PV-Laden; Lastmanagement; defaults of its settings page):
what a phase has left is its limit less what is measured, the charge points' own current added back; first each gets its
least, then what is left in equal parts. By surplus: start when 1,500 W a phase have been there for 30 s, stop when at
the least current and drawing from the grid for 60 s, at most 5 A up or down a cycle; phases after 7 min at the upper or
lower end. Dimming by the grid operator counts what the roof leaves over. The storage gives way to the car. A grid meter
that has not answered for 60 s stops charging; until then its last values count.
"""

from typing import NamedTuple

from benchmarks.yard.peers import MIN_MA, VOLTS, Point, grid_of, points_of, setpoint, storage_w
from control.values import FAST, MINIMUM, OFF, Site, Snapshot
from hal.values import Reading, Setpoint

INTERVAL_MS = 10_000
ERROR_MS = 60_000
ON_W, ON_MS = 1_500, 30_000  # a phase
OFF_W, OFF_MS = 0, 60_000
PHASES_MS = 420_000
STEP_MA = 5_000
NOMINAL_MA = 1_000  # how far a car may be from its set current: the end of a range is reached this far before it
NEVER = -1


class Charge(NamedTuple):
    set_ma: int = 0
    phases: int = 3
    on_ms: int = NEVER  # since when its start is due
    off_ms: int = NEVER
    phase_ms: int = NEVER


class State(NamedTuple):
    next_ms: int = 0
    charges: "tuple[Charge, ...]" = ()


def rules(site: Site, state: State, snapshot: Snapshot) -> "tuple[State, dict[int, Setpoint]]":
    points = points_of(site, snapshot)
    charges = state.charges or tuple(Charge(phases=1 if point.switches else len(point.phases)) for point in points)
    if len(charges) != len(points):
        return state, {}
    if snapshot.now_ms >= state.next_ms and points:
        charges = _cycle(site, snapshot, points, charges)
        state = State(max(state.next_ms, snapshot.now_ms - INTERVAL_MS) + INTERVAL_MS)
    return State(state.next_ms, charges), {
        point.device: setpoint(point, each.set_ma, each.phases) for point, each in zip(points, charges)}


def _cycle(site: Site, snapshot: Snapshot, points: "list[Point]",
           charges: "tuple[Charge, ...]") -> "tuple[Charge, ...]":
    grid, now_ms = snapshot.heard[site.nodes[0].meter].reading, snapshot.now_ms
    if grid is None or (grid_of(site, snapshot) is None and now_ms - grid.t_ms >= ERROR_MS):
        return tuple(each._replace(set_ma=0, on_ms=NEVER, off_ms=NEVER, phase_ms=NEVER) for each in charges)
    assert grid.total_w is not None
    surplus_w = storage_w(site, snapshot) - grid.total_w  # beyond what the cars draw already
    free_w = surplus_w + sum(point.power_w for point in points if point.mode not in (FAST, OFF))
    asked = []
    for point, charge in zip(points, charges):
        charge, wants_ma = _wants(point, charge, surplus_w, free_w, now_ms)
        if wants_ma and point.mode not in (FAST, OFF):
            free_w -= charge.phases * MIN_MA * VOLTS // 1000
        if not charge.set_ma and charge.on_ms != NEVER:
            surplus_w -= ON_W * charge.phases  # kept for it while it waits
        asked.append((point, charge, wants_ma))
    return _shared(site, snapshot, grid, asked, max(free_w, 0))


def _wants(point: Point, charge: Charge, surplus_w: int, free_w: int, now_ms: int) -> "tuple[Charge, int]":
    """The highest current it may have in its mode; 0 when it shall not charge."""
    if not point.plugged or point.mode == OFF:
        return charge._replace(on_ms=NEVER, off_ms=NEVER, phase_ms=NEVER), 0
    if point.mode == FAST:
        return charge._replace(phases=len(point.phases)), point.max_ma
    charge = _phases(point, charge, surplus_w, now_ms)
    if point.mode == MINIMUM:
        return charge, point.max_ma
    if charge.set_ma:
        if charge.phases == 1 or not point.switches:
            charge, stops = _due_off(point, charge, surplus_w, now_ms)
            if stops:
                return charge, 0
        return charge, point.max_ma
    if surplus_w < ON_W * charge.phases:
        return charge._replace(on_ms=NEVER), 0
    since_ms = charge.on_ms if charge.on_ms != NEVER else now_ms
    over = now_ms - since_ms >= ON_MS
    return charge._replace(on_ms=NEVER if over else since_ms, off_ms=NEVER), point.max_ma if over else 0


def _due_off(point: Point, charge: Charge, surplus_w: int, now_ms: int) -> "tuple[Charge, bool]":
    above_least_w = max(0, point.power_w - charge.phases * MIN_MA * VOLTS // 1000)
    if surplus_w + above_least_w >= -OFF_W or not point.charging:
        return charge._replace(off_ms=NEVER), False
    since_ms = charge.off_ms if charge.off_ms != NEVER else now_ms
    over = now_ms - since_ms >= OFF_MS
    return charge._replace(off_ms=NEVER if over else since_ms), over


def _phases(point: Point, charge: Charge, surplus_w: int, now_ms: int) -> Charge:
    every = len(point.phases)
    if not point.switches or every == 1 or not charge.set_ma:
        return charge._replace(phase_ms=NEVER)
    least_w = every * MIN_MA * VOLTS // 1000
    up = charge.phases == 1 and point.used_ma > point.max_ma - NOMINAL_MA and surplus_w > least_w - point.power_w
    down = charge.phases > 1 and point.used_ma < MIN_MA + NOMINAL_MA and surplus_w <= 0
    if not up and not down:
        return charge._replace(phase_ms=NEVER)
    since_ms = charge.phase_ms if charge.phase_ms != NEVER else now_ms
    if now_ms - since_ms < PHASES_MS:
        return charge._replace(phase_ms=since_ms)
    return charge._replace(phases=every if up else 1, phase_ms=NEVER)


def _shared(site: Site, snapshot: Snapshot, grid: Reading, asked: "list[tuple[Point, Charge, int]]",
            free_w: int) -> "tuple[Charge, ...]":
    """The least for each in turn, then what is left in equal parts."""
    assert grid.current_ma is not None
    room_ma = [site.nodes[0].rated_ma - ma for ma in grid.current_ma]
    for point, _, _ in asked:
        for phase in point.phases:
            room_ma[phase] += _own_ma(snapshot, point, phase)
    ceiling_w = _ceiling_w(snapshot, grid, asked)
    given: "list[int]" = []
    for point, charge, wants_ma in asked:
        used = point.phases[:charge.phases]
        least_w = MIN_MA * len(used) * VOLTS // 1000
        fits = wants_ma and all(room_ma[phase] >= MIN_MA for phase in used) and ceiling_w >= least_w
        given.append(MIN_MA if fits else 0)
        for phase in used:
            room_ma[phase] -= given[-1]
        ceiling_w -= least_w if fits else 0
    left = sum(1 for ma in given if ma)
    for i, (point, charge, wants_ma) in enumerate(asked):
        if not given[i]:
            continue
        used = point.phases[:charge.phases]
        more_ma = min([wants_ma - MIN_MA] + [room_ma[phase] // left for phase in used])
        more_ma = min(more_ma, ceiling_w // left * 1000 // (len(used) * VOLTS))
        if point.mode != FAST:
            more_ma = min(more_ma, free_w // left * 1000 // (len(used) * VOLTS))
            more_ma = max(min(MIN_MA + more_ma, point.used_ma + STEP_MA), point.used_ma - STEP_MA, MIN_MA) - MIN_MA
        given[i] += max(more_ma, 0)
        for phase in used:
            room_ma[phase] -= max(more_ma, 0)
        power_w = max(more_ma, 0) * len(used) * VOLTS // 1000
        ceiling_w -= power_w
        free_w -= power_w if point.mode != FAST else 0
        left -= 1
    return tuple(charge._replace(set_ma=ma // 100 * 100) for (_, charge, _), ma in zip(asked, given))


def _own_ma(snapshot: Snapshot, point: Point, phase: int) -> int:
    reading = snapshot.heard[point.device].reading
    return reading.current_ma[phase] if reading is not None and reading.current_ma is not None else 0


def _ceiling_w(snapshot: Snapshot, grid: Reading, asked: "list[tuple[Point, Charge, int]]") -> int:
    if not snapshot.obligations:
        return 1 << 29
    assert grid.total_w is not None
    others_w = grid.total_w - sum(point.power_w for point, _, _ in asked)
    return snapshot.obligations[0].ceiling_w + max(0, -others_w)
