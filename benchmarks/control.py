"""The decision beside two baselines written from the published rules of its peers, in the same closed-loop houses.

`python benchmarks/control.py [--case NAME ...] [--seeds N] [--cars quick|slow] [--only ours] [--json]`, from the root.
Judged by the physics: mean over the seeds (lowest to highest). The floors are those the project has set itself. All
cases with five seeds take about seven minutes on one core.
"""

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.yard import absolute, delta
from benchmarks.yard.cases import ROWS, Figures, Row
from benchmarks.yard.house import QUICK_MS
from benchmarks.yard.peers import Peer
from firmware.cycle import Cycle

CONTROLLERS = {
    "ours": Cycle,
    "absolute 10 s": partial(Peer, absolute.rules, absolute.State()),
    "delta 30 s": partial(Peer, delta.rules, delta.State()),
}
LAGS_MS = {"quick": QUICK_MS, "slow": (5_000, 9_000)}  # IEC 61851-1 allows 5 s to the box and 5 s to the car


def main() -> int:
    parser = argparse.ArgumentParser(description="The decision beside its peers' rules")
    parser.add_argument("--case", action="append", choices=[row.name for row in ROWS],
                        help="only this one (repeatable)")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="how many (5)")
    parser.add_argument("--first-seed", type=int, default=1, metavar="SEED")
    parser.add_argument("--cars", choices=LAGS_MS, default="quick", help="how soon cars follow (quick: 0.3 to 0.9 s)")
    parser.add_argument("--only", action="append", choices=CONTROLLERS, help="only this controller (repeatable)")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    begun = time.perf_counter()
    out = []
    for row in ROWS:
        if args.case and row.name not in args.case:
            continue
        if not args.json:
            print(f"{row.name}: {row.about}")
        for name in args.only or CONTROLLERS:
            seeds = range(args.first_seed, args.first_seed + args.seeds)
            runs = [row.case(CONTROLLERS[name], seed, LAGS_MS[args.cars]) for seed in seeds]
            out.append({"case": row.name, "controller": name, "cars": args.cars, "seeds": list(seeds),
                        "runs": runs, "missed": _missed(row, runs) if name == "ours" else []})
            if not args.json:
                print(f"  {name:<14}{_shown(row, runs)}{_verdict(row, runs) if name == 'ours' else ''}", flush=True)
    if args.json:
        print(json.dumps({"rows": out, "took_s": round(time.perf_counter() - begun, 1)}))
    else:
        print(f"\n{args.seeds} seeds, {args.cars} cars, {time.perf_counter() - begun:.0f} s")
    return 0


def _mean(runs: "list[Figures]", figure: str) -> float:
    return sum(run[figure] for run in runs) / len(runs)


def _shown(row: Row, runs: "list[Figures]") -> str:
    words = []
    for figure in row.shown:
        values = [run[figure] for run in runs]
        words.append(f"{figure} {_mean(runs, figure):.2f} ({min(values):.2f} to {max(values):.2f})")
    return "; ".join(words)


def _missed(row: Row, runs: "list[Figures]") -> "list[str]":
    out = []
    for figure, sign, value in row.floors:
        mean = _mean(runs, figure)
        if mean > value if sign == "<=" else mean < value:
            out.append(f"{figure} {sign} {value:g}")
    return out


def _verdict(row: Row, runs: "list[Figures]") -> str:
    missed = _missed(row, runs)
    return "   misses " + ", ".join(missed) if missed else "   holds"


if __name__ == "__main__":
    sys.exit(main())
