"""The RTU master over real pty pairs at a wire's pace, against slaves that misbehave as metering has seen them do.

Every register of an answer tells the number of the request it was made for, so a value of another request is
recognised. Time is only ever waited for, never measured.
"""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.modbus_serial import ModbusSerial
from hal.faults import FRAME, KINDS, REFUSED, TIMEOUT, DeviceError
from sim.bank import Bank
from sim.modbus_slave import Act, OtherMaster, RtuSlave, Script, ThreadLock, always, crc, every
from sim.wire import Wire

BAUD = 19_200
DELAY_MS = 200
REGISTERS = 60


def word(unit: int, number: int, address: int) -> int:
    return (unit * 10_007 + number * 131 + address) & 0xFFFF


class Numbered(Bank):
    """Units whose every register is a function of its address, the unit and the number of the request."""

    def __init__(self, units: "tuple[int, ...]") -> None:
        super().__init__(ThreadLock())
        self.asked: "list[tuple[int, int, int]]" = []  # (unit, address, count), by number
        for unit in units:
            self.unit(unit).poke(3, 0, (0,) * REGISTERS)
            self.unit(unit).on_read(self._listener(unit))

    def _listener(self, unit: int) -> "object":
        def asked(function: int, address: int, count: int) -> None:
            number = len(self.asked)
            self.asked.append((unit, address, count))
            fresh = tuple(word(unit, number, each) for each in range(address, min(address + count, REGISTERS)))
            self.unit(unit).poke(3, address, fresh)

        return asked


class Rig:
    """A master, a line and its slaves."""

    def __init__(self, scripts: "dict[int, Script] | None" = None, ends: int = 2, baud: int = BAUD) -> None:
        self.bank = Numbered((1, 2))
        self.wire = Wire(baud, ends)
        self.slave = RtuSlave(self.wire.paths[1], self.bank, baud, scripts)
        self.bus = ModbusSerial(self.wire.paths[0], baud, delay_ms=DELAY_MS)

    def reads(self, times: int, count: int = 6) -> "list[str]":
        """For each of so many reads "" or its fault. A value must be of the newest request for just this."""
        out = []
        for _ in range(times):
            asked = (1, 10, count)
            try:
                words = self.bus.read(*asked[:1], 3, *asked[1:])
            except DeviceError as error:
                out.append(error.kind)
            else:
                number = max(n for n, each in enumerate(list(self.bank.asked)) if each == asked)
                assert words == tuple(word(1, number, 10 + offset) for offset in range(count))
                out.append("")
        return out

    def close(self) -> None:
        self.bus.close()
        self.slave.close()
        self.wire.close()


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> "Iterator[Rig]":
    made = Rig(*request.param) if hasattr(request, "param") else Rig()
    yield made
    made.close()


def misbehaving(script: Script) -> "pytest.MarkDecorator":
    return pytest.mark.parametrize("rig", [({1: script},)], indirect=True, ids=["wire"])


def test_a_healthy_slave_is_read_every_time(rig: Rig) -> None:
    assert rig.reads(10) == [""] * 10
    assert len(rig.bank.asked) == 10  # and is asked no more than that


def test_words_bits_and_writes(rig: Rig) -> None:
    with rig.bank.lock:
        rig.bank.unit(1).poke(1, 0, (0,) * 20)
    rig.bus.write(1, 6, 3, (7,))
    assert rig.bank.unit(1).words(3, 3, 1) == (7,)
    rig.bus.write(1, 16, 3, (8, 9))
    rig.bus.write(1, 5, 2, (1,))
    rig.bus.write(1, 15, 9, (1, 0, 1))
    assert rig.bank.unit(1).words(3, 3, 2) == (8, 9)
    assert rig.bus.read(1, 1, 0, 12) == (0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1)
    assert len(rig.bus.read(1, 3, 0, REGISTERS)) == REGISTERS


@pytest.mark.parametrize("rig", [({1: always("before", noise)},) for noise in (b"\x00", b"\xff", b"\xff\x00\x00")],
                         indirect=True, ids=["00", "ff", "three"])
def test_driver_switching_before_each_answer(rig: Rig) -> None:
    assert rig.reads(8) == [""] * 8


@misbehaving(always("behind", b"\x00\xff"))
def test_driver_switching_behind_each_answer(rig: Rig) -> None:
    assert rig.reads(8) == [""] * 8


