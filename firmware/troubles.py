"""What is wrong, in words a person can act on: what it is, what that means, what to do. In English and German; the one
source of the page, of messages and of whoever reads the topic.

hutschiene/<site>/site/troubles   retained: {"troubles": [...]}, the gravest first; empty while all is well
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from control import reasons as r
from control import reasons_de
from control.reasons import alarm
from control.values import NONE, Plan, Site, Snapshot
from firmware import advice
from firmware.advice import Words
from firmware.said import german
from firmware.topics import DOUBTS, Pairs, slug
from hal.faults import TIMEOUT
from hal.values import Reading

FAULT_WORDS = {"timeout": ("no answer", "keine Antwort"), "frame": ("damaged answers", "beschädigte Antworten"),
               "refused": ("refuses", "lehnt ab"), "range": ("impossible values", "unmögliche Werte")}
MOST_FAULT = 200


class Trouble(NamedTuple):
    """One thing that is wrong. `key` (kind, name) stays the same while its reason changes."""

    key: "tuple[str, str]"
    critical: bool
    what: Words
    means: Words
    todo: Words
    device: "str | None" = None
    reason: "int | None" = None  # of Plan.alarms

    @property
    def worth_a_message(self) -> bool:
        """Whether it is more than a device that stumbles, and can be told."""
        return self.key[0] != "device" and self.key != ("part", "notify")


def found(site: Site, snapshot: Snapshot, plan: Plan, live: "Sequence[Reading | None]",
          faults: "dict[str, str]") -> "tuple[Trouble, ...]":
    """`live`: firmware.topics.live; `faults` by part of the program, "" while it works."""
    out = [of_alarm(site, reason, device, _fault(snapshot, device)) for reason, device in plan.alarms]
    known = {device for _, device in plan.alarms}
    for index in range(len(site.devices)):
        one = None if index in known else _of_device(site, snapshot, index, live[index])
        if one is not None:
            out.append(one)
    out += [of_part(name, fault) for name, fault in faults.items() if fault]
    return tuple(sorted(out, key=lambda one: not one.critical))


def of_alarm(site: Site, reason: int, device: int, fault: str = TIMEOUT) -> Trouble:
    """One of `Plan.alarms`."""
    blind = device == site.nodes[0].meter != NONE and reason in DOUBTS
    doubted = reason in DOUBTS or reason == r.WRITE_FAULT
    means = advice.SOON if reason == r.RECOVERING else advice.LOCKED_IS if reason == r.NO_POWER else (
        advice.BLIND if blind else advice.HELD if doubted else advice.NONE)
    todo = advice.OF_FAULT[fault] if reason in advice.UNHEARD else advice.OF_ALARM.get(reason, advice.NONE)
    group = "reading" if reason in DOUBTS else str(reason)
    name = site.devices[device].name
    return Trouble((group, name), (blind and reason != r.RECOVERING) or reason in (r.OVER_FUSE, r.NOT_OBEYED),
                   (alarm(site, reason, device), reasons_de.alarm(site, reason, device)), means, todo, name, reason)


def of_part(name: str, fault: str) -> Trouble:
    """A part of the program that does not work; `fault` is what it says itself."""
    what, todo = advice.OF_PART.get(name, ((name, name), advice.NONE))  # no words end no decision
    why, why_de = fault[:MOST_FAULT], german(fault)[:MOST_FAULT]
    return Trouble(("part", name), False, (f"{what[0]}: {why}", f"{what[1]}: {why_de}"), advice.NONE, todo)


def pairs(site: Site, troubles: "Sequence[Trouble]") -> Pairs:
    told = [{"device": one.device and slug(one.device), "reason": one.reason, "critical": one.critical,
             "what": one.what[0], "what_de": one.what[1], "means": one.means[0], "means_de": one.means[1],
             "todo": one.todo[0], "todo_de": one.todo[1]} for one in troubles]
    return ((f"hutschiene/{slug(site.name)}/site/troubles",
             json.dumps({"troubles": told}, separators=(",", ":"), ensure_ascii=False)),)


def _fault(snapshot: Snapshot, device: int) -> str:
    fault = snapshot.heard[device].fault
    return TIMEOUT if fault is None else fault.kind


def _of_device(site: Site, snapshot: Snapshot, index: int, live: "Reading | None") -> "Trouble | None":
    """What is shown before, or without, an alarm: that a write is not taken is one at once."""
    name, heard, kind = site.devices[index].name, snapshot.heard[index], _fault(snapshot, index)
    if heard.fault is None and live is None:
        what: Words = (f"{name}: nothing new is heard of it", f"{name}: nichts Neues zu hören")
        return Trouble(("device", name), False, what, advice.HELD, advice.OF_FAULT[TIMEOUT], name)
    if heard.fault is not None:
        what = (f"{name}: {FAULT_WORDS[kind][0]}", f"{name}: {FAULT_WORDS[kind][1]}")
        return Trouble(("device", name), False, what, advice.HELD if live is None else advice.STILL,
                       advice.OF_FAULT[kind], name)
    return None
