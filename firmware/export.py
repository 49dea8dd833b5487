"""`export SITE.toml WHAT`: what the meters said, as CSV or JSON; or the signed records, for `verify`."""

import argparse
import csv
import json
import sqlite3
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from control.values import NONE, Site
from firmware.config.file import load
from firmware.errors import UserError
from firmware.export_tables import TABLES, TEXTS, Asked, Row
from firmware.records import legal_time, sharing
from firmware.records.chain import LOGS
from firmware.records.keys import configured
from firmware.records.query import Query, no_records


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)
    parser.add_argument("what", choices=(*TABLES, *TEXTS, "backup"), metavar="WHAT", help="; ".join(
        (*(f"{name}: {words}" for name, (words, _) in (TABLES | TEXTS).items()),
         "backup: a copy of the whole file, taken while the house runs")))
    parser.add_argument("--from", dest="begin", type=day, metavar="DAY", help="first day, like 2026-10-25, legal time")
    parser.add_argument("--to", dest="end", type=day, metavar="DAY", help="last day, itself included")
    parser.add_argument("--meter", help="only this one")
    parser.add_argument("--storage", metavar="METER", help="flows: the meter at the storage")
    parser.add_argument("--grid", metavar="METER", help="flows: the meter at the grid, if not the house connection's")
    parser.add_argument("--roof", metavar="METER", help="shared: the meter of what the roof makes")
    parser.add_argument("--flat", action="append", type=_part, metavar="METER[=PART]",
                        help="shared: a flat's meter and its agreed part, 1 if none is said")
    parser.add_argument("--key", choices=sharing.KEYS, default=sharing.PROPORTIONAL, help="shared: how to share out")
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
    if args.begin is not None and args.end is not None and args.end < args.begin:
        raise UserError(f"--to {args.end}: before --from {args.begin}")
    folder = Path(file.records.folder)
    keys = configured(file.records)
    try:
        query = Query(folder)
        try:
            asked = Asked(query, keys, legal_time.zone(file.records.time_zone), args, _house(file.site))
            return _backup(asked) if args.what == "backup" else _write(asked)
        finally:
            query.close()
            keys.close()
    except sqlite3.Error as error:
        raise UserError(no_records(error, folder)) from error
    except OSError as error:
        raise UserError(f"{error.filename or args.out}: {error.strerror}") from error


def _write(asked: Asked) -> int:
    out = asked.args.out.open("w", encoding="utf-8", newline="") if asked.args.out else sys.stdout
    try:
        if asked.args.what in TEXTS:
            count = 0
            for line in TEXTS[asked.args.what][1](asked):
                count += out.write(line + "\n") > 0
        else:
            count = _table(TABLES[asked.args.what][1](asked), asked.args.json, out)
    finally:
        if asked.args.out:
            out.close()
    if not count:
        print(f"{asked.args.what}: nothing of that is kept", file=sys.stderr)
    return 0


def _table(rows: "Iterable[Row]", as_json: bool, out: Any) -> int:
    """Whole numbers, empty or null for what is not known; how many rows."""
    found = list(rows)
    if as_json:
        json.dump(found, out, indent=1, ensure_ascii=False)
        out.write("\n")
    elif found:
        table = csv.DictWriter(out, found[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(found)
    return len(found)


def _house(site: Site) -> str:
    meter = site.nodes[0].meter
    return "" if meter == NONE else str(site.devices[meter].name)


def _backup(asked: Asked) -> int:
    if asked.args.out is None:
        raise UserError("backup: say where with --out FILE")
    asked.query.backup(asked.args.out)
    return 0


def _part(text: str) -> "tuple[str, int]":
    name, _, part = text.partition("=")
    if not name or not (part or "1").isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: a flat is written like flat_1 or flat_1=25, its part a whole number")
    return name, int(part or "1")


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: a day is written like 2026-10-25") from None
