"""Killed with SIGKILL at every statement to the disk: nothing that was committed is lost, nothing half is there.

The process is a real one and really killed, so locks and write-ahead log are as a dead process leaves them. That
a power cut costs no more is SQLite's full sync; tests of that are of the syscalls, not of a process.
"""

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from drivers import signing
from firmware import verify
from firmware.records import series
from firmware.records.chain import LOGS
from firmware.records.keys import KEY
from firmware.records.query import Query
from firmware.records.sampler import Value
from hal.times import TimeNow
from hal.values import Reading, reading
from sim.time_service import SimTime

T0 = int(datetime(2026, 10, 25, 0, 0, tzinfo=timezone.utc).timestamp()) * 1_000  # the hour that comes twice
Recorded = Callable[..., Any]


class Killed(sqlite3.Connection):
    """Kills its process before, or right after, the statement whose turn it is."""

    left = -1

    def execute(self, sql: str, *more: Any) -> Any:  # type: ignore[override]
        return self._counted(super().execute, sql, more)

    def executemany(self, sql: str, *more: Any) -> Any:  # type: ignore[override]
        return self._counted(super().executemany, sql, more)

    def _counted(self, call: Any, sql: str, more: Any) -> Any:
        Killed.left -= 1
        if Killed.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(sql, *more)
        Killed.left -= 1
        if Killed.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def counted(_: Any, now: TimeNow) -> "tuple[Reading]":
    """The true time in seconds."""
    return (reading(now.mono_ms, import_wh=now.utc_ms // 1_000, export_wh=0),)


def live(recorded: Recorded, folder: Path, clock: SimTime, quarters: int, tell: "int | None" = None) -> None:
    """Each quarter hour it believes to be on the disk is told to the pipe."""
    house = recorded(folder, clock, counted, "", Killed)
    for _ in range(quarters * 30):
        clock.wait(30_000)
        house.turn()
        head = house.keeper.heads().get("metrology")
        if tell is not None and head is not None and not house.keeper.fault:
            os.write(tell, b"%d\n" % head["n"])
    house.end()


def _import(values: "dict[int, Value]", which: Any) -> int:
    return values[which(values)].import_e or 0


def killed_after(recorded: Recorded, folder: Path, statements: int, begin_ms: int) -> "tuple[int, bool]":
    """(number of the last record that was said to be kept, whether the process was killed)."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            Killed.left = statements
            live(recorded, folder, SimTime(begin_ms), 2, into)
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as told:
        lines = told.read().split()
    _, status = os.waitpid(child, 0)
    return int(lines[-1]) if lines else 0, os.WIFSIGNALED(status)


@pytest.fixture
def memory() -> "Iterator[Path]":
    """A folder in memory where there is one: a killed process loses no page of the kernel's."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize("already", [False, True], ids=["first start", "later start"])
def test_killed_at_every_statement(recorded: Recorded, memory: Path, already: bool) -> None:
    before, deaths = memory / "before", 0
    before.mkdir()
    signing.make(before / KEY)  # one key for all, whose tables `verify` makes once
    if already:
        live(recorded, before, SimTime(T0 - 1_800_000), 1)
    for statements in range(1, 400):
        folder = memory / str(statements)
        shutil.copytree(before, folder)
        kept, died = killed_after(recorded, folder, statements, T0)
        live(recorded, folder, SimTime(T0 + 3_600_000), 1)  # the next start, an hour later
        query = Query(folder)
        content = "".join(line + "\n" for log in LOGS for line in query.export(
            log, LOGS, None, None, signing.load(folder / KEY)))
        values = series.readings(query.quarters(0, 1 << 40))["grid"]
        query.close()
        found = verify.verified(content.encode())
        assert [section.findings for section in found] == [[], [], []], statements
        assert len(found[0].good) >= kept, statements
        assert all(one.import_e == (at_s * 1_000 + one.off_ms) // 1_000 for at_s, one in values.items())
        filled = series.intervals(series.filled(values))
        assert sum(one.import_e or 0 for one in filled) == _import(values, max) - _import(values, min)
        shutil.rmtree(folder)
        if not died:
            break
        deaths += 1
    assert deaths > 20
    assert not died, "never lived to the end"
