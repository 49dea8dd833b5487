"""The whole daemon, killed with -9 at any moment: it goes on with its chain, and its export is verified."""

import contextlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.__main__ import main
from firmware.records.query import Query
from firmware.records.store import reader

ROOT = Path(__file__).parents[2]
STARTS = 5
WAIT_S = 30.0


def begun(site: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-m", "firmware", "run", str(site)], cwd=ROOT, text=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def runs(folder: Path) -> int:
    """How often it has begun, as far as that is on the disk."""
    with contextlib.suppress(sqlite3.Error):
        db = reader(folder)
        try:
            return int(db.execute("select count(*) from record where kind = 'run'").fetchone()[0])
        finally:
            db.close()
    return 0


def test_a_daemon_that_is_killed_goes_on_with_its_chain(tmp_path: Path, recorded_site: "Callable[..., Path]") -> None:
    folder, chance = tmp_path / "records", random.Random(5)
    site = recorded_site()
    for number in range(1, STARTS + 1):
        daemon = begun(site)
        end_s = time.monotonic() + WAIT_S
        while runs(folder) < number:
            assert time.monotonic() < end_s, "nothing was written"
            time.sleep(0.02)
        time.sleep(chance.random() * 0.6)
        daemon.send_signal(signal.SIGTERM if number == STARTS else signal.SIGKILL)
        _, said = daemon.communicate(timeout=WAIT_S)
    assert daemon.returncode == 0, said
    out = tmp_path / "house.jsonl"
    assert main(["export", str(site), "records", "--out", str(out)]) == 0
    assert main(["verify", str(out)]) == 0
    assert out.read_text().count('"kind":"run"') == STARTS
    assert out.read_text().count('"kind":"stop"') == 1
    assert out.read_text().count('"kind":"start"') == 3  # once a log


def obligations(folder: Path) -> "list[dict[str, Any]]":
    with contextlib.suppress(sqlite3.Error):
        query = Query(folder)
        try:
            return [record["data"] for record in query.records("consumer", "obligation", 0, None)]
        finally:
            query.close()
    return []


def test_a_demand_of_the_grid_operator_keeps_its_name_over_kill_9(tmp_path: Path,
                                                                  recorded_site: "Callable[..., Path]") -> None:
    state = tmp_path / "state"
    state.mkdir()
    order = {"place": "site", "what": "ceiling_w", "value": 4_200, "for_s": None, "until_s": None, "base_wh": None}
    (state / "orders.json").write_text(json.dumps({"format": 1, "orders": [order]}))
    nobody = '[mqtt]\nhost = "127.0.0.1"\nport = 9\n'
    site = recorded_site(f'[state]\nfolder = "{state}"\n[commands]\nkeep = true\n{nobody}')
    for number in range(1, 4):
        daemon = begun(site)
        end_s = time.monotonic() + WAIT_S
        while [one["state"] for one in obligations(tmp_path / "records")].count("resumed") < number - 1 or not (
                obligations(tmp_path / "records")):
            assert time.monotonic() < end_s, obligations(tmp_path / "records")
            time.sleep(0.05)
        daemon.kill()
        daemon.communicate(timeout=WAIT_S)
    found = obligations(tmp_path / "records")
    assert len({one["event"] for one in found}) == 1
    assert [one["state"] for one in found if one["state"] != "applied"] == ["received", "resumed", "resumed"]
    assert found[-1]["after_ms"] > found[0]["after_ms"]
