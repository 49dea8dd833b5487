"""Baseline (a): one load point each 30 s, its current changed by the delta of the grid power.

Written from evcc's documentation (loadpoints, load management, solar charging): each interval the next load point is
updated; target = effective current + grid power turned into amperes; below the least current it stays at the least
until the disable delay (180 s) is over, then stops; it starts when the least has been there for the enable delay (60
s); with a 1p/3p box the same two delays lead down to one phase and up to three; a circuit caps what a load point may
add to what is measured, in amperes and, for a dimming by the grid operator, in watts of the charge points; a storage
gives way to the car. Without a grid reading nothing is updated.
"""

from typing import NamedTuple

from benchmarks.yard.peers import MIN_MA, VOLTS, Point, grid_of, points_of, setpoint, storage_w
from control.values import FAST, MINIMUM, OFF, Site, Snapshot
from hal.values import Reading, Setpoint

INTERVAL_MS = 30_000
ENABLE_MS, DISABLE_MS = 60_000, 180_000
SLACK_MA = 2_000  # a car may stay so far below what it is offered and still count as following
NEVER = -1


class Loadpoint(NamedTuple):
    offered_ma: int = 0
    phases: int = 3
    pv_ms: int = NEVER  # since when its start or stop is due
    phase_ms: int = NEVER


class State(NamedTuple):
    next_ms: int = 0
    turn: int = 0
    points: "tuple[Loadpoint, ...]" = ()


def rules(site: Site, state: State, snapshot: Snapshot) -> "tuple[State, dict[int, Setpoint]]":
    points = points_of(site, snapshot)
    known = state.points or tuple(Loadpoint() for _ in points)
    if len(known) != len(points):
        return state, {}
    if snapshot.now_ms >= state.next_ms and points:
        turn = state.turn % len(points)
        grid = grid_of(site, snapshot)
        if grid is not None:
            new = _update(site, snapshot, grid, points, turn, known[turn])
            known = known[:turn] + (new,) + known[turn + 1:]
        state = State(max(state.next_ms, snapshot.now_ms - INTERVAL_MS) + INTERVAL_MS, turn + 1, known)
    return state._replace(points=known), {
        point.device: setpoint(point, each.offered_ma, each.phases) for point, each in zip(points, known)}


def _update(site: Site, snapshot: Snapshot, grid: Reading, points: "list[Point]", turn: int,
            was: Loadpoint) -> Loadpoint:
    point, now_ms = points[turn], snapshot.now_ms
    assert grid.total_w is not None
    if not point.plugged or point.mode == OFF:
        return was._replace(offered_ma=0, pv_ms=NEVER, phase_ms=NEVER)
    site_w = grid.total_w - storage_w(site, snapshot)
    if point.mode == FAST:
        new, target_ma = was._replace(phases=len(point.phases)), point.max_ma
    else:
        new, target_ma = _surplus(point, _phases(point, was, site_w, now_ms), site_w, now_ms)
    target_ma = _within_circuit(site, snapshot, grid, points, point, target_ma, new.phases)
    return new._replace(offered_ma=target_ma // 1000 * 1000 if target_ma >= MIN_MA else 0)


def _phases(point: Point, was: Loadpoint, site_w: int, now_ms: int) -> Loadpoint:
    """Down to one phase while there is not enough for three, up while there is."""
    every = len(point.phases)
    if not point.switches or every == 1:
        return was._replace(phases=every)
    free_w = point.power_w - site_w
    enough = free_w >= every * MIN_MA * VOLTS // 1000
    if was.phases > 1 and not enough and (site_w > 0 or not was.offered_ma):
        return _switch(was, 1, DISABLE_MS, point.charging, now_ms)
    if was.phases == 1 and enough:
        return _switch(was, every, ENABLE_MS, point.charging, now_ms)
    return was._replace(phase_ms=NEVER)


def _switch(was: Loadpoint, phases: int, delay_ms: int, charging: bool, now_ms: int) -> Loadpoint:
    since_ms = was.phase_ms if was.phase_ms != NEVER else now_ms
    if charging and now_ms - since_ms < delay_ms:
        return was._replace(phase_ms=since_ms)
    return was._replace(phases=phases, phase_ms=NEVER)


def _surplus(point: Point, was: Loadpoint, site_w: int, now_ms: int) -> "tuple[Loadpoint, int]":
    effective_ma = min(point.used_ma + SLACK_MA, was.offered_ma) if point.charging else 0
    target_ma = max(effective_ma - site_w * 1000 // (VOLTS * was.phases), 0)
    if point.mode == MINIMUM:
        return was._replace(pv_ms=NEVER), max(min(target_ma, point.max_ma), MIN_MA)
    if was.offered_ma and target_ma < MIN_MA:
        if site_w < 0 or was.phase_ms != NEVER:
            return was._replace(pv_ms=NEVER), MIN_MA
        since_ms = was.pv_ms if was.pv_ms != NEVER else now_ms
        over = now_ms - since_ms >= DISABLE_MS
        return was._replace(pv_ms=NEVER if over else since_ms), 0 if over else MIN_MA
    if not was.offered_ma:
        if target_ma < MIN_MA:
            return was._replace(pv_ms=NEVER), 0
        since_ms = was.pv_ms if was.pv_ms != NEVER else now_ms
        over = now_ms - since_ms >= ENABLE_MS
        return was._replace(pv_ms=NEVER if over else since_ms), MIN_MA if over else 0
    return was._replace(pv_ms=NEVER), min(target_ma, point.max_ma)


def _within_circuit(site: Site, snapshot: Snapshot, grid: Reading, points: "list[Point]", point: Point,
                    target_ma: int, phases: int) -> int:
    """What is added may be no more than what is left; what is too much is taken back."""
    assert grid.current_ma is not None
    left_ma = site.nodes[0].rated_ma - max(grid.current_ma)
    if max(0, target_ma - point.used_ma) > left_ma:
        target_ma = max(0, point.used_ma + left_ma)
    if snapshot.obligations:
        target_w = target_ma * phases * VOLTS // 1000
        left_w = snapshot.obligations[0].ceiling_w - sum(each.power_w for each in points)
        if max(0, target_w - point.power_w) > left_w:
            target_ma = min(target_ma, max(0, point.power_w + left_w) * 1000 // (phases * VOLTS))
    return target_ma
