"""The log of decisions: changes alone, in order, bounded, and there again after a kill."""

import json
import sqlite3
from pathlib import Path

import pytest

from firmware import decisions as decisions_module
from firmware.decisions import MOST_TOLD, PAUSE_S, Changes, DecisionTable, Entry, Wanted, asked
from firmware.history import History
from firmware.topics import Pairs

BEGIN_S = 1_800_000_000
ALL = Wanted(0, 1 << 40)
TOPIC = "hutschiene/home/car/decision"


def decision(granted_w: int, reason: int = 20, node: "str | None" = None, device: str = "car") -> Pairs:
    bound = None if node is None else {"node": node, "phase": 2}
    return ((f"hutschiene/home/{device}/decision", json.dumps({
        "granted_w": granted_w, "reason": reason, "why": f"{granted_w} W: follows",
        "why_de": f"{granted_w} W: folgt Überschuß", "bound_by": bound})),
            ("hutschiene/home/car/state", "{}"), ("hutschiene/home/status", "online"))


def kept(*steps: "tuple[int, int, int]") -> "list[tuple[int, int, int]]":
    """(second, watts, reason) of what is kept of such."""
    changes, out = Changes(), []
    for second, power_w, reason in steps:
        out += [(one.t_s, one.grant_w, one.reason) for one in changes.feed(second, decision(power_w, reason))]
    return out


def test_what_stays_is_kept_once() -> None:
    assert kept(*((second, 4_000, 20) for second in range(100))) == [(0, 4_000, 20)]


def test_a_reason_a_start_a_stop_and_a_large_step_are_kept() -> None:
    steps = [(0, 4_000, 20), (20, 4_000, 10), (40, 0, 10), (60, 4_000, 10), (80, 4_700, 10), (100, 4_801, 10)]
    assert kept(*steps) == [steps[0], steps[1], steps[2], steps[3], steps[5]]
    assert kept((0, 1_000, 20), (20, 1_499, 20), (40, 1_500, 20)) == [(0, 1_000, 20), (40, 1_500, 20)]


def test_what_flutters_is_kept_at_most_every_ten_seconds_and_as_it_ended() -> None:
    steps = [(second, 4_000, 20 + second % 2) for second in range(1_000)] + [(1_000 + n, 0, 1) for n in range(PAUSE_S)]
    found = kept(*steps)
    assert len(found) <= 1_010 // PAUSE_S + 1
    assert found[-1][1:] == (0, 1)


def test_fuse_and_phase_are_told() -> None:
    (entry,) = Changes().feed(5, decision(1_380, 10, "garage"))
    assert entry.told() == {"t_s": 5, "device": "car", "grant": 1_380, "reason": 10, "why": "1380 W: follows",
                            "why_de": "1380 W: folgt Überschuß", "node": "garage", "phase": 2}


class Life:
    def __init__(self, folder: "Path | None", now_s: int = BEGIN_S) -> None:
        self.now_s = now_s
        self.history = History(folder, 2, 31, 20, lambda: self.now_s)

    def pass_(self, seconds: int, pairs: Pairs) -> None:
        for _ in range(seconds):
            self.history.add(pairs)
            self.history.turn()
            self.history.write()
            self.now_s += 1

    def found(self, wanted: Wanted = ALL) -> "list[tuple[int, int]]":
        return [(one.t_s - BEGIN_S, one.grant_w) for one in self.history.decisions(wanted)]


@pytest.mark.parametrize("on_disk", [True, False])
def test_the_newest_come_first_whether_written_already_or_not(tmp_path: Path, on_disk: bool) -> None:
    life = Life(tmp_path if on_disk else None)
    for minute in range(4):
        life.pass_(30, decision(1_000 * minute))
        life.pass_(30, decision(1_000 * minute, device="rod"))
    assert [power_w for _, power_w in life.found()][::2] == [3_000, 2_000, 1_000, 0]
    assert life.found(Wanted(BEGIN_S + 60, BEGIN_S + 120, "car")) == [(120, 2_000), (60, 1_000)]
    assert [power_w for _, power_w in life.found(Wanted(0, 1 << 40, "rod"))] == [3_000, 2_000, 1_000, 0]
    assert life.found(Wanted(0, 1 << 40, "", "3000 w: FOLGT überschuss")) == [(210, 3_000), (180, 3_000)]
    assert life.found(Wanted(0, 1 << 40, "", "%")) == []


def test_a_kill_costs_at_most_the_newest_minute(tmp_path: Path) -> None:
    life = Life(tmp_path)
    for minute in range(5):
        life.pass_(60, decision(1_000 * minute))
    again = Life(tmp_path, life.now_s)  # the first was never stopped
    assert again.found()[-4:] == [(180, 3_000), (120, 2_000), (60, 1_000), (0, 0)]


def test_the_disk_is_written_once_a_minute_at_most(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.pass_(61, decision(1))
    counts = []
    for _ in range(180):
        life.pass_(1, decision(life.now_s % 7 * 1_000))
        with sqlite3.connect(tmp_path / "history.sqlite") as db:
            counts.append(db.execute("select count(*) from decision").fetchone()[0])
    assert len(set(counts)) <= 5


def test_nothing_is_kept_while_the_clock_is_not_set(tmp_path: Path) -> None:
    life = Life(tmp_path, 1_000)
    life.pass_(70, decision(5))
    assert life.found() == []


def test_old_ones_and_too_many_go() -> None:
    table = DecisionTable(sqlite3.connect(":memory:", isolation_level=None))
    table.put([Entry(second, "car", 0, 1, "why", "warum", None, None) for second in range(3_000)])
    assert len(table.read(ALL)) == MOST_TOLD
    assert table.read(ALL)[0].t_s == 2_999
    table.prune(2_900, 20_000_000)
    assert [one.t_s for one in table.read(ALL)][-1] == 2_900
    table.prune(0, 10 * decisions_module.ROW_BYTES * 7)
    assert [one.t_s for one in table.read(ALL)] == list(range(2_999, 2_992, -1))


@pytest.mark.parametrize(("query", "found"), [
    ({"from": "5", "to": "9"}, Wanted(5, 9)),
    ({"from": "5", "to": "9", "device": "car", "q": "ä"}, Wanted(5, 9, "car", "ä")),
    ({"to": "9"}, "from, to: needed, in seconds since 1970"),
    ({"from": "-5", "to": "9"}, "from, to: needed, in seconds since 1970"),
    ({"from": "5", "to": "9", "limit": "1"}, "no such parameter: limit; known are from, to, device, q"),
    ({"from": "5", "to": "9", "q": "x" * 101}, "device, q: at most 100 characters"),
])
def test_a_question_is_understood_or_refused_in_words(query: "dict[str, str]", found: object) -> None:
    assert asked(query) == found
