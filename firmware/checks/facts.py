"""What a SITE.toml means and what happens on each loss, as plain values: the same for people and programs."""

from typing import Any

import msgspec

from control.values import NONE, DeviceSpec, Site, Store
from control.wiring import is_load, wiring
from drivers.d0 import SIGN_ON_BAUD
from drivers.system_time import SystemTime
from firmware.checks import generation as check_generation
from firmware.checks import heat as check_heat
from firmware.config.file import LineSpec, SiteFile
from firmware.config.heat import KINDS
from firmware.config.read import SECRET
from firmware.config.site import DeviceFile, amperes
from firmware.losses import assumed_ma, blind_budget_ma, left_alone_ma, silent_ma
from firmware.said import Said, german, said
from firmware.version import VERSION
from hal.values import Ability, Phases

Facts = dict[str, Any]
PHASE_NAMES = ("L1", "L2", "L3")
PARTS = ("mqtt", "commands", "page", "accounts", "history", "state", "journal", "records", "carry",
         "notify")


def facts(file: SiteFile) -> Facts:
    site = file.site
    return {
        "name": site.name,
        "latitude_udeg": file.latitude_udeg,
        "longitude_udeg": file.longitude_udeg,
        "cycle_ms": site.cycle_ms,
        "feed_in_w": None if site.feed_in_w == NONE else site.feed_in_w,
        "lines": [{"name": line.name, "kind": line.kind, **_shown(line),
                   "devices": [device.name for device in file.devices if device.line == line.name]}
                  for line in file.lines],
        "carry": None if file.carry is None else {
            "line": file.carry.line, "interval_s": file.carry.interval_s, "meters": len(file.carry.meters) or None},
        "nodes": [_node(site, index) for index in range(len(site.nodes))],
        "devices": [_device(site, spec, device) for spec, device in zip(site.devices, file.devices)],
        "losses": {
            "meters": [_meter_lost(site, node.meter) for node in site.nodes if node.meter != NONE],
            "devices": [_device_silent(device) for device in site.devices if is_load(device)],
            "broker": None if file.mqtt is None else f"{file.mqtt.host}:{file.mqtt.port}",
            "everything": _all_silent(file),
        },
        "generation": check_generation.facts(file),
        **_warned([*warnings(file), *check_generation.warnings(file)]),
    }


def _warned(found: "list[str]") -> Facts:
    return {"warnings": found, "warnings_de": [german(words) for words in found]}


def setup(file: SiteFile) -> Facts:
    """For whoever looks at a running house: the same, its version, and the parts around it without what is secret."""
    parts = {name: getattr(file, name) for name in PARTS}
    return {"version": VERSION, "configuration": facts(file), **_missing(file), "parts": {
        name: None if table is None else {
            key: value for key, value in msgspec.structs.asdict(table).items() if key not in SECRET}
        for name, table in parts.items()}}


def _missing(file: SiteFile) -> Facts:
    """To what the records could be used for."""
    if file.records is None:
        return {"missing": [], "missing_de": []}
    from firmware.checks import records as check_records  # with what signs: only where that is there anyway
    told = check_records.facts(file, SystemTime())
    assert told is not None
    return {name: told[name] for name in ("missing", "missing_de")}


def _shown(line: LineSpec) -> Facts:
    """Its keys, without what is secret."""
    return {key: value for key, value in line.options.items() if key not in SECRET}


def warnings(file: SiteFile) -> "tuple[str, ...]":
    """What may be meant so, and mostly is not."""
    site, out = file.site, []
    for node in site.nodes:
        if node.parent != NONE and node.rated_ma > site.nodes[node.parent].rated_ma:
            parent = site.nodes[node.parent]
            out.append(said("node.{}: its fuse ({}) is larger than that of {} behind which it stands ({})",
                            node.name, amperes(node.rated_ma), parent.name, amperes(parent.rated_ma)))
    for index, device in enumerate(site.devices):
        if device.ability.kind == "wallbox":
            out += [said("device.{}: can never charge: {} leaves {}, it needs {}", device.name, site.nodes[node].name,
                         amperes(left_ma), amperes(device.ability.min_ma))
                    for node, left_ma in _always_left(site, index) if left_ma < device.ability.min_ma]
    return (*out, *_of_lines(file))


def _of_lines(file: SiteFile) -> "list[Said]":
    used = {device.line for device in file.devices} | ({file.carry.line} if file.carry else set())
    out = [said("line.{}: no device hangs on it", line.name) for line in file.lines if line.name not in used]
    out += [said("line.{}: no login (logins): the gateway cannot be asked", line.name) for line in file.lines
            if line.kind == "smgw" and not line.options["logins"]]
    slow = {line.name for line in file.lines if line.kind == "d0" and line.options["baud"] == SIGN_ON_BAUD}
    out += [said('device.{}: talk = "sends" on line.{} at {} baud: one that sends by itself does so at 9600 or 2400',
                 device.name, device.line, SIGN_ON_BAUD)
            for device in file.devices if device.line in slow and device.options.get("talk") == "sends"]
    out += [said("line.{}: security_profile = 0: whoever is on that network can call itself one of the stations",
                 line.name) for line in file.lines if line.kind == "ocpp" and not line.options["security_profile"]]
    if file.state is None:
        sealed = [device.name for device in file.devices if device.options.get("keys")]
        out += [said("device.{}: without [state] a restart forgets the counter of its telegrams: an old one may be "
                     "played again", name) for name in sealed]
    return out


