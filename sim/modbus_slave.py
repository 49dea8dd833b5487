"""Simulated devices on a real line: a Bus (sim.bank, or one with sim.mischief) served as RTU slave or TCP server.

Each unit may misbehave by a script, as real ones do. pymodbus has servers, but they cannot: an unknown
unit is answered with exception 4 instead of silence, and no answer can be late, short, foreign or spoilt
(tried with 3.16). Its checksum is used here, so that the master's own is checked against another's.
"""

import contextlib
import os
import select
import socket
import struct
import termios
import threading
import time
import tty
from collections import namedtuple
from collections.abc import Callable

from pymodbus.framer import FramerRTU

from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.ports import Bus
from sim.bank import DEVICE_FAILURE, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Lock, Refused

MOST_REQUEST = 256
IDLE_S = 0.02  # a line silent for so long has ended any frame
TURNAROUND_CHARACTERS = 4  # a slave answers after 3.5 characters at the earliest


class Act(namedtuple("Act", ("kind", "amount"))):
    """One thing a slave does wrong with one answer.

    silent                  swallows the request
    mute                    does as told and says nothing
    late (ms)               answers after so long; requests meanwhile wait in its queue
    short, long (registers) so many fewer or more than asked, with a right checksum
    before, behind (bytes)  sends these around the answer
    instead (bytes)         sends these and nothing else
    exception (code)        refuses
    bad_crc, wrong_unit, wrong_function, wrong_transaction (TCP)
    """

    __slots__ = ()
    kind: str
    amount: "int | bytes"


Script = Callable[[int], "tuple[Act, ...]"]  # the number of the request to this unit, from 1 -> what goes wrong


def always(kind: str, amount: "int | bytes" = 0) -> Script:
    return lambda number: (Act(kind, amount),)


def every(period: int, kind: str, amount: "int | bytes" = 0) -> Script:
    """Each `period`-th request."""
    return lambda number: () if number % period else (Act(kind, amount),)


class ThreadLock(Lock):
    """For a Bank that a slave's thread and the physics share."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *why: object) -> None:
        self._lock.release()


def crc(body: bytes) -> bytes:
    return struct.pack(">H", FramerRTU.compute_CRC(body))


class Slave:
    """What RTU and TCP have in common: requests in, answers out, misbehaviour by script."""

    def __init__(self, bus: Bus, scripts: "dict[int, Script] | None") -> None:
        self._bus = bus
        self.scripts = dict(scripts or {})  # by unit; may be changed at any time
        self.numbers: "dict[int, int]" = {}  # requests so far, by unit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slave", daemon=True)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> "Slave":
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def _run(self) -> None:
        raise NotImplementedError

    def _acts(self, unit: int) -> "dict[str, int | bytes]":
        number = self.numbers[unit] = self.numbers.get(unit, 0) + 1
        script = self.scripts.get(unit)
        return {act.kind: act.amount for act in (script(number) if script else ())}

    def _answer(self, unit: int, pdu: bytes, acts: "dict[str, int | bytes]") -> "bytes | None":
        """The answer's PDU; None for silence."""
        if "silent" in acts:
            return None
        if "exception" in acts:
            return bytes((pdu[0] | 0x80, _number(acts["exception"])))
        try:
            answer = _done(self._bus, unit, pdu)
        except DeviceError as error:
            if error.kind == TIMEOUT:
                return None
            code = error.code if isinstance(error, Refused) else DEVICE_FAILURE
            answer = bytes((pdu[0] | 0x80, code if error.kind == REFUSED else DEVICE_FAILURE))
        words = _number(acts.get("long", 0)) - _number(acts.get("short", 0))
        if words and pdu[0] in (3, 4):
            data = (answer[2:] + b"\x00\x07" * words)[:len(answer) - 2 + 2 * words]
            answer = bytes((answer[0], len(data))) + data
        if "wrong_function" in acts:
            answer = bytes((answer[0] ^ 7,)) + answer[1:]
        gone = self._stop.wait(_number(acts.get("late", 0)) / 1000)
        return None if gone or "mute" in acts else answer


