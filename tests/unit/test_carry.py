"""Carrying: what is kept, when it leaves, what a crash or a full house costs. Numbers by hand."""

import argparse
import json
import sqlite3
from pathlib import Path

import pytest

from firmware import check
from firmware.carrying.core import CHECKPOINT_MS, DAY_S, LEAST_S, MOST_S, SET_CLOCK_S, STRANGER_S, Carry
from firmware.carrying.spool import NAME, Kept, Spool
from firmware.config.carry import load
from firmware.config.file import ConfigError

T0 = SET_CLOCK_S + 100 * DAY_S  # midnight
MEGA = 1_000_000


def made(folder: Path, most_bytes: int = MEGA, **more: object) -> Carry:
    return Carry(Spool(folder, most_bytes), DAY_S, **more)  # type: ignore[arg-type]


def parts(carry: Carry) -> "list[dict[str, object]]":
    """Delivers all that waits."""
    out = []
    while (part := carry.first()) is not None:
        out.append(json.loads(part.payload))
        carry.delivered(part.number)
    return out


def test_the_newest_frame_of_each_meter_leaves_when_its_day_is_over(tmp_path: Path) -> None:
    carry = made(tmp_path)
    carry.tick(T0, 0)
    for minute, frame in ((1, b"old"), (2, b"new")):
        carry.hear("KAM-1-00-04", frame, T0 + 60 * minute, -60)
    carry.hear("KAM-2-00-07", b"water", T0 + DAY_S - 1, None)
    carry.tick(T0 + DAY_S - 1, 1)
    assert carry.first() is None
    carry.tick(T0 + DAY_S, 2)
    part, = parts(carry)
    assert (part["number"], part["closed_s"]) == (1, T0 + DAY_S)
    assert part["frames"] == [
        {"meter": "KAM-1-00-04", "heard_s": T0 + 120, "rssi_dbm": -60, "frame": b"new".hex()},
        {"meter": "KAM-2-00-07", "heard_s": T0 + DAY_S - 1, "rssi_dbm": None, "frame": b"water".hex()}]
    carry.tick(T0 + 2 * DAY_S, 3)
    assert parts(carry) == []  # nothing heard, nothing sent again


def test_a_restart_keeps_what_was_saved_and_delivers_what_waits(tmp_path: Path) -> None:
    carry = made(tmp_path)
    carry.tick(T0, 0)
    carry.hear("KAM-1-00-04", b"one", T0, None)
    carry.tick(T0 + 1, CHECKPOINT_MS)
    carry.hear("KAM-1-00-04", b"unsaved", T0 + 2, None)
    again = made(tmp_path)
    again.tick(T0 + DAY_S, 0)
    first = again.first()
    assert first is not None
    assert b"one".hex() in first.payload
    third = made(tmp_path)
    assert third.first() == first  # not yet delivered: the same again, under the same number
    third.delivered(first.number)
    assert made(tmp_path).first() is None


def test_the_interval_from_afar(tmp_path: Path) -> None:
    carry = made(tmp_path)
    for text in ("", "soon", "899", "604801", "1e3", "-900"):
        assert str(LEAST_S) in carry.set_interval(text)
    assert carry.set_interval("900") == ""
    assert made(tmp_path).interval_s == 900
    assert carry.set_interval(str(MOST_S)) == ""
    carry.set_interval("900")
    carry.tick(T0, 0)
    carry.hear("KAM-1-00-04", b"x", T0, None)
    carry.tick(T0 + 900, 1)
    assert len(parts(carry)) == 1


def test_the_same_interval_said_again_ends_no_period(tmp_path: Path) -> None:
    """A retained message comes at every connection, also in the moment in which a day ends."""
    carry = made(tmp_path)
    carry.tick(T0, 0)
    carry.hear("KAM-1-00-04", b"x", T0 + 5, None)
    assert carry.set_interval(str(DAY_S)) == ""
    carry.tick(T0 + DAY_S, 1)
    carry.hear("KAM-1-00-04", b"y", T0 + DAY_S + 5, None)
    assert [one["frame"] for one in parts(carry)[0]["frames"]] == [b"x".hex()]  # type: ignore[attr-defined]


def test_without_a_clock_an_interval_is_as_long_as_it_lasts(tmp_path: Path) -> None:
    carry = made(tmp_path)
    carry.tick(100, 0)
    carry.hear("KAM-1-00-04", b"x", 100, None)
    carry.tick(100, 1000 * DAY_S - 1)
    assert carry.first() is None
    carry.tick(100, 1000 * DAY_S)
    part, = parts(carry)
    assert (part["closed_s"], part["frames"][0]["heard_s"]) == (None, None)  # type: ignore[index]


