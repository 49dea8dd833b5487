"""Energy and switching together: what else the settings could have been, and the front of those nobody beats.

`python -m benchmarks.pareto [--seeds N] [--processes N] [--only NAME ...] [--plot FILE] [--json]`. Each setting and
both baselines live the cloudy day of the yardstick with one car and with two; a point is the kWh of the roof
that went into the cars, the kWh imported, and starts and phase changes. All take eight minutes on two free cores.
"""

import argparse
import json
import multiprocessing
import sys
import time
from pathlib import Path

from benchmarks.yard.front import drawing
from benchmarks.yard.settings import BASELINES, HOUSES, OURS, SETTINGS, Point, beats, front, lived, point


def main() -> int:
    names = [*(setting.name for setting in SETTINGS), *BASELINES]
    parser = argparse.ArgumentParser(description="Energy and switching of the decision's settings")
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="how many days (2)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="at a time (2)")
    parser.add_argument("--only", action="append", choices=names, help="only this one (repeatable)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draws the fronts there, as SVG")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.seeds < 1 or args.processes < 1:
        parser.error("--seeds and --processes: at least 1")
    begun = time.perf_counter()
    fields = measured(args.only or names, args.seeds, args.processes)
    if args.plot:
        args.plot.write_text(drawing(fields), "utf-8")
    took_s = round(time.perf_counter() - begun)
    if args.json:
        print(json.dumps({"seeds": args.seeds, "took_s": took_s, "houses": {
            house: [{**each._asdict(), "on_front": each in front(points)} for each in points]
            for house, points in fields.items()}}))
        return 0
    for house, points in fields.items():
        print("\n".join(_table(house, points)))
    print(f"\n{args.seeds} seeds, {took_s} s")
    return 0


def measured(names: "list[str]", seeds: int, processes: int) -> "dict[str, list[Point]]":
    """By house, in the order of the names."""
    jobs = [(name, house, seed) for seed in range(1, seeds + 1) for house in HOUSES for name in names]
    with multiprocessing.Pool(processes) as pool:
        runs = dict(zip(jobs, pool.starmap(lived, jobs, chunksize=1)))
    return {house: [point(name, [runs[name, house, seed] for seed in range(1, seeds + 1)]) for name in names]
            for house in HOUSES}


def _table(house: str, points: "list[Point]") -> "list[str]":
    best = front(points)
    ours = next((each for each in points if each.name == OURS), None)
    out = [f"\n{house:<42}{'roof kWh':>10}{'import':>8}{'starts + changes':>18}"]
    for each in points:
        words = "front" if each in best else ""
        if ours is not None and beats(each, ours):
            words = "front, beats ours" if words else "beats ours"
        out.append(f"{each.name:<42}{each.roof_kwh:>10.2f}{each.import_kwh:>8.2f}{each.switching:>18.1f}  {words}")
    return out


if __name__ == "__main__":
    sys.exit(main())
