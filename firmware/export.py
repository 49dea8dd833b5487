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

from drivers import signing
from firmware.config import load
from firmware.errors import UserError
from firmware.records import legal_time, series
from firmware.records.chain import LOGS
from firmware.records.keeper import KEY
from firmware.records.query import Query, no_records
from firmware.records.sampler import Value

Row = dict[str, Any]
ALWAYS_S = (0, 1 << 40)


class Asked:
    """What the command line asks for."""

    def __init__(self, query: Query, folder: Path, zone: ZoneInfo, args: argparse.Namespace) -> None:
        self.query = query
        self.folder = folder
        self.zone = zone
        self.args = args
        self.from_s = None if args.begin is None else legal_time.midnight(zone, args.begin)
        self.to_s = None if args.end is None else legal_time.midnight(zone, args.end + timedelta(days=1))

    def readings(self) -> "dict[str, dict[int, Value]]":
        found = series.readings(self.query.quarters(self.from_s or ALWAYS_S[0], self.to_s or ALWAYS_S[1]))
        wanted = self.args.meter
        if wanted is not None and wanted not in found:
            there = ", ".join(sorted(found)) or "none"
            raise UserError(f"--meter {wanted}: nothing is kept of it then; there are {there}")
        return {meter: values for meter, values in found.items() if wanted in (None, meter)}

    def local(self, utc_s: int) -> str:
        return legal_time.text(utc_s, legal_time.offset_s(self.zone, utc_s))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)
    parser.add_argument("what", choices=(*TABLES, "records", "backup"), help="; ".join(
        (*(f"{name}: {words}" for name, (words, _) in TABLES.items()), "records: the signed chain, for verify",
         "backup: a copy of the whole file, taken while the house runs")))
    parser.add_argument("--from", dest="begin", type=_day, metavar="DAY", help="first day, like 2026-10-25, legal time")
    parser.add_argument("--to", dest="end", type=_day, metavar="DAY", help="last day, itself included")
    parser.add_argument("--meter", help="only this one")
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
            asked = Asked(query, folder, legal_time.zone(file.records.time_zone), args)
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
        if asked.args.what == "records":
            for line in _records(asked):
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
    for meter, values in asked.readings().items():
        for one in series.intervals(series.filled(values) if asked.args.fill else values):
            yield {"meter": meter, "start_utc_s": one.start_s, "start_local": asked.local(one.start_s),
                   "import": one.import_e, "export": one.export_e, "unit": unit(one.scaler), "status": one.status}


def _records(asked: Asked) -> "Iterable[str]":
    try:
        signer = signing.load(asked.folder / KEY)
    except ValueError as error:
        raise UserError(str(error)) from error
    logs = (asked.args.log,) if asked.args.log else LOGS
    there = tuple(log for log in logs if asked.query.has(log, asked.from_s, asked.to_s))
    for log in there:
        yield from asked.query.export(log, there, asked.from_s, asked.to_s, signer)


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
}