def test_an_echoing_adapter_nobody_told_about(rig: Rig) -> None:
    rig.wire.faults.echo = {0}
    assert rig.reads(5) == [""] * 5
    rig.bus.write(1, 6, 3, (7,))
    assert rig.bank.unit(1).words(3, 3, 1) == (7,)


def test_an_echo_is_never_the_confirmation_of_a_write(rig: Rig) -> None:
    """Functions 5 and 6 are confirmed by the request itself; the first thing ever asked is a write."""
    rig.wire.faults.echo = {0}
    rig.slave.scripts[1] = always("silent")
    for _ in range(2):
        with pytest.raises(DeviceError) as caught:
            rig.bus.write(1, 6, 3, (7,))
        assert caught.value.kind == TIMEOUT
    assert rig.bank.unit(1).words(3, 3, 1) == (0,)


@misbehaving(lambda number: (Act("late", DELAY_MS + 60 if number == 1 else 100),))
def test_a_first_answer_after_the_time_out_is_never_the_next_one(rig: Rig) -> None:
    faults = rig.reads(12)
    assert faults[0] == TIMEOUT
    assert faults[1:] == [""] * 11


@misbehaving(lambda number: (Act("late", DELAY_MS + 60 if number == 1 else 100),))
def test_a_late_single_register_neither(rig: Rig) -> None:
    faults = rig.reads(8, count=1)
    assert faults == [TIMEOUT] + [""] * 7


@misbehaving(always("late", 100))
def test_answers_that_are_slow_but_in_time(rig: Rig) -> None:
    assert rig.reads(6) == [""] * 6


@misbehaving(always("late", DELAY_MS + 80))
def test_answers_that_are_always_too_late_are_never_believed(rig: Rig) -> None:
    assert set(rig.reads(6)) <= {TIMEOUT, FRAME}


@pytest.mark.parametrize("rig", [({1: always(kind, 1)},) for kind in ("short", "long")], indirect=True,
                         ids=["too few", "too many"])
def test_one_register_too_few_or_too_many(rig: Rig) -> None:
    assert set(rig.reads(5)) == {FRAME}


@pytest.mark.parametrize("rig", [({1: always(kind)},) for kind in ("wrong_unit", "wrong_function", "bad_crc")],
                         indirect=True, ids=["unit", "function", "checksum"])
def test_an_answer_of_something_else(rig: Rig) -> None:
    assert set(rig.reads(4)) <= {FRAME, TIMEOUT}


@misbehaving(every(5, "bad_crc"))
def test_every_fifth_answer_spoilt(rig: Rig) -> None:
    assert rig.reads(12) == [""] * 12


@misbehaving(every(5, "silent"))
def test_every_fifth_request_lost(rig: Rig) -> None:
    assert rig.reads(12).count("") >= 9


@misbehaving(always("exception", 2))
def test_an_exception_says_why(rig: Rig) -> None:
    with pytest.raises(DeviceError) as caught:
        rig.bus.read(1, 3, 10, 6)
    assert (caught.value.kind, caught.value.detail) == (REFUSED, "exception 2: illegal data address")
    assert rig.slave.numbers[1] == 1


def test_a_dead_slave_beside_a_live_one(rig: Rig) -> None:
    for _ in range(3):
        with pytest.raises(DeviceError) as caught:
            rig.bus.read(9, 3, 10, 6)
        assert caught.value.kind == TIMEOUT
        assert rig.reads(2) == ["", ""]


@pytest.mark.parametrize(("rig", "rival"), [
    (({}, 3), (2, 3, 10, 6)),
    (({}, 3), (1, 3, 30, 6)),
    (({}, 3), (1, 3, 30, 2)),
], indirect=["rig"], ids=["another slave", "same slave", "same slave, other length"])
def test_another_master_on_the_line(rig: Rig, rival: "tuple[int, int, int, int]") -> None:
    with OtherMaster(rig.wire.paths[2], *rival, period_ms=120):
        assert rig.reads(12).count("") >= 11


def foreign(number: int) -> "tuple[Act, ...]":
    """Before its answer the slave answers another master, whose request is heard."""
    request = bytes((1, 3, 0, 30, 0, 6))
    answer = bytes((1, 3, 12)) + bytes(12)
    return (Act("before", request + crc(request) + answer + crc(answer)),)


