"""The port charge points connect to: WebSockets in one thread of its own, everything in it bounded.

A station that connects anew replaces its older connection. Another one with the same id, calling from elsewhere while
the older one answers, is refused and named. Each is pinged every 10 s; who does not answer is gone.
"""

import asyncio
import concurrent.futures
import contextlib
import http
import logging
import ssl
import sys
import threading
import time
import uuid
from typing import Any

from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from drivers import ocpp_door, ocpp_frames
from drivers.ocpp_desk import At, Desk
from drivers.ocpp_frames import Answers, Asks, Broken, Payload, Refuses
from drivers.ocpp_port import ANSWER_MS, Stations
from drivers.ocpp_talk import DIALECTS, answered, judged
from drivers.ocpp_tls import LOOK_S, Certificate
from hal.faults import TIMEOUT, DeviceError

MOST_LINKS = 64  # stations at a time
MOST_OPEN = 2 * MOST_LINKS  # connections, those under way included; one more is hung up on
MOST_A_SECOND = 50  # messages of one station; the rest waits
PING_S, PONG_S = 10.0, 20.0
OPEN_S, CLOSE_S = 10.0, 3.0
AGAIN_S = 10.0  # until a port that is taken is tried once more
WRONG_S = 1.0  # a wrong password costs so long
TURNS, TURNS_S = 4, 60.0  # so many reconnections within that time are two stations
STOP_S = 5.0
UNSAID = "ocpp1.6"  # which OCPP it speaks: some older stations do not say
QUIET = logging.getLogger("hutschiene.ocpp")
QUIET.disabled = True  # strangers that knock are no news


