"""The story of a moment: what bound each device then, since when, what was granted before, and the readings behind it.

All of it is what the decision itself saw and said (snapshot, plan, reasons), so it can be told of a simulated day, of a
case or of a journal alike.
"""

from typing import NamedTuple

from control import reasons
from control.values import CONSUME, NONE, Grant, Plan, Site, Snapshot
from control.wiring import LOADS
from hal.values import Phases, Reading

MOST_CHANGES = 4  # of each device, told back from the moment


class _Change(NamedTuple):
    t_ms: int
    grant: Grant


class Story:
    """`see` every decision up to the moment, then `tell`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._changes: "list[list[_Change]]" = [[] for _ in site.devices]
        self._believed_ms = [NONE] * len(site.nodes)  # since when its meter is (not) believed
        self._snapshot: "Snapshot | None" = None
        self._plan: "Plan | None" = None

    def see(self, snapshot: Snapshot, plan: Plan) -> None:
        for index, grant in enumerate(plan.grants):
            changes = self._changes[index]
            if grant is not None and (not changes or _differs(changes[-1].grant, grant)):
                changes.append(_Change(snapshot.now_ms, grant))
                del changes[:-MOST_CHANGES]
        for index, view in enumerate(plan.nodes):
            if self._plan is None or view.believed != self._plan.nodes[index].believed:
                self._believed_ms[index] = snapshot.now_ms
        self._snapshot, self._plan = snapshot, plan

    def tell(self) -> "list[str]":
        """Lines for a person; of the newest decision that was seen."""
        snapshot, plan = self._snapshot, self._plan
        if snapshot is None or plan is None:
            return ["nothing has been decided yet"]
        out = [f"{clock(snapshot.now_ms)}  {self._site.name}", ""]
        for index in range(len(self._site.nodes)):
            out += self._node(index, snapshot, plan)
        for one in plan.obeyed.obligations:
            what = "for controllable loads" if one.direction == CONSUME else "fed in"
            out.append(f"grid operator ({one.source}): at most {reasons.watts(one.ceiling_w)} {what}")
        out.append("surplus: " + ("not known" if plan.surplus_w is None else reasons.watts(plan.surplus_w)))
        for reason, device in plan.alarms:
            out.append("alarm: " + reasons.alarm(self._site, reason, device))
        for index, grant in enumerate(plan.grants):
            out += ["", *self._device(index, grant, snapshot)]
        return out

    def _node(self, index: int, snapshot: Snapshot, plan: Plan) -> "list[str]":
        node, view = self._site.nodes[index], plan.nodes[index]
        rated = reasons.amperes(node.rated_ma)
        if node.meter == NONE:
            measured = "no meter"
        elif view.believed and view.measured_ma is not None:
            measured = f"measured {_phases(view.measured_ma)}"
        else:
            since_s = (snapshot.now_ms - self._believed_ms[index]) // 1000
            measured = f"meter {self._site.devices[node.meter].name} not believed since {since_s} s"
        return [f"node {node.name} ({rated} {node.curve}): {measured}; loads nobody controls {_phases(view.rest_ma)}; "
                f"allowed to ours {_phases(view.issued_ma)}"]

    def _device(self, index: int, grant: "Grant | None", snapshot: Snapshot) -> "list[str]":
        device, heard = self._site.devices[index], snapshot.heard[index]
        out = [f"{device.name} ({device.ability.kind}{_mode(device.ability.kind, snapshot.modes[index])})"]
        if grant is not None:
            since_s = (snapshot.now_ms - self._changes[index][-1].t_ms) // 1000
            out.append(f"  {reasons.sentence(self._site, index, grant)} (for {since_s} s)")
            if grant.wanted.power_w > grant.setpoint.power_w:
                out.append(f"  wanted {reasons.watts(grant.wanted.power_w)}")
            for change in reversed(self._changes[index][:-1]):
                out.append(f"  from {clock(change.t_ms)}: {reasons.sentence(self._site, index, change.grant)}")
            written = snapshot.written[index]
            if written.fault is not None:
                out.append(f"  last write failed: {written.fault.kind} at {clock(written.fault.t_ms)}")
        if heard.reading is None:
            out.append("  never read")
        else:
            out.append(f"  read {_age(snapshot.now_ms - heard.reading.t_ms)} ago: {_reading(heard.reading)}")
        if heard.fault is not None:
            out.append(f"  does not answer: {heard.fault.kind}, last at {clock(heard.fault.t_ms)}")
        return out


def clock(t_ms: int) -> str:
    """Time of day."""
    second = t_ms // 1000 % 86_400
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def _differs(old: Grant, new: Grant) -> bool:
    """A following of the surplus in small steps is no change worth telling."""
    return (old.reason, old.node, old.phase) != (new.reason, new.node, new.phase) or (
        (old.setpoint.power_w == 0) != (new.setpoint.power_w == 0))


def _mode(kind: str, mode: str) -> str:
    return f", {mode}" if kind in LOADS else ""


def _age(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000 // 100} s"


def _phases(vector: Phases) -> str:
    return "/".join(f"{'-' if ma < 0 else ''}{abs(ma) // 1000}.{abs(ma) % 1000 // 100}" for ma in vector) + " A"


def _reading(read: Reading) -> str:
    words = []
    if read.total_w is not None:
        words.append(reasons.watts(read.total_w))
    if read.current_ma is not None:
        words.append(_phases(read.current_ma))
    if read.soc_permille is not None:
        words.append(f"charge {read.soc_permille // 10} %")
    if read.temperature_mdegc is not None:
        words.append(f"{read.temperature_mdegc // 1000} °C")
    if read.state is not None:
        words.append(f"state {read.state}")
    return ", ".join(words) or "nothing that counts"
