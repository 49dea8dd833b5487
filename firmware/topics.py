"""What leaves the house: the snapshot and the plan as retained (topic, payload) pairs, for every outbox the same.

Payloads are JSON of integers, units last in the name, + into the node; null is "not known", never 0. A reading that is
too old, or that control does not believe, leaves as null beside its age and fault: nothing downstream can take it for
live. What moves by itself (ages, counts) is rounded to coarse steps, so that a quiet house publishes little.

Topics under hutschiene/<site>/, names as slugs (no dots, no spaces; `site`, `status` and the prefixes `node_` and
`line_` are ours):
  site/state           sums of the house, surplus, alarms; `up_s` moves every second while decisions are made
  site/troubles        what is wrong, what that means and what to do (firmware.troubles)
  site/obligations     what the grid operator demands (firmware.duties)
  <device>/state       what it is, what it measures, how old that is
  <device>/energy      totals that never fall (firmware.totals)
  <device>/settings    what was set, and until when; `site/settings` for the house (firmware.commands)
  <device>/decision    what it may have, why, and where the limit stands
  <device>/ability     what it can be told, and what it falls back to (firmware.ability)
  <device>/measured    all that a heat, water, gas or other meter of M-Bus says, each value with its own time
  node_<node>/state    its fuse, per phase
  line_<line>/state    how the bus and each device on it answers
"""

import json
import unicodedata
from collections.abc import Callable, Sequence

from control import reasons_de
from control.reasons import LEAPING, NEVER_HEARD, NO_POWER, PHASES_MIXED, SCALED, TURNED, WRITE_FAULT, alarm, sentence
from control.values import NONE, DeviceSpec, Grant, NodeView, Plan, Site, Snapshot
from control.wiring import SOURCES, is_load
from firmware.said import german
from hal.measured import Measured
from hal.ports import Outbox
from hal.values import Phases, Reading

Pairs = tuple[tuple[str, str], ...]
LineHealth = tuple[str, tuple[tuple[int, int, int, str, int], ...]]  # firmware.line.Line.health

EVERY_MS = 1_000  # a topic is not sent more often
REFRESH_MS = 300_000  # and not less often
AGE_STEPS_S = (2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600)
VOLTAGE_STEP_MV, FREQUENCY_STEP_MHZ, FACTOR_STEP_PERMILLE = 1_000, 50, 10  # finer they move all the time
# alarms that mean: this reading is not believed
DOUBTS = (*range(NEVER_HEARD, WRITE_FAULT), NO_POWER, TURNED, PHASES_MIXED, LEAPING, SCALED)
HEAT = ("heater", "stages")
ALLOWED = ("decision", "ability", "settings")
LOCKED = "locked"  # drivers.sml_head: without its PIN a meter tells no power, and is not believed
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


class Publisher:
    """Sends to every outbox what changed, at most once a second a topic, and everything every five minutes."""

    def __init__(self, outboxes: Sequence[Outbox]) -> None:
        self._outboxes = tuple(outboxes)
        self._sent: dict[str, tuple[str, int]] = {}

    def send(self, pairs: Pairs, now_ms: int) -> None:
        for topic, payload in pairs:
            if self._due(topic, payload, now_ms):
                self._sent[topic] = (payload, now_ms)
                for outbox in self._outboxes:
                    outbox.publish(topic, payload)

    def _due(self, topic: str, payload: str, now_ms: int) -> bool:
        if topic not in self._sent:
            return True
        sent, sent_ms = self._sent[topic]
        if now_ms // EVERY_MS == sent_ms // EVERY_MS:  # by the second's number: a cycle of 999 ms does not lose one
            return False
        return payload != sent or now_ms - sent_ms >= REFRESH_MS


def pairs(site: Site, snapshot: Snapshot, plan: Plan, health: tuple[LineHealth, ...],
          broker: str | None = None, journal: str | None = None) -> Pairs:
    """`broker` and `journal`: why the broker is not connected, why nothing is written; "" while all is well.

    Either is None when none is configured.
    """
    believed = live(site, snapshot, plan)
    out = [("site/state", _site_state(site, snapshot, plan, believed, broker, journal))]
    for index, device in enumerate(site.devices):
        name = slug(device.name)
        out.append((name + "/state", _device_state(site, snapshot, index, believed[index])))
        grant = plan.grants[index]
        if grant is not None:
            out.append((name + "/decision", _decision(site, snapshot, index, grant)))
    for index, view in enumerate(plan.nodes):
        out.append(("node_%s/state" % slug(site.nodes[index].name), _node_state(site, index, view)))
    for line in health:
        out.append(("line_%s/state" % slug(line[0]), _line_state(site, snapshot, line)))
    root = "hutschiene/%s/" % slug(site.name)
    return tuple((root + topic, json.dumps(state, separators=(",", ":"), ensure_ascii=False)) for topic, state in out)


