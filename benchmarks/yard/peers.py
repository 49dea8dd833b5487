"""What the two baselines share: what a charge point looks like to them, and how they stand in for the controller.

Both are our own writing from the rules their projects publish; neither is their code. Each is a pure function
`rules(site, state, snapshot) -> (state, setpoints by device)` over the snapshot that control.step gets.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from control.values import Obeyed, Obligation, Plan, Site, Snapshot
from firmware.image import Image, Lease
from firmware.line import LEASE_MS
from hal.values import NOMINAL_MV, ZERO, Phases, Reading, Setpoint, placed

VOLTS = NOMINAL_MV // 1000
MIN_MA = 6_000
Rules = Callable[[Site, Any, Snapshot], "tuple[Any, dict[int, Setpoint]]"]


class Point(NamedTuple):
    """A charge point as it was read."""

    device: int  # its index in the site
    phases: "tuple[int, ...]"
    max_ma: int
    switches: bool
    mode: str
    power_w: int
    used_ma: int  # highest of its phases
    plugged: bool
    charging: bool


def grid_of(site: Site, snapshot: Snapshot) -> "Reading | None":
    """None when the meter did not answer when it was asked last."""
    heard = snapshot.heard[site.nodes[0].meter]
    return heard.reading if heard.fault is None else None


def points_of(site: Site, snapshot: Snapshot) -> "list[Point]":
    """In the order of the site; a point that was never read is not there."""
    out = []
    for index, device in enumerate(site.devices):
        reading = snapshot.heard[index].reading
        if device.ability.kind != "wallbox" or reading is None:
            continue
        assert reading.current_ma is not None
        assert reading.total_w is not None
        out.append(Point(index, device.phases, device.ability.max_ma, device.ability.one_phase, snapshot.modes[index],
                         reading.total_w, max(reading.current_ma), reading.state not in (None, "A"),
                         reading.state == "C"))
    return out


def storage_w(site: Site, snapshot: Snapshot) -> int:
    """+ charges; all of them together."""
    total_w = 0
    for index, device in enumerate(site.devices):
        reading = snapshot.heard[index].reading
        if device.ability.kind == "storage" and reading is not None:
            total_w += reading.total_w or 0
    return total_w


def setpoint(point: Point, current_ma: int, phases: int) -> Setpoint:
    used = point.phases[:phases]
    current = placed((current_ma,) * len(used), used) if current_ma else ZERO
    return Setpoint(Phases(*current), current_ma * len(used) * VOLTS // 1000)


class Peer:
    """Stands where firmware.cycle.Cycle stands. What was said last is said again until something else is."""

    def __init__(self, rules: Rules, state: object, site: Site, image: Image, _now_ms: int) -> None:
        self.obligations: "tuple[Obligation, ...]" = ()
        self._rules = rules
        self._state = state
        self._site = site
        self._image = image
        self._modes = tuple(device.mode for device in site.devices)
        self._plan = Plan((None,) * len(site.devices), (), None, (), Obeyed((), None, None))

    def once(self, now_ms: int) -> "tuple[Snapshot, Plan]":
        snapshot = self._image.snapshot(now_ms, self._modes, self.obligations)
        self._state, said = self._rules(self._site, self._state, snapshot)
        for index, each in said.items():
            self._image.lease(index, Lease(each, now_ms + LEASE_MS))
        return snapshot, self._plan
