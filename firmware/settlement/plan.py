"""A PLAN.toml -> an immutable Plan, read once, whole and strictly; every mistake is told at once, with its line."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from firmware.config.file import ConfigError, text_of, toml_of
from firmware.config.read import Findings, Raw, nearest, read
from firmware.config.text import places
from firmware.records import legal_time, sharing
from firmware.settlement import plan_tables as tables
from firmware.settlement.devices import HOUSEHOLD
from firmware.settlement.tariffs import Levels, Tariff, Window, overlap
from firmware.settlement.tenants import COMMON

MOST = {"source": 16, "tariff": 32, "settle": 32}
MOST_CSV_BYTES = 16_000_000  # ten years of quarter hours
OVERLAPPING = ("devices", "sessions", "sharing", "storage-split", "evidence")  # a meter may have two parts there
CT = 1_000  # prices are in 0.001 ct


class Settle(NamedTuple):
    name: str
    kind: str
    table: Any  # of plan_tables.KINDS
    members: "Mapping[str, Mapping[str, Any]]"  # "party" -> name -> its table

    def path(self) -> "tuple[str, ...]":
        return ("settle", self.name)


class Plan(NamedTuple):
    name: str
    zone: ZoneInfo
    zone_name: str
    fill: bool
    folder: Path  # where it stands: its files are named from there
    sources: "Mapping[str, tables.SourceTable]"
    tariffs: "Mapping[str, Tariff]"
    module_1: "frozenset[str]"  # tariffs whose network fee is lowered by section 14a, module 1
    settles: "tuple[Settle, ...]"
    findings: Findings  # for what only the records can tell


def load(path: Path) -> Plan:
    """Raises ConfigError, and nothing else."""
    name = str(path)
    text = text_of(name)
    raw = toml_of(name, text)
    findings = Findings(name, raw, places(text))
    plan = _Reader(findings, raw, path.parent).plan()
    messages = findings.messages()
    if messages or plan is None:
        raise ConfigError(messages)
    return plan


class _Reader:
    def __init__(self, findings: Findings, raw: Raw, folder: Path) -> None:
        self.findings = findings
        self.raw = raw
        self.folder = folder

    def plan(self) -> "Plan | None":
        for key in self.raw:
            if key != "plan" and key not in MOST:
                self.findings.add((key,), "no such table" + nearest(key, ("plan", *MOST)))
        head = self._head()
        sources = self._tables("source", tables.SourceTable)
        for name, source in sources.items():
            self._source(name, source)
        read_tariffs = self._tables("tariff", tables.TariffTable, needed=False)
        tariffs = {name: self._tariff(name, one) for name, one in read_tariffs.items()}
        settles = tuple(self._settles(tuple(tariffs), sources))
        if head is None:
            return None
        zone = self._zone(head.time_zone)
        module_1 = frozenset(name for name, one in read_tariffs.items() if one.module_1)
        return None if zone is None else Plan(head.name, zone, head.time_zone, head.fill, self.folder, sources, tariffs,
                                              module_1, settles, self.findings)

    def _head(self) -> "tables.PlanTable | None":
        raw = self.raw.get("plan")
        if not isinstance(raw, Mapping):
            self.findings.missing(("plan",), "[plan] with the name of what is settled")
            return None
        return read(self.findings, ("plan",), raw, tables.PlanTable)

    def _zone(self, name: str) -> "ZoneInfo | None":
        try:
            return legal_time.zone(name)
        except ValueError as error:
            self.findings.add(("plan", "time_zone"), str(error))
            return None

    def _named(self, path: "tuple[str, ...]", raw: Any, most: int) -> "Iterator[tuple[str, Raw]]":
        if not isinstance(raw, Mapping):
            self.findings.add(path, f"a table has a name: [{'.'.join(path)}.NAME]")
            return
        if len(raw) > most:
            self.findings.add(path, f"{len(raw)} of them; allowed are {most}")
        for name, table in raw.items():
            if not 0 < len(name) <= 64 or not name.isprintable() or "." in name:
                self.findings.add((*path, name), "not allowed as a name; allowed are 1 to 64 letters without a point")
            elif not isinstance(table, Mapping):
                self.findings.add((*path, name), f"a table of its own: [{'.'.join(path)}.NAME]")
            else:
                yield name, table

    def _tables(self, key: str, kind: Any, needed: bool = True) -> "dict[str, Any]":
        raw = self.raw.get(key, {})
        if needed and not raw:
            self.findings.missing((key,), f"at least one [{key}.NAME]")
        found = {name: read(self.findings, (key, name), table, kind)
                 for name, table in self._named((key,), raw, MOST[key])}
        return {name: table for name, table in found.items() if table is not None}

    def _source(self, name: str, source: tables.SourceTable) -> None:
        if (source.records is None) == (source.export is None):
            self.findings.add(("source", name), "either records or export, and only one of them")
        if source.key is not None and source.export is None:
            self.findings.add(("source", name, "key"), "of an export only; records are read where they are kept")

    def _tariff(self, name: str, table: tables.TariffTable) -> Tariff:
        path = ("tariff", name)
        mct = {key: self._mct((*path, key)) for key in ("energy_ct", "grid_ct", "levies_ct", "base_ct_day")}
        levels = self._levels(path, table)
        if table.module_1 and not table.grid_ct:
            self.findings.add((*path, "module_1"), "needs grid_ct, the network fee that is lowered")
        spot = None
        if table.spot is not None:
            prices = self._csv((*path, "spot"), table.spot, "eur_per_mwh", 2)
            spot = quarter_prices(prices)
        return Tariff(name, mct["energy_ct"], mct["grid_ct"], mct["levies_ct"], 10 * table.vat_pct,
                      mct["base_ct_day"], levels, spot)

    def _levels(self, path: "tuple[str, ...]", table: tables.TariffTable) -> "Levels | None":
        if not (table.low or table.high):
            for key in ("low_ct", "high_ct"):
                if getattr(table, key) is not None:
                    self.findings.add((*path, key), f"without a time; say when in {key.removesuffix('_ct')}")
            return None
        for key in ("low", "high"):
            if getattr(table, key) and getattr(table, key + "_ct") is None:
                self.findings.missing((*path, key + "_ct"), "what the network fee is then, in ct per kWh")
        low, high = (tuple(_window(text) for text in words) for words in (table.low, table.high))
        if any(window.from_min == window.to_min for window in low + high):
            self.findings.add((*path, "high" if high else "low"), "one of the times lasts nothing")
        if overlap(low + high):
            self.findings.add((*path, "high" if high else "low"), "two of the times lie over each other")
        return Levels(self._mct((*path, "low_ct")), self._mct((*path, "high_ct")), low, high, table.quarters)

    def _mct(self, path: "tuple[str, ...]") -> int:
        """Of a price in ct as it is written, in 0.001 ct, exactly."""
        value: Any = self.raw
        for key in path:
            value = value.get(key, 0)
        exact = Decimal(value) * CT
        if exact != exact.to_integral_value():
            self.findings.add(path, "finer than 0.001 ct")
        return int(exact)

    def _csv(self, path: "tuple[str, ...]", name: str, column: str, digits: int) -> "dict[int, int]":
        try:
            return series_of_csv(self.folder / name, column, digits)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self.findings.add(path, f"cannot be read: {why}")
            return {}

    def _settles(self, tariffs: "tuple[str, ...]", sources: "Mapping[str, Any]") -> "Iterator[Settle]":
        raw = self.raw.get("settle", {})
        if not raw:
            self.findings.missing(("settle",), "at least one [settle.NAME]")
        for name, table in self._named(("settle",), raw, MOST["settle"]):
            path = ("settle", name)
            kind = table.get("kind")
            if kind not in tables.KINDS:
                known = ", ".join(tables.KINDS)
                if "kind" in table:
                    self.findings.add((*path, "kind"), "no such kind" + nearest(str(kind), tables.KINDS))
                else:
                    self.findings.missing((*path, "kind"), f"known are {known}")
                continue
            one = self._settle(name, str(kind), table, tariffs)
            if one is not None:
                _Cross(self.findings, one, sources).check()
                yield one

    def _settle(self, name: str, kind: str, raw: Raw, tariffs: "tuple[str, ...]") -> "Settle | None":
        path, nested = ("settle", name), tables.MEMBERS.get(kind, {})
        self._tariffs(path, raw, tariffs)
        table = read(self.findings, path, {key: value for key, value in raw.items() if key not in nested},
                     tables.KINDS[kind])
        members: "dict[str, dict[str, Any]]" = {}
        for key, of in nested.items():
            if key in tables.OPTIONAL and key not in raw:
                members[key] = {}
                continue
            if not raw.get(key):
                self.findings.missing((*path, key), f"at least one [settle.{name}.{key}.NAME]")
                continue
            found = {}
            for who, one in self._named((*path, key), raw[key], tables.MOST_MEMBERS):
                self._tariffs((*path, key, who), one, tariffs)
                found[who] = read(self.findings, (*path, key, who), one, of)
                if key == "supplement" and found[who] is not None:
                    self._supplement((*path, key, who), found[who], getattr(table, "roofs", ()))
            members[key] = {who: one for who, one in found.items() if one is not None}
        return None if table is None else Settle(name, kind, table, members)

    def _supplement(self, path: "tuple[str, ...]", one: Any, roofs: "tuple[str, ...]") -> None:
        if (one.ct is None) == (not one.by_roof):
            self.findings.add(path, "either ct or by_roof, and only one of them")
        for key in (("ct",),) if one.ct is not None else tuple(("by_roof", roof) for roof in one.by_roof):
            self._mct((*path, *key))
        for roof in one.by_roof:
            if roof not in roofs:
                self.findings.add((*path, "by_roof", roof), "no roof of this settlement" + nearest(roof, roofs))
        try:
            plain = date.fromisoformat(path[-1]).isoformat() == path[-1]
        except ValueError:
            plain = False
        if not plain:
            self.findings.add(path, "not a day; allowed is the one from which on it holds, like 2026-02-01")

    def _tariffs(self, path: "tuple[str, ...]", raw: Raw, known: "tuple[str, ...]") -> None:
        for key in tables.TARIFF_KEYS:
            name = raw.get(key)
            if isinstance(name, str) and name not in known:
                self.findings.add((*path, key), "no such tariff" + nearest(name, known))


class _Cross:
    """What the tables of one settlement have to be together."""

    def __init__(self, findings: Findings, settle: Settle, sources: "Mapping[str, Any]") -> None:
        self.findings = findings
        self.settle = settle
        self.sources = sources
        self.path = settle.path()

    def check(self) -> None:
        self._one_meter_once()
        table, kind = self.settle.table, self.settle.kind
        parties = self.settle.members.get("party", {})
        if kind in ("shared", "sharing") and table.key != sharing.PROPORTIONAL and parties \
                and not any(one.part for one in parties.values()):
            self.findings.add((*self.path, "key"), f"the key {table.key} needs parts above 0")
        if kind == "devices":
            self._order(table)
        ours = {"devices": ("device", HOUSEHOLD), "tenants": ("party", COMMON)}.get(kind)
        if ours is not None and ours[1] in self.settle.members.get(ours[0], {}):
            self.findings.add((*self.path, *ours), "not free: what no meter has is called so")
        if kind == "storage-split" and (table.own_use is None) == (table.variant == "A4"):
            self.findings.add((*self.path, "variant"), "own_use belongs to variant A4, and to no other")
        if kind == "storage-flat" and not (table.storage_wh or table.charge_point):
            self.findings.missing((*self.path, "storage_wh"), "the flat option is for a storage or a charge_point")
        source = getattr(table, "source", None)
        if source is not None and source not in self.sources:
            self.findings.add((*self.path, "source"), "no such source" + nearest(source, self.sources))

    def _one_meter_once(self) -> None:
        seen: "dict[str, tuple[str, ...]]" = {}
        for path, table in parts_of(self.settle):
            if self.settle.kind in OVERLAPPING and path == self.path:
                continue  # a storage is a device too, a charger one of an account
            for key in tables.METER_KEYS:
                for meter in named(table, key):
                    if meter in seen:
                        self.findings.add((*path, key), f"{meter} is named by {'.'.join(seen[meter])} already")
                    seen[meter] = (*path, key)

    def _order(self, table: Any) -> None:
        known = (*self.settle.members.get("device", {}), HOUSEHOLD)
        if table.order and sorted(table.order) != sorted(known):
            self.findings.add((*self.path, "order"), f"allowed are all of {', '.join(known)}, each once")


def parts_of(settle: Settle) -> "Iterator[tuple[tuple[str, ...], Any]]":
    """The settlement's own table, and those of its members, each with its path."""
    yield settle.path(), settle.table
    for key, members in settle.members.items():
        for name, table in members.items():
            yield (*settle.path(), key, name), table


