"""The power is cut at any instant: what was said to be kept is there, the chain is whole, nothing is taken for damaged.

The writer's system calls are recorded once. A cut is then any point among them: each file has all that was written
before its last sync, and of what came later a random half of its sectors of 512 bytes, in no order. A store with its
sync switched off has to fail this very test, else the test would prove nothing.
"""

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from drivers import signing
from firmware.records.chain import EMPTY, LOGS, METROLOGY, Draft, Stamp, line_hash, opened
from firmware.records.clock import SYNCED, ClockState
from firmware.records.keys import KEY
from firmware.records.store import NAME, Store

SECTOR = 512
TURNS = 60
CALL = re.compile(r"(\w+)\((\d+)<([^>]*)>(?:, (.*))?\) += (-?\d+)")
TRACED = "pwrite64,write,fsync,fdatasync,ftruncate"


class Small(sqlite3.Connection):
    """Moves the write-ahead log into the file every few pages, so that this happens within the test."""

    sync = "full"

    def execute(self, sql: str, *more: Any) -> Any:  # type: ignore[override]
        if sql == "pragma synchronous = full":
            super().execute("pragma wal_autocheckpoint = 8")
            sql = f"pragma synchronous = {self.sync}"
        return super().execute(sql, *more)


class Unsynced(Small):
    sync = "off"


class Call(NamedTuple):
    what: str
    path: str
    data: bytes
    offset: int


def write(folder: Path, sync: str) -> None:
    """In a process of its own. Says after each commit how many records are kept."""
    signer = signing.load(folder / KEY)
    store = Store(folder, Small if sync == "full" else Unsynced)
    for turn in range(TURNS):
        stamp = Stamp(1_770_000_000_000 + turn, 3_600, ClockState(SYNCED, 1), "aa", turn)
        store.append([Draft(log, "readings", stamp, {"turn": turn, "values": "x" * 300}) for log in LOGS], signer)
        os.write(1, b"%d\n" % store.head(METROLOGY).n)
    os._exit(0)  # without closing: a power cut closes nothing


def recorded(folder: Path, sync: str) -> "tuple[Path, list[Call]]":
    """The empty store it began with, and what was done to its files."""
    before = folder / "before"
    before.mkdir()
    signing.make(before / KEY)
    Store(before, Small).close()
    work = folder / "work"
    shutil.copytree(before, work)
    trace = folder / "trace"
    program = f"import runpy, pathlib; runpy.run_path({__file__!r})['write'](pathlib.Path({str(work)!r}), {sync!r})"
    done = subprocess.run(
        ["strace", "-f", "-y", "-xx", "-s", "100000", "-e", f"trace={TRACED}", "-o", str(trace), sys.executable, "-c",
         program], capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2], check=False)
    if "ptrace" in done.stderr:
        pytest.skip("this machine does not let processes be traced")
    assert done.returncode == 0, done.stderr
    return before, [call for line in trace.read_text().splitlines() if (call := _call(line, work)) is not None]


def _call(line: str, work: Path) -> "Call | None":
    found = CALL.search(line)
    if found is None or int(found[5]) < 0:
        return None
    path = _text(found[3]).decode()
    if found[1] == "write" and found[2] == "1":
        return Call("said", "", _text(found[4].split(", ")[0].strip('"')), 0)
    if not path.startswith(str(work / NAME)) or path.endswith("-shm"):
        return None
    name = path.rsplit("/", 1)[1]
    if found[1] == "pwrite64":
        data, _, offset = (found[4] or "").rsplit(", ", 2)
        return Call("write", name, _text(data.strip('"')), int(offset))
    if found[1] == "ftruncate":
        return Call("truncate", name, b"", int(found[4]))
    assert found[1] in ("fsync", "fdatasync"), line
    return Call("sync", name, b"", 0)


def _text(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", "")) if escaped.startswith("\\x") else escaped.encode()


def cut(before: Path, calls: "list[Call]", at: int, folder: Path, chance: random.Random) -> int:
    """Makes the folder as it may stand after a cut before call `at`; how many records were said to be kept."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder)
    files = {path.name: bytearray(path.read_bytes()) for path in folder.iterdir() if path.name != KEY}
    last_sync = {call.path: number for number, call in enumerate(calls[:at]) if call.what == "sync"}
    said = 0
    for number, call in enumerate(calls[:at]):
        if call.what == "said":
            said = int(call.data)
        elif call.what != "sync":
            _apply(files.setdefault(call.path, bytearray()), call,
                   None if number < last_sync.get(call.path, -1) else chance)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return said


def _apply(content: bytearray, call: Call, chance: "random.Random | None") -> None:
    """`chance`: it was not synced yet, so each of its sectors is there or not."""
    if call.what == "truncate":
        if chance is None or chance.random() < 0.5:
            del content[call.offset:]
            content.extend(bytes(call.offset - len(content)))
        return
    for begin in range(0, len(call.data), SECTOR):
        if chance is None or chance.random() < 0.5:
            part, at = call.data[begin:begin + SECTOR], call.offset + begin
            content.extend(bytes(max(0, at + len(part) - len(content))))
            content[at:at + len(part)] = part


def failed(folder: Path, said: int) -> str:
    """What is wrong after the start that follows; "" when nothing is."""
    try:
        store = Store(folder, Small, doubted=True)
        try:
            return _wrong(store, said)
        finally:
            store.close()
    except sqlite3.Error as error:
        return str(error)


def _wrong(store: Store, said: int) -> str:
    heads = {log: store.head(log) for log in LOGS}
    if store.fault or heads[METROLOGY].n < said or len({head.n for head in heads.values()}) > 1:
        return f"{store.fault}, {heads[METROLOGY].n} of {said}"
    for log in LOGS:
        lines = list(reversed(store.newest(log, "readings", 10 * TURNS)))
        hashes = [EMPTY.hash] + [line_hash(line) for line in lines]
        if hashes[:-1] != [opened(line)["prev"] for line in lines] or hashes[-1] != heads[log].hash:
            return f"{log}: the chain is broken"
    return ""


def cuts(folder: Path, sync: str, count: int) -> "list[str]":
    chance = random.Random(7)
    before, calls = recorded(folder, sync)
    assert sum(call.what == "said" for call in calls) == TURNS
    out = []
    for _ in range(count):
        said = cut(before, calls, chance.randrange(1, len(calls) + 1), folder / "cut", chance)
        why = failed(folder / "cut", said)
        if why:
            out.append(why)
    return out


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@pytest.fixture
def memory() -> "Iterator[Path]":
    """A folder in memory where there is one: what a cut leaves is made by hand, from the calls."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Path(folder)


@needs_strace
def test_nothing_that_was_kept_is_lost_by_a_power_cut(memory: Path) -> None:
    assert cuts(memory, "full", 1_000) == []


@needs_strace
def test_without_syncs_the_same_test_fails(memory: Path) -> None:
    assert len(cuts(memory, "off", 100)) > 50
