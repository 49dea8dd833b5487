"""The page: an outbox that browsers read. Starlette on uvicorn, in its own thread with its own loop.

GET /            the page's files, read once at start; nothing else of the disk can be reached
GET /events      server-sent events: first every retained pair, then what changes, each as data: ["topic", "payload"]
GET /api/state   the same as one JSON object {topic: payload}
GET /api/v1/...  the same by house, device, node and line; /api/openapi.json describes it
GET /api/v1/sites/SITE/history?series=grid.power_w&from=S&to=S  curves
GET /metrics     the same for Prometheus

A browser that reads too slowly gets the newest payload of each topic and never a backlog; one that does not read at
all loses its place. When nothing was published, an event `quiet` says for how many milliseconds: the page cannot
show a stopped daemon as living only because this server still answers.
"""

import asyncio
import contextlib
import json
import mimetypes
import sqlite3
import threading
import time
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firmware import api, metrics
from firmware.history import History
from firmware.listen import listen
from hal.ports import Outbox

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "page"
MOST_CLIENTS = 32  # event streams
MOST_CONNECTIONS = 128
MOST_TOPICS = 2_000
BEAT_S = 1.0  # a browser shows within 3 s that we are gone
SEND_S = 15.0  # a browser that takes nothing for this long is gone
START_S = 10.0
STOP_S = 2.0
HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                               "object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-cache",
}


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

    def __init__(self, host: str = "127.0.0.1", port: int = 8080, any_port: bool = False,
                 history: History | None = None) -> None:
        self.url = ""
        self._history_of = history
        self._wanted = (host, port, any_port)
        self._lock = threading.Lock()
        self._latest: dict[str, str] = {}
        self._changed: dict[str, str] = {}  # not yet handed to the loop
        self._news_s = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None  # None while nobody is served
        self._clients: set[Client] = set()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._files = {path.name: (path.read_bytes(), mimetypes.guess_type(path.name)[0] or "text/plain")
                       for path in FOLDER.iterdir() if path.is_file()}

    def start(self) -> None:
        """Raises OSError when the address cannot be had."""
        assert self._thread is None
        self._socket = listen(*self._wanted)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._server = uvicorn.Server(uvicorn.Config(
            _guarded(self._app()), loop="asyncio", http="h11", ws="none", lifespan="off", log_level="error",
            access_log=False, server_header=False, limit_concurrency=MOST_CONNECTIONS, timeout_graceful_shutdown=1))
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

    def _app(self) -> Starlette:
        app = Starlette(routes=[
            Route("/", self._file),
            Route("/events", _Events(self)),
            Route("/api/state", self._state),
            Route("/api/openapi.json", self._document),
            Route("/api/v1/sites/{site}/history", self._history),
            Route("/api/v1/{path:path}", self._api),
            Route("/metrics", self._metrics),
            Route("/{name}", self._file),
        ])
        app.router.redirect_slashes = False
        return app

    async def _file(self, request: Request) -> Response:
        content = self._files.get(request.path_params.get("name", "index.html"))
        if content is None:
            return PlainTextResponse("Not Found", 404)
        return Response(content[0], media_type=content[1])

    async def _state(self, request: Request) -> Response:
        return JSONResponse({topic: _decoded(payload) for topic, payload in self._retained().items()})

    async def _document(self, request: Request) -> Response:
        return JSONResponse(api.document())

    async def _api(self, request: Request) -> Response:
        found = api.answer(self._retained(), request.path_params["path"])
        return JSONResponse({"error": "there is none of this name"}, 404) if found is None else JSONResponse(found)

    async def _history(self, request: Request) -> Response:
        asked = api.asked(dict(request.query_params))
        if isinstance(asked, str):
            return JSONResponse({"error": asked}, 400)
        if self._history_of is None or api.answer(self._retained(), f"sites/{request.path_params['site']}") is None:
            return JSONResponse({"error": "there is no history of this site"}, 404)
        try:
            return JSONResponse(await asyncio.to_thread(self._history_of.read, *asked))
        except (sqlite3.Error, OSError) as error:
            return JSONResponse({"error": str(error)}, 503)

    async def _metrics(self, request: Request) -> Response:
        return Response(metrics.text(self._retained()), media_type=metrics.TYPE)

    def _retained(self) -> dict[str, str]:
        with self._lock:
            return dict(self._latest)

    async def stream(self, receive: Receive, send: Send) -> None:
        """One browser's events, until it or we leave."""
        with self._lock:
            client = Client(dict(self._latest))
        self._clients.add(client)
        watcher = asyncio.ensure_future(client.watch(receive))
        try:
            while not client.gone:
                text = client.take() + f"event: quiet\ndata: {self._quiet_ms()}\n\n"
                message: Message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
                await asyncio.wait_for(send(message), SEND_S)
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


class _Events:
    """The stream as an ASGI application: Starlette's own streaming cannot give up on a browser that stopped reading."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET" or self._page.full():
            status = 405 if scope["method"] != "GET" else 503
            await PlainTextResponse("", status, {"retry-after": "10"})(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]})
        await self._page.stream(receive, send)
        await send({"type": "http.response.body", "body": b""})


def _guarded(app: ASGIApp) -> ASGIApp:
    """Every answer, errors included, carries HEADERS."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await app(scope, receive, sent)

    return guarded


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _decoded(payload: str) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return payload  # `status` is a bare word
