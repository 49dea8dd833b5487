"""The page: an outbox that browsers read. Starlette on uvicorn, in its own thread with its own loop.

firmware.access.roles lists what is served and to whom: the page's files, read once at start (nothing else of the disk
can be reached); `/events`, server-sent events, first every retained pair, then what changes, each as data: ["topic",
"payload"]; `/api/state` and `/api/v1/...`, the same by house, device, node and line; curves; `/metrics`; and what can
be set.

A browser that reads too slowly gets the newest payload of each topic and never a backlog; one that does not read at
all loses its place. When nothing was published, an event `quiet` says for how many milliseconds: the page cannot
show a stopped daemon as living only because this server still answers.
"""

import asyncio
import contextlib
import json
import mimetypes
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import uvicorn
from starlette.types import Message, Receive, Send

from firmware.access.door import Door
from firmware.listen import listen
from firmware.web.guard import Guard
from firmware.web.routes import SEND_S, House, Routes
from hal.ports import Outbox

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "page"
MOST_CLIENTS = 32  # event streams
MOST_CONNECTIONS = 128
MOST_TOPICS = 2_000
BEAT_S = 1.0  # a browser shows within 3 s that we are gone
START_S = 10.0
STOP_S = 2.0
NO_HOUSES: "Mapping[str, House]" = MappingProxyType({})


class Place(NamedTuple):
    """Where it listens. `cert` and `key`: files, for TLS."""

    host: str = "127.0.0.1"
    port: int = 8080
    any_port: bool = False
    cert: str = ""
    key: str = ""


HERE = Place()


class Client:
    """One open event stream: the topics it has not been told yet, oldest first."""

    def __init__(self, retained: dict[str, str]) -> None:
        self.pending = retained
        self.news = asyncio.Event()
        self.news.set()
        self.gone = False

    def leave(self) -> None:
        self.gone = True
        self.news.set()

    def take(self) -> str:
        """What is pending, as events; "" when nothing is."""
        pairs, self.pending = self.pending, {}
        self.news.clear()
        return "".join(f"data: {json.dumps(pair, separators=(',', ':'))}\n\n" for pair in pairs.items())

    async def watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.leave()


class Page(Outbox):
    """`start` returns once browsers are served; a closed page is not started again."""

    def __init__(self, place: Place = HERE, houses: "Mapping[str, House]" = NO_HOUSES,
                 door: Door | None = None) -> None:
        """`houses` by slug; it may grow. Raises ValueError when the certificate cannot be used."""
        self.url = ""
        self._files = {path.name: (path.read_bytes(), mimetypes.guess_type(path.name)[0] or "text/plain")
                       for path in FOLDER.iterdir() if path.is_file()}
        self._place = place
        self._houses = houses
        self._door = door or Door()
        self._lock = threading.Lock()
        self._latest: dict[str, str] = {}
        self._changed: dict[str, str] = {}  # not yet handed to the loop
        self._news_s = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None  # None while nobody is served
        self._clients: set[Client] = set()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        if place.cert:
            _usable(place)

    def start(self) -> None:
        """Raises OSError when the address cannot be had."""
        assert self._thread is None
        place = self._place
        self._socket = listen(place.host, place.port, place.any_port)
        host, port = self._socket.getsockname()[:2]
        secure = bool(place.cert)
        self.url = f"{'https' if secure else 'http'}://" + (f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        cookie = f"{'__Host-' if secure else ''}hutschiene_{port}"  # a host's ports share their cookies
        self._server = uvicorn.Server(uvicorn.Config(
            Routes(self, self._houses, Guard(self._door, cookie, secure)).app(), loop="asyncio", http="h11", ws="none",
            lifespan="off", log_level="error", access_log=False, server_header=False, proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS, timeout_graceful_shutdown=1,
            ssl_certfile=place.cert or None, ssl_keyfile=place.key or None))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="page", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_S):
            raise RuntimeError("the page did not start")

    def publish(self, topic: str, payload: str) -> None:
        with self._lock:
            if topic not in self._latest and len(self._latest) >= MOST_TOPICS:
                return
            self._latest[topic] = payload
            self._news_s = time.monotonic()
            if self._loop is not None:
                if not self._changed:
                    self._loop.call_soon_threadsafe(self._spread)
                self._changed[topic] = payload

    def forget(self, topic: str) -> None:
        """Whoever comes from now on is not told of it any more."""
        with self._lock:
            self._latest.pop(topic, None)

    def close(self) -> None:
        """Ends every stream and returns within STOP_S."""
        with self._lock:
            loop, self._loop = self._loop, None
            if loop is not None:
                loop.call_soon_threadsafe(self._dismiss)
        if self._thread is not None:
            self._thread.join(STOP_S)

    async def _serve(self) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
        self._ready.set()  # the socket has been listening since `start`: nobody is turned away
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()  # uvicorn leaves it open when it is told to stop before it has begun

    def _dismiss(self) -> None:
        self._server.should_exit = True
        for client in self._clients:
            client.leave()

    def _spread(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, {}
        for client in self._clients:
            client.pending.update(changed)
            client.news.set()

    def file(self, name: str) -> tuple[bytes, str] | None:
        """(content, media type) of one of the page's own files."""
        return self._files.get(name)

    def retained(self) -> dict[str, str]:
        with self._lock:
            return dict(self._latest)

    async def stream(self, receive: Receive, send: Send, name: str, still: Callable[[], bool]) -> None:
        """One browser's events, until it or we leave, or it may not any more; first `name`, whom they are told to."""
        with self._lock:
            client = Client(dict(self._latest))
        self._clients.add(client)
        watcher = asyncio.ensure_future(client.watch(receive))
        try:
            text = f"event: who\ndata: {json.dumps(name)}\n\n"
            while not client.gone and still():
                text += client.take() + f"event: quiet\ndata: {self._quiet_ms()}\n\n"
                message: Message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
                await asyncio.wait_for(send(message), SEND_S)
                text = ""
                await _wait(client.news, BEAT_S)
        except asyncio.TimeoutError:
            pass
        finally:
            self._clients.discard(client)
            watcher.cancel()

    def watched(self) -> int:
        """How many browsers have a stream open."""
        return len(self._clients)

    def full(self) -> bool:
        return self.watched() >= MOST_CLIENTS or self._server.should_exit

    def _quiet_ms(self) -> int:
        with self._lock:
            return int((time.monotonic() - self._news_s) * 1000)


def _usable(place: Place) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(place.cert, place.key or None, password=lambda: "")
    except OSError as error:
        raise ValueError(f"cert = {place.cert!r}: not usable with its key: {error}") from error


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
