"""Curves: seconds for days, minutes for a year, quarter hours for ever; whatever happens to the file."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from firmware.history import History
from firmware.history_chunk import filled, pack, rolled, unpack
from firmware.history_store import MOST_POINTS, NAME, HistoryStore
from firmware.topics import Pairs
from firmware.web.api import asked

ROOT = Path(__file__).parents[2]
DAY_S = 86_400
BEGIN_S = 21_000 * DAY_S  # a midnight in 2027
POWER, WH = "car.power_w", "car.import_wh"


def pairs(power_w: "int | None", import_wh: int = 0) -> Pairs:
    root = "hutschiene/home/"
    return ((root + "car/state", json.dumps({"power_w": power_w, "soc_permille": None, "temperature_mdegc": 1})),
            (root + "car/energy", json.dumps({"import_wh": import_wh, "export_wh": None, "summed": False})),
            (root + "node_house/state", json.dumps({"measured_ma": [1, 2, 3]})),
            (root + "site/settings", json.dumps({"import_price": 31_250, "export_price": None, "power": 1})),
            (root + "line_bus/state", "{}"), (root + "car/measured/gas", "{}"), (root + "status", "online"))


class Life:
    """A history whose seconds pass when told."""

    def __init__(self, folder: Path, now_s: int = BEGIN_S, most_mb: int = 20) -> None:
        self.now_s = now_s
        self.history = History(folder, 2, 31, most_mb, lambda: self.now_s)

    def second(self, power_w: "int | None", import_wh: int = 0) -> None:
        self.history.add(pairs(power_w, import_wh))
        self.history.turn()
        self.now_s += 1

    def minutes(self, count: int, power_w: int = 100) -> None:
        """`count` minutes, each of 60 seconds of `power_w`, `power_w` + 1, ..."""
        for minute in range(count):
            for second in range(60):
                self.second(power_w + second, minute)
            self.history.write()

    def ask(self, name: str, from_s: int, to_s: int) -> "tuple[int, dict[str, Any]]":
        found = self.history.read((name,), from_s, to_s)
        return found["step_s"], found["series"].get(name, {})


def test_seconds_are_there_a_minute_later_and_what_was_not_known_is_null(tmp_path: Path) -> None:
    life = Life(tmp_path)
    for power_w in (5, None, 7):
        life.second(power_w)
    life.now_s += 57
    life.second(9)
    life.history.write()
    step_s, found = life.ask(POWER, BEGIN_S, BEGIN_S + 60)
    assert (step_s, found["values"][:4], len(found["values"])) == (1, [5, None, 7, None], 60)
    assert set(life.history.read((), BEGIN_S, BEGIN_S + 60)["names"]) == {
        POWER, WH, "car.temperature_mdegc", "node_house.l1_ma", "node_house.l2_ma", "node_house.l3_ma",
        "site.import_price"}
    assert life.history.fault == ""


def test_the_newest_minute_is_told_before_it_is_on_the_disk(tmp_path: Path) -> None:
    """A page that is opened now has not heard it itself."""
    life = Life(tmp_path)
    life.minutes(1, power_w=100)  # full, and written only when the next one begins
    for power_w in (5, 7):
        life.second(power_w)
    step_s, found = life.ask(POWER, BEGIN_S + 58, BEGIN_S + 64)
    assert (step_s, found["values"]) == (1, [158, 159, 5, 7, None, None])
    assert POWER in life.history.read((), BEGIN_S, BEGIN_S + 64)["names"]
    assert life.ask(POWER, BEGIN_S + 120, BEGIN_S + 180)[1] == {}
    life.history.write()
    assert life.ask(POWER, BEGIN_S + 58, BEGIN_S + 64)[1] == found
    step_s, found = life.ask(POWER, BEGIN_S - 3_600, BEGIN_S + 3_600)
    assert (step_s, found["values"][60:63]) == (60, [129, 6, None]), "so that a first day is not empty for a minute"
    assert (found["least"][61], found["most"][61]) == (5, 7)


def test_what_the_disk_does_not_take_is_told_all_the_same(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(2, power_w=100)
    store = life.history._store
    assert store is not None
    store._db.execute("pragma max_page_count = 1")
    life.minutes(40, power_w=500)
    assert "full" in life.history.fault
    told = life.ask(POWER, BEGIN_S, BEGIN_S + 42 * 60)[1]["values"]
    assert told == 2 * [*range(100, 160)] + 40 * [*range(500, 560)]


def test_longer_stretches_are_told_in_longer_steps_with_the_least_and_the_most(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(60)
    assert life.ask(POWER, BEGIN_S, BEGIN_S + 3 * 3_600)[1]["values"][:61] == [129] * 60 + [None]
    life.minutes(61)
    for _ in range(2):  # before and after the hours were rolled up: the same
        step_s, found = life.ask(POWER, BEGIN_S, BEGIN_S + 3 * 3_600)
        assert step_s == 60
        assert (found["values"][:120], found["values"][123:]) == ([129] * 120, [None] * 57)
        assert (found["least"][0], found["most"][0]) == (100, 159)
        step_s, found = life.ask(WH, BEGIN_S, BEGIN_S + 3 * 3_600)
        assert (found["values"][:3], found["values"][119], "least" in found) == ([0, 1, 2], 59, False)
        step_s, found = life.ask(POWER, BEGIN_S, BEGIN_S + 30 * DAY_S)
        assert (step_s, found["values"][:8], found["values"][9]) == (900, [129] * 8, None)
        life.minutes(2)


def test_years_are_told_in_few_points(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(16)
    step_s, found = life.ask(POWER, BEGIN_S - 5 * 365 * DAY_S, BEGIN_S + DAY_S)
    assert len(found["values"]) <= MOST_POINTS
    assert step_s > 10 * 900
    assert [value for value in found["most"] if value is not None] == [159]


def test_what_is_old_goes_step_by_step_and_quarter_hours_stay(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(61)
    for days, seconds, minutes in ((1, True, True), (3, False, True), (32, False, False)):
        life.now_s = BEGIN_S + days * DAY_S
        life.minutes(2)
        store = HistoryStore(tmp_path)
        rows = store._db.execute("select distinct level from chunk where begin_s < ?", (BEGIN_S + DAY_S,))
        levels = {row[0] for row in rows}
        store.close()
        assert (1 in levels, 60 in levels, 900 in levels) == (seconds, minutes, True)
    assert life.ask(POWER, BEGIN_S, BEGIN_S + 31 * DAY_S)[1]["values"][:4] == [129] * 4


def test_a_clock_that_is_set_back_wipes_nothing_out(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(2, power_w=100)
    life.now_s = BEGIN_S + 30
    life.minutes(1, power_w=5_000)
    life.now_s += 60
    life.second(1)
    life.history.write()
    assert life.ask(POWER, BEGIN_S, BEGIN_S + 60)[1]["values"] == list(range(100, 160))


def test_a_clock_that_is_not_set_is_said_and_nothing_is_kept(tmp_path: Path) -> None:
    life = Life(tmp_path, now_s=86_400)
    life.second(1)
    life.history.write()
    assert life.history.fault.startswith("the clock is not set")


def test_a_full_disk_is_said_and_what_waited_is_written_later(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(2)
    store = life.history._store
    assert store is not None
    store._db.execute("pragma max_page_count = 1")
    life.minutes(70)
    assert "full" in life.history.fault
    store._db.execute("pragma max_page_count = 100000")
    life.minutes(1)
    assert life.history.fault == ""
    values = life.ask(POWER, BEGIN_S, BEGIN_S + 73 * 60)[1]["values"]
    known = [index for index in range(72) if all(value is not None for value in values[60 * index:60 * index + 60])]
    assert known[-60:] == list(range(12, 72))  # of the hour and more, the newest hour


@pytest.mark.parametrize("damage", ["garbage at the start", "no database at all", "a hole in the middle"])
def test_a_damaged_file_is_put_aside_or_read_as_far_as_it_goes(tmp_path: Path, damage: str) -> None:
    life = Life(tmp_path)
    life.minutes(200)
    life.history._opened().close()
    path = tmp_path / NAME
    content = path.read_bytes()
    if damage == "no database at all":
        path.write_bytes(b"hello" * 1_000)
    elif damage == "garbage at the start":
        path.write_bytes(os.urandom(8_192) + content[8_192:])
    else:
        path.write_bytes(content[:20_000] + os.urandom(40_000) + content[60_000:])
    again = Life(tmp_path, life.now_s)
    again.minutes(3)
    with contextlib.suppress(sqlite3.DatabaseError):  # a damage that only reading comes upon is said once
        again.ask(POWER, again.now_s - 120, again.now_s - 60)
    again.minutes(3)
    assert again.ask(POWER, again.now_s - 120, again.now_s - 60)[1]["values"][0] is not None
    if damage != "a hole in the middle":
        assert list(tmp_path.glob(f"{NAME}.damaged*"))


def test_a_row_that_was_spoiled_into_something_else_is_damage_too(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(3)
    store = life.history._opened()
    store._db.execute("update chunk set data = 7 where begin_s = ?", (BEGIN_S,))
    assert life.ask(POWER, BEGIN_S, BEGIN_S + 120)[1]["values"] == [None] * 60 + [*range(100, 160)]
    store._db.execute("insert into chunk values (cast(x'80' as text), -1, x'')")
    store._db.execute("delete from chunk where begin_s > 0")
    store.close()
    again = Life(tmp_path, life.now_s)
    again.minutes(2)
    assert again.history.fault.endswith("was damaged and has been put aside as history.sqlite.damaged1")
    assert again.ask(POWER, life.now_s, life.now_s + 60)[1]["values"] == [*range(100, 160)]


def test_killed_in_the_middle_it_keeps_what_was_written(tmp_path: Path) -> None:
    program = ("import sys; from pathlib import Path; from firmware.history_store import HistoryStore\n"
               f"store = HistoryStore(Path({str(tmp_path)!r}))\n"
               f"for n in range(10**6): store.put({BEGIN_S} + 60 * n, {{'a': [[n] * 60]}}); print(n, flush=True)")
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = 0
    end_s = time.monotonic() + 20
    while last < 200:
        assert time.monotonic() < end_s
        last = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    store = HistoryStore(tmp_path)
    _, _, found = store.read(("a",), BEGIN_S, BEGIN_S + 60 * last)
    assert found["a"][0] == [n for n in range(last) for _ in range(60)][:len(found["a"][0])] or len(found["a"]) == 3
    assert store._db.execute("select count(*) from chunk where level = 1").fetchone()[0] >= last
    assert (store.fault, store._db.execute("pragma integrity_check").fetchone()) == ("", ("ok",))
    store.close()


def test_its_size_is_bounded_by_the_oldest_seconds(tmp_path: Path) -> None:
    store = HistoryStore(tmp_path)
    noise = {f"s{n}": [[int.from_bytes(os.urandom(3), "big") for _ in range(60)]] for n in range(20)}
    for minute in range(0, 8 * 1_440, 4):
        store.put(BEGIN_S + 60 * minute, noise)
    now_s = BEGIN_S + 8 * DAY_S
    before = store.size()
    store.prune(now_s, 31, 400, before // 2)
    assert store.size() <= before // 2
    assert store._db.execute("select max(begin_s) from chunk").fetchone()[0] == BEGIN_S + 60 * (8 * 1_440 - 4)
    store.close()


def test_chunks_are_packed_filled_and_rolled() -> None:
    chunk: Any = {"a": [[1, None, 3]], "b.import_wh": [[1, 2, None]]}
    assert unpack(pack(chunk)) == chunk
    assert filled(chunk, {"a": [[9, 2, 9]], "c": [[0, 0, 0]]}) == {**chunk, "a": [[1, 2, 3]], "c": [[0, 0, 0]]}
    whole = rolled(60, 0, {60: {"a": [[None, 4] + [None] * 57 + [-7]], "b.import_wh": [[8, 9] + [None] * 58]}}, 1)
    assert [row[:3] for row in whole["a"]] == [[None, -2, None], [None, -7, None], [None, 4, None]]
    assert [row[:3] for row in whole["b.import_wh"]] == [[None, 9, None]]
    for wrong in (b"", b"x", pack(chunk)[:-9]):
        with pytest.raises(ValueError, match="not a chunk"):
            unpack(wrong)


@pytest.mark.parametrize(("query", "answer"), [
    ({"from": "1", "to": "2"}, ((), 1, 2)), ({"series": "a,b", "from": "1", "to": "9"}, (("a", "b"), 1, 9)),
    ({}, "from, to: needed, in seconds since 1970"),
    ({"from": "-1", "to": "5"}, "from, to: needed, in seconds since 1970"),
    ({"from": "5", "to": "5"}, "from, to: from must lie before to, and at most 1581120000 s"),
    ({"from": "0", "to": "99999999999"}, "from, to: from must lie before to, and at most 1581120000 s"),
    ({"from": "1", "to": "2", "x": "1"}, "no such parameter: x; known are series, from, to"),
    ({"from": "1", "to": "2", "series": ",".join("ab" * 40)}, "series: at most 32 at once"),
])
def test_what_may_be_asked(query: "dict[str, str]", answer: object) -> None:
    assert asked(query) == answer


def test_it_is_a_database_others_can_read(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.minutes(2)
    with sqlite3.connect(f"file:{tmp_path / NAME}?mode=ro", uri=True) as reader:
        assert reader.execute("select count(*) from chunk").fetchone()[0] >= 1
