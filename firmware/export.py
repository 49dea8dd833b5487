"""`export SITE.toml WHAT`: what the meters said, as CSV or JSON; or the signed records, for `verify`."""

import argparse
import csv
import json
import sqlite3
import sys
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from control.values import NONE, Site
from drivers import signing, virtual_meter
from firmware.config import load
from firmware.errors import UserError
from firmware.records import chain, flows, legal_time, marks, ocmf, series
from firmware.records.chain import LOGS
from firmware.records.keeper import KEY, NEXT_KEY
from firmware.records.query import Query, no_records
from firmware.records.sampler import Value

Row = dict[str, Any]
ALWAYS_S = (0, 1 << 40)


class Asked:
    """What the command line asks for."""

    def __init__(self, query: Query, folder: Path, zone: ZoneInfo, args: argparse.Namespace, house: str) -> None:
        self.query = query
        self.folder = folder
        self.zone = zone
        self.args = args
        self.house = house  # the meter at the house connection
        self.from_s = None if args.begin is None else legal_time.midnight(zone, args.begin)
        self.to_s = None if args.end is None else legal_time.midnight(zone, args.end + timedelta(days=1))

    def all_readings(self) -> "dict[str, dict[int, Value]]":
        return series.readings(self.query.quarters(self.from_s or ALWAYS_S[0], self.to_s or ALWAYS_S[1]))

    def formulas(self) -> "dict[str, str]":
        """Of the meters that are reckoned, as last configured."""
        meters = self.query.meters().get("meters", [])
        return {str(meter["name"]): str(meter["sum"]) for meter in meters if "sum" in meter}

    def readings(self) -> "dict[str, dict[int, Value]]":
        found = self.all_readings()
        wanted = self.args.meter
        if wanted is not None and wanted not in found and wanted not in self.formulas():
            there = ", ".join(sorted(found)) or "none"
            raise UserError(f"--meter {wanted}: nothing is kept of it then; there are {there}")
        return {meter: values for meter, values in found.items() if wanted in (None, meter)}

    def events(self) -> "list[Row]":
        """Their whole records."""
        found = self.query.records(chain.METROLOGY, "event", self.from_s or ALWAYS_S[0], self.to_s)
        return [record for record in found if self.args.meter in (None, record["data"]["meter"])]

    def transactions(self) -> "list[marks.Transaction]":
        """Those that touch the asked time, however long before it they began."""
        found = marks.transactions(
            record["data"] for record in self.query.records(chain.METROLOGY, "event", ALWAYS_S[0], None))
        return [one for one in found if self.args.meter in (None, one.meter)
                and (self.to_s is None or one.begin["at_s"] < self.to_s)
                and (self.from_s is None or one.end is None or one.end["at_s"] >= self.from_s)]

    def signer(self) -> signing.Signer:
        try:
            return signing.load(self.folder / KEY)
        except ValueError as error:
            raise UserError(str(error)) from error

    def grid(self) -> str:
        return str(self.args.grid or self.house)

    def local(self, utc_s: int) -> str:
        return legal_time.text(utc_s, legal_time.offset_s(self.zone, utc_s))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)
    parser.add_argument("what", choices=(*TABLES, *TEXTS, "backup"), metavar="WHAT", help="; ".join(
        (*(f"{name}: {words}" for name, (words, _) in (TABLES | TEXTS).items()),
         "backup: a copy of the whole file, taken while the house runs")))
    parser.add_argument("--from", dest="begin", type=_day, metavar="DAY", help="first day, like 2026-10-25, legal time")
    parser.add_argument("--to", dest="end", type=_day, metavar="DAY", help="last day, itself included")
    parser.add_argument("--meter", help="only this one")
    parser.add_argument("--storage", metavar="METER", help="flows: the meter at the storage")
    parser.add_argument("--grid", metavar="METER", help="flows: the meter at the grid, if not the house connection's")
    parser.add_argument("--fill", action="store_true", help="intervals: substitute values in the gaps, marked as such")
    parser.add_argument("--log", choices=LOGS, help="records: only this log")
    parser.add_argument("--json", action="store_true", help="JSON instead of CSV")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new file instead of standard output")


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    if file.records is None:
        raise UserError(f"{args.site}: no [records] table, so nothing is kept")
    if args.out is not None and args.out.exists():
        raise UserError(f"--out {args.out}: is there already")
    folder = Path(file.records.folder)
    try:
        query = Query(folder)
        try:
            asked = Asked(query, folder, legal_time.zone(file.records.time_zone), args, _house(file.site))
            return _backup(asked) if args.what == "backup" else _write(asked)
        finally:
            query.close()
    except sqlite3.Error as error:
        raise UserError(no_records(error, folder)) from error
    except OSError as error:
        raise UserError(f"{error.filename or args.out}: {error.strerror}") from error


