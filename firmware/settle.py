"""`settle PLAN.toml`: what each party has to pay or has had, from the quarter hours of the records.

Reads only: the records of a house that runs, a backup, or an export that is verified first. [A PLAN.toml](../deploy/
plan.example.toml) says who has which meter, which key, which tariff.
"""

import argparse
import contextlib
import sys
from datetime import date
from pathlib import Path
from typing import Any

from firmware.errors import UserError
from firmware.export import day
from firmware.settlement import plan as plans
from firmware.settlement.as_html import write_html
from firmware.settlement.as_text import write_csv, write_json
from firmware.settlement.make import report
from firmware.settlement.plan import Plan
from firmware.settlement.sources import Source, exported, kept
from firmware.settlement.words import LANGS

FORMS = {"csv": write_csv, "json": write_json, "html": write_html}
MOST_DAYS = 1_100  # longer nothing is kept


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", metavar="PLAN.toml", type=Path)
    parser.add_argument("--from", dest="begin", type=day, metavar="DAY", required=True,
                        help="first day, like 2026-10-01, legal time")
    parser.add_argument("--to", dest="end", type=day, metavar="DAY", required=True, help="last day, itself included")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this settlement of the plan")
    parser.add_argument("--detail", action="store_true", help="each quarter hour too")
    parser.add_argument("--format", choices=tuple(FORMS), default="csv")
    parser.add_argument("--lang", choices=LANGS, default="de")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a new file instead of standard output")


def run(args: argparse.Namespace) -> int:
    plan = plans.load(args.plan)
    _asked(args, plan)
    with contextlib.ExitStack() as stack:
        found = report(plan, _sources(plan, stack), args.begin, args.end, tuple(args.only), args.detail)
    if args.out is None:
        FORMS[args.format](found, args.lang, sys.stdout)
        return 0
    try:
        # spreadsheets take a CSV for one of their own country unless it begins so
        with args.out.open("x", encoding="utf-8-sig" if args.format == "csv" else "utf-8", newline="") as out:
            FORMS[args.format](found, args.lang, out)
    except FileExistsError:
        raise UserError(f"--out {args.out}: is there already") from None
    except OSError as error:
        raise UserError(f"{error.filename or args.out}: {error.strerror}") from error
    return 0


def _asked(args: Any, plan: Plan) -> None:
    if args.end < args.begin:
        raise UserError(f"--to {args.end}: before --from {args.begin}")
    if (args.end - args.begin).days > MOST_DAYS:
        raise UserError(f"--from {args.begin}: more than {MOST_DAYS} days before --to; so long nothing is kept")
    if args.end >= date.today():
        print(f"settle: {args.end} is not over yet", file=sys.stderr)
    names = [one.name for one in plan.settles]
    for name in args.only:
        if name not in names:
            raise UserError(f"--only {name}: no such settlement; there are {', '.join(names)}")


def _sources(plan: Plan, stack: contextlib.ExitStack) -> "dict[str, Source]":
    out: "dict[str, Source]" = {}
    for name, table in plan.sources.items():
        if table.records is not None:
            out[name] = stack.enter_context(kept(plan.folder / table.records))
        else:
            assert table.export is not None
            out[name] = exported(plan.folder / table.export, table.key)
    return out
