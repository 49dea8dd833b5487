"""The part of a SITE.toml that a carrying gateway needs: site, its radio line, broker, [carry]."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from firmware.config import cross
from firmware.config.file import ConfigError, LineSpec, SiteFile, text_of, toml_of
from firmware.config.read import Findings, Raw, read
from firmware.config.tables import LINES, CarryTable, MqttTable, SiteTable
from firmware.config.text import places


class CarryFile(NamedTuple):
    site: str
    line: LineSpec
    mqtt: MqttTable
    carry: CarryTable


def load(path: "Path | str") -> CarryFile:
    """A gateway that only carries needs no nodes and no devices. Raises ConfigError, and nothing else."""
    name = str(path)
    text = text_of(name)
    raw = toml_of(name, text)
    findings = Findings(name, raw, places(text))
    site = _table(findings, raw, "site", SiteTable)
    mqtt = _table(findings, raw, "mqtt", MqttTable)
    carry = _table(findings, raw, "carry", CarryTable)
    line = _line(findings, raw, carry) if carry is not None else None
    cross.carry(findings, raw)
    messages = findings.messages()
    if messages or site is None or mqtt is None or carry is None or line is None:
        raise ConfigError(messages)
    return CarryFile(site.name, line, mqtt, carry)


def of_site(file: SiteFile) -> "CarryFile | None":
    """Of a whole house that carries besides; None when it does not."""
    if file.carry is None or file.mqtt is None:
        return None
    line = next(line for line in file.lines if line.name == file.carry.line)
    return CarryFile(file.site.name, line, file.mqtt, file.carry)


def _table(findings: Findings, raw: Raw, key: str, kind: Any) -> Any:
    table = raw.get(key)
    if not isinstance(table, Mapping):
        findings.missing((key,), f"a table [{key}]")
        return None
    return read(findings, (key,), table, kind)


def _line(findings: Findings, raw: Raw, carry: CarryTable) -> "LineSpec | None":
    lines = raw.get("line")
    table = lines.get(carry.line) if isinstance(lines, Mapping) else None
    if not isinstance(table, Mapping) or table.get("kind") != cross.RADIO:
        return None  # said by cross.carry
    found = read(findings, ("line", carry.line), table, LINES[cross.RADIO])
    if found is None:
        return None
    return LineSpec(carry.line, cross.RADIO, MappingProxyType(msgspec.structs.asdict(found)))
