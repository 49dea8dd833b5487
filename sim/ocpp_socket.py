"""A simulated charge point on a real WebSocket, which calls its central system again and again. Not on a board."""

import base64
import contextlib
import json
import ssl
import threading
import uuid
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from sim.bank import Lock
from sim.ocpp_point import ChargePoint

TURN_S = 0.05
ANSWER_TURNS = 200  # of TURN_S until it gives up on an answer
AGAIN_S = 0.5


class OcppSocket:
    """Connects until `close`. `lock`: held while the charge point thinks."""

    def __init__(self, point: ChargePoint, address: str, lock: Lock, password: bytes = b"", trusted: str = "",
                 source: str = "") -> None:
        """`trusted`: the certificate of the central system where it speaks TLS; `source`: our own address."""
        self._point = point
        self._lock = lock
        self._more: "dict[str, Any]" = {"source_address": (source, 0)} if source else {}
        if password:
            told = base64.b64encode(point.station.encode() + b":" + password).decode()
            self._more["additional_headers"] = {"Authorization": "Basic " + told}
        if trusted:
            self._more["ssl"] = ssl.create_default_context(cafile=trusted)
            self._more["ssl"].check_hostname = False
        self.address = f"{address}/{point.station}"
        self._asked: "str | None" = None
        self._turns = 0
        self.refused = ""  # why the last try failed
        self.connections = 0
        self.hold = threading.Event()  # set: it does not call
        self._cut = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="station", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """The connection is lost, and made anew."""
        self._cut.set()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self.hold.is_set():
                self._call()
            self._stopping.wait(AGAIN_S)

    def _call(self) -> None:
        try:
            with connect(self.address, subprotocols=["ocpp" + self._point.tongue.version], open_timeout=5,
                         close_timeout=1, compression=None, ping_interval=None, proxy=None, **self._more) as socket:
                self._cut.clear()
                self._asked, self.refused = None, ""
                with self._lock:
                    self._point.connects(boots=not self.connections)
                self.connections += 1
                while not (self._stopping.is_set() or self._cut.is_set() or self.hold.is_set()):
                    self._turn(socket)
        except (OSError, WebSocketException) as error:
            self.refused = str(error)
        finally:
            with self._lock:
                self._point.drops()

    def _turn(self, socket: Any) -> None:
        with contextlib.suppress(TimeoutError):
            self._hear(socket, json.loads(socket.recv(timeout=TURN_S)))
        self._turns += 1
        if self._asked is not None and self._turns > ANSWER_TURNS:
            self._answered(None)
        with self._lock:
            due = self._point.due() if self._asked is None else None
        if due is not None:
            self._asked, self._turns = uuid.uuid4().hex, 0
            socket.send(json.dumps([2, self._asked, *due]))

    def _hear(self, socket: Any, said: "list[Any]") -> None:
        if said[0] == 2:
            with self._lock:
                answer = self._point.asked(said[2], said[3])
            if isinstance(answer, str):
                socket.send(json.dumps([4, said[1], answer, "", {}]))
            elif answer is not None:
                socket.send(json.dumps([3, said[1], answer]))
        elif said[1] == self._asked:
            self._answered(said[2] if said[0] == 3 else None)

    def _answered(self, said: "dict[str, Any] | None") -> None:
        self._asked = None
        with self._lock:
            self._point.answered(said)
