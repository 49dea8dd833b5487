"""The TCP master against real sockets, and against servers that answer what no server should."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drivers.modbus_tcp import RECONNECT_MS, ModbusTcp
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from sim.bank import Bank
from sim.clock import SimClock
from sim.modbus_slave import TcpSlave, ThreadLock, always, every

TIMEOUT_MS = 250
WORDS = tuple(range(1_000, 1_100))


def bank() -> Bank:
    made = Bank(ThreadLock())
    made.unit(1).poke(3, 0, WORDS)
    made.unit(1).poke(4, 0, tuple(reversed(WORDS)))
    made.unit(1).poke(1, 0, (0,) * 20)
    return made


def fault(bus: ModbusTcp) -> str:
    with pytest.raises(DeviceError) as caught:
        bus.read(1, 3, 10, 6)
    return caught.value.kind


def test_words_bits_and_writes_over_one_connection() -> None:
    with TcpSlave(bank()) as slave:
        bus = ModbusTcp("127.0.0.1", slave.port, TIMEOUT_MS)
        assert bus.read(1, 3, 10, 6) == WORDS[10:16]
        assert bus.read(1, 4, 0, 100) == WORDS[::-1]
        bus.write(1, 6, 3, (7,))
        bus.write(1, 16, 4, (8, 9))
        assert bus.read(1, 3, 3, 3) == (7, 8, 9)
        bus.write(1, 5, 2, (1,))
        bus.write(1, 15, 9, (1, 0, 1))
        assert bus.read(1, 1, 0, 12) == (0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1)
        assert slave.connections == 1
        bus.close()


def test_a_device_hangs_up_on_one_client_too_many() -> None:
    with TcpSlave(bank(), most_clients=1) as slave:
        first, second = (ModbusTcp("127.0.0.1", slave.port, TIMEOUT_MS) for _ in range(2))
        assert first.read(1, 3, 10, 6) == WORDS[10:16]
        assert fault(second) == TIMEOUT
        assert first.read(1, 3, 10, 6) == WORDS[10:16]
        first.close()
        second.close()
        assert slave.connections == 1


@pytest.mark.parametrize(("kind", "amount", "expected"), [
    ("silent", 0, TIMEOUT), ("mute", 0, TIMEOUT), ("late", TIMEOUT_MS + 100, TIMEOUT),
    ("short", 1, FRAME), ("long", 1, FRAME), ("wrong_unit", 0, FRAME), ("wrong_function", 0, FRAME),
    ("wrong_transaction", 0, FRAME), ("before", b"\x00", FRAME), ("behind", b"\x00\x01", FRAME),
    ("instead", b"x" * 3_000, FRAME), ("instead", b"\x00\x01\x00", FRAME), ("exception", 2, REFUSED),
])
def test_what_is_no_answer_is_a_fault_and_the_next_read_is_right(
        kind: str, amount: "int | bytes", expected: str) -> None:
    with TcpSlave(bank()) as slave:
        bus = ModbusTcp("127.0.0.1", slave.port, TIMEOUT_MS)
        assert bus.read(1, 3, 10, 6) == WORDS[10:16]
        slave.scripts[1] = always(kind, amount)
        assert fault(bus) == expected
        del slave.scripts[1]
        assert bus.read(1, 3, 20, 6) == WORDS[20:26]
        bus.close()


def test_an_answer_that_comes_late_is_never_the_next_one() -> None:
    with TcpSlave(bank(), scripts={1: every(2, "late", TIMEOUT_MS + 50)}) as slave:
        bus = ModbusTcp("127.0.0.1", slave.port, TIMEOUT_MS)
        for number in range(6):
            address = 10 + number  # answers of one length, told apart by their words
            if number % 2:
                with pytest.raises(DeviceError):
                    bus.read(1, 3, address, 6)
            else:
                assert bus.read(1, 3, address, 6) == WORDS[address:address + 6]
        bus.close()


def test_a_write_is_confirmed_by_its_own_address_and_value() -> None:
    with TcpSlave(bank(), scripts={1: always("instead", bytes.fromhex("000100000006010600030008"))}) as slave:
        bus = ModbusTcp("127.0.0.1", slave.port, TIMEOUT_MS)
        with pytest.raises(DeviceError) as caught:
            bus.write(1, 6, 3, (7,))
        assert caught.value.kind == FRAME
        bus.close()


def test_a_device_that_hung_up_is_called_again() -> None:
    with TcpSlave(bank()) as slave:
        bus = ModbusTcp("127.0.0.1", slave.port, TIMEOUT_MS)
        assert bus.read(1, 3, 10, 1) == WORDS[10:11]
        slave.hang_up()
        deadline_s = time.monotonic() + 5
        while slave.connections < 2 and time.monotonic() < deadline_s:
            assert bus.read(1, 3, 10, 1) == WORDS[10:11]
        assert slave.connections == 2
        bus.close()


def test_who_is_not_there_is_called_less_and_less_often() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    clock = SimClock()
    bus = ModbusTcp("127.0.0.1", port, TIMEOUT_MS, clock=clock)
    waits = []
    for _ in range(8):
        assert fault(bus) == TIMEOUT
        with TcpSlave(bank(), port=port) as slave:
            assert fault(bus) == TIMEOUT  # it is there now, but nobody looks yet
            assert slave.connections == 0
        since_ms = clock.now_ms()
        while "next try" in _detail(bus):
            clock.advance(RECONNECT_MS // 2)
        waits.append(clock.now_ms() - since_ms)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (RECONNECT_MS, 30_000)
    clock.advance(60_000)
    with TcpSlave(bank(), port=port):
        assert bus.read(1, 3, 10, 6) == WORDS[10:16]
    bus.close()


def _detail(bus: ModbusTcp) -> str:
    with pytest.raises(DeviceError) as caught:
        bus.read(1, 3, 10, 6)
    return caught.value.detail


SERVER = """
import asyncio, sys
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

async def main():
    device = SimDevice(1, simdata=[SimData(0, values=list(range(100, 200)), datatype=DataType.REGISTERS)])
    await ModbusTcpServer(device, address=("127.0.0.1", int(sys.argv[1]))).serve_forever()

asyncio.run(main())
"""


def test_another_makers_server(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(script), str(port)])
    try:
        bus = ModbusTcp("127.0.0.1", port, 1_000, reconnect_most_ms=50)
        deadline_s = time.monotonic() + 15
        words: "tuple[int, ...]" = ()
        while not words and time.monotonic() < deadline_s:
            try:
                words = bus.read(1, 3, 10, 6)
            except DeviceError:
                time.sleep(0.1)  # it is not up yet
        assert words == (110, 111, 112, 113, 114, 115)
        bus.write(1, 16, 12, (4711, 4712))
        assert bus.read(1, 3, 12, 3) == (4711, 4712, 114)
        bus.close()
    finally:
        server.kill()
        server.wait()
