"""Counters of sealed telegrams over restarts: nothing is believed twice, whatever happens to the file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from firmware import counter_log
from firmware.counter_log import MOST_BYTES, CounterLog
from sim.rng import Rng

ROOT = Path(__file__).parents[2]


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state" / "counters"
    log = CounterLog(path)
    for counter in (5, 6, 4, 9):
        log.note("KAM-12345678-1B-16/ab12", counter)
        log.note("P1-48555453494d3031/00ff", counter * 10)
        again = CounterLog(path)  # another process: nothing was closed
        assert again.highest == log.highest
        assert again.fault == ""
    assert log.highest == {"KAM-12345678-1B-16/ab12": 9, "P1-48555453494d3031/00ff": 90}
    assert again.last("nobody") == -1


def test_a_kill_forgets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "counters"
    program = (f"import os, pathlib, signal; from firmware.counter_log import CounterLog\n"
               f"log = CounterLog(pathlib.Path({str(path)!r}))\n"
               "for counter in range(1, 501): log.note('A', counter)\n"
               "os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert CounterLog(path).highest == {"A": 500}


def test_it_stays_small_and_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "counters"
    log = CounterLog(path)
    for counter in range(60_000 // 4):
        for meter in range(4):
            log.note(f"KAM-1234567{meter}-1B-16/0000", 1_000_000 + counter)
    assert path.stat().st_size <= MOST_BYTES + 100
    assert CounterLog(path).highest == log.highest


def test_a_cut_and_a_damaged_line_cost_themselves(tmp_path: Path) -> None:
    path = tmp_path / "counters"
    log = CounterLog(path)
    for counter in range(1, 20):
        log.note("A", counter)
        log.note("B", counter)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        found = CounterLog(path)
        assert found.last("A") in range(-1, 20)
        found.note("A", 30)
        assert CounterLog(path).last("A") == 30
        assert CounterLog(path).last("B") == found.last("B")
    rng = Rng(3)
    for _ in range(300):
        hurt = bytearray(whole)
        for _ in range(1 + rng.below(6)):
            hurt[rng.below(len(hurt))] = rng.below(256)
        path.write_bytes(bytes(hurt))
        found = CounterLog(path)
        assert set(found.highest) <= {"A", "B"}
        assert max(found.highest.values()) <= 19
        assert found.last("A") >= 10  # the newest lines are not all hurt
        assert found.fault == "" or "damaged lines" in found.fault
        found.note("B", 40)
        assert CounterLog(path).fault == ""
    path.write_bytes(os.urandom(3 * MOST_BYTES))
    assert CounterLog(path).highest == {}


def test_a_disk_that_is_gone_is_said_and_made_good(tmp_path: Path) -> None:
    blocked = tmp_path / "no folder"
    blocked.write_text("a file")
    log = CounterLog(blocked / "counters")
    log.note("A", 5)
    assert (log.last("A"), "not written" in log.fault) == (5, True)
    blocked.unlink()
    log.note("B", 7)
    assert log.fault == ""
    assert CounterLog(blocked / "counters").highest == {"A": 5, "B": 7}
    (tmp_path / "counters").mkdir()
    assert "not read" in CounterLog(tmp_path / "counters").fault


def test_it_is_bounded_in_meters(tmp_path: Path) -> None:
    log = CounterLog(tmp_path / "counters")
    for meter in range(counter_log.MOST_METERS + 50):
        log.note(f"M{meter}", 1)
    assert len(log.highest) == len(CounterLog(tmp_path / "counters").highest) == counter_log.MOST_METERS
