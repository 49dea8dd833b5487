"""What becomes a record: quarter hours, clock, commands, troubles; and what a bad disk costs. Numbers by hand."""

import os
import random
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from control.values import NOTHING_HEARD, SURPLUS, Heard
from drivers import signing
from firmware import troubles, verify
from firmware.records import keeper as under_test
from firmware.records import legal_time, series, store
from firmware.records.chain import CONSUMER, LOGS, METROLOGY, SYSTEM, key_id
from firmware.records.keys import KEY, NEXT_KEY
from firmware.records.query import Query
from firmware.records.sampler import CLOCK_UNKNOWN, FAULTY, MEASURED, SUBSTITUTED, Seen, Value
from firmware.records.store import LAYOUTS, NAME, TooNew
from hal.faults import TIMEOUT, Fault
from hal.times import TimeNow
from hal.values import Reading, reading
from sim.time_service import SimTime

BERLIN = legal_time.zone("Europe/Berlin")
T0 = int(datetime(2026, 3, 28, 22, 40, tzinfo=timezone.utc).timestamp()) * 1_000  # the night of the spring change
DAYS = {METROLOGY: 1_095, CONSUMER: 1_095, SYSTEM: 365}
ABOUT = {"meters": {"meters": [{"name": "grid"}]}, "configuration": {"sha256": "00"}}
QUARTER_MS = 900_000
Houses = Callable[..., Any]
ROOF = """
[device.roof]
driver = "eastron_sdm630"
line = "bus"
unit = 2
node = "house"
role = "source"
phases = "L1 L2 L3"
"""


def counted(house: Any, now: TimeNow) -> "tuple[Reading, Reading]":
    """The grid meter counts 1 Wh of import a second, the roof's 2 of export."""
    lived_s = (now.mono_ms - house.born_ms) // 1_000 + getattr(house, "offset_wh", 0)
    return (reading(now.mono_ms - 300, import_wh=lived_s, export_wh=0),
            reading(now.mono_ms - 300, export_wh=2 * lived_s))


@pytest.fixture
def house_of(recorded: Houses) -> Houses:
    """In a folder, by a clock, on a disk."""
    def made(folder: Path, clock: SimTime, connect: "type[sqlite3.Connection]" = sqlite3.Connection,
             said: "dict[str, Any]" = ABOUT) -> Any:
        return recorded(folder, clock, counted, ROOF, connect, said)
    return made


def found(content: bytes) -> "list[str]":
    return [words for section in verify.verified(content) for _, _, words in section.findings]


def test_counters_are_kept_at_every_quarter_hour_of_legal_time(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    house.live(4 * QUARTER_MS)
    grid = house.values()["grid"]
    first_s = T0 // 1_000 + 5 * 60  # 22:45 UTC
    assert sorted(grid) == [first_s + number * 900 for number in range(4)]
    assert grid[first_s] == Value("grid", 300, 0, 0, MEASURED, -300)
    assert [one.import_e for one in series.intervals(grid)] == [900, 900, 900]
    assert house.values()["roof"][first_s].import_e is None  # a counter it has not got is not 0
    records = house.records(METROLOGY, "readings")
    assert [record["data"]["offset_s"] for record in records] == [3_600] * 4
    assert found(house.export()) == []


@pytest.mark.parametrize(("day", "count"), [
    (date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 7, 1), 96), (date(2024, 2, 29), 96)])
def test_a_day_has_92_96_or_100_quarter_hours(day: date, count: int) -> None:
    assert len(legal_time.day(BERLIN, day)) == count