def _write(asked: Asked) -> int:
    out = asked.args.out.open("w", encoding="utf-8", newline="") if asked.args.out else sys.stdout
    try:
        if asked.args.what in TEXTS:
            for line in TEXTS[asked.args.what][1](asked):
                out.write(line + "\n")
        else:
            _table(TABLES[asked.args.what][1](asked), asked.args.json, out)
    finally:
        if asked.args.out:
            out.close()
    return 0


def _table(rows: "Iterable[Row]", as_json: bool, out: Any) -> None:
    """Whole numbers, empty or null for what is not known."""
    found = list(rows)
    if as_json:
        json.dump(found, out, indent=1, ensure_ascii=False)
        out.write("\n")
    elif found:
        table = csv.DictWriter(out, found[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(found)


def _readings(asked: Asked) -> "Iterable[Row]":
    for meter, values in asked.readings().items():
        for at_s in sorted(values):
            one = values[at_s]
            yield {"meter": meter, "at_utc_s": at_s, "at_local": asked.local(at_s), "import": one.import_e,
                   "export": one.export_e, "unit": unit(one.scaler), "status": one.status, "captured_ms": one.off_ms}


def _intervals(asked: Asked) -> "Iterable[Row]":
    found = {meter: series.intervals(values) for meter, values in asked.all_readings().items()}
    for name, formula in asked.formulas().items():
        if name not in found and asked.args.meter in (None, name):
            for one in series.reckoned(virtual_meter.terms(formula), found):
                yield _interval(asked, name, one, formula)
    for meter, values in asked.readings().items():
        for one in series.intervals(series.filled(values) if asked.args.fill else values):
            yield _interval(asked, meter, one, "")


def _interval(asked: Asked, meter: str, one: series.Interval, formula: str) -> Row:
    return {"meter": meter, "start_utc_s": one.start_s, "start_local": asked.local(one.start_s), "import": one.import_e,
            "export": one.export_e, "unit": unit(one.scaler), "status": one.status, "formula": formula}


def _flows(asked: Asked) -> "Iterable[Row]":
    found = asked.readings()
    grid, storage = asked.grid(), asked.args.storage
    if storage is None:
        raise UserError("flows: name the meter at the storage with --storage METER")
    for name in (grid, storage):
        if name not in found:
            raise UserError(f"{name}: nothing is kept of it then; there are {', '.join(sorted(found)) or 'none'}")
    for one in flows.by_minimum(series.intervals(found[grid]), series.intervals(found[storage]), series.WORST):
        parts = {name[:-2]: value for name, value in one._asdict().items() if name.endswith("_e")}
        yield {"start_utc_s": one.start_s, "start_local": asked.local(one.start_s), **parts, "unit": unit(one.scaler),
               "status": one.status, "method": flows.QUARTER_MINIMUM}


def _origins(asked: Asked) -> "Iterable[Row]":
    for record in asked.query.records(chain.METROLOGY, "flows", asked.from_s or ALWAYS_S[0], asked.to_s):
        data = record["data"]
        yield {"start_utc_s": data["start_s"], "start_local": asked.local(data["start_s"]), "clock": record["clock"],
               **{name: value for name, value in data.items() if name != "start_s"}}


def _sections(asked: Asked) -> "Iterable[Row]":
    marked = asked.transactions()
    for meter, values in asked.readings().items():
        for one in marks.sections(values, [mark for mark in marked if mark.meter == meter]):
            yield {"meter": meter, "start_utc_s": one.start_s, "start_local": asked.local(one.start_s),
                   "transaction": one.transaction, "group": one.group, "import": one.import_e, "unit": unit(one.scaler)}


def _sessions(asked: Asked) -> "Iterable[Row]":
    for one in asked.transactions():
        end = one.end or {}
        yield {"transaction": one.id, "number": one.number, "meter": one.meter, "group": one.group,
               "begin_local": asked.local(one.begin["at_s"]), "begin": one.begin["value"],
               "end_local": asked.local(end["at_s"]) if end else None, "end": end.get("value"),
               "energy": one.energy_e, "unit": unit(one.scaler), "begin_status": one.begin["status"],
               "end_status": end.get("status"), "text": end.get("text", one.begin["text"])}


def _events(asked: Asked) -> "Iterable[Row]":
    for record in asked.events():
        yield {"local": asked.local(record["data"]["at_s"]), "clock": record["clock"], **record["data"]}


def _ocmf(asked: Asked) -> "Iterable[str]":
    """A line for each session that has ended; what to check them with stands in `key`."""
    signer = asked.signer()
    about = {meter["name"]: meter for meter in asked.query.meters().get("meters", [])}
    clocks = {record["data"]["event"]: record["clock"] for record in asked.events()}
    for one in asked.transactions():
        if one.end is not None:
            yield ocmf.session(one, clocks, about.get(one.meter, {}), asked.zone, signer)


def _key(asked: Asked) -> "Iterable[str]":
    signer = asked.signer()
    yield f"fingerprint {chain.key_id(signer.public)}"
    yield f"public key {ocmf.public(signer)}"


def _records(asked: Asked) -> "Iterable[str]":
    signer = asked.signer()
    logs = (asked.args.log,) if asked.args.log else LOGS
    there = tuple(log for log in logs if asked.query.has(log, asked.from_s, asked.to_s))
    for log in there:
        yield from asked.query.export(log, there, asked.from_s, asked.to_s, signer)


def _new_key(asked: Asked) -> "Iterable[str]":
    """Only prepared here: the one who writes the records announces it with the key before, at its next start."""
    path = asked.folder / NEXT_KEY
    if path.exists():
        raise UserError(f"{path}: one is prepared already; restart the service to take it over")
    yield f"fingerprint {chain.key_id(signing.make(path).public)}, from the next start on"


def _house(site: Site) -> str:
    meter = site.nodes[0].meter
    return "" if meter == NONE else str(site.devices[meter].name)


def _backup(asked: Asked) -> int:
    if asked.args.out is None:
        raise UserError("backup: say where with --out FILE")
    asked.query.backup(asked.args.out)
    return 0


def unit(scaler: int) -> str:
    """In words: 1e-1 Wh is the tenth of a watt-hour."""
    return "Wh" if scaler == 0 else f"1e{scaler} Wh"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: a day is written like 2026-10-25") from None


TABLES: "dict[str, tuple[str, Callable[[Asked], Iterable[Row]]]]" = {
    "readings": ("counters at the quarter hours", _readings),
    "intervals": ("energy of each quarter hour", _intervals),
    "flows": ("draw, feed-in, charge and discharge, by where from and where to", _flows),
    "origins": ("what the storage took and gave, by origin, moment by moment (needs storage_wh)", _origins),
    "sections": ("intervals, apart by transaction and balancing group", _sections),
    "sessions": ("charging sessions and other transactions", _sessions),
    "events": ("readings that were asked for", _events),
}
TEXTS: "dict[str, tuple[str, Callable[[Asked], Iterable[str]]]]" = {
    "ocmf": ("charging sessions that have ended, in the Open Charge Metering Format", _ocmf),
    "key": ("fingerprint and public key of who signs", _key),
    "records": ("the signed chain, for verify", _records),
    "new-key": ("prepares another signing key, taken over at the next start", _new_key),
}
