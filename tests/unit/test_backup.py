"""A backup of a running house: whole, consistent, without secrets, one at a time, and nothing of it stays."""

import io
import json
import sqlite3
import tarfile
from pathlib import Path

import pytest
import tomli

from firmware.backup import PREFIX, Backup, Busy
from firmware.checks.facts import setup
from firmware.config.file import load
from firmware.config.secrets import without_secrets
from firmware.config.tables import HistoryTable, RecordsTable, StateTable
from firmware.history_store import HistoryStore

DEMO = Path(__file__).parents[2] / "deploy" / "demo.toml"
SECRET = "never-to-be-seen"


def test_a_backup_holds_the_configuration_and_each_file_as_it_was_at_one_moment(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text(DEMO.read_text().replace("[mqtt]", f'[mqtt]\npassword = "{SECRET}"'))
    file = load(tmp_path / "demo.toml")._replace(
        history=HistoryTable(folder=str(tmp_path / "history")), state=StateTable(folder=str(tmp_path / "state")),
        records=RecordsTable(folder=str(tmp_path / "records")))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "totals.json").write_text('{"format":1}')
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "records.key").write_text(SECRET)
    store = HistoryStore(tmp_path / "history")
    for minute in range(500):
        store.put(minute * 60, {"car.power_w": [[minute * second % 997 for second in range(60)]]})
    (tmp_path / "history" / (PREFIX + "1")).write_text("left by a kill")
    backup = Backup(file)
    chunks = backup.chunks()
    first = next(chunks)
    store.put(30_000, {"car.power_w": [[1] * 60]})  # the house goes on
    with pytest.raises(Busy):
        Backup(file)
    whole = first + b"".join(chunks)
    backup.close()
    assert SECRET.encode() not in whole
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        assert tar.getnames() == ["site.toml", "history.sqlite", "state/totals.json"]
        tar.extractall(tmp_path / "back", filter="data")
    assert SECRET not in (tmp_path / "back" / "site.toml").read_text()
    assert load(tmp_path / "back" / "site.toml").site == file.site
    with sqlite3.connect(tmp_path / "back" / "history.sqlite") as db:
        assert db.execute("select count(*) from chunk").fetchone()[0] == 500
        assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
    assert {path.name for path in (tmp_path / "history").iterdir()} <= {
        "history.sqlite", "history.sqlite-wal", "history.sqlite-shm"}
    Backup(file).close()


def test_a_backup_that_cannot_be_made_leaves_nothing_and_does_not_block_the_next(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite").write_text("no database at all, but long enough to be looked at as one" * 20)
    file = load(DEMO)._replace(history=HistoryTable(folder=str(tmp_path)), records=None)
    for _ in range(2):
        with pytest.raises(sqlite3.DatabaseError):
            Backup(file)
    assert [path.name for path in tmp_path.iterdir()] == ["history.sqlite"]


@pytest.mark.parametrize("line", [
    'password = "S"', "password = 'S'", 'password="""S"""', "password   =   '''S'''  # mine", r'password = "S\"S"',
    '"password" = "S"', 'password = """\nS\nS"""',
])
def test_secrets_are_taken_out_however_they_are_written(line: str) -> None:
    text = f'[mqtt]\nhost = "h"  # password = "x"\n{line.replace("S", SECRET)}\nport = 5\n'
    found = without_secrets(text, tomli.loads)
    assert SECRET not in found
    assert tomli.loads(found) == {"mqtt": {"host": "h", "password": "", "port": 5}}


@pytest.mark.parametrize("text", [f'mqtt = {{host = "h", password = "{SECRET}"}}\n',
                                  f'mqtt = {{password = "{SECRET}", host = "h"}}\n',
                                  f'mqtt.password = "{SECRET}"\n', f'line.a.password = "{SECRET}"\n'])
def test_a_secret_in_an_unusual_place_never_leaves(text: str) -> None:
    found = without_secrets(text, tomli.loads)
    assert SECRET not in found


def test_the_setup_is_told_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text(DEMO.read_text().replace("[mqtt]", f'[mqtt]\npassword = "{SECRET}"'))
    told = setup(load(tmp_path / "demo.toml"))
    assert SECRET not in json.dumps(told)
    assert [node["name"] for node in told["configuration"]["nodes"]] == ["house", "garage"]
    assert told["parts"]["mqtt"]["host"] == "127.0.0.1"
    assert (told["parts"]["carry"], bool(told["version"])) == (None, True)
