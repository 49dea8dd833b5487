"""`sim SCENARIO`: a day, a case or a folder of cases, lived through at full speed in the production lines and cycle."""

import argparse
import json
import re
from pathlib import Path

from control.values import Plan, Snapshot
from firmware.cases import case
from firmware.cases.checks import Verdict
from firmware.cases.life import CaseLife
from firmware.cases.tables import Ceiling
from firmware.config.file import load
from firmware.day import Day
from firmware.demo import HOUSE
from firmware.drawing import Drawing
from firmware.errors import UserError
from firmware.explain import Story
from firmware.journal import Journal
from sim.kpi import Kpi
from sim.plot import plot
from sim.scenarios import NAMES

PLOT_EVERY_S = 15
PLOT_ROWS = 6_000  # a day at PLOT_EVERY_S


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", type=_scenario, metavar="SCENARIO",
                        help=f"a day ({', '.join(NAMES)}), a CASE.toml, or a folder of them")
    parser.add_argument("--site", metavar="SITE.toml", type=Path, help="another house than the demo's, for a day")
    parser.add_argument("--seed", type=int, help="of all chance (7, or the case's)")
    parser.add_argument("--hours", type=int, choices=range(1, 25), metavar="1..24", help="of a day (24)")
    parser.add_argument("--json", action="store_true", help="the key figures, and the checks of a case, as one object")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draws it, with every limit")
    parser.add_argument("--journal", type=Path, metavar="FOLDER", help="keeps every decision, for replay")
    parser.add_argument("--explain", type=_moment, metavar="T",
                        help='the story of a moment, "12:05:30" or seconds after the start: what bound each device')


def run(args: argparse.Namespace) -> int:
    if args.scenario in NAMES:
        return _day(args)
    for option in ("site", "hours"):
        if getattr(args, option) is not None:
            raise UserError(f"--{option} is for a day; a case says it itself")
    if args.scenario.is_dir():
        return _cases(args)
    return _case(args)


def _scenario(word: str) -> "str | Path":
    if word in NAMES:
        return word
    if word.endswith(".toml") or Path(word).is_dir():
        return Path(word)
    raise argparse.ArgumentTypeError(f"invalid choice: {word!r} (choose from {', '.join(map(repr, NAMES))}, "
                                     "a CASE.toml or a folder of them)")


def _moment(word: str) -> "tuple[bool, int]":
    """(whether it is a time of day, seconds)"""
    if re.fullmatch("[0-9]{1,5}", word):
        return False, int(word)
    if re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", word):
        hour, minute, second = (int(part) for part in (word + ":00")[:8].split(":"))
        return True, hour * 3600 + minute * 60 + second
    raise argparse.ArgumentTypeError(f'{word!r}: allowed are a time of day like "12:05:30" and seconds after the start')


