"""The rules that must never be lost, each switched off in a copy of the tree: which test notices?

`./dev mutants [--list] [--json] [--keep] [--all] [NAME ...]`. First the tests have to pass on the tree as it is: else
what fails says nothing. Then for each rule the test that noticed its loss the last time (tests/mutants.md) is tried
alone, and all of them in order where there is none, where it does not notice any more, or with `--all`. A rule whose
loss no test notices is named, and the exit code is 1; 2 if the tests fail as it is. `--keep` writes tests/mutants.md
anew after each.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests" / "mutants.md"
FOLDERS = ("hal", "control", "drivers", "sim", "firmware", "benchmarks", "tests", "deploy", "requirements")
TESTS = (*(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("tests/unit/test_control_*.py"))),
         *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("tests/property/test_control_*.py"))),
         "tests/property/test_storage_rules.py", "tests/simulation/test_cases.py")
ONLY = "not can_fail"  # that one judges the cases by other controllers
ABOUT = """# The rules, each switched off once, and the test that noticed

Made by `./dev mutants --keep`: %d of %d were noticed. The first test that fails is named, of those that judge the
decision, in the order unit, property, simulation; others may notice too.

| name | rule | where | noticed by |
|---|---|---|---|
"""


class Mutant(NamedTuple):
    rule: str
    path: str
    old: str
    new: str


MUTANTS = {
    "guard": Mutant("the guard adds up what every load may draw", "control/guard.py",
                    "            if tally.excess(node, k) > 0:\n                _shed(",
                    "            if False:\n                _shed("),
    "guard-later": Mutant("nothing rises before others have come down", "control/guard.py",
                          "            if tally.waits(node, k) and limits", "            if False and limits"),
    "reserve": Mutant("a load counts with what it may still draw", "control/reserve.py",
                      "    claim.held = held\n", "    claim.held = claim.drawn\n"),
    "silent": Mutant("a silent load keeps its fallback reserved", "control/reserve.py",
                     "        if claim.silent or written.fault is not None:", "        if False:"),
    "not-obeyed": Mutant("a load that draws more than it was told is reckoned with", "control/reserve.py",
                         "            held = most(held, flow)\n", "            pass\n"),
    "stale": Mutant("an old reading is no reading", "control/health.py",
                    "    if not 0 <= now_ms - good.t_ms <= stale_ms:", "    if False:"),
    "frozen-alone": Mutant("a meter that repeats itself is not believed", "control/frozen.py",
                           "    if still.same < ALONE_SAME:", "    if True:"),
    "frozen-others": Mutant("a meter that does not follow the others is not believed", "control/frozen.py",
                            "now_ms - moved_ms >= FROZEN_MS", "now_ms - moved_ms >= FROZEN_MS * 10_000"),
    "counter": Mutant("a counter that falls is another meter", "control/health.py",
                      "    if _fell(good, reading):", "    if False:"),
    "scaled": Mutant("a meter with the wrong transformer ratio is found out", "control/turned.py",
                     "reasons.SCALED if turn.scale >= SCALE_VOTES else 0", "0"),
    "leaping": Mutant("a meter that leaps up and down is found out", "control/health.py",
                      "    if not verdict and leaping.leaps(leap, now_ms):", "    if False:"),
    "turned": Mutant("a meter with the wrong direction is found out", "control/turned.py",
                     "    if turn.sign >= VOTES:", "    if False:"),
    "rest-falls": Mutant("a fall of the rest counts only when it has lasted", "control/rest.py",
                         "    turn = together and now_ms - state.peak_ms >= FALL_MS", "    turn = True"),
    "overload": Mutant("an overloaded fuse sheds at once", "control/allocate.py",
                       "        if severity and claim.level > 0:", "        if False:"),
    "operator": Mutant("the operator's ceiling holds", "control/limits.py",
                       "    if ceiling_w < 0:\n        return NO_LIMIT", "    if True:\n        return NO_LIMIT"),
    "peak": Mutant("the peak of the quarter of an hour binds", "control/limits.py",
                   "    if peak_w < wired.caps[0][3]:", "    if False:"),
    "peak-storage": Mutant("storage gives first against a peak", "control/storage.py",
                           "    if excess_w > 0 and serves_peaks(claim):", "    if False:"),
    "peak-starts": Mutant("nothing starts on what storage gives against a peak", "control/step.py",
                          "    cut = not_on_storage(claims, own_w) if asked else []", "    cut = []"),
    "feed-in": Mutant("no more is fed in than allowed", "control/generation.py",
                      "    if cap_w == NONE:\n        return NO_LIMIT\n", "    return NO_LIMIT\n"),
    "lost-input": Mutant("a lost contact is limited", "control/operator.py",
                         "        demanded = (lost or word + BROKEN in words) if holds else False",
                         "        demanded = False"),
    "broken-wire": Mutant("a broken wire is taken for a demand", "control/operator.py",
                          "(lost or word + BROKEN in words)", "lost"),
    "roof-back": Mutant("a limited roof comes back slowly", "control/generation.py",
                        "        share_w = min(share_w, before_w + rated_w * RAISE_PERMILLE * over_ms // 1_000_000)\n",
                        ""),
    "roof-blind": Mutant("without the grid meter no more is made than may be fed in", "control/generation.py",
                         "        return max(cap_w - max(others_w, -(fed.need_mw // 1_000)), 0)",
                         "        return NO_LIMIT"),
    "imbalance": Mutant("phases stay even", "control/guard.py",
                        "    uneven = [node for node in range(len(limits.room)) if limits.imbalance_ma[node]]",
                        "    uneven = []"),
    "ramp": Mutant("up slowly", "control/ramp.py", "    elif claim.level > most:", "    elif False:"),
    "rest": Mutant("a car rests after a stop", "control/ramp.py",
                   "    if now_ms - claim.state.switched_ms < rest_ms(claim):", "    if False:"),
    "lease": Mutant("a lease ends with its time", "control/wishes.py",
                    "now_ms < wish.lease_ms", "True"),
    "charge-unknown": Mutant("a storage whose charge is not known is left alone", "control/battery.py",
                             "        claim.soc = None if claim.silent else good.soc_permille",
                             "        claim.soc = None if claim.silent else good.soc_permille or 500"),
    "storage-reserve": Mutant("nothing is given below the reserve", "control/storage.py",
                              "    if level < 0 and soc <= edge:", "    if False:"),
    "own-reserve": Mutant("nor by an inverter that regulates by itself", "control/storage.py",
                          "    elif claim.soc <= edge:", "    elif False:"),
    "departure": Mutant("a car is not emptied below its departure", "control/battery.py",
                        "        claim.low = max(store.reserve_permille, claim.goal)",
                        "        claim.low = store.reserve_permille"),
    "in-time": Mutant("a charge is begun in time", "control/wishes.py",
                      "presses(filled_ms, cheap_ms(prices, now_ms, claim.goal_ms), begun)", "False"),
    "unplugged": Mutant("a car that is not there is no storage", "control/storage.py",
                        "    elif not plugged(claim):", "    elif False:"),
    "lock": Mutant("an inverter of modes feeds no car that charges fast", "control/storage.py",
                   "    elif not locked_w:", "    elif True:"),
    "no-car-fed": Mutant("nor does one that is told", "control/storage.py",
                         "_within_bands(claim, min(left_w + locked_w, 0))\n        if locked_w",
                         "_within_bands(claim, min(left_w, 0))\n        if locked_w"),
    "own-loop": Mutant("an inverter that regulates by itself is left to it", "control/storage.py",
                       "            if claim.able.own and claim.mode != FAST:", "            if False:"),
    "own-first": Mutant("what it does is its own, whatever the priority", "control/storage.py",
                        "[each for each in stores if each.able.own] + [each for each in stores if not each.able.own]:",
                        "stores:"),
    "not-taken-back": Mutant("what is on its way is not taken back", "control/ramp.py",
                             "    if not known and before * level >= 0 and claim.reason == reasons.ZERO_GRID:",
                             "    if False:"),
    "curve": Mutant("no more is asked than it can at its charge", "control/battery.py",
                    "            claim.take_w = _least(at(store.take_curve, claim.soc, claim.able.max_w), good.take_w)",
                    "            claim.take_w = claim.able.max_w"),
    "losses": Mutant("a price has to pay for the losses", "control/tariff.py",
                     "        if price * efficiency_permille > prices.import_ * 1_000:",
                     "        if price > prices.import_:"),
    "cheapest": Mutant("dear hours are not counted as time", "control/tariff.py",
                       "        if price > prices.import_:", "        if False:"),
    "bias": Mutant("a storage that comes first leaves a little export", "control/storage.py",
                   "    if has_priority(claim):", "    if False:"),
    "least-power": Mutant("too little is not worth an inverter", "control/storage.py",
                          "    if abs(claim.level) < least_w or resting:", "    if False:"),
    "tank": Mutant("a hot tank is not heated", "control/heat.py",
                   "    if claim.tank[0]:", "    if False:"),
    "tank-unknown": Mutant("a tank whose temperature is not known is not heated", "control/heat.py",
                           "reasons.NO_TEMPERATURE if rule.most_mdegc is not None else 0", "0"),
    "tank-share": Mutant("a load that is barred leaves the surplus to others", "control/surplus.py",
                         "claim.mode == FAST or claim.bar:", "claim.mode == FAST:"),
    "legionella": Mutant("a tank is made hot against legionella when it is due", "control/heat.py",
                         "since_ms >= rule.hot_every_ms and since_ms % DAY_MS < TRY_MS", "False"),
    "legionella-hold": Mutant("and held so for a while", "control/heat.py",
                              "now_ms - reached_ms >= HOLD_MS", "now_ms - reached_ms >= 0"),
    "warm-by": Mutant("a tank is warm by its time of day", "control/heat.py",
                      "    if presses(needs_ms, left_ms, begun) or", "    if"),
    "starts": Mutant("no more starts than in a day", "control/upkeep.py",
                     "    return now_ms - upkeep.starts[-most] >= DAY_MS", "    return True"),
    "day-energy": Mutant("no more energy than in a day", "control/upkeep.py",
                         "upkeep.day_mws >= heat.day_wh * 3_600_000", "False"),
    "shortest-run": Mutant("a heat pump runs its shortest time", "control/ramp.py",
                           "        elif claim.reason in KEEPS_RUNNING and", "        elif False and"),
    "raised": Mutant("what was raised stays raised for its time", "control/ramp.py",
                     "    return soft and now_ms - claim.state.changed_ms < claim.able.min_on_ms", "    return False"),
    "pump-rest": Mutant("and is not raised again before its rest", "control/ramp.py",
                        "claim.base and now_ms - claim.state.changed_ms < claim.able.min_off_ms:", "False:"),
    "turns": Mutant("the conductors used least are taken", "control/claims.py",
                    "        if len(ways) > 1 and self.state.upkeep is not None:", "        if False:"),
    "turns-told": Mutant("what was told on other conductors stays reserved there", "control/reserve.py",
                         "        return most(claim.usage(setpoint.power_w), ",
                         "        return _most(claim.usage(setpoint.power_w), (0, 0, 0, 0)) if True else ("),
    "prices": Mutant("prices are not believed beyond their time", "control/wishes.py",
                     "    if prices is not None and now_ms >= prices.until_ms:", "    if False:"),
    "guard-told": Mutant("a load that does not obey is told what would fit", "control/guard.py",
                         "            if tally.excess(node, k) > 0:\n                _tell(",
                         "            if False:\n                _tell("),
    "on-its-way": Mutant("what may have been written counts", "control/reserve.py",
                         "    if written.pending is not None:\n        told", "    if False:\n        told"),
    "under-way": Mutant("what was decided and is not confirmed yet stays reserved", "control/reserve.py",
                        "    if written.t_ms < claim.state.changed_ms and not claim.silent:", "    if False:"),
    "promised": Mutant("nobody starts on a surplus that is promised already", "control/surplus.py",
                       "    return claim.least_w if rested and claim.slow_w >= claim.least_w else 0", "    return 0"),
    "equals": Mutant("equal priorities share the surplus fairly", "control/surplus.py",
                     "part_w, least_w = power_w // left,", "part_w, least_w = power_w,"),
    "spill-over": Mutant("what an equal one leaves is spilt over to the others", "control/allocate.py",
                         "        if claim.level < level:\n            had", "        if False:\n            had"),
    "reduce-first": Mutant("all are reduced before one is stopped", "control/allocate.py",
                           "    least = min(claim.floor, claim.level)", "    least = claim.level"),
    "critical": Mutant("critical loads come first", "control/wiring.py",
                       "    return device.priority if device.keep == NONE else device.keep",
                       "    return device.priority"),
    "generation-out": Mutant("what a storage gives fits the fuse too", "control/allocate.py",
                             "            if level > claim.level:", "            if False:"),
    "start-delay": Mutant("a start by surplus waits for a minute of it", "control/demand.py",
                          "    if now_ms - claim.edge_ms < START_MS or claim.quick_w", "    if claim.quick_w"),
    "stop-delay": Mutant("a stop waits for three minutes, at the least", "control/demand.py",
                         "    if now_ms - claim.edge_ms < (START_MS if displaced else STOP_MS):", "    if False:"),
    "meter-lost": Mutant("without its meter charging goes to its least and all else stops", "control/demand.py",
                         "    if lost and claim.mode != OFF:", "    if False:"),
    "idle": Mutant("a full car keeps its least only", "control/demand.py",
                   "    return claim.idle_ms != NEVER and", "    return False and"),
    "phases-dwell": Mutant("a change of phases has its dwell", "control/phases.py",
                           "    rested = claim.state.conductors_ms == NEVER or", "    rested = True or"),
    "phases-cap": Mutant("no more changes of phases than in a day", "control/phases.py",
                         "    if turns(claim, now_ms) >= MOST_TURNS:", "    if False:"),
    "phases-gap": Mutant("a gap lies between one phase and three", "control/phases.py", "GAP_W = 300", "GAP_W = 0"),
    "uses": Mutant("a car that uses fewer phases is seen to", "control/uses.py",
                   "        claim.uses, claim.uses_ms = count, NEVER", "        claim.uses_ms = NEVER"),
    "limit": Mutant("an owner's limit holds", "control/wishes.py",
                    "    claim.limit = claim.stepped(max(limit, 0))", "    pass"),
    "cabinet": Mutant("a cabinet's continuous current holds", "control/overload.py",
                      "min(node.rated_ma, node.continuous_ma)", "node.rated_ma"),
    "assumed": Mutant("without a meter the configured rest counts", "control/rest.py",
                      "    rest = most(wired.assumed[index], below)", "    rest = most(NOTHING, below)"),
    "risen": Mutant("a rise that is not sure yet counts when the meter is lost", "control/rest.py",
                    "most(rest, state.risen)", "most(rest, state.rest)"),
    "rest-rises": Mutant("a rest that rises counts at once above the fuse, else when it lasts", "control/rest.py",
                         "rest[k] = now if sure else max(before, flow[k] - held[k])", "rest[k] = before"),
    "recovery": Mutant("what was lost proves itself before it is believed", "control/health.py",
                       "GOOD_IN_A_ROW = 3", "GOOD_IN_A_ROW = 1"),
    "impossible": Mutant("what cannot be true is not taken", "control/health.py",
                         "    if wrong:\n", "    if False:\n"),
    "probe": Mutant("a meter that has not moved for long has to prove itself", "control/probe.py",
                    "        if now_ms - sense.still.anchor_ms >= AFTER_MS and", "        if False and"),
    "operator-roof": Mutant("roof and storage are added to the operator's ceiling", "control/limits.py",
                            "    return ceiling_w + max(0, -others_w)", "    return ceiling_w"),
    "operator-lost": Mutant("a contact that is not heard is limited", "control/operator.py",
                            "    lost = doubt(sense) != 0 or", "    lost = False and"),
    "feed-in-blind": Mutant("a generator is not raised while the grid meter is lost", "control/generation.py",
                            "        if view.blind() or not view.news:", "        if False:"),
    "feed-in-ramp": Mutant("a generator is ramped back", "control/generation.py",
                           "rated_w * RAISE_PERMILLE * over_ms // 1_000_000", "rated_w"),
    "export-costs": Mutant("nothing is fed in while that costs money", "control/operator.py",
                           "    if power_w != 0 and", "    if False and"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Which test notices when a rule is lost")
    parser.add_argument("name", nargs="*", choices=[*MUTANTS, []], metavar="NAME", help="only these; else all")
    parser.add_argument("--list", action="store_true", help="only names and rules; 1 if one fits no more")
    parser.add_argument("--all", action="store_true", help="all tests in order, not the one that noticed last first")
    parser.add_argument("--keep", action="store_true", help="write tests/mutants.md anew")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    known = _known()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        if not args.list:
            _copy(tree)
            red = _first_failure(tree, TESTS)
            if red:
                print(f"mutants: {red} fails on the tree as it is: mend that first", file=sys.stderr)
                return 2
        out = []
        for name in args.name or MUTANTS:
            mutant = MUTANTS[name]
            fits = _source(ROOT if args.list else tree, mutant).count(mutant.old) == 1
            if fits and not args.list:
                known[name] = _noticed_by(tree, mutant, "" if args.all else known.get(name, ""))
                if args.keep:
                    _keep(known)
            out.append({"name": name, "rule": mutant.rule, "path": mutant.path, "fits": fits,
                        "noticed_by": known.get(name) or None})
            if not args.json:
                words = known.get(name) or ("" if args.list else "NOTHING NOTICES")
                print(f"{name:<16} {mutant.rule:<78} {words if fits else 'FITS NO MORE: ' + mutant.path}", flush=True)
    if args.json:
        print(json.dumps(out))
    return 0 if all(each["fits"] and (args.list or each["noticed_by"]) for each in out) else 1


def _known() -> "dict[str, str]":
    """By name, the test that noticed the last time."""
    rows = [line.strip("| \n").split(" | ") for line in TABLE.read_text("utf-8").splitlines()] if TABLE.exists() else []
    return {row[0]: row[3].strip("`") for row in rows if len(row) == 4 and row[3].startswith("`")}


def _keep(known: "dict[str, str]") -> None:
    seen = {name: test for name, test in known.items() if name in MUTANTS and test}
    rows = [f"| {name} | {mutant.rule} | `{mutant.path}` | {f'`{seen[name]}`' if name in seen else '-'} |\n"
            for name, mutant in MUTANTS.items()]
    TABLE.write_text(ABOUT % (len(seen), len(MUTANTS)) + "".join(rows), "utf-8")


def _source(root: Path, mutant: Mutant) -> str:
    return (root / mutant.path).read_text("utf-8")


def _copy(tree: Path) -> None:
    tree.mkdir()
    for each in FOLDERS:
        shutil.copytree(ROOT / each, tree / each, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)


def _noticed_by(tree: Path, mutant: Mutant, known: str) -> str:
    """The first test that fails without the rule, or ""."""
    spoilt, source = tree / mutant.path, _source(tree, mutant)
    spoilt.write_text(source.replace(mutant.old, mutant.new), "utf-8")
    try:
        return (_first_failure(tree, (known,)) if known else "") or _first_failure(tree, TESTS)
    finally:
        spoilt.write_text(source, "utf-8")


def _first_failure(tree: Path, tests: "tuple[str, ...]") -> str:
    """The same chance each time, and nothing remembered of another mutant: no byte code, no examples."""
    shutil.rmtree(tree / ".hypothesis", ignore_errors=True)
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-seed=0",
               "--tb=no", *tests, "-k", ONLY]
    said = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    for line in said.stdout.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.split(" ")[1]
    if tests != TESTS and said.returncode in (4, 5):
        return ""  # that test is gone
    assert said.returncode == 0, said.stdout + said.stderr
    return ""


if __name__ == "__main__":
    sys.exit(main())