class Bounded(ServerConnection):
    """Who only knocks has OPEN_S, and takes no more sockets of this process than there are for all."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self.server.handlers) > MOST_OPEN:
            self.transport.abort()


class Link:
    """One connection of one station."""

    def __init__(self, socket: ServerConnection, desk: Desk, dialect: Any) -> None:
        self.socket = socket
        self.desk = desk
        self.host = host_of(socket)
        self._dialect = dialect
        self._version = str(dialect.VERSION)
        self._turn = asyncio.Lock()  # OCPP allows one request at a time
        self._waits: "tuple[str, asyncio.Future[Answers | Refuses]] | None" = None

    async def ask(self, action: str, payload: Payload) -> Payload:
        """Raises DeviceError."""
        id = uuid.uuid4().hex
        text = ocpp_frames.request(self._version, id, action, payload)
        try:
            async with self._turn:
                future = asyncio.get_running_loop().create_future()
                self._waits = id, future
                await self.socket.send(text)
                found = await future
        except ConnectionClosed:
            raise DeviceError(TIMEOUT, f"{action}: the connection was lost") from None
        finally:
            if self._waits is not None and self._waits[0] == id:
                self._waits = None
        return judged(self._version, action, found)

    async def run(self) -> None:
        """Hears until the connection ends."""
        self.desk.joins(self._version, mono_ms())
        pinging = asyncio.create_task(self._ping())
        try:
            since_s, count = time.monotonic(), 0
            async for text in self.socket:
                if time.monotonic() - since_s >= 1:
                    since_s, count = time.monotonic(), 0
                count += 1
                if count > MOST_A_SECOND:
                    await asyncio.sleep(1)
                await self._hear(text)
        except ConnectionClosed:
            pass
        finally:
            pinging.cancel()
            if self._waits is not None and not self._waits[1].done():
                self._waits[1].set_exception(ConnectionClosed(None, None))
                self._waits[1].exception()  # who asks may have found that out while it was sending

    async def answers(self) -> bool:
        """Whether it is still there."""
        try:
            pong = await self.socket.ping()
            await asyncio.wait_for(pong, CLOSE_S)
        except (ConnectionClosed, asyncio.TimeoutError):
            return False
        return True

    async def _ping(self) -> None:
        try:
            while True:
                pong = await self.socket.ping()
                await asyncio.wait_for(pong, PONG_S)
                self.desk.alive(mono_ms())
                await asyncio.sleep(PING_S)
        except (ConnectionClosed, asyncio.TimeoutError):
            self.socket.transport.abort()

    async def _hear(self, text: "str | bytes") -> None:
        try:
            found = ocpp_frames.parse(text)
            if isinstance(found, Asks):
                await self.socket.send(self._answer(found))
            elif self._waits is not None and self._waits[0] == found.id and not self._waits[1].done():
                self._waits[1].set_result(found)
        except Broken as broken:
            if self.desk.breaks(broken.words):
                print(f"ocpp: station {self.desk.station!r} breaks the standard: {broken.words}", file=sys.stderr,
                      flush=True)
            if broken.id:
                await self.socket.send(ocpp_frames.refusal(broken))
            elif self._waits is not None and self._waits[0].encode() in _bytes(text) and not self._waits[1].done():
                self._waits[1].set_result(Refuses(self._waits[0], broken.code, broken.words))  # an answer, of a kind

    def _answer(self, asks: Asks) -> str:
        return answered(self._dialect, self.desk, asks, At(mono_ms(), utc_ms()))


class OcppServer(Stations):
    """Listens from `open` on, by itself and for ever, until `close`."""

    def __init__(self, host: str, port: int, path: str = "", security_profile: int = 1, passwords: str = "",
                 cert: str = "", key: str = "") -> None:
        self._where = host, port
        self._tls = (cert, key) if security_profile == 2 else None
        self._desks: "dict[str, Desk]" = {}
        listed = (lambda: ocpp_door.passwords(passwords)) if security_profile else None
        self._door = ocpp_door.Door(path, lambda: tuple(self._desks), listed)
        self._links: "dict[str, Link]" = {}
        self._hosts: "dict[str, str]" = {}  # from where each called last
        self._joined_s: "dict[str, list[float]]" = {}
        self._fault = "does not listen yet"
        self._starting = threading.Lock()
        self._thread: "threading.Thread | None" = None
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self.port = 0  # it listens on
        self.look_s = LOOK_S  # how often it looks whether its certificate was renewed

    def desk(self, station: str) -> Desk:
        return self._desks.setdefault(station, Desk(station))

    def utc_ms(self) -> int:
        return utc_ms()

    def open(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ocpp", daemon=True)
                self._thread.start()

    def ask(self, station: str, action: str, payload: Payload) -> Payload:
        self.open()
        link = self._links.get(station)
        if link is None:
            desk = self._desks[station]
            raise DeviceError(TIMEOUT, self._fault or desk.absent + self._door.strangers())
        doing = asyncio.run_coroutine_threadsafe(link.ask(action, payload), self._loop)
        try:
            return doing.result(ANSWER_MS / 1000)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            doing.cancel()
            raise DeviceError(TIMEOUT, f"{action}: no answer") from None

    def close(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_S)

    # in the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._listen())
        finally:
            self._loop.close()

    async def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                certificate = Certificate(*self._tls) if self._tls else None
                async with await self._served(certificate) as listener:
                    self.port = next(iter(listener.sockets)).getsockname()[1]
                    self._fault = ""
                    await self._stands(certificate)
            except (OSError, ssl.SSLError) as error:
                self._fault = f"port {self._where[1]} cannot be opened: {error.strerror or error}"
                print(f"ocpp: {self._fault}", file=sys.stderr, flush=True)
                try:
                    await asyncio.wait_for(self._stopping.wait(), AGAIN_S)
                except asyncio.TimeoutError:
                    continue

    async def _stands(self, certificate: "Certificate | None") -> None:
        """Until it is stopped."""
        while not self._stopping.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self.look_s)
            if certificate is not None:
                certificate.look()

    async def _served(self, certificate: "Certificate | None") -> Listener:
        tls = certificate.context if certificate is not None else None
        more: "dict[str, Any]" = {"ssl_handshake_timeout": OPEN_S} if tls is not None else {}
        return await serve(self._handle, *self._where, process_request=self._judge, select_subprotocol=spoken,
                           compression=None, open_timeout=OPEN_S, ping_interval=None, close_timeout=CLOSE_S,
                           max_size=ocpp_frames.MOST_BYTES, max_queue=16, logger=QUIET, ssl=tls, server_header=None,
                           create_connection=Bounded, **more)

    async def _judge(self, socket: ServerConnection, request: Request) -> "Response | None":
        """Before the handshake; None lets it in."""
        host = host_of(socket)
        station, status, words = self._door.judge(request.path, request.headers.get("Authorization"))
        if not status and len(self._links) >= MOST_LINKS:
            status, words = 503, "too many connections"
        names = offered(request)
        if not status and names != [""] and not [name for name in names if name in DIALECTS]:
            status, words = ocpp_door.BAD, "it speaks neither of " + ", ".join(DIALECTS)
        older = self._links.get(station)
        if not status and older is not None and older.host != host and await older.answers():
            status, words = 409, f"a station with this id is connected from {older.host}"
        if not status:
            return None
        self._door.note(station, words, host)
        if status == ocpp_door.WRONG:
            await asyncio.sleep(WRONG_S)
        response = socket.respond(http.HTTPStatus(status), words.split(";")[0] + "\n")
        if status == ocpp_door.WRONG:
            response.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
        return response

    async def _handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        station = self._door.judge(socket.request.path, socket.request.headers.get("Authorization"))[0]
        link = Link(socket, self._desks[station], DIALECTS[str(socket.subprotocol or UNSAID)])
        older, self._links[station] = self._links.get(station), link
        if self._hosts.get(station) != link.host:
            self._hosts[station] = link.host
            said = f"ocpp: station {station!r} calls from {link.host}, {socket.subprotocol or UNSAID + ' (unsaid)'}"
            print(said, file=sys.stderr, flush=True)
        if older is not None:
            self._count_turns(station, link.host)
            older.socket.transport.abort()
        try:
            await link.run()
        finally:
            if self._links.get(station) is link:
                del self._links[station]
                link.desk.leaves("the connection was lost")

    def _count_turns(self, station: str, host: str) -> None:
        now_s = time.monotonic()
        turns = [then for then in self._joined_s.get(station, []) if now_s - then < TURNS_S] + [now_s]
        self._joined_s[station] = turns
        if len(turns) >= TURNS:
            self._joined_s[station] = []
            self._door.note(station, f"{TURNS} connections within {TURNS_S:g} s: do two stations have this id?", host)


def _bytes(text: "str | bytes") -> bytes:
    return text.encode(errors="replace") if isinstance(text, str) else text


def offered(request: Request) -> "list[str]":
    said = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return [name.strip() for name in said.split(",")]


def spoken(socket: ServerConnection, subprotocols: "Any") -> Any:
    """The first that both speak."""
    return next((name for name in subprotocols if name in DIALECTS), None)


def host_of(socket: ServerConnection) -> str:
    found = socket.remote_address
    return str(found[0]) if found else ""


def mono_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def utc_ms() -> int:
    return time.time_ns() // 1_000_000