def test_250_meters_and_no_more(tmp_path: Path) -> None:
    carry = made(tmp_path)
    carry.tick(T0, 0)
    for number in range(250):
        carry.hear(f"KAM-{number:08d}-00-04", bytes((number & 255,)), T0 + number, None)
    carry.hear("KAM-99999999-00-04", b"x", T0 + 300, None)
    assert carry.refused == 1
    carry.tick(T0 + DAY_S, 1)
    got = parts(carry)
    assert [len(part["frames"]) for part in got] == [64, 64, 64, 58]  # type: ignore[arg-type]
    assert [part["number"] for part in got] == [1, 2, 3, 4]
    carry.hear("KAM-99999999-00-04", b"x", T0 + STRANGER_S + 0, None)  # the longest silent makes room
    carry.tick(T0 + STRANGER_S + DAY_S, 2)
    assert len(parts(carry)) == 1
    assert len(made(tmp_path)._last_s) == 250


def test_only_the_meters_that_are_named(tmp_path: Path) -> None:
    carry = made(tmp_path, only=frozenset({"00000002"}))
    carry.tick(T0, 0)
    for name in ("KAM-00000001-00-04", "KAM-00000002-00-04"):
        carry.hear(name, b"x", T0, None)
    carry.tick(T0 + DAY_S, 1)
    assert [one["meter"] for one in parts(carry)[0]["frames"]] == ["KAM-00000002-00-04"]  # type: ignore[attr-defined]


def test_the_spool_is_bounded_and_says_what_it_lost(tmp_path: Path) -> None:
    carry = made(tmp_path, most_bytes=2_000)
    carry.tick(T0, 0)
    for day in range(1, 40):
        carry.hear("KAM-00000001-00-04", bytes(100), T0 + day * DAY_S - 5, None)
        carry.tick(T0 + day * DAY_S, day)
    state = carry.state()
    assert (state["waiting"], state["lost"]) == (5, 34)
    assert [part["number"] for part in parts(carry)] == list(range(35, 40))


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    series = Spool(tmp_path, MEGA).series
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / NAME).write_bytes(b"no database at all" * 100)
    carry = made(tmp_path)
    assert "put aside" in carry.fault
    assert carry.state()["series"] != series
    assert (tmp_path / (NAME + ".damaged")).exists()


@pytest.mark.parametrize("page", range(0, 88, 4))
def test_damage_anywhere_in_the_file_costs_what_it_hits(tmp_path: Path, page: int) -> None:
    """The file goes on, or a new one is begun; what is heard from then on is delivered either way."""
    carry = made(tmp_path)
    carry.tick(T0, 0)
    for number in range(40):
        carry.hear(f"KAM-{number:08d}-00-04", bytes(250), T0, None)
    carry.tick(T0 + DAY_S, 1)
    for number in range(40):
        carry.hear(f"KAM-{number:08d}-00-04", bytes(250), T0 + DAY_S, None)
    carry.save(2)
    carry._spool.close()
    content = bytearray((tmp_path / NAME).read_bytes())
    assert len(content) > 60_000
    at = page * len(content) // 88
    content[at:at + 64] = b"\xc3\x28\xff" * 21 + b"\x00"
    (tmp_path / NAME).write_bytes(content)
    again = made(tmp_path)
    parts(again)
    again.tick(T0 + DAY_S, 0)
    again.hear("KAM-00000007-00-04", b"new", T0 + DAY_S + 1, None)
    again.tick(T0 + 2 * DAY_S, 3)
    frames = [frame for part in parts(again) for frame in part["frames"]]  # type: ignore[attr-defined]
    assert {"meter": "KAM-00000007-00-04", "heard_s": T0 + DAY_S + 1, "rssi_dbm": None, "frame": b"new".hex()} in frames
    assert again.first() is None


class Failing(sqlite3.Connection):
    """Raises `error` once, at the next statement that begins with `at`."""

    at = ""
    error: "sqlite3.Error" = sqlite3.DatabaseError("database disk image is malformed")

    def execute(self, sql: str, *more: object) -> sqlite3.Cursor:
        if Failing.at and sql.startswith(Failing.at):
            Failing.at = ""
            raise Failing.error
        return super().execute(sql, *more)  # type: ignore[arg-type]


