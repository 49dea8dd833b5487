"""From the running recorder to a file that others can check, by the verbs a user has."""

import json
import re
import sqlite3
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from control.values import Obeyed, Plan
from firmware.__main__ import main
from firmware.config.file import ConfigError, load
from firmware.image import Image
from firmware.records import legal_time
from firmware.records.events import Ask
from firmware.records.keeper import Keeper
from firmware.records.recorder import Recorder, about
from firmware.records.sampler import Seen
from hal.values import reading
from sim.time_service import SimTime

T0 = int(datetime(2026, 10, 25, 0, 50, tzinfo=timezone.utc).timestamp()) * 1_000  # 02:50, for the first time
@pytest.fixture
def site(recorded_site: "Callable[..., Path]") -> Path:
    return recorded_site()


def live(site: Path, minutes: int) -> None:
    """A grid meter that imports 1 Wh a second."""
    file = load(site)
    clock = SimTime(T0)
    keeper = Keeper(file.site, site.parent / "records", legal_time.zone("Europe/Berlin"), about(file),
                    {"metrology": 1_095, "consumer": 1_095, "system": 365})
    image = Image(1)
    for second in range(0, minutes * 60, 10):
        clock.wait(10_000)
        now = clock.read()
        image.hear(0, reading(now.mono_ms, import_wh=second + 10, export_wh=0))
        keeper.turn(now, [Seen(image.snapshot(now.mono_ms, ("surplus",)), frozenset())])
    keeper.close(clock.read())


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_intervals_as_a_table_over_the_hour_that_comes_twice(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live(site, 45)
    assert main(["export", str(site), "intervals", "--from", "2026-10-25", "--to", "2026-10-25"]) == 0
    assert told(capsys) == (
        "meter,start_utc_s,start_local,import,export,unit,status,formula\n"
        "grid,1792890000,2026-10-25T02:00:00+01:00,900,0,Wh,measured,\n"
        "grid,1792890900,2026-10-25T02:15:00+01:00,900,0,Wh,measured,\n")
    assert main(["export", str(site), "readings", "--json"]) == 0
    first = json.loads(told(capsys))[0]
    assert (first["import"], first["status"], first["captured_ms"]) == (600, "measured", 0)
    assert main(["export", str(site), "intervals", "--from", "2026-10-26"]) == 0
    assert told(capsys) == ""


def test_the_signed_records_are_verified_and_a_copy_is_whole(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live(site, 45)
    out = site.parent / "house.jsonl"
    assert main(["export", str(site), "records", "--out", str(out)]) == 0
    assert main(["verify", str(out)]) == 0
    assert "FOUND" not in told(capsys)
    assert main(["export", str(site), "records", "--out", str(out)]) == 1  # nothing is written over
    out.write_bytes(out.read_bytes().replace(b'"serial":"1234"', b'"serial":"1235"'))
    assert main(["verify", str(out)]) == 1
    assert "altered: line 3: record 2 is not what was signed" in told(capsys)
    copy = site.parent / "copy.sqlite"
    assert main(["export", str(site), "backup", "--out", str(copy)]) == 0
    assert sqlite3.connect(copy).execute("pragma integrity_check").fetchone() == ("ok",)


def test_what_cannot_be_exported_is_said(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(site), "intervals"]) == 1
    assert "no records can be read here" in capsys.readouterr().err
    live(site, 20)
    assert main(["export", str(site), "intervals", "--meter", "roof"]) == 1
    assert "there are grid" in capsys.readouterr().err
    site.write_text(site.read_text().partition("[records]")[0])
    assert main(["export", str(site), "intervals"]) == 1
    assert "no [records] table" in capsys.readouterr().err


def test_a_zone_nobody_knows_is_refused(site: Path) -> None:
    site.write_text(site.read_text() + 'time_zone = "Europe/Nowhere"\n')
    with pytest.raises(ConfigError, match="no time zone that this computer knows"):
        load(site)


def test_the_recorder_publishes_its_checkpoint_and_ends_in_order(site: Path) -> None:
    recorder = Recorder(load(site), SimTime(T0))
    recorder.start()
    recorder.hear(Image(1).snapshot(0, ("surplus",)), Plan((None,), (), None, (), Obeyed((), None, None)))
    recorder.stop()
    (topic, payload), = recorder.pairs()
    assert topic == "hutschiene/test/records/state"
    assert json.loads(payload)["heads"]["system"]["n"] >= 2
    assert json.loads(payload)["clock"] == "synced"
    assert recorder.fault == ""


def test_what_was_asked_for_both_ways_is_told_both_ways(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, clock, image = load(site), SimTime(T0), Image(1)
    keeper = Keeper(file.site, site.parent / "records", legal_time.zone("Europe/Berlin"), about(file),
                    {"metrology": 1_095, "consumer": 1_095, "system": 365})
    for second in range(0, 2_700, 10):
        clock.wait(10_000)
        now = clock.read()
        image.hear(0, reading(now.mono_ms, import_wh=second + 10, export_wh=2 * second))
        if second in (700, 1_000):
            what = "begin" if second == 700 else "end"
            assert keeper.ask(Ask(what, "grid", now.mono_ms, register="both" if what == "begin" else "")) == ""
        keeper.turn(now, [Seen(image.snapshot(now.mono_ms, ("surplus",)), frozenset())])
    keeper.close(clock.read())
    assert main(["export", str(site), "events", "--json"]) == 0
    assert [(one["what"], one["obis"], one["value"]) for one in json.loads(told(capsys))] == [
        ("begin", "1-0:1.8.0", 710), ("begin", "1-0:2.8.0", 1_400), ("end", "1-0:1.8.0", 1_010),
        ("end", "1-0:2.8.0", 2_000)]
    assert main(["export", str(site), "sessions", "--json"]) == 0
    assert [(one["obis"], one["begin"], one["end"], one["energy"]) for one in json.loads(told(capsys))] == [
        ("1-0:1.8.0", 710, 1_010, 300), ("1-0:2.8.0", 1_400, 2_000, 600)]
    assert main(["export", str(site), "sections", "--json"]) == 0
    parts = [(one["obis"], bool(one["transaction"]), one["energy"]) for one in json.loads(told(capsys))]
    assert parts == [("1-0:1.8.0", True, 300), ("1-0:1.8.0", False, 600), ("1-0:1.8.0", False, 900),
                     ("1-0:2.8.0", True, 600), ("1-0:2.8.0", False, 1_200), ("1-0:2.8.0", False, 1_800)]
    assert main(["export", str(site), "ocmf"]) == 0
    line = told(capsys).strip()
    measured = json.loads(line.split("|")[1])["RD"]
    assert [(one["TX"], one["RI"], one["RV"]) for one in measured] == [
        ("B", "1-b:1.8.0", 710), ("B", "1-b:2.8.0", 1_400), ("E", "1-b:1.8.0", 1_010), ("E", "1-b:2.8.0", 2_000)]
    assert main(["export", str(site), "key"]) == 0
    public = told(capsys).split()[-1]
    pyocmf = pytest.importorskip("pyocmf", reason="the independent reader needs Python 3.11")
    assert pyocmf.OCMF.from_string(line).verify_signature(public)


def test_transactions_flows_and_keys_by_their_verbs(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, clock, image = load(site), SimTime(T0), Image(1)
    keeper = Keeper(file.site, site.parent / "records", legal_time.zone("Europe/Berlin"), about(file),
                    {"metrology": 1_095, "consumer": 1_095, "system": 365})
    for second in range(0, 2_700, 10):
        clock.wait(10_000)
        now = clock.read()
        image.hear(0, reading(now.mono_ms, import_wh=second + 10, export_wh=0))
        if second in (700, 1_000):
            what = "begin" if second == 700 else "end"
            assert keeper.ask(Ask(what, "grid", now.mono_ms, group="11XOTHER")) == ""
        keeper.turn(now, [Seen(image.snapshot(now.mono_ms, ("surplus",)), frozenset())])
    keeper.close(clock.read())
    assert main(["export", str(site), "sessions", "--json"]) == 0
    one, = json.loads(told(capsys))
    assert (one["energy"], one["unit"], one["group"]) == (300, "Wh", "11XOTHER")
    assert main(["export", str(site), "sections", "--json", "--from", "2026-10-25"]) == 0
    parts = json.loads(told(capsys))
    assert [(part["group"], part["energy"]) for part in parts] == [("11XOTHER", 300), ("", 600), ("", 900)]
    assert main(["export", str(site), "flows", "--storage", "grid"]) == 0  # a storage that is all there is
    assert "900,0,900,900,0,0,0,0,Wh,measured,quarter-hour minimum" in told(capsys)
    assert main(["export", str(site), "flows"]) == 1
    assert main(["export", str(site), "shared", "--roof", "grid", "--flat", "grid=3", "--key", "constant"]) == 0
    assert "grid,900,0,900,0,0,Wh,measured,constant" in told(capsys)
    assert main(["export", str(site), "shared"]) == 1
    assert main(["export", str(site), "events", "--meter", "grid"]) == 0
    assert len(told(capsys).splitlines()) == 3
    assert main(["export", str(site), "origins"]) == 0
    assert capsys.readouterr() == ("", "origins: nothing of that is kept\n")
    assert main(["export", str(site), "intervals", "--from", "2026-10-25", "--to", "2026-10-24"]) == 1
    assert "--to 2026-10-24: before --from 2026-10-25" in capsys.readouterr().err
    assert main(["export", str(site), "ocmf"]) == 0
    assert told(capsys).startswith('OCMF|{"FV":"1.4"')
    assert main(["export", str(site), "key"]) == 0
    assert told(capsys).startswith("fingerprint " + keeper.key)
    assert main(["export", str(site), "new-key"]) == 0
    assert "from the next start on" in told(capsys)
    assert main(["export", str(site), "new-key"]) == 1


def test_a_session_is_told_as_it_was_though_another_meter_hangs_there_now(site: Path,
                                                                          capsys: pytest.CaptureFixture[str]) -> None:
    """Sessions over midnight; the second ends at a counter that began anew, the third at another meter."""
    clock = SimTime(T0)
    for serial, counts in (("1234", (100, 400)), ("9999", (700, 20)), ("", (30,)), ("5555", (90,))):
        if serial:
            site.write_text(re.sub('serial = "[0-9]*"', f'serial = "{serial}"', site.read_text()))
        file, image = load(site), Image(1)
        keeper = Keeper(file.site, site.parent / "records", legal_time.zone("Europe/Berlin"), about(file),
                        {"metrology": 1_095, "consumer": 1_095, "system": 365})
        for what, count in zip(("end",) if serial == "5555" else ("begin", "end"), counts):
            for asked in (False, True):
                clock.wait(10_000)
                now = clock.read()
                image.hear(0, reading(now.mono_ms, import_wh=count, export_wh=0))
                assert not asked or keeper.ask(Ask(what, "grid", now.mono_ms)) == ""
                keeper.turn(now, [Seen(image.snapshot(now.mono_ms, ("surplus",)), frozenset())])
            clock.wait(86_400_000)
        keeper.close(clock.read())
    assert main(["export", str(site), "ocmf", "--from", "2026-10-26"]) == 0
    first, second, third = (json.loads(line.split("|")[1]) for line in told(capsys).splitlines())
    assert (first["MS"], second["MS"], third["MS"]) == ("1234", "9999", "9999")
    assert [one["TM"][-1] for one in first["RD"]] == ["S", "S"]
    assert [one["ST"] for one in (*first["RD"], *second["RD"], *third["RD"])] == ["G", "G", "G", "E", "G", "E"]
    assert main(["export", str(site), "sessions", "--json"]) == 0
    assert [(one["energy"], one["end_status"]) for one in json.loads(told(capsys))] == [
        (300, "measured"), (None, "faulty"), (60, "faulty")]


def test_a_mistake_of_ours_ends_the_records_alone_and_is_told(site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder(load(site), SimTime(T0))
    recorder.start()
    recorder.hear(None, Plan((None,), (), None, (), Obeyed((), None, None)))  # type: ignore[arg-type]
    recorder.stop()
    assert "mistake in the program" in recorder.fault
    assert "Traceback" in capfd.readouterr().err
