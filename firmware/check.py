"""`check SITE.toml`: what was understood, as a tree with its limits, and what happens on each loss.

Touches no wire, unless it is told to: `--live` asks or hears each meter who it is. Speaks the language of the terminal;
names, drivers and the keys and modes of the configuration stay as they are written there.
"""

import argparse
import json
import os
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
from firmware.language import LANGUAGES, of_terminal
from firmware.notices.services import services
from firmware.said import Said, decimal, german, joined, said
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
WHERE_DE = {
    "wm-bus": "{stick} an {port}, Modus {mode}", "keba-udp": "UDP-Port 7090", "gpio": "die Pins dieses Rechners",
    "smgw": "{maker} an {host}:{port}, Anmeldung {login}, höchstens {failed_logins} Fehlversuche",
    "ocpp": "hört auf {host}:{port}/{path}, Sicherheitsprofil {security_profile}",
}
KIND_DE = {
    "meter": "Zähler", "source": "Erzeugung", "sensor": "Unterzähler", "wallbox": "Wallbox", "heater": "Heizung",
    "stages": "Verbraucher in Stufen", "storage": "Batterie", "inverter": "Wechselrichter",
    "signal": "Kontakte des Netzbetreibers",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("site", metavar="SITE.toml", type=Path, nargs="?")
    what.add_argument("--schema", action="store_true", help="print the JSON schema of a SITE.toml, for editors")
    parser.add_argument("--live", action="store_true", help="also ask or hear each meter who it is; writes nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of words")
    parser.add_argument("--lang", choices=LANGUAGES, help="in which language; default: that of the terminal")


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
        lines = _text(understood)
        if args.live:
            lines += ["", said("Who the meters say they are"), *(meter.words() for meter in meters)]
        language = args.lang or of_terminal(os.environ)
        print("\n".join(german(line) if language == "de" else line for line in lines))
    return 0 if good else 1


def _not_understood(file: SiteFile) -> "list[str]":
    """Addresses of [notify] that no service takes; only here, for it takes more memory than the daemon has."""
    if file.notify is None or not file.notify.services:
        return []
    from firmware.notices.post import understood
    return [f"{file.notify.services}: {service.name}: not understood as an address of that service"
            for service in services(file.notify.services) if not understood(service.url)]


def _text(site: Facts) -> "list[str]":
    out = [site["name"], "", *_tree(site, None, ""), "", said("Lines"), *map(_line, site["lines"])]
    if site["carry"]:
        out.append(_carried(site["carry"]))
    losses = site["losses"]
    out += ["", said("When a meter is lost")]
    for lost in losses["meters"]:
        out += _meter_lost(lost)
    out += [_in(said("{} has no meter: always {} a phase assumed for the loads nobody controls", node["name"],
                     amperes(node["rest_ma"]))) for node in site["nodes"] if node["meter"] is None]
    if site["records"]:
        out += ["", said("Records"), *check_records.words(site["records"])]
    out += ["", said("When a device falls silent"), *(_in(_silent(one)) for one in losses["devices"])]
    tanks = [line for device in site["devices"] if device["heat"]
             for line in check_heat.lost(device["name"], device["heat"], device["runs_alone"])]
    out += ["", said("When the temperature of a tank is not known"), *tanks] if tanks else []
    generation = check_generation.words(site["generation"])
    out += ["", said("Generation and the grid operator"), *generation] if generation else []
    out += ["", said("When the broker is down"), _in(_broker(losses["broker"]))]
    out += ["", said("When this program or its computer dies"), *map(_in, _dead(losses["everything"])),
            *check_generation.dead(site["generation"])]
    if site["warnings"]:
        out += ["", said("Is this meant?"), *map(_in, site["warnings"])]
    return out


def _in(words: object, indent: str = "  ") -> Said:
    return joined((indent, words), "")


def _carried(carry: Facts) -> Said:
    every_s = carry["interval_s"]
    if carry["meters"]:
        return _in(said("{} carries {} meters, every {} s until set from afar; no key of them is here",
                        carry["line"], carry["meters"], every_s))
    return _in(said("{} carries all meters in reach, at most 250, every {} s until set from afar; no key of them is "
                    "here", carry["line"], every_s))


def _tree(site: Facts, parent: "str | None", indent: str) -> "list[str]":
    out: "list[str]" = []
    for node in site["nodes"]:
        if node["parent"] == parent:
            out.append(_in(_limits(node), f"{indent}{node['name']}: "))
            inner = indent + "   "
            for device in site["devices"]:
                if device["node"] == node["name"]:
                    out += [_in(words, inner) for words in _device(device)]
            out += _tree(site, node["name"], inner)
    return out


def _limits(node: Facts) -> Said:
    words: "list[str]" = [joined((amperes(node["rated_ma"]), CURVES[node["curve"]]), " ")]
    if node["continuous_ma"] < node["rated_ma"]:
        words.append(said("{} for hours", amperes(node["continuous_ma"])))
    if node["max_w"]:
        words.append(said("at most {} W", node["max_w"]))
    if node["imbalance_va"]:
        words.append(said("at most {} VA between phases", node["imbalance_va"]))
    words.append(said("meter {}", node["meter"]) if node["meter"] else said("no meter"))
    return joined([*words, said("{} assumed when blind", amperes(node["rest_ma"]))])


def _device(device: Facts) -> "list[str]":
    """How it is wired; for a load, what it may."""
    kind = Said(device["kind"])
    kind.de = KIND_DE[device["kind"]]
    name = joined((f"{device['name']}:", kind, device["driver"]), " ")
    stale = said("stale after {}", _s(device["stale_ms"]))
    if device["line"] is None:
        return [joined((name, device["sum"], stale))]
    line = device["line"] if device["unit"] is None else said("{} unit {}", device["line"], device["unit"])
    every = said("asked every {} s", device["every_s"]) if device["every_s"] else said(
        "read every {}", _s(device["period_ms"]))
    wired = joined((name, line, " ".join(device["phases"]), every, stale))
    if device["kind"] == "inverter":
        return [wired, _in(said("limited to {} to {} W", -device["power_w"][1], -device["power_w"][0]), "   ")]
    if device["mode"] is None:
        plate = passport_words(passport(device["plate"] or {}))
        return [wired, *([_in(plate, "   ")] if plate else [])]
    may = joined((said("mode {}", device["mode"]), said("priority {}", device["priority"]), _range(device),
                  _failsafe(device)))
    battery = battery_words(device["store"], device["kind"])
    heat = check_heat.words(device["heat"]) if device["heat"] else ""
    return [wired, _in(may, "   "), *(_in(words, "   ") for words in (*battery, heat) if words)]


def _range(device: Facts) -> Said:
    if device["current_ma"]:
        return said("{} to {}", amperes(device["current_ma"][0]), amperes(device["current_ma"][1]))
    if device["stages_w"]:
        return said("stages {} W", " ".join(str(power_w) for power_w in device["stages_w"]))
    return said("{} to {} W", device["power_w"][0], device["power_w"][1])


def _failsafe(device: Facts) -> Said:
    if device["failsafe_ms"] is None:
        return said("NO FAIL-SAFE of its own")
    return said("fail-safe {} after {}", _most(device["left_alone_ma"]), _s(device["failsafe_ms"]))


def _line(line: Facts) -> Said:
    kind = line["kind"]
    where = Said(WHERE[kind].format(**line))
    where.de = WHERE_DE.get(kind, WHERE[kind]).format(**line)
    devices = ", ".join(line["devices"]) or said("no device")
    return joined((f"  {line['name']}: {kind}, ", where, ": ", devices), "")


def _meter_lost(lost: Facts) -> "list[str]":
    return [_in(said("{}, {} after its newest reading: at {} {} a phase are left for {} ({} assumed for all others); "
                     "charging goes on at its least, all else stops, nothing starts", lost["meter"],
                     _s(lost["after_ms"]), node["node"], amperes(min(node["budget_ma"])),
                     ", ".join(node["loads"]) or said("no load"), amperes(node["assumed_ma"])))
            for node in lost["nodes"]]


def _silent(silent: Facts) -> Said:
    name, reserved = silent["device"], _most(silent["reserved_ma"])
    if not silent["measured"]:
        return said("{} is not measured: what it was told stays reserved, {} until it is known", name, reserved)
    if silent["failsafe_ms"] is None:
        return said("{}: {} stay reserved; it has no fail-safe and may stay where it is", name, reserved)
    return said("{}: what it was told stays reserved, and {} once it has fallen back by itself ({})", name, reserved,
                _s(silent["failsafe_ms"]))


def _broker(broker: "str | None") -> Said:
    if broker is None:
        return said("none is configured")
    return said("nothing changes: decisions do not need {}; the newest state follows when it is back", broker)


def _dead(dead: Facts) -> "list[str]":
    out: "list[str]" = []
    for device in dead["devices"]:
        words, most = Said(device["words"]), _most(device["left_alone_ma"])
        words.de = device["words_de"]
        if device["failsafe_ms"] is None:
            out.append(said("{} stays where it is, then at most {}: {}", device["device"], most, words))
        else:
            out.append(said("{} within {}, then at most {}: {}", device["device"], _s(device["failsafe_ms"]), most,
                            words))
    for node in dead["nodes"]:
        worst = node["total_ma"].index(max(node["total_ma"]))
        out.append(said("{}: {} fail-safe + {} assumed = {} of {} on {}", node["node"],
                        amperes(node["failsafe_ma"][worst]), amperes(node["assumed_ma"]),
                        amperes(node["total_ma"][worst]), amperes(node["rated_ma"]), PHASE_NAMES[worst]))
    without = ", ".join(dead["without_failsafe"]) or said("none")
    return [*out, said("Without a fail-safe of their own: {}", without)]


def _most(vector: "list[int]") -> Said:
    """The current on each phase, shortly: once when it is the same wherever it flows."""
    flowing = [(name, ma) for name, ma in zip(PHASE_NAMES, vector) if ma]
    if not flowing:
        return decimal("0 A")
    if len({ma for _, ma in flowing}) == 1:
        return said("{} on {}", amperes(flowing[0][1]), " ".join(name for name, _ in flowing))
    return joined(said("{} on {}", amperes(ma), name) for name, ma in flowing)


def _s(duration_ms: int) -> Said:
    return decimal(f"{duration_ms / 1000:g} s")
