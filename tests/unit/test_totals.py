"""Energy totals over restart, counter reset, meter swap, and of devices without a counter."""

import json
from pathlib import Path
from typing import Any

import pytest

from control.values import NONE, NOTHING_HEARD, DeviceSpec, NodeSpec, Site, Snapshot
from firmware.kept import Kept
from firmware.totals import KEEP_MS, PATIENCE_MS, Totals
from hal.values import Reading, ability, reading

WALL_S = 1_800_000_000
GRID, ROOF, CAR, STORE = range(4)
SITE = Site("Haus", (NodeSpec("house", NONE, 0, 35_000, 32_000, "sls-e", 5_000, 0, 0),), tuple(
    DeviceSpec(name, 0, (0, 1, 2), ability(kind), 0, "off", 5_000, 0, None, NONE, "")
    for name, kind in (("grid", "meter"), ("roof", "source"), ("car", "wallbox"), ("store", "storage"),
                       ("gas", "sensor"))), 1_000, NONE, None)


class Run:
    """One life of the program; a second that passes is a cycle."""

    def __init__(self, path: "Path | None" = None, wall_s: int = WALL_S, now_ms: int = 1_000) -> None:
        self.now_ms, self.wall_s = now_ms, wall_s
        self.kept = Kept(path, 0) if path else None
        self.totals = Totals(SITE, self.kept, now_ms, lambda: self.wall_s)

    def hear(self, index: int, passed_s: int = 1, **fields: Any) -> "tuple[int | None, int | None] | None":
        self.now_ms += 1_000 * passed_s
        self.wall_s += passed_s
        live: "list[Reading | None]" = [None] * len(SITE.devices)
        live[index] = reading(self.now_ms, **fields)
        shot = Snapshot(self.now_ms, (NOTHING_HEARD,) * 5, (), (), NONE, (), None, NONE)
        self.totals.feed(shot, tuple(live))
        self.totals.feed(shot, tuple(live))  # the same reading in the next cycle counts nothing
        known = dict(self.totals.known()).get(index)
        return known and (known.import_wh, known.export_wh)

    def end(self) -> None:
        assert self.kept is not None
        self.totals.keep()
        self.kept.close()


def test_a_total_begins_as_the_counter_and_moves_with_it() -> None:
    run = Run()
    assert run.hear(GRID) is None
    assert run.hear(GRID, import_wh=5_000, export_wh=70) == (5_000, 70)
    assert run.hear(GRID, import_wh=5_003, export_wh=70) == (5_003, 70)
    assert run.hear(GRID, import_wh=5_003, export_wh=75) == (5_003, 75)


@pytest.mark.parametrize("swapped_wh", [0, 12, 4_900, 900_000])
def test_a_meter_that_was_swapped_or_reset_makes_no_total_fall_or_leap(swapped_wh: int) -> None:
    run = Run()
    run.hear(GRID, import_wh=5_000, export_wh=70)
    assert run.hear(GRID, 60, import_wh=swapped_wh, export_wh=70) == (5_000, 70)
    assert run.hear(GRID, import_wh=swapped_wh + 8, export_wh=71) == (5_008, 71)


@pytest.mark.parametrize(("before_wh", "low_wh", "low_s", "after_wh", "total_wh"), [
    (1_234_567, 1_234_000, 60, 1_234_600, 1_234_600),  # locked and unlocked again: whole kWh for a while
    (1_500, 0, 5, 1_502, 1_502),  # tells 0 while it boots
    (20_000, 0, 3_600, 20_900, 20_900), (20_000, 0, 3_600, 90_000, 20_000),
    (12_345_678, 0, 5, 12_345_678, 12_345_678), (1_500, 0, 5, 1_400, 2_900),
])
def test_a_counter_that_falls_and_leaps_back_makes_nothing_up(before_wh: int, low_wh: int, low_s: int, after_wh: int,
                                                               total_wh: int) -> None:
    run = Run()
    run.hear(GRID, import_wh=before_wh)
    assert run.hear(GRID, import_wh=low_wh) == (before_wh, None)
    assert run.hear(GRID, low_s, import_wh=low_wh) == (before_wh, None)
    assert run.hear(GRID, import_wh=after_wh) == (total_wh, None)
    assert run.hear(GRID, import_wh=after_wh + 3) == (total_wh + 3, None)