def _number(amount: "int | bytes") -> int:
    assert isinstance(amount, int)
    return amount


def _bytes(amount: "int | bytes") -> bytes:
    assert isinstance(amount, bytes)
    return amount


def _done(bus: Bus, unit: int, pdu: bytes) -> bytes:
    """Carries a request out and words the answer."""
    function = pdu[0]
    if function not in (1, 2, 3, 4, 5, 6, 15, 16) or len(pdu) < 5:
        raise Refused(ILLEGAL_FUNCTION)
    address, amount = struct.unpack(">HH", pdu[1:5])
    if function < 5:
        values = bus.read(unit, function, address, amount)
        if function < 3:
            data = _bits_packed(values)
        else:
            data = struct.pack(f">{len(values)}H", *values)
        return bytes((function, len(data))) + data
    if function < 7:
        bus.write(unit, function, address, (amount // 0xFF00 if function == 5 else amount,))
        return pdu[:5]
    data = pdu[6:]
    if len(data) != pdu[5] or pdu[5] != (2 * amount if function == 16 else (amount + 7) // 8):
        raise Refused(ILLEGAL_VALUE)
    if function == 16:
        bus.write(unit, function, address, struct.unpack(f">{amount}H", data))
    else:
        bus.write(unit, function, address, tuple(data[i // 8] >> i % 8 & 1 for i in range(amount)))
    return pdu[:5]


def _bits_packed(bits: "tuple[int, ...]") -> bytes:
    out = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        out[i // 8] |= bit << i % 8
    return bytes(out)


class RtuSlave(Slave):
    """All units of a Bus as slaves on one serial path. `rest_ms`: they hear nothing so long after each answer."""

    def __init__(self, path: str, bus: Bus, baud: int = 9600, scripts: "dict[int, Script] | None" = None,
                 rest_ms: int = 0) -> None:
        super().__init__(bus, scripts)
        self.unheard = 0  # requests that came too soon
        self._character_s = 10 / baud
        self._rest_s = rest_ms / 1000
        self._deaf_until_s = 0.0
        self._turnaround_s = TURNAROUND_CHARACTERS * 10 / baud
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        attributes = termios.tcgetattr(self._fd)
        attributes[4] = attributes[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(self._fd, termios.TCSANOW, attributes)
        self._thread.start()

    def close(self) -> None:
        super().close()
        os.close(self._fd)

    def _run(self) -> None:
        heard = b""
        while not self._stop.is_set():
            try:
                ready = select.select([self._fd], [], [], IDLE_S)[0]
                lump = os.read(self._fd, MOST_REQUEST) if ready else b""
            except BlockingIOError:
                continue
            except OSError:  # its adapter was pulled; it does not come back by itself
                return
            if self._rest_s and lump and not heard and time.monotonic() < self._deaf_until_s:
                self.unheard += 1
                self._deaf_until_s = time.monotonic() + self._rest_s  # the rest of it comes as well
                continue
            heard = (heard + lump)[-MOST_REQUEST:]
            unit, pdu, heard = next_request(heard, ended=not lump)
            while pdu:
                self._serve(unit, pdu)
                unit, pdu, heard = next_request(heard, ended=False)
            if not lump:
                heard = b""

    def _serve(self, unit: int, pdu: bytes) -> None:
        acts = self._acts(unit)
        answer = self._answer(unit, pdu, acts)
        if answer is None or self._stop.wait(self._turnaround_s):
            return
        frame = rtu_frame(unit, answer, acts)
        self._deaf_until_s = time.monotonic() + len(frame) * self._character_s + self._rest_s
        with contextlib.suppress(OSError):
            os.write(self._fd, frame)


def rtu_frame(unit: int, answer: bytes, acts: "dict[str, int | bytes]") -> bytes:
    """What goes on the wire for an answer's PDU."""
    body = bytes((unit + ("wrong_unit" in acts),)) + answer
    check = bytes((crc(body)[0] ^ 0x10 * ("bad_crc" in acts), crc(body)[1]))
    frame = _bytes(acts.get("before", b"")) + body + check + _bytes(acts.get("behind", b""))
    return _bytes(acts.get("instead", frame))


def next_request(heard: bytes, ended: bool) -> "tuple[int, bytes, bytes]":
    """(unit, PDU, what follows it) of the first whole request; an empty PDU when there is none.

    `ended`: the line has fallen silent, so all that is there may be a request of unknown length.
    """
    for at in range(len(heard) - 3):
        function = heard[at + 1]
        length = 8 if function < 7 else 9 + heard[at + 6] if function in (15, 16) and len(heard) > at + 6 else 0
        if ended and at == 0 and not length:
            length = len(heard)
        frame = heard[at:at + length]
        if length > 3 and len(frame) == length and crc(frame[:-2]) == frame[-2:]:
            return frame[0], frame[1:-2], heard[at + length:]
    return 0, b"", heard


class OtherMaster:
    """A second master that should not be there: asks again and again, whoever else is talking."""

    def __init__(self, path: str, unit: int, function: int, address: int, count: int, period_ms: int) -> None:
        body = struct.pack(">BBHH", unit, function, address, count)
        self._frame = body + crc(body)
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        self._period_s = period_ms / 1000
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="other master", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._fd)

    def __enter__(self) -> "OtherMaster":
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            with contextlib.suppress(OSError):
                os.write(self._fd, self._frame)
                os.read(self._fd, 4096)


class TcpSlave(Slave):
    """All units of a Bus as a Modbus TCP server; port 0 takes a free one."""

    def __init__(self, bus: Bus, host: str = "127.0.0.1", port: int = 0,
                 scripts: "dict[int, Script] | None" = None, most_clients: int = 0) -> None:
        """`most_clients`: connections it keeps at once, one more is hung up on; 0 = any number."""
        super().__init__(bus, scripts)
        self._most_clients = most_clients
        self._listener = socket.create_server((host, port))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0  # since the start
        self._open: "dict[socket.socket, bytes]" = {}  # with what was heard there
        self._thread.start()

    def close(self) -> None:
        super().close()
        self.hang_up()
        self._listener.close()

    def hang_up(self) -> None:
        """Drops every connection, as a device that restarts does."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        while not self._stop.is_set():
            for ready in select.select([self._listener, *self._open], [], [], IDLE_S)[0]:
                if ready is self._listener:
                    self._accept(self._listener.accept()[0])
                else:
                    self._hear(ready)
        for connection in self._open:
            connection.close()

    def _accept(self, connection: socket.socket) -> None:
        if self._most_clients and len(self._open) >= self._most_clients:
            connection.close()
            return
        self._open[connection] = b""
        self.connections += 1

    def _hear(self, connection: socket.socket) -> None:
        try:
            lump = connection.recv(4096)
            heard = self._open[connection] + lump
            while len(heard) > 7 and len(heard) >= 6 + (heard[4] << 8 | heard[5]):
                length = 6 + (heard[4] << 8 | heard[5])
                self._serve(connection, heard[:length])
                heard = heard[length:]
            self._open[connection] = heard
        except OSError:
            lump = b""
        if not lump:
            connection.close()
            del self._open[connection]

    def _serve(self, connection: socket.socket, request: bytes) -> None:
        unit = request[6]
        acts = self._acts(unit)
        answer = self._answer(unit, request[7:], acts)
        if answer is None:
            return
        transaction = (request[0] << 8 | request[1]) + ("wrong_transaction" in acts)
        body = bytes((unit + ("wrong_unit" in acts),)) + answer
        frame = struct.pack(">HHH", transaction & 0xFFFF, 0, len(body)) + body
        frame = _bytes(acts.get("before", b"")) + frame + _bytes(acts.get("behind", b""))
        connection.sendall(_bytes(acts.get("instead", frame)))
