"""What the grid operator demanded and what became of it: received, applied, kept to, released.

Section 14a EnWG wants the owner to prove it for two years (BK6-22-300, 7.2 and 7.3). An obligation is known by its
source and direction; another ceiling from the same side is a change of the same one. Times are those of the decision
that first saw it, so nothing is claimed before it was so. One that was in force when we ended goes on as the same one
(firmware.duties_kept); one that is not there any more GRACE_MS after the start is released then, for want of a better
time.

hutschiene/<site>/site/obligations   retained: what is in force, and how it is kept to
"""

import json
import uuid
from collections.abc import Collection, Container
from typing import Any

from control.operator import BROKEN, ceiling_w, said
from control.reasons import INPUT_LOST
from control.values import CONSUME, NONE, PRODUCE, Obligation, Plan, Site, Snapshot
from control.wiring import is_told, wiring
from firmware.duties_kept import Open
from firmware.topics import Pairs, slug

LOOSE_W, LOOSE_PERMILLE = 50, 20  # a meter and a car are no finer
MINUTE_MS = 60_000
GRACE_MS = 30_000  # by then every input has been heard, or counts as lost
SET_W = 50  # a device that was told so much more than it is granted has not been told yet

Event = dict[str, Any]


class Duty:
    """One obligation, from when it was seen until it is released."""

    def __init__(self, told: Obligation, now_ms: int, lost: bool) -> None:
        self.event = uuid.uuid4().hex
        self.told = told
        self.lost = lost  # its input is not heard: limited for safety
        self.received_ms = now_ms
        self.applied_ms: "int | None" = None
        self.kept_ms: "int | None" = None
        self.most_w = 0  # measured, since it was first kept to
        self.over_ms = 0  # above the ceiling, since it was first kept to
        self.resumed = False

    @classmethod
    def of(cls, kept: Open) -> "Duty":
        """One that was in force when we ended."""
        duty = cls(Obligation(kept.direction, kept.ceiling_w, NONE, kept.source), kept.received_ms, kept.input_lost)
        duty.event, duty.resumed = kept.event, True
        duty.applied_ms, duty.kept_ms = kept.applied_ms, kept.kept_ms
        duty.most_w, duty.over_ms = kept.most_w, 1_000 * kept.over_s
        return duty

    def said(self, state: str, now_ms: int, **more: object) -> Event:
        return {"event": self.event, "state": state, "source": self.told.source, "direction": self.told.direction,
                "ceiling_w": self.told.ceiling_w, "input_lost": self.lost, "after_ms": now_ms - self.received_ms,
                **more}


