"""Modbus RTU behind a serial server (`tcp://HOST:PORT`): drivers.modbus_master, its frames as they are on the wire.

Converters between a pair and a network mostly know two ways: "Modbus TCP to RTU" (a gateway: drivers.modbus_tcp) and
"transparent" or "TCP server", in which the bytes pass unchanged: this one. openWB's satellite is such a one, on port
8899. What was sent into a cut network must not reach the pair minutes later, when it is whole again: an old current
would be told anew. So a connection whose bytes are not acknowledged in time is given up by the system, with all that
waits in it.
"""

import select
import socket

from drivers.modbus_master import Port
from drivers.modbus_rtu import MOST_FRAME
from drivers.socket_stream import address, connected
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Clock

CONNECT_S = 1.0
UNHEARD_MS = 2_000  # bytes not acknowledged for so long end the connection
RECONNECT_MS = 1_000  # after an attempt that failed; doubled by each
RECONNECT_MOST_MS = 30_000


class SocketPort(Port):
    """Any trouble with the connection closes it. Not for several threads: a line has one worker."""

    def __init__(self, place: str, clock: Clock, reconnect_most_ms: int = RECONNECT_MOST_MS) -> None:
        """`place` is tcp://HOST:PORT; ValueError for any other."""
        self._place = place
        self._address = address(place)
        self._clock = clock
        self._reconnect_most_ms = reconnect_most_ms
        self._socket: "socket.socket | None" = None
        self._wait_ms = 0  # after the newest attempt that failed
        self._again_ms = 0  # not before this

    def is_open(self) -> bool:
        """Converters hang up on who was idle for a while: that costs no request."""
        if self._socket is not None and self._hung_up(self._socket):
            self.close()
        return self._socket is not None

    def open(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms < self._again_ms:
            raise DeviceError(TIMEOUT, "%s: no connection, next try in %d ms" % (self._place, self._again_ms - now_ms))
        try:
            opened = connected(self._address, CONNECT_S)
        except OSError as error:
            self._wait_ms = min(max(RECONNECT_MS, 2 * self._wait_ms), self._reconnect_most_ms)
            self._again_ms = self._clock.now_ms() + self._wait_ms
            raise self._lost(error) from error
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
        self._wait_ms = 0
        self._socket = opened

    def hear(self, wait_ms: int) -> bytes:
        assert self._socket is not None
        try:
            ready, _, _ = select.select([self._socket], [], [], max(0, wait_ms) / 1000)
            lump = self._socket.recv(MOST_FRAME) if ready else b""
        except OSError as error:
            raise self._lost(error) from error
        if ready and not lump:
            raise self._lost("the other side has closed the connection")
        return lump

    def say(self, frame: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.sendall(frame)
        except OSError as error:
            raise self._lost(error) from error

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _hung_up(self, opened: socket.socket) -> bool:
        try:
            return bool(select.select([opened], [], [], 0)[0]) and not opened.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _lost(self, why: object) -> DeviceError:
        self.close()
        return DeviceError(TIMEOUT, "%s: %s" % (self._place, why))
