"""`poll` as an electrician starts it, on real ports."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.bank import Bank
from sim.modbus_slave import Act, RtuSlave, Script, TcpSlave, ThreadLock, always, every
from sim.wire import Wire

ROOT = Path(__file__).parents[2]
BAUD = 38_400


def command(*arguments: str) -> "list[str]":
    return [sys.executable, "-m", "firmware", "poll", *arguments]


def poll(*arguments: str) -> "tuple[int, list[dict[str, Any]]]":
    done = subprocess.run(command(*arguments, "--json"), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


class Counting(Bank):
    """Unit 1, whose registers tell the number of the request."""

    def __init__(self) -> None:
        super().__init__(ThreadLock())
        self.number = 0
        self.unit(1).poke(3, 0, (0,) * 40)
        self.unit(1).on_read(self._asked)

    def _asked(self, function: int, address: int, count: int) -> None:
        self.number += 1
        self.unit(1).poke(3, 0, tuple(self.number * 100 + each for each in range(40)))

    def made_for(self, words: "list[int]") -> int:
        """The number of the request these words of registers 10 to 15 were the answer to."""
        number = words[0] // 100
        assert words == [number * 100 + 10 + offset for offset in range(6)]
        return number


@pytest.fixture
def wire() -> "Iterator[Wire]":
    with Wire(BAUD) as made:
        yield made


READ = ("--baud", str(BAUD), "--unit", "1", "--function", "3", "--address", "10", "--count", "6")


def polled(wire: Wire, script: "Script | None", *more: str) -> "tuple[int, list[dict[str, Any]], Counting]":
    bank = Counting()
    with RtuSlave(wire.paths[1], bank, BAUD, {1: script} if script else None):
        code, reads = poll(wire.paths[0], *READ, *more)
    numbers = [bank.made_for(read["words"]) for read in reads if read["ok"]]
    assert numbers == sorted(set(numbers))  # none is given twice, none is older than the one before
    return code, reads, bank


def test_healthy(wire: Wire) -> None:
    code, reads, bank = polled(wire, None, "--repeat", "10")
    assert code == 0
    assert [read["ok"] for read in reads] == [True] * 10
    assert [bank.made_for(read["words"]) for read in reads] == list(range(1, 11))
    assert all(0 < read["ms"] < 60_000 for read in reads)


def test_a_late_first_answer(wire: Wire) -> None:
    script: Script = lambda number: (Act("late", 260 if number == 1 else 100),)  # noqa: E731
    code, reads, bank = polled(wire, script, "--repeat", "10", "--timeout-ms", "200")
    assert code == 0
    assert bank.made_for(reads[-1]["words"]) == bank.number  # not one behind


def test_every_fifth_request_lost(wire: Wire) -> None:
    code, reads, _ = polled(wire, every(5, "silent"), "--repeat", "10", "--timeout-ms", "200")
    assert code == 0
    assert len(reads) == 10


def test_an_echoing_adapter_nobody_told_about(wire: Wire) -> None:
    wire.faults.echo = {0}
    code, reads, _ = polled(wire, always("before", b"\x00\xff"), "--repeat", "5")
    assert (code, len(reads)) == (0, 5)


def test_a_dead_slave(wire: Wire) -> None:
    code, reads, _ = polled(wire, always("silent"), "--repeat", "4", "--timeout-ms", "100")
    assert code == 1
    assert [read["fault"] for read in reads] == ["timeout"] * 4


def test_one_register_too_many(wire: Wire) -> None:
    code, reads, _ = polled(wire, always("long", 1), "--repeat", "4", "--timeout-ms", "200")
    assert code == 1
    assert [read["fault"] for read in reads] == ["frame"] * 4


def test_an_adapter_that_was_pulled_and_put_back(tmp_path: Path) -> None:
    with Wire(BAUD) as wire:
        wire.link(0, str(tmp_path / "adapter"))
        bank = Counting()
        with RtuSlave(wire.paths[1], bank, BAUD):
            process = subprocess.Popen(
                command(wire.paths[0], *READ, "--repeat", "40", "--interval-ms", "50", "--timeout-ms", "300", "--json"),
                cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            reads = [json.loads(process.stdout.readline()) for _ in range(3)]
            wire.unplug(0)
            while reads[-1]["ok"]:
                reads.append(json.loads(process.stdout.readline()))
            wire.plug(0)
            reads += [json.loads(line) for line in process.stdout]
            assert process.wait(timeout=30) == 1
    assert len(reads) == 40
    assert [read["ok"] for read in reads[:3]] == [True] * 3
    assert reads[-1]["ok"]
    numbers = [bank.made_for(read["words"]) for read in reads if read["ok"]]
    assert numbers == sorted(set(numbers))


def test_tcp() -> None:
    bank = Counting()
    with TcpSlave(bank) as slave:
        code, reads = poll(f"127.0.0.1:{slave.port}", *READ, "--repeat", "3")
        assert code == 0
        assert [bank.made_for(read["words"]) for read in reads] == [1, 2, 3]
        slave.scripts[1] = always("exception", 2)
        code, reads = poll(f"localhost:{slave.port}", *READ)
        assert code == 1
        assert (reads[0]["fault"], reads[0]["detail"]) == ("refused", "exception 2: illegal data address")


def test_for_people(wire: Wire) -> None:
    bank = Bank(ThreadLock())
    bank.unit(7).poke(4, 0x0C, (0xC53B, 0x8000, 17))
    with RtuSlave(wire.paths[1], bank, BAUD):
        done = subprocess.run(
            command(wire.paths[0], "--baud", str(BAUD), "--unit", "7", "--function", "4", "--address", "0x0C",
                    "--count", "3"), cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("unit 7, function 4, ")
    assert [line.split() for line in lines[1:]] == [
        ["12", "0xC53B", "50491", "-15045"], ["13", "0x8000", "32768", "-32768"], ["14", "0x0011", "17"]]


@pytest.mark.parametrize(("arguments", "word"), [
    (["/dev/null", "--unit", "0"], "1 to 247"),
    (["/dev/null", "--unit", "256"], "between 0 and 255"),
    (["/dev/null", "--function", "6"], "between 1 and 4"),
    (["/dev/null", "--count", "126"], "125"),
    (["/dev/null", "--address", "65535", "--count", "2"], "65535"),
    (["/dev/null", "--baud", "x"], "--baud"),
    (["host:port"], "HOST[:PORT]"),
    ([], "where"),
])
def test_what_cannot_be_asked_is_said(arguments: "list[str]", word: str) -> None:
    done = subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert done.stdout == ""
    assert word in done.stderr


def test_a_port_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    code, reads = poll(str(tmp_path / "none"), "--timeout-ms", "100")
    assert code == 1
    assert reads[0]["fault"] == "timeout"


def test_readers_that_go_away_end_it(wire: Wire) -> None:
    with RtuSlave(wire.paths[1], Counting(), BAUD):
        process = subprocess.Popen(command(wire.paths[0], *READ, "--repeat", "1000", "--json"), cwd=ROOT,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        killer = threading.Timer(20, process.kill)
        killer.start()
        assert process.wait() >= 0  # by itself
        killer.cancel()