class Duties:
    """Fed with every decision. `owed_w`: Pmin of the house; a ceiling below it is obeyed and said; NONE = no group.

    `kept`: what was in force when we ended.
    """

    def __init__(self, site: Site, owed_w: int, kept: "tuple[Open, ...]" = ()) -> None:
        self._site = site
        self._owed_w = owed_w
        self._topic = f"hutschiene/{slug(site.name)}/site/obligations"
        self._duties: "dict[tuple[str, str], Duty]" = {}
        self._kept = {(one.source, one.direction): Duty.of(one) for one in kept}
        self._settled_ms = NONE  # from then on what was kept is there, or gone
        self._minutes = Minutes(site)
        self._last_ms = NONE

    def look(self, snapshot: Snapshot, plan: Plan) -> "list[Event]":
        """What has changed, for the record; once a minute the means of what is told to prove it."""
        now_ms, out = snapshot.now_ms, []
        in_force = {(one.source, one.direction): one for one in plan.obeyed.obligations}
        lost = _lost(self._site, snapshot, plan)
        out += self._resumed(in_force, now_ms)
        for key in [key for key in self._duties if key not in in_force]:
            out.append(self._released(self._duties.pop(key), snapshot))
        for key, told in in_force.items():
            out += self._told(key, told, key in lost, snapshot)
        stand = _stands(self._site, snapshot, plan)
        for duty in self._duties.values():
            out += _progress(duty, stand, plan, now_ms, now_ms - self._last_ms if self._last_ms != NONE else 0)
        self._last_ms = now_ms
        minute = self._minutes.feed(snapshot, plan, self._duties.values())
        return out + ([minute] if minute else [])

    def pairs(self) -> Pairs:
        told = [{"event": duty.event, "source": duty.told.source, "direction": duty.told.direction,
                 "ceiling_w": duty.told.ceiling_w, "input_lost": duty.lost,
                 "applied": duty.applied_ms is not None, "kept": duty.kept_ms is not None,
                 "over_s": duty.over_ms // 1_000} for duty in self._duties.values()]
        return ((self._topic, json.dumps({"owed_w": None if self._owed_w == NONE else self._owed_w, "in_force": told},
                                         separators=(",", ":"))),)

    def _resumed(self, in_force: "Container[tuple[str, str]]", now_ms: int) -> "list[Event]":
        if self._settled_ms == NONE:
            self._settled_ms = now_ms + GRACE_MS
        out = []
        for key in [key for key in self._kept if key in in_force]:
            duty = self._duties[key] = self._kept.pop(key)
            out.append(duty.said("resumed", now_ms))
        if now_ms >= self._settled_ms:
            out += [duty.said("released", now_ms, cause="gone at restart", most_w=duty.most_w,
                              over_s=duty.over_ms // 1_000) for duty in self._kept.values()]
            self._kept = {}
        return out

    def _told(self, key: "tuple[str, str]", told: Obligation, lost: bool, snapshot: Snapshot) -> "list[Event]":
        duty, now_ms = self._duties.get(key), snapshot.now_ms
        if duty is None:
            duty = self._duties[key] = Duty(told, now_ms, lost)
            for_ms = None if told.until_ms == NONE else told.until_ms - now_ms
            below = told.direction == CONSUME and self._owed_w != NONE and told.ceiling_w < self._owed_w
            return [duty.said("received", now_ms, for_ms=for_ms, below_owed=below,
                              owed_w=None if self._owed_w == NONE else self._owed_w)]
        settling = duty.resumed and now_ms < self._settled_ms  # not heard yet is not lost
        if told.ceiling_w == duty.told.ceiling_w and (lost == duty.lost or settling):
            duty.told = told
            return []
        was_w, duty.told, duty.lost = duty.told.ceiling_w, told, lost
        duty.applied_ms = duty.kept_ms = None
        return [duty.said("changed", now_ms, was_w=was_w)]

    def _released(self, duty: Duty, snapshot: Snapshot) -> Event:
        lapsed = duty.told.until_ms != NONE and snapshot.now_ms >= duty.told.until_ms
        cause = "lapsed" if lapsed else "input back" if duty.lost else "taken back"
        return duty.said("released", snapshot.now_ms, cause=cause, most_w=duty.most_w, over_s=duty.over_ms // 1_000)


class Minutes:
    """Means of each minute in which anything is demanded: the grid, the controllable loads, generators and storage."""

    def __init__(self, site: Site) -> None:
        wired, over = wiring(site), len(site.nodes)
        grid = site.nodes[0].meter
        self._names = {index: site.devices[index].name for index, device in enumerate(site.devices)
                       if index == grid or over in wired.paths[index] or index in wired.sources[0]
                       or device.ability.kind == "storage"}
        self._minute = NONE
        self._sums: "dict[int, list[int]]" = {}
        self._ceilings_w: "tuple[int | None, ...]" = (None, None)
        self._active = False

    def feed(self, snapshot: Snapshot, plan: Plan, duties: "Collection[Duty]") -> "Event | None":
        minute, out, active = snapshot.now_ms // MINUTE_MS, None, bool(duties)
        if minute != self._minute:
            if self._active and self._sums:
                means = {self._names[index]: total // count for index, (total, count) in sorted(self._sums.items())}
                out = {"state": "minute", "ceiling_w": self._ceilings_w[0], "feed_in_w": self._ceilings_w[1],
                       "mean_w": means, "duties": [{"event": duty.event, "most_w": duty.most_w,
                                                    "over_s": duty.over_ms // 1_000} for duty in duties]}
            self._minute, self._sums, self._active = minute, {}, False
        self._active = self._active or active
        if active:
            self._ceilings_w = tuple(_or_none(ceiling_w(plan.obeyed.obligations, way)) for way in (CONSUME, PRODUCE))
            for index in self._names:
                heard = snapshot.heard[index].reading
                if heard is not None and heard.total_w is not None:
                    sums = self._sums.setdefault(index, [0, 0])
                    sums[0], sums[1] = sums[0] + heard.total_w, sums[1] + 1
        return out


def _lost(site: Site, snapshot: Snapshot, plan: Plan) -> "set[tuple[str, str]]":
    """(device, direction) of contacts that are not heard, or that stand as they cannot."""
    out = set()
    for index in wiring(site).signals:
        device, words = site.devices[index], said(snapshot.heard[index].reading)
        silent = any(at == index and reason != INPUT_LOST for reason, at in plan.alarms)
        for word, direction, _, _ in device.ability.signals:
            if silent or word + BROKEN in words:
                out.add((device.name, direction))
    return out


def _or_none(value: int) -> "int | None":
    return None if value == NONE else value


def _stands(site: Site, snapshot: Snapshot, plan: Plan) -> "dict[str, bool]":
    """By direction: whether every device it concerns has confirmed no more than it is granted."""
    out = {}
    for direction, concerned in (("consume", [len(site.nodes) in path for path in wiring(site).paths]),
                                 ("produce", [device.ability.kind == "inverter" for device in site.devices])):
        out[direction] = all(_confirmed(snapshot, plan, index) for index, is_one in enumerate(concerned)
                             if is_one and is_told(site.devices[index]))
    return out


def _confirmed(snapshot: Snapshot, plan: Plan, index: int) -> bool:
    written, grant = snapshot.written[index], plan.grants[index]
    if written.pending is not None or written.confirmed is None or grant is None:
        return False
    return abs(written.confirmed.power_w) <= abs(grant.setpoint.power_w) + SET_W


def _progress(duty: Duty, stands: "dict[str, bool]", plan: Plan, now_ms: int, since_ms: int) -> "list[Event]":
    out = []
    if duty.applied_ms is None and stands[duty.told.direction] and now_ms > duty.received_ms:
        duty.applied_ms = now_ms
        out.append(duty.said("applied", now_ms))
    obeyed = plan.obeyed
    measured_w = obeyed.drawn_w if duty.told.direction == CONSUME else obeyed.fed_w
    if measured_w is None:
        return out
    over = measured_w > duty.told.ceiling_w + LOOSE_W + duty.told.ceiling_w * LOOSE_PERMILLE // 1_000
    if duty.kept_ms is not None:
        duty.most_w = max(duty.most_w, measured_w)
        duty.over_ms += since_ms if over else 0
    elif duty.applied_ms is not None and not over:
        duty.kept_ms = now_ms
        out.append(duty.said("kept", now_ms, measured_w=measured_w))
    return out
