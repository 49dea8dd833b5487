"""The settings that trade energy against switching, and what each does in the yardstick's two cloudy houses.

A setting is constants of control's modules, put in their place for one run in this process and put back behind it.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from benchmarks.yard import absolute, delta
from benchmarks.yard.cases import ROWS, Figures
from benchmarks.yard.house import QUICK_MS
from benchmarks.yard.peers import Peer
from firmware.cycle import Cycle

SECOND_MS = 1_000
HOUSES = ("cloudy", "two")
OURS = "as shipped"
Constant = tuple[str, str, int]  # module of control, name, value


class Setting(NamedTuple):
    name: str
    constants: "tuple[Constant, ...]"


class Point(NamedTuple):
    """Means over the seeds; kWh, and starts with phase changes."""

    name: str
    roof_kwh: float
    import_kwh: float
    switching: float


def _seconds(module: str, name: str, seconds: int) -> Constant:
    return module, name, seconds * SECOND_MS


START, STOP = partial(_seconds, "demand", "START_MS"), partial(_seconds, "demand", "STOP_MS")
MORE, FEWER = partial(_seconds, "phases", "MORE_MS"), partial(_seconds, "phases", "FEWER_MS")
DWELL, REST = partial(_seconds, "phases", "DWELL_MS"), partial(_seconds, "surplus", "REST_MS")
QUICK, SLOW = partial(_seconds, "surplus", "QUICK_MS"), partial(_seconds, "surplus", "SLOW_MS")


def _gap(watts: int) -> Constant:
    return "phases", "GAP_W", watts


SETTINGS = (
    Setting(OURS, ()),
    Setting("start 30 s", (START(30),)),
    Setting("start 180 s", (START(180),)),
    Setting("stop 60 s", (STOP(60),)),
    Setting("stop 300 s", (STOP(300),)),
    Setting("rest 60 s", (REST(60),)),
    Setting("dwell 300 s", (DWELL(300),)),
    Setting("dwell 900 s", (DWELL(900),)),
    Setting("gap 600 W", (_gap(600),)),
    Setting("3p after 300 s", (MORE(300),)),
    Setting("1p after 60 s", (FEWER(60),)),
    Setting("quick 10 s", (QUICK(10),)),
    Setting("slow 10 s", (SLOW(10),)),
    Setting("slow 30 s", (SLOW(30),)),
    Setting("slow 180 s", (SLOW(180),)),
    Setting("patient: 3p 300, slow 60 s", (MORE(300), SLOW(60))),
    Setting("keen: start 30, stop 60, 1p 60, slow 10 s", (START(30), STOP(60), FEWER(60), SLOW(10))),
    Setting("calm: start 120, 3p 300, slow 90 s", (START(120), MORE(300), SLOW(90))),
)
BASELINES = {
    "10 s, absolute": partial(Peer, absolute.rules, absolute.State()),
    "30 s, one load a tick": partial(Peer, delta.rules, delta.State()),
}


@contextmanager
def patched(constants: "tuple[Constant, ...]") -> "Iterator[None]":
    """With these in control's modules; each has to be there already."""
    before = [(importlib.import_module(f"control.{module}"), name) for module, name, _ in constants]
    kept = [getattr(module, name) for module, name in before]
    for (module, name), (_, _, value) in zip(before, constants):
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in zip(before, kept):
            setattr(module, name, value)


def lived(name: str, house: str, seed: int) -> Figures:
    """One day of one setting or baseline."""
    row = next(row for row in ROWS if row.name == house)
    constants = next((setting.constants for setting in SETTINGS if setting.name == name), ())
    with patched(constants):
        return row.case(BASELINES.get(name, Cycle), seed, QUICK_MS)


def point(name: str, runs: "list[Figures]") -> Point:
    def mean(*figures: str) -> float:
        return round(sum(run[figure] for run in runs for figure in figures) / len(runs), 2)

    return Point(name, mean("pv_in_car_kwh"), mean("import_kwh"), mean("starts", "phase_switches"))


def front(points: "list[Point]") -> "list[Point]":
    """Those that no other beats: more of the roof, or less imported, or less switching, than each."""
    return [each for each in points if not any(beats(other, each) for other in points)]


def beats(one: Point, other: Point) -> bool:
    """No worse in anything, and better in something."""
    ours, theirs = _costs(one), _costs(other)
    return ours != theirs and all(a <= b for a, b in zip(ours, theirs))


def _costs(each: Point) -> "tuple[float, float, float]":
    return -each.roof_kwh, each.import_kwh, each.switching
