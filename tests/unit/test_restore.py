"""What a backup holds is put back: whole, where it belongs, only while nobody writes there; and the records say so."""

import io
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware import verify
from firmware.__main__ import main
from firmware.backup import Backup
from firmware.config.file import load
from firmware.history_store import HistoryStore
from firmware.records.chain import LOGS
from firmware.records.keys import KEY
from firmware.records.store import NAME
from hal.times import TimeNow
from hal.values import Reading, reading
from sim.time_service import SimTime

T0 = 1_792_888_000_000
Houses = Callable[..., Any]
Sites = Callable[[str], Path]


@pytest.fixture
def site(recorded_site: Sites, tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return recorded_site(f'[history]\nfolder = "{tmp_path / "history"}"\n[state]\nfolder = "{tmp_path / "state"}"\n')


@pytest.fixture
def lived(recorded: Houses, tmp_path: Path) -> "Callable[[SimTime], Any]":
    """A house that has lived for an hour more, and is closed."""
    def counted(house: Any, now: TimeNow) -> "tuple[Reading]":
        return (reading(now.mono_ms, import_wh=now.mono_ms // 1_000, export_wh=0),)

    def made(clock: SimTime) -> Any:
        house = recorded(tmp_path / "records", clock, counted)
        house.live(3_600_000, 30_000)
        house.end()
        return house
    return made


def backup_of(site: Path) -> bytes:
    backup = Backup(load(site))
    whole = b"".join(backup.chunks())
    backup.close()
    return whole


def notes(content: bytes) -> "list[str]":
    return [note for section in verify.verified(content) for note in section.notes]


def test_a_backup_of_the_page_is_put_back_and_the_house_goes_on(site: Path, lived: "Callable[[SimTime], Any]",
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    folder, clock = site.parent, SimTime(T0)
    lived(clock)
    HistoryStore(folder / "history").put(60, {"car.power_w": [[1] * 60]})
    (folder / "state" / "totals.json").write_text('{"format":1}')
    (folder / "backup.tar.gz").write_bytes(backup_of(site))
    ran_on = lived(clock)
    published = {log: [head] for log, head in ran_on.keeper.heads().items()}
    (folder / "state" / "totals.json").write_text('{"format":2}')
    (folder / "history" / "history.sqlite").unlink()
    assert main(["restore", str(site), str(folder / "backup.tar.gz")]) == 0
    said = capsys.readouterr().out
    assert "site.toml: left out" in said
    assert "what was there is records.sqlite.before1" in said
    assert (folder / "state" / "totals.json").read_text() == '{"format":1}'
    assert (folder / "state" / "totals.json.before1").read_text() == '{"format":2}'
    with sqlite3.connect(folder / "history" / "history.sqlite") as db:
        assert db.execute("select count(*) from chunk").fetchone() == (1,)
    assert sorted(path.name for path in (folder / "records").iterdir()) == [KEY, NAME, f"{NAME}.before1"]
    assert [len(ran_on.records(log, "restored")) for log in LOGS] == [1, 1, 1]
    again = lived(clock)
    content = again.export()
    assert [section.findings for section in verify.verified(content)] == [[], [], []]
    assert sum("put back from a backup" in note for note in notes(content)) == 3
    told = [words for section in verify.verified(content, (), published) for _, _, words in section.findings]
    assert any("not the one that was published" in words for words in told)


def test_what_export_wrote_is_put_back_and_without_its_key_it_says_so(site: Path, lived: "Callable[[SimTime], Any]",
                                                                      capsys: pytest.CaptureFixture[str]) -> None:
    folder, clock = site.parent, SimTime(T0)
    lived(clock)
    assert main(["export", str(site), "backup", "--out", str(folder / "copy.sqlite")]) == 0
    for path in (folder / "records").iterdir():
        path.unlink()
    assert main(["restore", str(site), str(folder / "copy.sqlite")]) == 0
    assert "no backup holds the key" in capsys.readouterr().out
    again = lived(clock)
    assert len(again.values()["grid"]) == 8
    assert (folder / "records" / NAME).stat().st_mode & 0o777 == 0o640
    assert all("did not announce" in words for section in verify.verified(again.export())
               for _, _, words in section.findings)


def test_nothing_is_touched_while_somebody_writes_or_when_the_backup_is_no_good(
        site: Path, lived: "Callable[[SimTime], Any]", recorded: Houses, capsys: pytest.CaptureFixture[str]) -> None:
    folder, clock = site.parent, SimTime(T0)
    lived(clock)
    whole = backup_of(site)
    (folder / "good.tar.gz").write_bytes(whole)
    (folder / "cut.tar.gz").write_bytes(whole[:len(whole) // 2])
    (folder / "words").write_text("no backup at all")
    with tarfile.open(folder / "evil.tar", "w") as tar:
        for name in ("../state/evil.json", "/state/evil.json", "state/../evil.json", "records.key"):
            about = tarfile.TarInfo(name)
            about.size = 2
            tar.addfile(about, io.BytesIO(b"{}"))
    with tarfile.open(folder / "spoiled.tar", "w") as tar:
        content = bytearray((folder / "records" / NAME).read_bytes())
        content[5_000:] = b"x" * (len(content) - 5_000)
        about = tarfile.TarInfo(NAME)
        about.size = len(content)
        tar.addfile(about, io.BytesIO(bytes(content)))
    before = (folder / "records" / NAME).read_bytes()
    for name, why in (("cut.tar.gz", "not put back"), ("words", "neither a .tar.gz"), ("evil.tar", "nothing in it"),
                      ("spoiled.tar", "not put back"), ("none", "No such file")):
        assert main(["restore", str(site), str(folder / name)]) == 1
        assert why in capsys.readouterr().err, name
    assert (folder / "records" / NAME).read_bytes() == before
    running = recorded(folder / "records", clock, lambda house, now: (reading(now.mono_ms, import_wh=1),))
    running.live(60_000)
    assert main(["restore", str(site), str(folder / "good.tar.gz")]) == 1
    assert "stop the service first" in capsys.readouterr().err
    running.end()
    assert sorted(path.name for path in (folder / "records").iterdir()) == [KEY, NAME]
    assert list((folder / "state").iterdir()) == []
