"""A CASE.toml -> a CaseFile, read as strictly as a SITE.toml: a house, what happens in it, and what must come of it.

The house is the SITE.toml that `case.site` names, or the tables of one in the same file. sim/cases/README.md tells how
to write one.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct, structs

from control.values import MODES
from firmware.cases import quantities as case_quantities
from firmware.cases.tables import (
    EVENTS,
    BreakWire,
    CaseTable,
    CheckTable,
    Close,
    Fault,
    Hot,
    JoinWire,
    Mode,
    Open,
    PartTable,
    PowerCut,
    Switch,
)
from firmware.config import file as config
from firmware.config.file import ConfigError, SiteFile
from firmware.config.read import Findings, Raw, nearest, read
from firmware.config.text import Path as Place
from firmware.config.text import places
from firmware.simulated.house import part_kind

MOST_EVENTS, MOST_CHECKS = 200, 100
OWN = ("case", "part", "event", "check")
PART_KEYS: "Mapping[str, tuple[str, ...]]" = {
    "car": ("plugged", "soc_pct", "capacity_wh", "used_phases", "max_a", "lag_ms"),
    "battery": ("plugged", "soc_pct", "capacity_wh", "max_w"),
    "pv": ("peak_w", "max_w", "tilt_deg", "azimuth_deg"),
    "inverter": ("peak_w", "max_w", "tilt_deg", "azimuth_deg", "lag_ms"),
    "tank": ("litres", "temperature_c"),
    "heatpump": ("litres", "outside_c"),
}
_HEADER = re.compile(r"\s*\[\[\s*(event|check)\s*\]\]")
_TABLE = re.compile(r"\s*\[")
_KEY = re.compile(r"\s*([a-z_]+)\s*=")


class CaseFile(NamedTuple):
    name: str
    case: CaseTable
    site: SiteFile
    parts: "dict[str, PartTable]"
    events: "tuple[Struct, ...]"  # in the order of time
    checks: "tuple[CheckTable, ...]"


def load(path: "Path | str") -> CaseFile:
    """Raises ConfigError, and nothing else."""
    name = str(path)
    text = config.text_of(name)
    raw = config.toml_of(name, text)
    numbered = _numbered(raw)
    findings = Findings(name, numbered, {**places(text), **_places(text)})
    case = _case(findings, raw)
    site = _site(findings, Path(name), raw, case)
    parts = _parts(findings, raw, site)
    events = _events(findings, numbered, site, case)
    checks = _checks(findings, numbered, site, case)
    if findings.messages() or case is None:
        raise ConfigError(findings.messages())
    return CaseFile(Path(name).stem, case, site, parts, events, checks)


def _numbered(raw: Raw) -> "dict[str, Any]":
    """Lists of tables as tables of their numbers, so that a message can point at one: event.2.at_s"""
    out = dict(raw)
    for key in ("event", "check"):
        listed = raw.get(key, [])
        out[key] = {str(i + 1): each for i, each in enumerate(listed)} if isinstance(listed, list) else listed
    return out


def _places(text: str) -> "dict[Place, int]":
    found: "dict[Place, int]" = {}
    counts = {"event": 0, "check": 0}
    here: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            counts[header.group(1)] += 1
            here = (header.group(1), str(counts[header.group(1)]))
            found[here] = number
        elif _TABLE.match(line):
            here = ()
        elif here and key:
            found.setdefault((*here, key.group(1)), number)
    return found


def _case(findings: Findings, raw: Raw) -> "CaseTable | None":
    table = raw.get("case")
    if isinstance(table, Mapping):
        return read(findings, ("case",), table, CaseTable)
    findings.missing(("case",), "[case] with about and seconds")
    return None


def _site(findings: Findings, path: Path, raw: Raw, case: "CaseTable | None") -> SiteFile:
    tables = {key: value for key, value in raw.items() if key not in OWN}
    if case is None or case.site is None:
        return config.site_file(findings, tables)
    for key in tables:
        findings.add((key,), "the house is in case.site; allowed here are " + ", ".join(OWN))
    return config.load(path.parent / case.site)


def _parts(findings: Findings, raw: Raw, site: SiteFile) -> "dict[str, PartTable]":
    out = {}
    tables = raw.get("part", {})
    kinds = {spec.name: part_kind(spec, device) for spec, device in zip(site.site.devices, site.devices)}
    for name, table in tables.items() if isinstance(tables, Mapping) else ():
        place = ("part", name)
        kind = kinds.get(name)
        if kind is None:
            findings.add(place, "no such part, a part stands behind a device of the house"
                         + nearest(name, [each for each in kinds if kinds[each]]))
            continue
        for key in table:
            if key in PartTable.__struct_fields__ and key not in PART_KEYS[kind]:
                findings.add((*place, key), f"not for a {kind}; allowed are {', '.join(PART_KEYS[kind])}")
        part = read(findings, place, table, PartTable)
        if part is not None:
            out[name] = part
    return out


def _events(findings: Findings, raw: Raw, site: SiteFile, case: "CaseTable | None") -> "tuple[Struct, ...]":
    out = []
    for number, table in _listed(findings, raw, "event", MOST_EVENTS):
        place = ("event", number)
        do = table.get("do")
        if do not in EVENTS:
            findings.add((*place, "do"), "no such event" + nearest(str(do), EVENTS))
            continue
        event = read(findings, place, table, EVENTS[str(do)])
        if event is not None:
            _refer(findings, place, event, site, case)
            out.append(event)
    return tuple(sorted(out, key=lambda event: int(event.at_s)))  # type: ignore[attr-defined]  # every event has one


def _refer(findings: Findings, place: Place, event: Struct, site: SiteFile, case: "CaseTable | None") -> None:
    """Names that an event gives must be there."""
    known = {
        "device": [device.name for device in site.site.devices], "node": [node.name for node in site.site.nodes],
        "line": [line.name for line in site.lines],
    }
    given = structs.asdict(event)
    for key, names in known.items():
        if key in given and given[key] not in names:
            findings.add((*place, key), f"no such {key}" + nearest(given[key], names))
    if case is not None and given["at_s"] >= case.seconds:
        findings.add((*place, "at_s"), f"after the end; the case lasts {case.seconds} s")
    if isinstance(event, Mode) and event.mode not in MODES:
        findings.add((*place, "mode"), "no such mode" + nearest(event.mode, MODES))
    kinds = {spec.name: part_kind(spec, device) for spec, device in zip(site.site.devices, site.devices)}
    if event.__struct_config__.tag in ("plug", "unplug") and kinds.get(given["device"]) not in ("car", "battery"):
        findings.add((*place, "device"), "not a wallbox, and no storage")
    hot = [spec.name for spec in site.site.devices
           if spec.ability.heat is not None and spec.ability.heat.hot_mdegc is not None]
    if isinstance(event, Close | Open | BreakWire | JoinWire):
        contacts = _contacts(site, event.device)
        if event.contact not in contacts:
            findings.add((*place, "contact"), f"{event.device} has no such contact" + nearest(event.contact, contacts))
    if isinstance(event, Hot) and event.device not in hot:
        findings.add((*place, "device"), "it has no legionella_c" + nearest(event.device, hot))
    if isinstance(event, Fault) and all(given[key] is None for key in given if key not in ("at_s", "device")):
        findings.add((*place, "do"), "a fault names what is wrong: "
                                     + ", ".join(key for key in given if key not in ("at_s", "device")))
    if isinstance(event, Switch) and len(set(event.phases.split())) != len(event.phases.split()):
        findings.add((*place, "phases"), "a phase is named twice")
    if isinstance(event, PowerCut) and kinds.get(event.device) is None:
        findings.add((*place, "device"), "not a device that has power of its own")


def _contacts(site: SiteFile, device: str) -> "list[str]":
    """Those that are wired of a device; [] for one that has none."""
    options = next((one.options for one in site.devices if one.name == device), {})
    named = [(key.removesuffix("_pin").removeprefix("pin_"), pin) for key, pin in options.items()
             if "pin" in key.split("_")]
    signals = [spec.name for spec in site.site.devices if spec.ability.kind == "signal"]
    return [name for name, pin in named if pin >= 0 and not name.endswith("_rest")] if device in signals else []


def _checks(findings: Findings, raw: Raw, site: SiteFile, case: "CaseTable | None") -> "tuple[CheckTable, ...]":
    out = []
    for number, table in _listed(findings, raw, "check", MOST_CHECKS):
        place = ("check", number)
        check = read(findings, place, table, CheckTable)
        if check is None:
            continue
        why = case_quantities.unknown(site, check.of)
        if why:
            findings.add((*place, "of"), why)
        else:
            key, why = case_quantities.misfit(site, check.of, check)
            if why:
                findings.add((*place, key), why)
        bounds = (check.at_least, check.at_most, check.is_, check.is_not)
        if all(bound is None for bound in bounds):
            findings.add(place, "what must hold? allowed are at_least, at_most, is, is_not")
        until_s = check.until_s if check.until_s is not None else case.seconds if case is not None else 0
        if case is not None and not (check.from_s or 0) < until_s <= case.seconds:
            findings.add(place, f"from_s to until_s is no time within the {case.seconds} s of the case")
        out.append(check)
    if not out:
        findings.missing(("check",), "at least one [[check]]")
    return tuple(out)


def _listed(findings: Findings, raw: Raw, key: str, most: int) -> "list[tuple[str, Raw]]":
    """The tables of a list by their number; `raw` as _numbered makes it."""
    tables = raw[key]
    if not isinstance(tables, Mapping) or not all(number.isdigit() for number in tables):
        findings.add((key,), f"a list of tables is written [[{key}]]")
        return []
    if len(tables) > most:
        findings.add((key,), f"{len(tables)} of them; allowed are {most}")
    return list(tables.items())


def with_seed(file: CaseFile, seed: int) -> CaseFile:
    """The same case with other chance."""
    return file._replace(case=structs.replace(file.case, seed=seed))
