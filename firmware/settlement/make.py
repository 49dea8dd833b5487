"""A plan and its sources -> a report: month by month through the quarter hours, then the tables."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from firmware.config.file import ConfigError
from firmware.records import legal_time
from firmware.records.sampler import QUARTER_S
from firmware.records.sharing import PROPORTIONAL
from firmware.settlement import make_accounts, make_evidence, make_sessions, make_split
from firmware.settlement.books import Books
from firmware.settlement.plan import Plan, Settle, named, parts_of
from firmware.settlement.plan_tables import METER_KEYS, TARIFF_KEYS
from firmware.settlement.report import COUNT, NET, PERMILLE, WORD, Column, Key, Part, Report, Row, Table
from firmware.settlement.sources import Source
from firmware.settlement.tariffs import HIGH, LOW, STANDARD, Tariff, Window

MAKERS: Any = {
    "suppliers": make_sessions.suppliers, "sessions": make_sessions.sessions, "storage-split": make_split.split,
    "storage-flat": make_split.flat,
    "relief": make_evidence.relief, "evidence": make_evidence.evidence,
}
TERMS = ("key", "part", "order", "tariff", "own_tariff", "rest_tariff", "own_supplier", "basic_ct",
         "basic_base_ct_day", "term_months", "group", "device", "variant", "external", "cost_centre")
CHOICES = ("key", "order", "own_supplier", "device")  # whose values are words of ours
PLATE = ("serial", "accuracy_class", "checked", "sum")


def report(plan: Plan, sources: "dict[str, Source]", first: date, last: date, only: "tuple[str, ...]" = (),
           detail: bool = False) -> Report:
    """`last` included. Raises ConfigError for what of the plan the records do not know."""
    from_s = legal_time.midnight(plan.zone, first)
    to_s = legal_time.midnight(plan.zone, last + timedelta(days=1))
    books = Books(plan, sources, from_s, to_s)
    books.check()
    messages = plan.findings.messages()
    if messages:
        raise ConfigError(messages)
    parts = tuple(_part(one, books, first, last, detail) for one in plan.settles if not only or one.name in only)
    told = tuple({"source": name, "kind": source.proof.kind, "keys": list(source.proof.keys),
                  "heads": source.proof.heads} for name, source in sources.items())
    return Report(plan.name, str(first), str(last), plan.zone_name, offsets(plan.zone, from_s, to_s), told, parts)


def offsets(zone: ZoneInfo, from_s: int, to_s: int) -> "dict[int, int]":
    """Where they change."""
    out: "dict[int, int]" = {}
    last = None
    for at_s in range(from_s, to_s + QUARTER_S, QUARTER_S):
        offset = legal_time.offset_s(zone, at_s)
        if offset != last:
            out[at_s] = last = offset
    return out


def _part(one: Settle, books: Books, first: date, last: date, detail: bool) -> Part:
    maker = MAKERS.get(one.kind, make_accounts.accounts)
    tables, notes = maker(one, books, first, last, detail)
    tables += terms(one, books.plan)
    meters = tuple(dict.fromkeys(meter for _, table in parts_of(one) for key in METER_KEYS
                                 for meter in named(table, key)))
    found = tuple(_about(meter, books) for meter in meters)
    good = all(books.certified(meter) for meter in meters) and not _stands_in(tables)
    return Part(one.name, one.kind, tuple(tables), tuple(notes), found, good)


def terms(one: Settle, plan: Plan) -> "list[Table]":
    """What was agreed, as the plan has it: the tariffs that are used here, keys, parts, orders."""
    rows: "list[Row]" = []
    for path, table in parts_of(one):
        for key in TERMS:
            said = getattr(table, key, None)
            if said not in (None, "", (), False) and not _idle(one, table, key):
                rows.append({"party": ".".join(path[3:]), "what": key, "said": _agreed(key, said)})
    used = dict.fromkeys(getattr(table, key, None) for _, table in parts_of(one) for key in TARIFF_KEYS)
    prices: "list[Row]" = [{
        "tariff": name, "energy_net": tariff.energy_mct, "grid_net": tariff.grid_mct, "levies_net": tariff.levies_mct,
        "vat_pct": tariff.vat_permille // 10, "base_net": tariff.base_day_mct, "spot": tariff.spot is not None}
        for name, tariff in plan.tariffs.items() if name in used]
    money = tuple(Column(key, NET) for key in ("energy_net", "grid_net", "levies_net"))
    return [Table("tariffs", (Column("tariff"), *money, Column("vat_pct", COUNT), Column("base_net", PERMILLE),
                              Column("spot", WORD)), prices, 0),
            *_levels([plan.tariffs[name] for name in plan.tariffs if name in used]),
            Table("terms", (Column("party"), Column("what", WORD), Column("said")), rows, 0)]


def _levels(tariffs: "list[Tariff]") -> "list[Table]":
    """Network fees by time of day, and when they hold."""
    rows: "list[Row]" = []
    for one in tariffs:
        levels = one.levels
        if levels is not None:
            year = ", ".join(map(str, levels.quarters))
            rows.append({"tariff": one.name, "level": STANDARD, "grid_net": one.grid_mct})
            held = (LOW, levels.low_mct, levels.low), (HIGH, levels.high_mct, levels.high)
            rows += [{"tariff": one.name, "level": level, "grid_net": mct, "times": _times(windows), "quarters": year}
                     for level, mct, windows in held if windows]
    columns = (Column("tariff"), Column("level", WORD), Column("grid_net", NET), Column("times"), Column("quarters"))
    return [Table("tariff_levels", columns, rows, 0)] if rows else []


def _times(windows: "tuple[Window, ...]") -> str:
    return ", ".join(f"{one.from_min // 60:02}:{one.from_min % 60:02}-{one.to_min // 60:02}:{one.to_min % 60:02}"
                     for one in windows)


def _agreed(key: str, said: Any) -> Any:
    if key in CHOICES and isinstance(said, str):
        return Key(said)
    return ", ".join(map(str, said)) if isinstance(said, tuple) else said


def _idle(one: Settle, table: Any, key: str) -> bool:
    """Whether this key of a party says nothing here."""
    if key == "part":
        return getattr(one.table, "key", PROPORTIONAL) == PROPORTIONAL
    return key == "order" and len(getattr(table, "meters", ("", ""))) < 2


def _about(meter: str, books: Books) -> Row:
    known = books.about(meter)
    newest = known[-1] if known else {}
    notes = {key: newest.get(key) for key in PLATE}
    return {"meter": meter, **notes, "mid": books.certified(meter), "changed": len({str(one) for one in known}) > 1}


def _stands_in(tables: "list[Table]") -> bool:
    """Whether some value only stands in for a measured one."""
    return any(row.get("substituted") for table in tables if table.name == "coverage" for row in table.rows)