class _Observer:
    """Journal, plot and story of what is lived through."""

    def __init__(self, args: argparse.Namespace, day: Day, title: str, seconds: int, operator: bool) -> None:
        self._day = day
        self._site = day.cycle.site
        self._plot: "Path | None" = args.plot
        if self._plot:
            _write(self._plot, "")  # told before the day, not after it
        self._drawing = Drawing(self._site, day.simulated, title, operator)
        self._every_s = max(1, min(PLOT_EVERY_S, seconds // PLOT_ROWS))
        self._journal = Journal(args.journal) if args.journal else None
        self._story = Story(self._site)
        self._story_ms = _story_ms(args.explain, day.clock.now_ms(), seconds)
        self._told: "list[str] | None" = None
        self._second = 0
        self._before = day.cycle.state

    def see(self, snapshot: "Snapshot | None", plan: "Plan | None") -> None:
        now_ms = self._day.clock.now_ms()
        if self._plot and self._second % self._every_s == 0:
            self._drawing.add(now_ms, plan)
        self._second += 1
        if snapshot is not None and plan is not None:
            self._keep(snapshot, plan)
            if self._told is None and self._story_ms is not None:
                self._story.see(snapshot, plan)
        if self._told is None and self._story_ms is not None and now_ms >= self._story_ms:
            self._told = self._story.tell()

    def _keep(self, snapshot: Snapshot, plan: Plan) -> None:
        if self._journal is not None:
            self._journal.add(self._site, self._before, snapshot, plan)
            self._sound()
        self._before = self._day.cycle.state

    def _sound(self) -> None:
        if self._journal is not None and self._journal.fault:
            raise UserError(self._journal.fault)

    def close(self) -> "list[str] | None":
        """The story, if one was asked for."""
        if self._journal is not None:
            self._journal.close()
            self._sound()
        if self._plot:
            _write(self._plot, plot(self._drawing.record))
        return self._told


def _story_ms(moment: "tuple[bool, int] | None", start_ms: int, seconds: int) -> "int | None":
    if moment is None:
        return None
    of_day, second = moment
    at_ms = second * 1000 if of_day else start_ms + second * 1000
    if not start_ms <= at_ms <= start_ms + seconds * 1000:
        raise UserError(f"--explain: not within the {seconds} s that are lived through")
    return at_ms


def _day(args: argparse.Namespace) -> int:
    file = load(args.site or HOUSE)
    seed = 7 if args.seed is None else args.seed
    seconds = (args.hours or 24) * 3600
    day = Day(file, args.scenario, seed)
    observer = _Observer(args, day, f"{file.site.name}, {args.scenario}, seed {seed}", seconds, False)
    for _ in range(seconds):
        observer.see(*day.second())
    _print(day.kpi, observer.close(), args.json)
    return 0


def _case(args: argparse.Namespace) -> int:
    file = _with_seed(case.load(args.scenario), args.seed)
    life = CaseLife(file)
    title = f"{file.name}: {file.case.about}, seed {file.case.seed}"
    ceilings = any(isinstance(event, Ceiling) for event in file.events) or any(
        device.ability.kind == "signal" for device in file.site.site.devices)
    observer = _Observer(args, life.day, title, file.case.seconds, ceilings)
    verdicts = life.run(lambda life: observer.see(life.snapshot, life.plan))
    story = observer.close()
    held = all(verdict.held for verdict in verdicts)
    if args.json:
        print(json.dumps({**_as_dict(file, verdicts), "kpi": life.day.kpi.as_dict(),
                          **({"explain": story} if story is not None else {})}))
        return 0 if held else 1
    print(f"{file.name}: {file.case.about}\n")
    for verdict in verdicts:
        print(f"{'holds' if verdict.held else 'FAILS'}  {verdict.words()}")
    print()
    _print(life.day.kpi, story, False)
    return 0 if held else 1


def _cases(args: argparse.Namespace) -> int:
    for option in ("plot", "journal", "explain"):
        if getattr(args, option) is not None:
            raise UserError(f"--{option} is for one case, not for a folder of them")
    paths = sorted(args.scenario.glob("*.toml"))
    files = [_with_seed(case.load(path), args.seed) for path in paths]  # mistakes are told before anything is lived
    if not files:
        raise UserError(f"{args.scenario}: no *.toml in it")
    out, failed = [], 0
    for file in files:
        life = CaseLife(file)
        verdicts = life.run()
        held = all(verdict.held for verdict in verdicts)
        failed += not held
        out.append({**_as_dict(file, verdicts), "kpi": life.day.kpi.as_dict()})
        if not args.json:
            print(f"{'holds' if held else 'FAILS'}  {file.name}: {file.case.about}", flush=True)
            for verdict in verdicts:
                if not verdict.held:
                    print(f"       {verdict.words()}")
    if args.json:
        print(json.dumps({"cases": out, "failed": failed}))
    else:
        print(f"\n{len(files)} cases, {failed} of them fail")
    return 1 if failed else 0


def _with_seed(file: case.CaseFile, seed: "int | None") -> case.CaseFile:
    return file if seed is None else case.with_seed(file, seed)


def _as_dict(file: case.CaseFile, verdicts: "tuple[Verdict, ...]") -> "dict[str, object]":
    return {"case": file.name, "about": file.case.about, "seed": file.case.seed,
            "holds": all(verdict.held for verdict in verdicts), "checks": [verdict._asdict() for verdict in verdicts]}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None


def _print(kpi: Kpi, story: "list[str] | None", as_json: bool) -> None:
    if as_json:
        print(json.dumps({**kpi.as_dict(), **({"explain": story} if story is not None else {})}))
        return
    if story is not None:
        print("\n".join([*story, ""]))
    rows = kpi.table()
    what = max(len(row[0]) for row in rows)
    value = max(len(row[1]) for row in rows)
    for row in rows:
        print(f"{row[0]:<{what}}  {row[1]:>{value}} {row[2]}")