def test_a_quarter_hour_nobody_measured_is_absent_and_the_others_add_up(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    house.live(2 * QUARTER_MS)
    house.silent = {0}
    house.live(2 * QUARTER_MS)
    house.silent = set()
    house.live(2 * QUARTER_MS)
    grid = house.values()["grid"]
    begin_s, end_s = min(grid), max(grid)
    assert len(grid) == 4
    assert [one.start_s for one in series.intervals(grid)] == [begin_s, begin_s + 4 * 900]
    filled = series.intervals(series.filled(grid))
    assert [one.status for one in filled] == [MEASURED, SUBSTITUTED, SUBSTITUTED, SUBSTITUTED, MEASURED]
    assert sum(one.import_e or 0 for one in filled) == (grid[end_s].import_e or 0) - (grid[begin_s].import_e or 0)
    assert len(house.values()["roof"]) == 6


def test_a_doubted_meter_and_a_counter_that_falls_are_marked(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    house.live(QUARTER_MS)
    house.doubted = frozenset((1,))
    house.offset_wh = -700
    house.live(QUARTER_MS)
    values = house.values()
    assert [values["grid"][at_s].status for at_s in sorted(values["grid"])] == [MEASURED, MEASURED]
    assert [values["roof"][at_s].status for at_s in sorted(values["roof"])] == [MEASURED, FAULTY]
    house.offset_wh = -5_000
    house.live(QUARTER_MS)
    grid = house.values()["grid"]
    assert grid[max(grid)].status == FAULTY
    assert series.intervals(grid)[-1][1:] == (None, None, 0, FAULTY)  # another meter: the difference means nothing


def test_a_counter_that_leaps_is_marked_and_no_gap_beside_it_is_filled(house_of: Houses, tmp_path: Path) -> None:
    """35 A let 6.6 kWh through in a quarter hour; twice that and what a meter of whole kWh may add is believed."""
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(2 * QUARTER_MS)
    house.offset_wh = 12_000
    house.live(QUARTER_MS)
    grid = house.values()["grid"]
    assert [grid[at_s].status for at_s in sorted(grid)] == [MEASURED] * 3
    house.silent = {0}
    house.live(QUARTER_MS)
    house.end()
    again = house_of(tmp_path, clock)
    again.born_ms, again.offset_wh = house.born_ms, 60_000
    again.live(2 * QUARTER_MS)
    grid = again.values()["grid"]
    assert [grid[at_s].status for at_s in sorted(grid)] == [MEASURED, MEASURED, MEASURED, FAULTY, MEASURED]
    assert [one.status for one in series.intervals(series.filled(grid))] == [MEASURED, MEASURED, FAULTY]
    roof = again.values()["roof"]
    assert [roof[at_s].status for at_s in sorted(roof)] == [MEASURED, MEASURED, FAULTY, MEASURED, FAULTY, MEASURED]


def test_another_meter_by_its_number_is_no_interval_though_its_counter_is_only_a_little_higher(
        house_of: Houses, tmp_path: Path) -> None:
    clock, born_ms = SimTime(T0), 0
    for serial, starts in (("1", 1), ("2", 2)):
        for _ in range(starts):
            said = {**ABOUT, "meters": {"meters": [{"name": "grid", "serial": serial}, {"name": "roof"}]}}
            house = house_of(tmp_path, clock, said=said)
            house.born_ms, house.offset_wh = born_ms, 300 * int(serial)
            house.live(2 * QUARTER_MS)
            house.end()
    grid, roof = house.values()["grid"], house.values()["roof"]
    assert [grid[at_s].status for at_s in sorted(grid)] == [MEASURED] * 2 + [FAULTY] + [MEASURED] * 3
    assert {one.status for one in roof.values()} == {MEASURED}


def test_without_a_clock_the_values_say_so_and_a_step_is_a_record(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0, synced=False)
    house = house_of(tmp_path, clock)
    house.live(QUARTER_MS)
    clock.served = True
    house.live(QUARTER_MS)
    grid = house.values()["grid"]
    assert [grid[at_s].status for at_s in sorted(grid)] == [CLOCK_UNKNOWN, MEASURED]
    clock.step(-2_000)
    clock.served = False
    house.live(10_000)
    steps = [record["data"]["by_ms"] for record in house.records(METROLOGY, "step")]
    assert steps == [-2_000]
    changes = [(record["data"]["was"], record["data"]["is"]) for record in house.records(METROLOGY, "clock")]
    assert changes == [("unknown", "synced")]
    assert found(house.export()) == []


def test_an_hour_set_back_comes_again_and_its_better_readings_count(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0, synced=False)
    clock.step(3_600_000)  # an hour fast, and nobody knows
    house = house_of(tmp_path, clock)
    house.live(3 * QUARTER_MS)
    clock.served = True  # the time service comes, and sets it right
    house.live(3 * QUARTER_MS)
    grid = house.values()["grid"]
    assert [(at_s - T0 // 1_000, grid[at_s].status) for at_s in sorted(grid)] == [
        (3_000, MEASURED), (3_900, MEASURED), (4_800, MEASURED), (5_700, CLOCK_UNKNOWN)]
    assert [one.import_e for one in series.intervals(grid)] == [900, 900, None]  # no interval over two clocks
    assert [record["data"]["by_ms"] for record in house.records(METROLOGY, "step")] == [-3_600_000]
    assert found(house.export()) == []


def test_commands_and_troubles_are_records_of_their_own_logs(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    house.live(10_000)
    house.modes = (SURPLUS, "fast")
    house.live(10_000)
    house.doubted = frozenset((0,))
    house.live(10_000)
    house.end()
    assert [record["data"] for record in house.records(CONSUMER, "mode")] == [
        {"device": "roof", "was": SURPLUS, "is": "fast"}]
    assert [record["data"] for record in house.records(SYSTEM, "trouble")] == [
        {"device": "grid", "was": None, "is": "not believed"}]
    assert len(house.records(SYSTEM, "stop")) == 1


def test_a_restart_goes_on_with_chain_key_and_quarter_hours(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(310_000)  # ten seconds after a quarter hour: it is not kept yet
    house.end()
    again = house_of(tmp_path, clock)
    again.offset_wh = 310
    again.live(QUARTER_MS)
    again.end()
    grid = again.values()["grid"]
    assert [one.import_e for one in series.intervals(grid)] == [900]
    assert again.keeper.key == house.keeper.key
    assert len(again.records(METROLOGY, "start")) == 1
    assert len(again.records(METROLOGY, "meters")) == 1  # said again only when it has changed
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600
    assert found(again.export()) == []


class Full(sqlite3.Connection):
    """A disk that is full when told so."""

    full = False

    def execute(self, sql: str, *more: Any) -> Any:  # type: ignore[override]
        if Full.full and sql.startswith("insert"):
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, *more)


def test_a_full_disk_costs_nothing_that_fits_in_memory(house_of: Houses, tmp_path: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_of(tmp_path, SimTime(T0), Full)
    house.live(QUARTER_MS)
    monkeypatch.setattr(Full, "full", True)
    house.live(2 * QUARTER_MS)
    assert house.keeper.fault == "not written, the disk is full; tried again every 30 s"
    assert troubles.of_part("records", house.keeper.fault).what[1] == (
        "Es werden keine Messwerte beurkundet: nicht geschrieben, der Speicher ist voll; neuer Versuch alle 30 s")
    monkeypatch.setattr(Full, "full", False)
    house.live(QUARTER_MS)
    assert house.keeper.fault == ""
    assert len(series.intervals(house.values()["grid"])) == 3
    assert found(house.export()) == []


def test_what_memory_cannot_hold_is_lost_and_said(house_of: Houses, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "MOST_WAITING", 3)
    house = house_of(tmp_path, SimTime(T0), Full)
    house.live(QUARTER_MS)
    monkeypatch.setattr(Full, "full", True)
    house.live(8 * QUARTER_MS)
    monkeypatch.setattr(Full, "full", False)
    house.live(QUARTER_MS)
    lost, = house.records(SYSTEM, "lost")
    assert lost["data"] == {"records": 5}
    assert found(house.export()) == []


@pytest.mark.parametrize("damage", ["no database", "a row of something else"])
def test_a_damaged_file_is_put_aside_and_a_new_chain_begun(house_of: Houses, tmp_path: Path, damage: str) -> None:
    clock = SimTime(T0)
    before = house_of(tmp_path, clock)
    before.live(QUARTER_MS)
    before.end()
    if damage == "no database":
        (tmp_path / NAME).write_bytes(b"no database at all, " * 1_000)
    else:
        with sqlite3.connect(tmp_path / NAME) as spoiled:
            spoiled.execute("update head set hash = cast(x'80ff' as text)")
        spoiled.close()
    house = house_of(tmp_path, clock)
    house.live(QUARTER_MS)
    assert "put aside" in house.keeper.fault
    assert (tmp_path / (NAME + ".damaged1")).is_file()
    assert "put aside" in house.records(METROLOGY, "start")[0]["data"]["note"]
    assert found(house.export()) == []


@pytest.mark.parametrize("version", range(1, len(LAYOUTS) + 1))
def test_a_file_of_every_version_there_was_is_taken_up(house_of: Houses, tmp_path: Path, version: int,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """Written by that version, then by this one and by the next: one chain, nothing lost."""
    clock, layouts = SimTime(T0), LAYOUTS
    for known in (layouts[:version], layouts, (*layouts, "create table later (n integer)")):
        monkeypatch.setattr(store, "LAYOUTS", known)
        house = house_of(tmp_path, clock)
        house.live(QUARTER_MS)
        assert house.keeper.fault == ""
        house.end()
        clock.wait(1_000)
    assert found(house.export()) == []
    assert len(house.values()["grid"]) == 3
    assert len(house.records(METROLOGY, "start")) == 1


def test_a_step_of_the_layout_that_fails_leaves_what_was_there(house_of: Houses, tmp_path: Path,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(QUARTER_MS)
    house.end()
    monkeypatch.setattr(store, "LAYOUTS", (*LAYOUTS, "create table more (n integer); create table head (n integer)"))
    again = house_of(tmp_path, clock)
    again.live(60_000)
    assert "already exists" in again.keeper.fault
    db = sqlite3.connect(tmp_path / NAME)
    assert db.execute("pragma user_version").fetchone() == (len(LAYOUTS),)
    assert db.execute("select count(*) from sqlite_master where name = 'more'").fetchone() == (0,)
    db.close()


def test_a_backup_beside_the_writer_is_whole(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path / "records", SimTime(T0))
    house.live(2 * QUARTER_MS)
    query = Query(tmp_path / "records")
    house.live(2 * QUARTER_MS)  # while somebody reads
    heads = house.keeper.heads()
    query.backup(tmp_path / "copy.sqlite")
    query.close()
    house.live(2 * QUARTER_MS)
    copy = Query(tmp_path / "copy.sqlite")
    assert copy.heads() == heads
    assert len(list(copy.records(METROLOGY, "readings", 0, None))) == 4
    copy.close()


@pytest.mark.parametrize("seed", range(12))
def test_damage_anywhere_is_survived_and_never_believed(house_of: Houses, tmp_path: Path, seed: int) -> None:
    """Bytes of the file spoiled at random: the next start goes on or begins anew, and every value it has is true."""
    clock, chance = SimTime(T0), random.Random(seed)
    house = house_of(tmp_path, clock)
    house.live(8 * QUARTER_MS)
    house.end()
    content = bytearray((tmp_path / NAME).read_bytes())
    for _ in range(chance.choice((1, 10, 200))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    (tmp_path / NAME).write_bytes(content)
    again = house_of(tmp_path, clock)
    again.offset_wh = 8 * 900
    again.live(2 * QUARTER_MS)
    assert "mistake" not in again.keeper.fault
    try:
        values = again.values()["grid"]
    except sqlite3.DatabaseError:
        return  # said, not believed
    first_s = T0 // 1_000
    assert all(one.import_e == at_s - first_s for at_s, one in values.items() if one.status == MEASURED)


def test_a_file_of_a_later_version_is_left_alone(house_of: Houses, tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / NAME)
    db.execute(f"pragma user_version = {len(LAYOUTS) + 1}")
    db.close()
    house = house_of(tmp_path, SimTime(T0))
    house.live(60_000)
    assert "later version" in house.keeper.fault
    assert issubclass(TooNew, Exception)


def test_a_folder_that_cannot_be_made_and_an_open_key_are_told_not_raised(house_of: Houses, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    house = house_of(tmp_path / "file" / "records", SimTime(T0))
    house.live(60_000)
    assert "not written" in house.keeper.fault
    open_key = tmp_path / "open"
    open_key.mkdir()
    signing.make(open_key / KEY)
    (open_key / KEY).chmod(0o644)
    house = house_of(open_key, SimTime(T0))
    house.live(60_000)
    assert "chmod 600" in house.keeper.fault


def test_what_is_too_old_goes_and_leaves_a_proof(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(QUARTER_MS)
    clock.wait(1_100 * 86_400_000)
    house.live(QUARTER_MS)
    deletion, = house.records(METROLOGY, "deletion")
    query = Query(tmp_path)
    oldest, = query._db.execute("select min(n) from record where log = 'metrology'").fetchone()
    query.close()
    assert deletion["data"]["through"] == oldest - 1
    sections = verify.verified(house.export())
    assert [section.findings for section in sections] == [[], [], []]
    assert "were deleted, as record" in sections[0].notes[1]


def test_what_was_put_aside_goes_when_it_is_too_old(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    for name, days in (("damaged1", 1_096), ("damaged1-wal", 1_096), ("before2", 1_094), ("mine", 2_000)):
        (tmp_path / f"{NAME}.{name}").touch()
        os.utime(tmp_path / f"{NAME}.{name}", (0, T0 // 1_000 - days * 86_400))
    house.live(60_000)
    assert {path.name for path in tmp_path.glob(NAME + ".*")} == {f"{NAME}.before2", f"{NAME}.mine"}
    assert [record["data"]["file"] for record in house.records(SYSTEM, "file-deleted")] == [
        f"{NAME}.damaged1", f"{NAME}.damaged1-wal"]


@pytest.mark.parametrize("wrong_days", [-20_000, 20_000])
def test_a_record_without_a_clock_is_as_old_as_the_next_that_has_one(house_of: Houses, tmp_path: Path,
                                                                     wrong_days: int) -> None:
    """A computer that wakes in 1970 loses no evidence, one that wakes in 2080 keeps nothing for ever."""
    clock = SimTime(T0, synced=False)
    clock.step(wrong_days * 86_400_000)
    house = house_of(tmp_path, clock)
    house.live(2 * QUARTER_MS)
    clock.served = True
    house.live(2 * QUARTER_MS)
    assert {log: house.records(log, "deletion") for log in LOGS} == {log: [] for log in LOGS}
    assert len(house.records(METROLOGY, "start")) == 1
    clock.wait(1_100 * 86_400_000)
    house.live(QUARTER_MS)
    assert [len(house.records(log, "start")) for log in LOGS] == [0, 0, 0]
    assert {record["clock"] for record in house.records(METROLOGY, "readings")} == {"synced"}
    assert found(house.export()) == []


def test_what_still_holds_outlives_the_record_that_said_it(house_of: Houses, tmp_path: Path) -> None:
    """Meters, configuration and the key that signs, when the first records of a house are deleted."""
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(QUARTER_MS)
    clock.wait(1_100 * 86_400_000)
    house.live(5 * 3_600_000, 60_000)
    assert [len(house.records(log, "start")) for log in LOGS] == [0, 0, 0]
    assert [record["data"] for record in house.records(METROLOGY, "meters")] == [ABOUT["meters"]]
    assert [record["data"] for record in house.records(CONSUMER, "configuration")] == [ABOUT["configuration"]]
    house.end()
    again = house_of(tmp_path, clock)
    again.live(60_000)
    assert [again.records(log, "key") for log in LOGS] == [[], [], []]  # it is the same one
    assert found(again.export()) == []


def test_a_lost_key_is_a_change_that_verify_names(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(QUARTER_MS)
    house.end()
    (tmp_path / KEY).unlink()
    again = house_of(tmp_path, clock)
    again.live(QUARTER_MS)
    content = again.export()
    assert all("did not announce" in words for words in found(content))
    assert len(found(content)) == 3
    trusted = (house.keeper.key, again.keeper.key)
    assert [section.findings for section in verify.verified(content, trusted)] == [[], [], []]


def test_a_fault_of_a_device_is_told_once(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    for _ in range(5):
        clock.wait(1_000)
        now = clock.read()
        heard = [Heard(None, Fault(now.mono_ms, TIMEOUT, "silence")), NOTHING_HEARD]
        house.keeper.turn(now, [Seen(house.snapshot(now.mono_ms, heard), frozenset())])
    assert [one["data"] for one in house.records(SYSTEM, "trouble")] == [
        {"device": "grid", "was": None, "is": "timeout"}]


def test_a_key_that_was_prepared_follows_by_the_word_of_the_one_before(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(QUARTER_MS)
    house.end()
    following = signing.make(tmp_path / NEXT_KEY)
    again = house_of(tmp_path, clock)
    again.live(QUARTER_MS)
    again.end()
    assert again.keeper.key == key_id(following.public) != house.keeper.key
    assert not (tmp_path / NEXT_KEY).exists()
    assert [len(again.records(log, "key")) for log in LOGS] == [1, 1, 1]
    assert found(again.export()) == []


def test_a_changed_configuration_is_a_record(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    for sha in ("00", "00", "11"):
        house = house_of(tmp_path, clock, said={**ABOUT, "configuration": {"sha256": sha, "uid": 0}})
        keeper = house.keeper
        clock.wait(1_000)
        keeper.turn(clock.read(), [])
        keeper.command({"by": "mqtt", "topic": "hutschiene/test/roof/set/mode", "payload": "fast", "answer": "ok"})
        keeper.close(clock.read())
    assert [record["data"]["sha256"] for record in house.records(CONSUMER, "configuration")] == ["00", "11"]
    assert len(house.records(CONSUMER, "command")) == 3


def test_orders_beyond_what_is_sane_are_not_all_kept(house_of: Houses, tmp_path: Path) -> None:
    house = house_of(tmp_path, SimTime(T0))
    house.live(10_000)
    for _ in range(under_test.MOST_SAID_AN_HOUR + 50):
        house.keeper.command({"by": "mqtt"})
    house.keeper.command({"by": "page anna"})
    house.live(10_000)
    by = [record["data"]["by"] for record in house.records(CONSUMER, "command")]
    assert (by.count("mqtt"), by.count("page anna")) == (under_test.MOST_SAID_AN_HOUR, 1)
    assert len(house.records(SYSTEM, "muted")) == 1
    house.live(3_600_000, 60_000)
    house.keeper.command({"by": "mqtt"})
    house.live(10_000)
    assert [record["data"] for record in house.records(SYSTEM, "unsaid")] == [
        {"what": "commands by mqtt", "records": 50}]


def test_a_device_that_comes_and_goes_mutes_no_order(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    for number in range(under_test.MOST_SAID_AN_HOUR + 20):
        house.doubted = frozenset((number % 2,))
        house.live(5_000)
    house.keeper.command({"by": "mqtt"})
    house.live(10_000)
    assert len(house.records(SYSTEM, "trouble")) <= 2 * under_test.MOST_SAID_AN_HOUR
    assert len(house.records(CONSUMER, "command")) == 1


def test_a_record_that_was_spoiled_on_the_disk_is_never_believed(house_of: Houses, tmp_path: Path) -> None:
    clock = SimTime(T0)
    house = house_of(tmp_path, clock)
    house.live(2 * QUARTER_MS)
    house.end()
    db = sqlite3.connect(tmp_path / NAME)
    db.execute("update record set line = x'00' where kind = 'readings'")
    db.commit()
    db.close()
    again = house_of(tmp_path, clock)
    again.live(2 * QUARTER_MS)
    assert "put aside" in again.keeper.fault
    assert [one.import_e for one in series.intervals(again.values()["grid"])] == [900]
    assert found(again.export()) == []