def _always_left(site: Site, device: int) -> "list[tuple[int, int]]":
    """(node, most it can leave to one load), leaf to root; a measured node may have no other load at all."""
    return [(node, wiring(site).caps[node][0] - (site.nodes[node].rest_ma if site.nodes[node].meter == NONE else 0))
            for node in wiring(site).paths[device] if node < len(site.nodes)]


def _node(site: Site, index: int) -> Facts:
    node = site.nodes[index]
    return {
        "name": node.name,
        "parent": None if node.parent == NONE else site.nodes[node.parent].name,
        "meter": None if node.meter == NONE else site.devices[node.meter].name,
        "rated_ma": node.rated_ma,
        "continuous_ma": node.continuous_ma,
        "curve": node.curve,
        "rest_ma": node.rest_ma,
        "max_w": node.max_w or None,
        "imbalance_va": node.imbalance_va or None,
    }


def _device(site: Site, spec: DeviceSpec, file: DeviceFile) -> Facts:
    able, load = spec.ability, is_load(spec)
    return {
        "name": spec.name,
        "kind": able.kind,
        "driver": file.driver,
        "line": file.line or None,
        "sum": file.options.get("sum"),
        "unit": file.options.get("unit"),
        "node": site.nodes[spec.node].name,
        "phases": [PHASE_NAMES[phase] for phase in spec.phases],
        "period_ms": file.period_ms,
        "every_s": file.options.get("every_s"),
        "stale_ms": spec.stale_ms,
        "plate": {name: value for name, value in file.plate._asdict().items() if value is not None} or None,
        "mode": spec.mode if load else None,
        "priority": spec.priority if load else None,
        "current_ma": [able.min_ma, able.max_ma] if able.kind == "wallbox" else None,
        "power_w": [able.min_w, able.max_w] if able.kind in ("heater", "storage", "inverter") else None,
        "stages_w": sorted({sum(stage) for stage in able.stages}) if able.kind == "stages" else None,
        "runs_alone": able.fallback.power_w > 0 if able.kind in KINDS else None,
        "heat": check_heat.facts(site, spec) if able.kind in KINDS else None,
        "store": _store(spec.store, able),
        "failsafe_ms": able.failsafe_ms or None,
        "left_alone_ma": _vector(left_alone_ma(spec)) if load else None,
        "reserve_ma": spec.reserve_ma if load else None,
    }


def _store(store: "Store | None", able: Ability) -> "Facts | None":
    return None if store is None else {**store._asdict(), "own": able.own}


def _meter_lost(site: Site, meter: int) -> Facts:
    """What the loads behind its node may still have, once the meter's newest reading is too old."""
    nodes = []
    for index, budget_ma in enumerate(blind_budget_ma(site, (meter,))):
        if site.nodes[index].meter == meter and budget_ma is not None:
            nodes.append({"node": site.nodes[index].name, "budget_ma": _vector(budget_ma),
                          "assumed_ma": assumed_ma(site)[index],
                          "loads": [site.devices[load].name for load in wiring(site).behind[index]]})
    return {"meter": site.devices[meter].name, "after_ms": site.devices[meter].stale_ms, "nodes": nodes}


def _device_silent(device: DeviceSpec) -> Facts:
    return {"device": device.name, "measured": device.ability.measured, "after_ms": device.stale_ms,
            "failsafe_ms": device.ability.failsafe_ms or None, "reserved_ma": _vector(left_alone_ma(device))}


def _all_silent(file: SiteFile) -> Facts:
    """We are dead: each device by itself, and what that is at each fuse."""
    site = file.site
    loads = tuple(index for index, device in enumerate(site.devices) if is_load(device))
    without = [site.devices[index].name for index in loads if not site.devices[index].ability.failsafe_ms]
    nodes = []
    for node, sums, assumed in zip(site.nodes, silent_ma(site, loads), assumed_ma(site)):
        nodes.append({"node": node.name, "failsafe_ma": _vector(sums), "assumed_ma": assumed,
                      "total_ma": [one + assumed for one in _vector(sums)], "rated_ma": node.rated_ma})
    return {
        "devices": [{"device": site.devices[index].name, "failsafe_ms": site.devices[index].ability.failsafe_ms or None,
                     "left_alone_ma": _vector(left_alone_ma(site.devices[index])),
                     **check_generation.failsafe(file, index)} for index in loads],
        "without_failsafe": without,
        "nodes": nodes,
    }


def _vector(current_ma: Phases) -> "list[int]":
    return [current_ma.l1, current_ma.l2, current_ma.l3]
