"""Simulated devices on a pair behind a transparent serial server: sim.modbus_slave with its frames over TCP."""

import contextlib
import select
import socket

from hal.ports import Bus
from sim.modbus_slave import IDLE_S, MOST_REQUEST, Script, Slave, next_request, rtu_frame


class RtuServer(Slave):
    """All units of a Bus; port 0 takes a free one. The pair is one: each client hears what any of them is answered."""

    def __init__(self, bus: Bus, host: str = "127.0.0.1", port: int = 0,
                 scripts: "dict[int, Script] | None" = None) -> None:
        super().__init__(bus, scripts)
        self._listener = socket.create_server((host, port))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0  # since the start
        self._open: "list[socket.socket]" = []
        self._thread.start()

    def close(self) -> None:
        super().close()
        self._listener.close()

    def hang_up(self) -> None:
        """Drops every connection, as a converter that restarts does."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        heard = b""
        while not self._stop.is_set():
            lump = b""
            for ready in select.select([self._listener, *self._open], [], [], IDLE_S)[0]:
                if ready is self._listener:
                    self._open.append(self._listener.accept()[0])
                    self.connections += 1
                else:
                    lump += self._hear(ready)
            heard = (heard + lump)[-MOST_REQUEST:]
            unit, pdu, heard = next_request(heard, ended=not lump)
            while pdu:
                self._serve(unit, pdu)
                unit, pdu, heard = next_request(heard, ended=False)
            if not lump:
                heard = b""
        for connection in self._open:
            connection.close()

    def _hear(self, connection: socket.socket) -> bytes:
        lump = b""
        with contextlib.suppress(OSError):
            lump = connection.recv(MOST_REQUEST)
        if not lump:
            connection.close()
            self._open.remove(connection)
        return lump

    def _serve(self, unit: int, pdu: bytes) -> None:
        acts = self._acts(unit)
        answer = self._answer(unit, pdu, acts)
        if answer is None:
            return
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.sendall(rtu_frame(unit, answer, acts))