def test_toggling_between_coarse_and_fine_counts_what_flowed() -> None:
    run = Run()
    true_wh = 1_234_567
    run.hear(GRID, import_wh=true_wh)
    for turn in range(200):
        true_wh += 40
        told = run.hear(GRID, 60, import_wh=true_wh if turn % 3 else true_wh // 1_000 * 1_000)
        assert told is not None
        assert told[0] is not None
        assert true_wh - 1_200 < told[0] <= true_wh


def test_a_swapped_meter_counts_on_past_where_the_old_one_stood() -> None:
    run = Run()
    run.hear(GRID, import_wh=300)
    for counter_wh in range(0, 1_000, 10):
        told = run.hear(GRID, 10, import_wh=counter_wh)
    assert told == (300 + 990, None)


def test_what_flowed_while_the_meter_was_silent_is_counted() -> None:
    run = Run()
    run.hear(GRID, import_wh=5_000)
    assert run.hear(GRID, 3_600, import_wh=15_000) == (15_000, None)
    assert run.hear(GRID, 3_600, import_wh=115_000) == (15_000, None)  # more than the fuse lets through


@pytest.mark.parametrize(("away_s", "counter_wh", "total_wh"), [
    (30, 6_500, 1_000), (30, 10, 500), (30, 5_000_000, 500), (30 * 86_400, 2_006_000, 2_000_500),
    (-10 ** 9, 6_500, 1_000), (-10 ** 9, 5_000_000, 500),
])
def test_totals_outlive_a_restart_and_a_swap_meanwhile(tmp_path: Path, away_s: int, counter_wh: int,
                                                        total_wh: int) -> None:
    """The counter goes on, or another meter hangs there; also when the clock is not set."""
    path = tmp_path / "totals.json"
    run = Run(path)
    run.hear(GRID, import_wh=0)
    run.hear(GRID, import_wh=500)
    run.hear(GRID, 60, import_wh=6_000)  # a swap: 500 stays, counting goes on from 6000
    run.end()
    again = Run(path, run.wall_s + away_s, now_ms=0)
    assert again.hear(GRID, import_wh=counter_wh) == (total_wh, None)
    assert again.hear(GRID, import_wh=counter_wh + 3) == (total_wh + 3, None)


@pytest.mark.parametrize("content", ["", "[]", '{"format":1}', '{"format":1,"devices":{"grid":[[1],2]}}',
                                     '{"format":1,"devices":{"grid":[["x",true],[null,null]]}}', '{"format":9}'])
def test_a_damaged_file_of_totals_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "totals.json").write_text(content)
    assert Run(tmp_path / "totals.json").hear(GRID, import_wh=7) == (7, None)


def test_a_crash_costs_nothing_that_the_meter_has_counted(tmp_path: Path) -> None:
    run = Run(tmp_path / "totals.json")
    for second in range(KEEP_MS // 1_000 + 10):
        run.hear(GRID, import_wh=1_000 + second)
    assert run.kept is not None
    run.kept.close()  # what was given to it by then is on the disk; the rest died
    again = Run(tmp_path / "totals.json", run.wall_s + 5)
    assert again.hear(GRID, import_wh=1_200) == (1_200, None)


def test_a_device_without_a_counter_is_summed_up_from_its_power() -> None:
    run = Run()
    patience_s = PATIENCE_MS // 1_000
    for _ in range(patience_s):
        assert run.hear(STORE, total_w=3_600) is None
    for _ in range(100):
        run.hear(STORE, total_w=3_600)
    assert run.hear(STORE, total_w=3_600) == (101, 0)
    assert run.hear(STORE, 60, total_w=3_600) == (101, 0)  # nobody knows what flowed in that minute
    run.hear(STORE, total_w=-3_600)
    for _ in range(50):
        run.hear(STORE, total_w=-3_600)
    assert run.hear(STORE, total_w=None) == (101, 50)
    run.hear(STORE, total_w=-3_600)
    assert run.hear(STORE, total_w=-3_600) == (101, 51)


def test_each_kind_is_summed_up_in_the_direction_it_has() -> None:
    run = Run()
    for _ in range(200):
        run.hear(CAR, total_w=3_600)
        run.hear(ROOF, total_w=-3_600)
    known = dict(run.totals.known())
    assert (known[CAR].export_wh, known[ROOF].import_wh) == (None, None)
    assert known[CAR].import_wh == known[ROOF].export_wh
    assert known[CAR].summed


def test_a_summed_total_goes_on_when_a_counter_appears_later() -> None:
    run = Run()
    for _ in range(161):
        run.hear(CAR, total_w=3_600)
    before = run.hear(CAR, total_w=3_600)
    assert before is not None
    assert run.hear(CAR, import_wh=80_000) == before
    assert run.hear(CAR, import_wh=80_005) == ((before[0] or 0) + 5, None)


def test_totals_are_told_under_the_device() -> None:
    run = Run()
    run.hear(GRID, import_wh=5, export_wh=6)
    run.hear(GRID, 10, import_wh=7, export_wh=6)
    assert [(topic, json.loads(payload)) for topic, payload in run.totals.pairs()] == [
        ("hutschiene/haus/grid/energy", {"import_wh": 7, "export_wh": 6, "summed": False})]
