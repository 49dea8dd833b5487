"""`check SITE.toml`: what was understood, as a tree with its limits, and what happens on each loss.

Touches no wire, unless it is told to: `--live` asks or hears each meter who it is.
"""

import argparse
import json
import sys
from pathlib import Path

from drivers.clock import MonotonicClock
from drivers.passport import passport
from drivers.system_time import SystemTime
from firmware.checks import generation as check_generation
from firmware.checks import heat as check_heat
from firmware.checks import records as check_records
from firmware.checks.battery import battery_words
from firmware.checks.facts import PHASE_NAMES, Facts, facts
from firmware.checks.live import live
from firmware.config.file import ConfigError, SiteFile, load
from firmware.config.schema import schema
from firmware.config.site import amperes
from firmware.notices.services import services
from firmware.scanning.text import passport_words

CURVES = {"sls-e": "SLS-E", "gg": "gG", "mcb-b": "MCB B", "mcb-c": "MCB C", "mcb-d": "MCB D"}

WHERE = {
    "modbus-rtu": "{port} {baud} 8{parity}{stop_bits}", "modbus-tcp": "{host}:{port}", "sml": "{port} {baud} 8N1",
    "d0": "{port} {baud} 7E1", "p1": "{port} {baud}", "wm-bus": "{stick} on {port}, mode {mode}",
    "m-bus": "{port} {baud} 8E1", "mqtt": "{host}:{port}", "http": "{host}:{port}", "speedwire": "{interface}",
    "keba-udp": "UDP port 7090",
    "smgw": "{maker} at {host}:{port}, login {login}, at most {failed_logins} failed logins",
    "ocpp": "listens on {host}:{port}/{path}, security profile {security_profile}",
    "gpio": "the pins of this computer",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("site", metavar="SITE.toml", type=Path, nargs="?")
    what.add_argument("--schema", action="store_true", help="print the JSON schema of a SITE.toml, for editors")
    parser.add_argument("--live", action="store_true", help="also ask or hear each meter who it is; writes nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")


def run(args: argparse.Namespace) -> int:
    if args.schema:
        print(json.dumps(schema(), indent=1))
        return 0
    try:
        file = load(args.site)
        understood = {**facts(file), "records": check_records.facts(file, SystemTime())}
    except ConfigError as error:
        print(error, file=sys.stderr)
        if args.json:
            print(json.dumps({"ok": False, "errors": list(error.messages)}, ensure_ascii=False))
        return 1
    deaf = _not_understood(file)
    if deaf:
        print("\n".join(deaf), file=sys.stderr)
        if args.json:
            print(json.dumps({"ok": False, "errors": deaf}, ensure_ascii=False))
        return 1
    meters = live(file, MonotonicClock()) if args.live else []
    good = all(meter.good() for meter in meters)
    if args.json:
        here = {"live": [meter.plain() for meter in meters]} if args.live else {}
        print(json.dumps({"ok": good, **understood, **here}, ensure_ascii=False))
    else:
        print("\n".join(_text(understood)))
        if args.live:
            print("\n".join(["", "Who the meters say they are", *(meter.words() for meter in meters)]))
    return 0 if good else 1


def _not_understood(file: SiteFile) -> "list[str]":
    """Addresses of [notify] that no service takes; only here, for it takes more memory than the daemon has."""
    if file.notify is None or not file.notify.services:
        return []
    from firmware.notices.post import understood
    return [f"{file.notify.services}: {service.name}: not understood as an address of that service"
            for service in services(file.notify.services) if not understood(service.url)]


def _text(site: Facts) -> "list[str]":
    out = [site["name"], "", *_tree(site, None, ""), "", "Lines", *map(_line, site["lines"])]
    if site["carry"]:
        which = f"{site['carry']['meters']} meters" if site["carry"]["meters"] else "all meters in reach, at most 250"
        out.append(f"  {site['carry']['line']} carries {which}, every {site['carry']['interval_s']} s until set from "
                   "afar; no key of them is here")
    losses = site["losses"]
    out += ["", "When a meter is lost"]
    for lost in losses["meters"]:
        out += _meter_lost(lost)
    out += [f"  {node['name']} has no meter: always {amperes(node['rest_ma'])} a phase assumed for the loads "
            "nobody controls" for node in site["nodes"] if node["meter"] is None]
    if site["records"]:
        out += ["", "Records", *check_records.words(site["records"])]
    out += ["", "When a device falls silent", *map(_silent, losses["devices"])]
    tanks = [line for device in site["devices"] if device["heat"]
             for line in check_heat.lost(device["name"], device["heat"], device["runs_alone"])]
    out += ["", "When the temperature of a tank is not known", *tanks] if tanks else []
    generation = check_generation.words(site["generation"])
    out += ["", "Generation and the grid operator", *generation] if generation else []
    out += ["", "When the broker is down", f"  {_broker(losses['broker'])}"]
    out += ["", "When this program or its computer dies", *_dead(losses["everything"]),
            *check_generation.dead(site["generation"])]
    if site["warnings"]:
        out += ["", "Is this meant?", *("  " + words for words in site["warnings"])]
    return out


def _tree(site: Facts, parent: "str | None", indent: str) -> "list[str]":
    out = []
    for node in site["nodes"]:
        if node["parent"] == parent:
            out.append(f"{indent}{node['name']}: {_limits(node)}")
            inner = indent + "   "
            for device in site["devices"]:
                if device["node"] == node["name"]:
                    out += [inner + words for words in _device(device)]
            out += _tree(site, node["name"], inner)
    return out


def _limits(node: Facts) -> str:
    words = [f"{amperes(node['rated_ma'])} {CURVES[node['curve']]}"]
    if node["continuous_ma"] < node["rated_ma"]:
        words.append(f"{amperes(node['continuous_ma'])} for hours")
    if node["max_w"]:
        words.append(f"at most {node['max_w']} W")
    if node["imbalance_va"]:
        words.append(f"at most {node['imbalance_va']} VA between phases")
    words.append(f"meter {node['meter']}" if node["meter"] else "no meter")
    return ", ".join([*words, f"{amperes(node['rest_ma'])} assumed when blind"])


def _device(device: Facts) -> "list[str]":
    """How it is wired; for a load, what it may."""
    unit = "" if device["unit"] is None else f" unit {device['unit']}"
    name = f"{device['name']}: {device['kind']} {device['driver']}"
    if device["line"] is None:
        return [f"{name}, {device['sum']}, stale after {_s(device['stale_ms'])}"]
    every = f"asked every {device['every_s']} s" if device["every_s"] else f"read every {_s(device['period_ms'])}"
    wired = [name, f"{device['line']}{unit}", " ".join(device["phases"]),
             f"{every}, stale after {_s(device['stale_ms'])}"]
    if device["kind"] == "inverter":
        return [", ".join(wired), f"   limited to {-device['power_w'][1]} to {-device['power_w'][0]} W"]
    if device["mode"] is None:
        plate = passport_words(passport(device["plate"] or {}))
        return [", ".join(wired), *(["   " + plate] if plate else [])]
    may = [f"mode {device['mode']}", f"priority {device['priority']}", _range(device), _failsafe(device)]
    battery = battery_words(device["store"], device["kind"])
    heat = check_heat.words(device["heat"]) if device["heat"] else ""
    return [", ".join(wired), "   " + ", ".join(may), *("   " + words for words in (*battery, heat) if words)]


def _range(device: Facts) -> str:
    if device["current_ma"]:
        return f"{amperes(device['current_ma'][0])} to {amperes(device['current_ma'][1])}"
    if device["stages_w"]:
        return "stages " + " ".join(str(power_w) for power_w in device["stages_w"]) + " W"
    return f"{device['power_w'][0]} to {device['power_w'][1]} W"


def _failsafe(device: Facts) -> str:
    if device["failsafe_ms"] is None:
        return "NO FAIL-SAFE of its own"
    return f"fail-safe {_most(device['left_alone_ma'])} after {_s(device['failsafe_ms'])}"


def _line(line: Facts) -> str:
    where = WHERE[line["kind"]].format(**line)
    return f"  {line['name']}: {line['kind']}, {where}: {', '.join(line['devices']) or 'no device'}"


def _meter_lost(lost: Facts) -> "list[str]":
    return [f"  {lost['meter']}, {_s(lost['after_ms'])} after its newest reading: at {node['node']} "
            f"{amperes(min(node['budget_ma']))} a phase are left for {', '.join(node['loads']) or 'no load'} "
            f"({amperes(node['assumed_ma'])} assumed for all others); charging goes on at its least, all else stops, "
            "nothing starts" for node in lost["nodes"]]


def _silent(silent: Facts) -> str:
    reserved = _most(silent["reserved_ma"])
    if not silent["measured"]:
        return f"  {silent['device']} is not measured: what it was told stays reserved, {reserved} until it is known"
    if silent["failsafe_ms"] is None:
        return f"  {silent['device']}: {reserved} stay reserved; it has no fail-safe and may stay where it is"
    return (f"  {silent['device']}: what it was told stays reserved, and {reserved} once it has fallen back by itself "
            f"({_s(silent['failsafe_ms'])})")


def _broker(broker: "str | None") -> str:
    if broker is None:
        return "none is configured"
    return f"nothing changes: decisions do not need {broker}; the newest state follows when it is back"


def _dead(dead: Facts) -> "list[str]":
    out = []
    for device in dead["devices"]:
        when = "stays where it is" if device["failsafe_ms"] is None else f"within {_s(device['failsafe_ms'])}"
        out.append(f"  {device['device']} {when}, then at most {_most(device['left_alone_ma'])}: {device['words']}")
    for node in dead["nodes"]:
        worst = node["total_ma"].index(max(node["total_ma"]))
        parts = f"{amperes(node['failsafe_ma'][worst])} fail-safe + {amperes(node['assumed_ma'])} assumed"
        total = f"{amperes(node['total_ma'][worst])} of {amperes(node['rated_ma'])} on {PHASE_NAMES[worst]}"
        out.append(f"  {node['node']}: {parts} = {total}")
    without = ", ".join(dead["without_failsafe"])
    return [*out, f"  Without a fail-safe of their own: {without or 'none'}"]


def _most(vector: "list[int]") -> str:
    """The current on each phase, shortly: once when it is the same wherever it flows."""
    flowing = [(name, ma) for name, ma in zip(PHASE_NAMES, vector) if ma]
    if not flowing:
        return "0 A"
    if len({ma for _, ma in flowing}) == 1:
        return f"{amperes(flowing[0][1])} on {' '.join(name for name, _ in flowing)}"
    return ", ".join(f"{amperes(ma)} on {name}" for name, ma in flowing)


def _s(duration_ms: int) -> str:
    return f"{duration_ms / 1000:g} s"
