"""A Stream over TCP: a head or stick behind a serial server, or a program that writes lines (`tcp://HOST:PORT`).

Connected when it is first used and again after it was lost. Whoever only listens would wait for ever for one that was
switched off meanwhile: the system asks a silent one whether it is still there.
"""

import select
import socket

from hal.faults import TIMEOUT, DeviceError
from hal.ports import Dialogue

PREFIX = "tcp:/"  # as a path writes it: two slashes become one
CONNECT_S = 3.0
ALIVE = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),  # s
         (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5), (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3))


class SocketStream(Dialogue):
    def __init__(self, place: str) -> None:
        """`place` is tcp://HOST:PORT; ValueError for any other."""
        self._place = place
        self._address = address(place)
        self._socket: "socket.socket | None" = None

    def read(self, most: int, wait_ms: int) -> bytes:
        try:
            connected = self._connected()
            ready, _, _ = select.select([connected], [], [], wait_ms / 1000)
            data = connected.recv(most) if ready else b""
        except OSError as error:
            raise self._gone(str(error)) from error
        if ready and not data:
            raise self._gone("the other side has closed the connection")
        return data

    def write(self, data: bytes) -> None:
        try:
            self._connected().sendall(data)
        except OSError as error:
            raise self._gone(str(error)) from error

    def set_baud(self, baud: int) -> None:
        """A serial server has its own settings."""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = connected(self._address, CONNECT_S)
        return self._socket

    def _gone(self, why: str) -> DeviceError:
        self.close()
        return DeviceError(TIMEOUT, f"{self._place}: {why}")


def connected(place: "tuple[str, int]", timeout_s: float) -> socket.socket:
    """Raises OSError."""
    out = socket.create_connection(place, timeout_s)
    for level, option, value in ALIVE:
        out.setsockopt(level, option, value)
    return out


def address(place: str) -> "tuple[str, int]":
    """(host, port) of tcp://HOST:PORT, also with the one slash a path leaves."""
    host, _, port = place.removeprefix(PREFIX).lstrip("/").rpartition(":")
    if not place.startswith(PREFIX) or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"{place}: allowed is tcp://HOST:PORT")
    return host.strip("[]"), int(port)


def is_place(place: str) -> bool:
    try:
        address(place)
    except ValueError:
        return False
    return True
