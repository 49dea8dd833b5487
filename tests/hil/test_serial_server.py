"""Modbus RTU behind a transparent serial server: hung up on, torn, babbled at and gone."""

import socket
import threading
from typing import Any

import pytest

from drivers.modbus_rtu import framed
from drivers.modbus_serial import ModbusSerial
from drivers.socket_stream import ALIVE, SocketStream
from firmware import build
from firmware.config.file import LineSpec
from hal.faults import REFUSED, TIMEOUT, DeviceError
from sim.bank import Bank
from sim.clock import SimClock
from sim.modbus_slave import ThreadLock, always
from sim.rtu_server import RtuServer


@pytest.fixture
def bank() -> Bank:
    out = Bank(ThreadLock())
    for unit in (1, 2):
        out.unit(unit).poke(3, 7, (40 + unit,))
    return out


def bus_to(server: RtuServer) -> ModbusSerial:
    return ModbusSerial(f"tcp://127.0.0.1:{server.port}", 19_200, delay_ms=100)


def test_several_units_share_it_and_one_that_is_silent_costs_the_others_nothing(bank: Bank) -> None:
    with RtuServer(bank, scripts={1: always("silent")}) as server:
        bus = bus_to(server)
        with pytest.raises(DeviceError) as error:
            bus.read(1, 3, 7, 1)
        assert error.value.kind == TIMEOUT
        assert bus.read(2, 3, 7, 1) == (42,)
        bus.write(2, 6, 7, (50,))
        assert bus.read(2, 3, 7, 1) == (50,)
        assert server.connections == 1
        bus.close()


def test_hung_up_on_while_idle_it_costs_no_request(bank: Bank) -> None:
    with RtuServer(bank) as server:
        bus = bus_to(server)
        assert bus.read(1, 3, 7, 1) == (41,)
        server.hang_up()
        threading.Event().wait(0.05)
        assert bus.read(1, 3, 7, 1) == (41,)
        assert server.connections == 2
        bus.close()


def test_what_is_spoilt_or_refused_is_no_number(bank: Bank) -> None:
    with RtuServer(bank) as server:
        bus = bus_to(server)
        for kind, amount in (("bad_crc", 0), ("long", 1), ("instead", b"\x01\x03\x02\x00")):
            server.scripts[1] = always(kind, amount)
            with pytest.raises(DeviceError):
                bus.read(1, 3, 7, 1)
        server.scripts[1] = always("exception", 2)
        bus.read(2, 3, 7, 1)
        with pytest.raises(DeviceError) as error:
            bus.write(1, 16, 9, (1, 2))
        assert error.value.kind == REFUSED
        bus.close()


def test_a_frame_in_two_packets_is_one_answer() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def converter() -> None:
        with listener.accept()[0] as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(8)
            answer = framed(b"\x01\x03\x02\x00\x2a")
            for lump in (answer[:2], answer[2:5], answer[5:]):
                connection.sendall(lump)
                threading.Event().wait(0.02)
            connection.recv(8)  # until the master has gone

    thread = threading.Thread(target=converter)
    thread.start()
    bus = ModbusSerial("tcp://127.0.0.1:%d" % listener.getsockname()[1], 19_200)
    assert bus.read(1, 3, 7, 1) == (42,)
    bus.close()
    thread.join()
    listener.close()


def test_one_that_is_not_there_is_tried_ever_more_seldom() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    clock = SimClock(0)
    bus = ModbusSerial(f"tcp://127.0.0.1:{port}", 19_200, clock=clock)
    said: "list[Any]" = []
    for _ in range(40):
        with pytest.raises(DeviceError) as error:
            bus.read(1, 3, 7, 1)
        assert error.value.kind == TIMEOUT
        said.append("next try" in error.value.detail)
        clock.advance(1_000)
    assert said.count(False) == 6  # at 0, 1, 3, 7, 15 and 31 s


def test_a_head_behind_one_is_heard_and_one_that_is_gone_is_called_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = "tcp://127.0.0.1:%d" % listener.getsockname()[1]
        head = build.real_port(LineSpec("head", "sml", {"port": place, "baud": 9600}))
        assert isinstance(head, SocketStream)
        assert head.read(100, 0) == b""
        first = listener.accept()[0]
        first.sendall(b"\x1b\x1b\x1b\x1b")
        assert head.read(100, 1_000) == b"\x1b\x1b\x1b\x1b"
        assert head._socket is not None  # one that was switched off says nothing for ever: the system asks
        assert [head._socket.getsockopt(level, option) for level, option, _ in ALIVE] == [each for _, _, each in ALIVE]
        first.close()
        with pytest.raises(DeviceError):
            head.read(100, 1_000)
        assert head.read(100, 0) == b""
        listener.accept()[0].close()
        head.close()
