"""A SITE.toml -> an immutable SiteFile, read once, whole and strictly.

Everything that is wrong is told at once, in the manner of
    site.toml:31: device.carport.failsafe_a = 20: allowed are 0 to 16 (fail-safe current in A)
Only what keeps the text from being TOML at all is told alone. Nothing on any wire is touched.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import tomli

from control.values import NONE, Peak, Site
from firmware.config import cross, driver_modules
from firmware.config import site as config_site
from firmware.config import virtual as config_virtual
from firmware.config.contacts import ContactFile, contacts
from firmware.config.read import Findings, Raw, allowed, nearest, read
from firmware.config.secrets import without_secrets
from firmware.config.site import DeviceFile, Tables
from firmware.config.tables import (
    LINES,
    NAME,
    NAME_WORDS,
    CarryTable,
    CommandsTable,
    DeviceTable,
    HistoryTable,
    JournalTable,
    MqttTable,
    NodeTable,
    RecordsTable,
    SiteTable,
    StateTable,
)
from firmware.config.tables_people import AccountsTable, NotifyTable, PageTable
from firmware.config.text import places
from firmware.errors import UserError
from firmware.records import legal_time
from firmware.virtual import Virtual

MOST_BYTES = 262_144
SINGLE: "dict[str, type[msgspec.Struct]]" = {
    "site": SiteTable, "mqtt": MqttTable, "page": PageTable, "journal": JournalTable,
    "state": StateTable, "history": HistoryTable, "commands": CommandsTable, "carry": CarryTable,
    "records": RecordsTable, "accounts": AccountsTable, "notify": NotifyTable,
}
MOST = {"line": 32, "node": 32, "device": 64}  # tables of a kind; a house has far fewer
KNOWN = (*SINGLE, *MOST, "contact")
HINTS = (
    ("Invalid value", '; expected is a number, true, false, "text in quotes" or a [list]'),
    ("Cannot overwrite", "; the key is there already"),
    ("Cannot declare", "; the table is there already"),
)
OWN_TOPICS = ("site", "status", "carry", "records")  # firmware.topics: not free for devices
OWN_PREFIXES = ("node_", "line_")


class ConfigError(UserError):
    """What is wrong with a configuration; each message names the place and says what is allowed."""

    def __init__(self, messages: "tuple[str, ...]") -> None:
        super().__init__(*messages)
        self.messages = messages

    def __str__(self) -> str:
        return "\n".join(self.messages)


class LineSpec(NamedTuple):
    name: str
    kind: str  # one of firmware.config.tables.LINES
    options: "Mapping[str, Any]"


class SiteFile(NamedTuple):
    """All that a SITE.toml says."""

    site: Site
    lines: "tuple[LineSpec, ...]"
    devices: "tuple[DeviceFile, ...]"  # by the same index as site.devices
    mqtt: "MqttTable | None"
    page: "PageTable | None"
    journal: "JournalTable | None"
    latitude_udeg: int  # + north
    longitude_udeg: int  # + east
    virtuals: "tuple[Virtual, ...]" = ()
    carry: "CarryTable | None" = None
    records: "RecordsTable | None" = None
    state: "StateTable | None" = None
    commands: "CommandsTable | None" = None
    history: "HistoryTable | None" = None
    time_zone: str = SiteTable.__struct_defaults__[-1]
    accounts: "AccountsTable | None" = None
    contacts: "tuple[ContactFile, ...]" = ()
    text: str = ""  # of the file, without what is secret
    notify: "NotifyTable | None" = None
    generator_w: int = 0  # installed power of all generators; 0 = not said


def load(path: "Path | str") -> SiteFile:
    """Raises ConfigError, and nothing else."""
    name = str(path)
    text = text_of(name)
    raw = toml_of(name, text)
    return site_file(Findings(name, raw, places(text)), raw)._replace(text=without_secrets(text, tomli.loads))


def site_file(findings: Findings, raw: Raw) -> SiteFile:
    """What a SITE.toml says that has been read as TOML; `findings` may hold some already. Raises ConfigError."""
    file = _site_file(findings, raw)
    messages = findings.messages()
    if messages or file is None:
        raise ConfigError(messages)
    return file


def text_of(name: str) -> str:
    """The whole file as text; raises ConfigError, also for one that is too large or empty."""
    try:
        with open(name, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError((f"{name}: cannot be read: {error.strerror}",)) from error
    if len(content) > MOST_BYTES:
        raise ConfigError((f"{name}: too large for a configuration; allowed are {MOST_BYTES // 1024} KiB",))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError((f"{name}:{line}: not UTF-8; save the file as UTF-8",)) from error
    if not text.strip():
        raise ConfigError((f"{name}: empty; site.example.toml shows what belongs here",))
    return text


def toml_of(name: str, text: str) -> Raw:
    """Numbers with a point stay exact."""
    try:
        return tomli.loads(text, parse_float=Decimal)
    except tomli.TOMLDecodeError as error:
        line = text.splitlines()[error.lineno - 1:error.lineno]
        shown = f" in {line[0].strip()}" if line and line[0].strip() else ""
        hint = next((words for begin, words in HINTS if error.msg.startswith(begin)), "")
        where = f"{name}:{error.lineno}: no TOML: {error.msg} (column {error.colno})"
        raise ConfigError((where + shown + hint,)) from error
    except RecursionError as error:
        raise ConfigError((f"{name}: nested too deep for a configuration",)) from error


def _site_file(findings: Findings, raw: Raw) -> "SiteFile | None":
    """None, or not to be believed, when there are findings."""
    for key in raw:
        if key not in KNOWN:
            findings.add((key,), "no such table" + nearest(key, KNOWN))
    one = {key: _one(findings, raw, key, kind) for key, kind in SINGLE.items()}
    lines, nodes, devices = (_named(findings, raw, key) for key in MOST)
    cross.references(findings, lines, nodes, devices)
    branches = cross.tree(findings, nodes)
    cross.meters(findings, nodes)
    cross.addresses(findings, lines, devices, driver_modules.beside)
    cross.pins(findings, devices)
    cross.logins(findings, lines)
    cross.stations(findings, lines, devices)
    cross.carry(findings, raw)
    cross.broker(findings, raw)
    cross.page(findings, raw)
    cross.notify(findings, raw)
    _records(findings, raw)
    asked_by = contacts(findings, raw)
    kinds = _kinds(findings, lines)
    line_specs = _lines(findings, lines, kinds)
    tables = Tables(
        kinds, _nodes(findings, nodes, branches), _devices(findings, devices, kinds),
        {node["meter"]: name for name, node in nodes.items() if isinstance(node.get("meter"), str)},
        getattr(one["site"], "generator_w", None) or 0,
    )
    sums = config_virtual.formulas(tables.devices)
    order = config_virtual.judge(findings, tables.devices, sums)
    node_specs, device_specs, device_files = config_site.build(findings, tables, order, sums)
    config_site.roles(findings, tables, device_specs, config_virtual.parts_of(sums))
    table = one["site"]
    if table is None or findings.messages():
        return None
    assert isinstance(table, SiteTable)
    feed_in_w = NONE if table.feed_in_w is None else table.feed_in_w
    if table.peak_window is not None and table.peak_w is None:
        findings.add(("site", "peak_window"), "of which peak? say peak_w too")
    for name, device in tables.devices.items():
        if device.peak_pct is not None and table.peak_w is None:
            findings.add(("device", name, "peak_pct"), "for which peak? say peak_w in [site]")
    peak = None if table.peak_w is None else Peak(table.peak_w, table.peak_window == "sliding")
    site = Site(table.name, node_specs, device_specs, table.cycle_ms, feed_in_w, peak)
    config_site.fuses(findings, site)
    return SiteFile(site, line_specs, device_files, one["mqtt"], one["page"], one["journal"],
                    _udeg(findings, raw, "latitude"), _udeg(findings, raw, "longitude"),
                    config_virtual.built(order, sums, device_specs), one["carry"], one["records"],
                    one["state"], one["commands"], one["history"], table.time_zone, one["accounts"], asked_by,
                    notify=one["notify"], generator_w=table.generator_w or 0)


def _one(findings: Findings, raw: Raw, key: str, kind: "type[msgspec.Struct]") -> Any:
    table = raw.get(key)
    if isinstance(table, Mapping):
        return read(findings, (key,), table, kind)
    if key in raw:
        findings.add((key,), f"a table is written [{key}]")
    elif key == "site":
        findings.missing(("site",), "[site] with name, latitude and longitude")
    return None


def _records(findings: Findings, raw: Raw) -> None:
    table = raw.get("records")
    _zone(findings, raw, "site")
    _zone(findings, raw, "records")
    if isinstance(table, Mapping):
        for key in ("token", "token_label", "pin_file"):
            if key not in table and any(other in table for other in ("token", "token_label", "pin_file")):
                findings.missing(("records", key), "a token needs token, token_label and pin_file")
    ways = "mqtt" in raw or ("accounts" in raw and "commands" in raw)
    if isinstance(table, Mapping) and table.get("events") is True and not ways:
        findings.missing(("mqtt",), "[mqtt], or [accounts] and [commands], over which records.events = true listens")


def _zone(findings: Findings, raw: Raw, key: str) -> None:
    table = raw.get(key)
    name = table.get("time_zone", RecordsTable.__struct_defaults__[0]) if isinstance(table, Mapping) else None
    if isinstance(name, str):
        try:
            legal_time.zone(name)
        except ValueError as error:
            findings.add((key, "time_zone"), str(error))


def _named(findings: Findings, raw: Raw, key: str) -> cross.Tables:
    """The tables [key.NAME], with good names and bad; names are judged here."""
    tables = raw.get(key, {})
    if not isinstance(tables, Mapping) or not tables:
        findings.missing((key,), f"at least one [{key}.NAME]")
        return {}
    if len(tables) > MOST[key]:
        findings.add((key,), f"{len(tables)} of them; allowed are {MOST[key]}")
    out: cross.Tables = {}
    for name, table in tables.items():
        path = (key, name)
        if not isinstance(table, Mapping):
            findings.add(path, f"a {key} is a table of its own: [{key}.NAME]")
            continue
        out[name] = table
        if not NAME.fullmatch(name):
            findings.add(path, f"not allowed as a name; allowed are {NAME_WORDS}")
        elif key == "device" and (name in OWN_TOPICS or name.startswith(OWN_PREFIXES)):
            findings.add(path, f"not free as a name; {', '.join(OWN_TOPICS)} and what begins with "
                               f"{' or '.join(OWN_PREFIXES)} are topics of the program's own")
    return out


def _kinds(findings: Findings, raws: cross.Tables) -> "dict[str, str]":
    out = {}
    for name, raw in raws.items():
        kind = _chosen(findings, ("line", name), raw, "kind", tuple(LINES))
        if kind is not None:
            out[name] = kind
    return out


def _lines(findings: Findings, raws: cross.Tables, kinds: "dict[str, str]") -> "tuple[LineSpec, ...]":
    out = []
    for name, kind in kinds.items():
        table = read(findings, ("line", name), raws[name], LINES[kind])
        if table is not None:
            out.append(LineSpec(name, kind, MappingProxyType(msgspec.structs.asdict(table))))
    return tuple(out)


def _nodes(findings: Findings, raws: cross.Tables, order: "tuple[str, ...]") -> "dict[str, NodeTable]":
    read_ = {name: read(findings, ("node", name), raw, NodeTable) for name, raw in raws.items()}
    out = {}
    for name in order or tuple(raws):
        table = read_[name]
        if table is not None:
            out[name] = table
    return out


def _devices(findings: Findings, raws: cross.Tables, lines: "dict[str, str]") -> "dict[str, DeviceTable]":
    """Those on a line of a known kind; what a device may be depends on it."""
    out = {}
    for name, raw in raws.items():
        driver = _chosen(findings, ("device", name), raw, "driver", driver_modules.known())
        if driver is not None:
            table = read(findings, ("device", name), raw, driver_modules.table(driver))
            if table is not None and (table.line is None or table.line in lines):
                out[name] = table
    return out


def _chosen(findings: Findings, path: "tuple[str, str]", raw: Raw, key: str, known: "tuple[str, ...]") -> "str | None":
    """Which kind of table this is; the other keys depend on it."""
    value = raw.get(key)
    if isinstance(value, str) and value in known:
        return value
    if key not in raw:
        findings.missing((*path, key), "known are " + ", ".join(known))
    else:
        findings.add((*path, key), f"no such {key}{nearest(str(value), known)}")
    return None


def _udeg(findings: Findings, raw: Raw, key: str) -> int:
    degrees = Decimal(raw["site"][key])
    millionths = degrees * 1_000_000
    if millionths != int(millionths):
        findings.add(("site", key), "finer than 0.1 m; " + allowed(_kind_of(key)))
    return int(millionths)


def _kind_of(key: str) -> Any:
    return next(field.type for field in msgspec.structs.fields(SiteTable) if field.name == key)