def foreign_unheard(number: int) -> "tuple[Act, ...]":
    answer = bytes((1, 3, 12)) + bytes(12)
    return (Act("before", answer + crc(answer)),)


@pytest.mark.parametrize("rig", [({1: foreign},), ({1: foreign_unheard},)], indirect=True, ids=["heard", "unheard"])
def test_two_answers_that_fit_are_both_not_believed(rig: Rig) -> None:
    assert set(rig.reads(3)) <= {FRAME, TIMEOUT}


def test_a_noisy_line_gives_faults_but_no_wrong_values(rig: Rig) -> None:
    rig.wire.faults.flip_permille = 10
    rig.wire.faults.drop_permille = 5
    faults = rig.reads(25)
    assert set(faults) <= {"", *KINDS}
    assert faults.count("") >= 12


def test_a_pulled_adapter_comes_back_by_itself(tmp_path: Path) -> None:
    with Wire(BAUD) as wire:
        wire.link(0, str(tmp_path / "adapter"))
        bank = Numbered((1,))
        bus = ModbusSerial(wire.paths[0], BAUD, delay_ms=DELAY_MS)
        with RtuSlave(wire.paths[1], bank, BAUD):
            assert len(bus.read(1, 3, 10, 6)) == 6
            wire.unplug(0)
            for _ in range(3):
                with pytest.raises(DeviceError) as caught:
                    bus.read(1, 3, 10, 6)
                assert caught.value.kind == TIMEOUT
            wire.plug(0)
            words = bus.read(1, 3, 10, 6)
            assert words == tuple(word(1, len(bank.asked) - 1, 10 + offset) for offset in range(6))
        bus.close()


def test_an_adapter_pulled_during_a_read() -> None:
    with Wire(BAUD) as wire, RtuSlave(wire.paths[1], Numbered((1,)), BAUD, {1: always("silent")}):
        bus = ModbusSerial(wire.paths[0], BAUD, delay_ms=5_000)
        puller = threading.Timer(0.3, wire.unplug, (0,))
        puller.start()
        with pytest.raises(DeviceError) as caught:
            bus.read(1, 3, 10, 6)
        puller.join()
        assert caught.value.kind == TIMEOUT
        assert wire.paths[0] in caught.value.detail  # it was not the slave's silence


def test_two_masters_cannot_open_one_port(rig: Rig) -> None:
    assert rig.reads(1) == [""]
    second = ModbusSerial(rig.wire.paths[0], BAUD)
    with pytest.raises(DeviceError):
        second.read(1, 3, 10, 6)
    assert rig.reads(1) == [""]


def test_our_slave_satisfies_another_makers_master(rig: Rig) -> None:
    if shutil.which("mbpoll") is None:
        pytest.skip("no mbpoll here")
    rig.bank.unit(2).poke(4, 0, (0, 0))
    done = subprocess.run(
        ["mbpoll", "-m", "rtu", "-a", "1", "-b", str(BAUD), "-P", "none", "-t", "4", "-r", "11", "-c", "6", "-1", "-q",
         rig.wire.paths[0]], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("[")]
    assert printed == [word(1, 0, 10 + offset) for offset in range(6)]


SERVER = """
import asyncio, sys
from pymodbus.server import ModbusSerialServer
from pymodbus.framer import FramerType
from pymodbus.simulator import DataType, SimData, SimDevice

async def main():
    device = SimDevice(1, simdata=[SimData(0, values=list(range(100, 200)), datatype=DataType.REGISTERS)])
    server = ModbusSerialServer(device, framer=FramerType.RTU, port=sys.argv[1], baudrate=19200)
    print("up", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def test_our_master_reads_another_makers_slave(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    with Wire(BAUD) as wire:
        server = subprocess.Popen([sys.executable, str(script), wire.paths[1]], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "up\n"
            bus = ModbusSerial(wire.paths[0], BAUD, delay_ms=500)
            deadline_s = time.monotonic() + 10
            words: "tuple[int, ...]" = ()
            while not words and time.monotonic() < deadline_s:
                try:
                    words = bus.read(1, 3, 10, 6)
                except DeviceError:
                    time.sleep(0.1)  # it says "up" before it listens
            assert words == (110, 111, 112, 113, 114, 115)
            bus.write(1, 6, 12, (4711,))
            assert bus.read(1, 3, 12, 2) == (4711, 113)
            bus.close()
        finally:
            server.kill()
            server.wait()