def live(site: Site, snapshot: Snapshot, plan: Plan) -> tuple[Reading | None, ...]:
    """By device: its newest reading, None when that is too old or not believed."""
    doubted = {device for reason, device in plan.alarms if reason in DOUBTS}
    return tuple(_live(site, snapshot, index, doubted) for index in range(len(site.devices)))


def measured_pairs(site: Site, told: "Sequence[tuple[int, tuple[Measured, ...]]]") -> Pairs:
    """Of each device by index: what it measured, unrounded: value * 10^scaler in `unit`."""
    out = []
    for index, values in told:
        device = "hutschiene/%s/%s/measured" % (slug(site.name), slug(site.devices[index].name))
        for at, meter in enumerate(dict.fromkeys(one.meter for one in values)):
            mine = [one for one in values if one.meter == meter]  # a gas meter speaks through its neighbour
            state = {"meter": meter, "medium": mine[0].medium, "status": mine[0].status, "values": [{
                "quantity": one.quantity, "value": one.value, "scaler": one.scaler, "unit": one.unit, "time": one.time,
                "clock": one.clock, "function": one.function, "storage": one.storage, "tariff": one.tariff,
                "subunit": one.subunit, "qualifiers": one.qualifiers} for one in mine]}
            out.append((device + ("/" + slug(meter) if at else ""),
                        json.dumps(state, separators=(",", ":"), ensure_ascii=False)))
    return tuple(out)


def gone(site: Site, lines: Sequence[str]) -> tuple[tuple[str, ...], Callable[[str], bool]]:
    """Filters for what a broker may still retain of this site, and which of it belongs to nothing that is there now, or
    may: what a device is not told any more (ALLOWED) is only gone if nobody has published it by now."""
    root = "hutschiene/%s/" % slug(site.name)
    here = {"site", "carry", "records"} | {slug(device.name) for device in site.devices}
    here |= {"node_" + slug(node.name) for node in site.nodes} | {"line_" + slug(line) for line in lines}

    def is_gone(topic: str) -> bool:
        place, part = (*topic[len(root):].split("/"), "")[:2]
        return topic.startswith(root) and (place not in here or part in ALLOWED)

    return (root + "+/+", root + "+/measured/+"), is_gone