def test_damage_found_at_work_costs_no_frame_that_is_not_yet_closed(tmp_path: Path) -> None:
    carry = Carry(Spool(tmp_path, MEGA, Failing), DAY_S)
    series = carry.state()["series"]
    carry.tick(T0, 0)
    carry.set_interval("3600")
    carry.tick(T0, 0)
    carry.hear("KAM-00000001-00-04", b"x", T0, None)
    Failing.at = "begin"
    carry.tick(T0 + 3_600, 1)
    state = carry.state()
    assert "put aside" in str(state["fault"])
    assert (state["series"] != series, state["interval_s"], state["kept"]) == (True, 3_600, 1)
    carry.tick(T0 + 3_600, 2)
    carry.tick(T0 + 7_200, 3)
    part, = parts(carry)
    assert (part["number"], len(part["frames"])) == (1, 1)  # type: ignore[arg-type]
    assert made(tmp_path).interval_s == 3_600


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), sqlite3.ProgrammingError("closed")])
def test_a_disk_that_fails_is_no_damaged_file(tmp_path: Path, error: sqlite3.Error,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    carry = Carry(Spool(tmp_path, MEGA, Failing), DAY_S)
    monkeypatch.setattr(Failing, "error", error)
    carry.tick(T0, 0)
    carry.hear("KAM-00000001-00-04", b"x", T0, None)
    Failing.at = "begin"
    carry.tick(T0 + DAY_S, 1)
    assert str(error) in carry.fault
    assert not (tmp_path / (NAME + ".damaged")).exists()
    Failing.at = "select"
    assert (carry.state()["waiting"], str(error) in carry.fault) == (None, True)
    carry.tick(T0 + DAY_S, 2)
    assert len(parts(carry)) == 1


def test_what_the_broker_has_is_not_sent_again_while_the_disk_is_full(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Failing, "error", sqlite3.OperationalError("database or disk is full"))
    carry = Carry(Spool(tmp_path, MEGA, Failing), DAY_S)
    carry.tick(T0, 0)
    for number in range(65):
        carry.hear(f"KAM-{number:08d}-00-04", b"x", T0, None)
    carry.tick(T0 + DAY_S, 1)
    first = carry.first()
    assert first is not None
    Failing.at = "delete"
    with pytest.raises(sqlite3.OperationalError):
        carry.delivered(first.number)
    second = carry.first()
    assert second is not None
    assert (first.number, second.number) == (1, 2)
    carry.delivered(2)
    assert (carry.first(), carry.state()["waiting"]) == (None, 0)


class Full(sqlite3.Connection):
    """A disk that is full while `full` says so."""

    full = False

    def execute(self, sql: str, *more: object) -> sqlite3.Cursor:
        if Full.full and sql.startswith(("insert", "begin")):
            raise sqlite3.OperationalError("database or disk is full")
        return super().execute(sql, *more)  # type: ignore[arg-type]


def test_a_full_disk_costs_nothing_but_time(tmp_path: Path) -> None:
    carry = Carry(Spool(tmp_path, MEGA, Full), DAY_S)
    carry.tick(T0, 0)
    carry.hear("KAM-00000001-00-04", b"x", T0, None)
    Full.full = True
    try:
        carry.tick(T0 + DAY_S, 1)
        assert "full" in carry.fault
        assert carry.set_interval("900").startswith("not kept")
    finally:
        Full.full = False
    carry.tick(T0 + DAY_S + 1, 2)
    assert carry.fault == ""
    assert len(parts(carry)) == 1


def test_kept_rows_come_back_as_they_were(tmp_path: Path) -> None:
    row = Kept("KAM-00000001-00-04", bytes(range(256)), None, -77)
    Spool(tmp_path, MEGA).keep([row], {row.meter: 5}, ())
    assert Spool(tmp_path, MEGA).kept() == {row.meter: row}


SITE = """
[site]
name = "Block A"
latitude = 48.0
longitude = 11.0
[line.air]
kind = "wm-bus"
stick = "cul"
port = "/dev/ttyUSB9"
[mqtt]
host = "127.0.0.1"
[carry]
line = "air"
folder = "/tmp/x"
"""


def test_a_gateway_needs_little_and_has_no_keys(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    file = load(path)
    assert (file.site, file.line.name, file.carry.interval_s, file.carry.meters) == ("Block A", "air", 86_400, ())
    meter = '\n[device.flat]\ndriver = "oms_meter"\nline = "{}"\nid = "12345678"\n'
    for text, why in ((SITE.replace("[mqtt]\nhost = \"127.0.0.1\"", ""), "mqtt is missing"),
                      (SITE.replace('line = "air"', 'line = "sea"'), "carry.line"),
                      (SITE + meter.format("air"), "this line carries"),
                      (SITE + meter.format("b") + 'keys = "k"', "has no keys of radio meters"),
                      (SITE + "interval_s = 60", "allowed are 900 to 604800"),
                      (SITE + 'meters = ["123"]', "carry.meters")):
        path.write_text(text)
        with pytest.raises(ConfigError, match=why):
            load(path)


def test_check_says_what_is_carried(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    assert check.run(parser.parse_args([str(Path(__file__).parents[2] / "deploy" / "site.example.toml")])) == 0
    out = capsys.readouterr().out
    assert "  yard carries all meters in reach, at most 250, every 86400 s until set from afar; no key of them" in out
    assert "line.yard: no device" not in out