def named(table: Struct, key: str) -> "tuple[str, ...]":
    value = getattr(table, key, None)
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def series_of_csv(path: Path, column: str, digits: int) -> "dict[int, int]":
    """UTC start -> value with so many digits behind the point, of lines like 2026-03-28T22:00Z,102.6.

    Raises OSError, and ValueError with the number of the line.
    """
    with open(path, "rb") as file:
        content = file.read(MOST_CSV_BYTES + 1)
    if len(content) > MOST_CSV_BYTES:
        raise ValueError(f"larger than {MOST_CSV_BYTES // 1_000_000} MB")
    lines = content.decode("utf-8-sig", "replace").splitlines()
    if not lines or lines[0].strip() != f"utc,{column}":
        raise ValueError(f"line 1: allowed is utc,{column}")
    out: "dict[int, int]" = {}
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            start_s, value = _point(number, line, digits)
            if start_s in out:
                raise ValueError(f"line {number}: this time is there already")
            out[start_s] = value
    return out


def _point(number: int, line: str, digits: int) -> "tuple[int, int]":
    when, _, text = line.strip().partition(",")
    try:
        start_s = int(datetime.strptime(when, "%Y-%m-%dT%H:%MZ").replace(tzinfo=timezone.utc).timestamp())
        exact = Decimal(text) * 10 ** digits
    except (ValueError, InvalidOperation):
        raise ValueError(f"line {number}: allowed is a line like 2026-03-28T22:00Z,102.6") from None
    if not exact.is_finite() or exact != exact.to_integral_value() or abs(exact) > 10 ** 12:
        raise ValueError(f"line {number}: allowed are numbers with at most {digits} decimals")
    if start_s % legal_time.QUARTER_S:
        raise ValueError(f"line {number}: allowed are quarter hours")
    return start_s, int(exact)


def quarter_prices(found: "Mapping[int, int]") -> "dict[int, int]":
    """0.001 ct/kWh by quarter hour; 0.01 EUR/MWh is 0.001 ct/kWh. One by the hour holds for its four quarter hours."""
    starts = sorted(found)
    hourly = bool(starts) and all(start_s % 3_600 == 0 for start_s in starts)
    if not hourly:
        return dict(found)
    return {start_s + step: found[start_s] for start_s in starts for step in range(0, 3_600, legal_time.QUARTER_S)}


def _window(text: str) -> Window:
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Window(begin, end)