def slug(name: str) -> str:
    """A name as one level of a topic: lower case, ascii letters, digits, underscores."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).lower().translate(UMLAUTS))
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split()
    return "_".join(words) or "unnamed"


def age_ms(now_ms: int, t_ms: int) -> int:
    """Rounded down to a step, so that a living meter is 0 all the time; beyond an hour in whole hours."""
    age_s = max(0, now_ms - t_ms) // 1000
    if age_s >= AGE_STEPS_S[-1]:
        return age_s // AGE_STEPS_S[-1] * AGE_STEPS_S[-1] * 1000
    return max((step for step in AGE_STEPS_S if step <= age_s), default=0) * 1000


def _live(site: Site, snapshot: Snapshot, index: int, doubted: set[int]) -> Reading | None:
    reading = snapshot.heard[index].reading
    if reading is None or index in doubted or snapshot.now_ms - reading.t_ms > site.devices[index].stale_ms:
        return None
    return reading


def _site_state(site: Site, snapshot: Snapshot, plan: Plan, live: tuple[Reading | None, ...],
                broker: str | None, journal: str | None) -> dict[str, object]:
    meter = site.nodes[0].meter
    grid = live[meter] if meter != NONE else None
    grid_w = None if grid is None else grid.total_w
    doubted = {device for reason, device in plan.alarms if reason in DOUBTS}
    pv_w, storage_w, cars_w, heat_w = (
        _sum(site, live, kinds, doubted) for kinds in (SOURCES, ("storage",), ("wallbox",), HEAT))
    parts = (pv_w, storage_w, cars_w, heat_w)
    house_w = None
    if grid_w is not None and None not in parts:
        house_w = grid_w - sum(part for part in parts if part is not None)
    return {
        "name": site.name, "grid_w": grid_w, "pv_w": pv_w, "storage_w": storage_w, "house_w": house_w,
        "cars_w": cars_w, "heat_w": heat_w, "surplus_w": plan.surplus_w,
        "alarms": [_alarm(site, reason, device) for reason, device in plan.alarms],
        "broker": None if broker is None else not broker, "broker_fault": broker or None,
        "broker_fault_de": german(broker) if broker else None, "journal": journal,
        "cycle_ms": site.cycle_ms, "up_s": snapshot.now_ms // 1000,
    }


def _sum(site: Site, live: tuple[Reading | None, ...], kinds: tuple[str, ...], doubted: set[int]) -> int | None:
    """Of the devices that measure themselves; the draw of the others is part of the house's. None if one is unknown.

    A generator that does not answer and is no alarm is asleep (control.generation): it makes nothing.
    """
    total_w = 0
    for index, (device, reading) in enumerate(zip(site.devices, live)):
        if device.ability.kind in kinds and device.ability.measured:
            if reading is None and device.ability.kind in SOURCES and index not in doubted:
                continue
            if reading is None or reading.total_w is None:
                return None
            total_w += reading.total_w
    return total_w


def _alarm(site: Site, reason: int, device: int) -> dict[str, object]:
    return {"reason": reason, "device": _name(site.devices, device), "why": alarm(site, reason, device),
            "why_de": reasons_de.alarm(site, reason, device)}


def _device_state(site: Site, snapshot: Snapshot, index: int, live: Reading | None) -> dict[str, object]:
    device = site.devices[index]
    heard = snapshot.heard[index]
    newest = heard.reading
    return {
        "kind": device.ability.kind, "node": slug(site.nodes[device.node].name),
        "phases": [phase + 1 for phase in device.phases],
        "power_w": live and live.total_w, "current_ma": live and _list(live.current_ma),
        "voltage_mv": live and _stepped(live.voltage_mv, VOLTAGE_STEP_MV),
        "power_factor_permille": live and _stepped(live.power_factor_permille, FACTOR_STEP_PERMILLE),
        "frequency_mhz": live and live.frequency_mhz and _nearest(live.frequency_mhz, FREQUENCY_STEP_MHZ),
        "energy_wh": newest and newest.import_wh, "export_wh": newest and newest.export_wh,
        "state": live.state if live else LOCKED if newest and newest.state == LOCKED else None,
        "soc_permille": live and live.soc_permille,
        "session_wh": newest and newest.session_wh, "card": live and live.card,
        "temperature_mdegc": live and live.temperature_mdegc,
        "age_ms": newest and age_ms(snapshot.now_ms, newest.t_ms),
        "stale": live is None, "fault": heard.fault and heard.fault.kind,
    }


def _stepped(vector: Phases | None, step: int) -> list[int] | None:
    return None if vector is None else [_nearest(value, step) for value in vector]


def _nearest(value: int, step: int) -> int:
    return (value + step // 2) // step * step


def _decision(site: Site, snapshot: Snapshot, index: int, grant: Grant) -> dict[str, object]:
    written = snapshot.written[index]
    bound_by = None
    if grant.node != NONE:
        phase = None if grant.phase == NONE else grant.phase + 1
        bound_by = {"node": slug(site.nodes[grant.node].name), "phase": phase}
    return {
        "mode": snapshot.modes[index] if is_load(site.devices[index]) else None,
        "granted_w": grant.setpoint.power_w, "granted_ma": _list(grant.setpoint.current_ma),
        "wanted_w": grant.wanted.power_w, "wanted_ma": _list(grant.wanted.current_ma),
        "reason": grant.reason, "why": sentence(site, index, grant),
        "why_de": reasons_de.sentence(site, index, grant), "bound_by": bound_by,
        "fault": written.fault and written.fault.kind,
    }


def _node_state(site: Site, index: int, view: NodeView) -> dict[str, object]:
    node = site.nodes[index]
    return {
        "parent": None if node.parent == NONE else slug(site.nodes[node.parent].name),
        "meter": _name(site.devices, node.meter),
        "measured_ma": _list(view.measured_ma), "rest_ma": _list(view.rest_ma), "issued_ma": _list(view.issued_ma),
        "rated_ma": node.rated_ma, "continuous_ma": node.continuous_ma, "believed": view.believed,
    }


def _line_state(site: Site, snapshot: Snapshot, line: LineHealth) -> dict[str, object]:
    devices = []
    for index, reads, errors, fault, failures in line[1]:
        newest = snapshot.heard[index].reading
        devices.append({
            "name": slug(site.devices[index].name), "ok": not failures, "reads": _coarse(reads), "errors": errors,
            "fault": fault or None, "age_ms": newest and age_ms(snapshot.now_ms, newest.t_ms),
        })
    return {"ok": all(device["ok"] for device in devices), "errors": sum(d[2] for d in line[1]), "devices": devices}


def _name(devices: tuple[DeviceSpec, ...], index: int) -> str | None:
    return slug(devices[index].name) if 0 <= index < len(devices) else None


def _list(phases: Phases | None) -> list[int] | None:
    return None if phases is None else list(phases)


def _coarse(count: int) -> int:
    """Rounded down to one digit: a counter that would otherwise be news every second."""
    step = int("1" + "0" * (len(str(count)) - 1))
    return count // step * step
