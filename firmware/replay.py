"""`replay JOURNAL`: the recorded snapshots through today's decision; the same plans, or where they differ."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from control.reasons import sentence
from control.step import step
from control.values import Plan, Site
from firmware.journal import journals, read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("journal", metavar="JOURNAL", type=Path, help="a journal file, or a folder of them")
    parser.add_argument("--json", action="store_true", help="one object a difference, and one at the end")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="differences to show (20)")


def run(args: argparse.Namespace) -> int:
    paths = journals(args.journal) if args.journal.is_dir() else [args.journal]
    if not paths:
        print(f"{args.journal}: no journal in this folder", file=sys.stderr)
        return 1
    entries = differ = 0
    for path in paths:
        try:
            for site, now_ms, was, now in differences(path):
                entries += 1
                if was == now:
                    continue
                differ += 1
                if differ <= args.most:
                    _show(args.json, path, site, now_ms, was, now)
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            return 1
    if args.json:
        print(json.dumps({"entries": entries, "differ": differ}))
    else:
        print(f"{entries} decisions made again, {differ} differ")
    return 1 if differ or not entries else 0


def differences(path: Path) -> "Iterator[tuple[Site, int, Plan, Plan]]":
    """(site, now_ms, recorded plan, plan of today) for each entry."""
    head, entries = read(path)
    state = head.state
    for entry in entries:
        state, plan = step(head.site, state, entry.snapshot)
        yield head.site, entry.snapshot.now_ms, entry.plan, plan


def _show(as_json: bool, path: Path, site: Site, now_ms: int, was: Plan, now: Plan) -> None:
    """Each load whose grant differs by name, in words; then what else of the plan does."""
    found: "list[tuple[dict[str, object], str]]" = []
    for index, (old, new) in enumerate(zip(was.grants, now.grants)):
        if old != new and old is not None and new is not None:
            name, words = site.devices[index].name, (sentence(site, index, old), sentence(site, index, new))
            found.append(({"device": name, "was": words[0], "now": words[1], "was_grant": old, "now_grant": new},
                          f"{name}: was {words[0]!r}, now {words[1]!r}"))
    for field in ("nodes", "surplus_w", "alarms"):
        before, after = getattr(was, field), getattr(now, field)
        if before != after:
            found.append(({"field": field, "was": before, "now": after}, f"{field}: was {before}, now {after}"))
    for values, line in found:
        if as_json:
            print(json.dumps({"file": str(path), "t_ms": now_ms, **values}))
        else:
            print(f"{path.name} {now_ms} ms {line}")
