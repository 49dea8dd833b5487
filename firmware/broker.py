"""The demo's own MQTT broker (amqtt over TCP), in its own thread with its own loop. In the field: mosquitto.

amqtt is told that its listener is external and gets its streams from here, because only then is the socket ours:
bound before the thread starts, so that a port in use is known at once and a free one can be taken. Its WebSockets
stalled under load and are not offered. Anyone who reaches the port may read and write: bind it to loopback.
"""

import asyncio
import logging
import threading
from typing import Any

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker as Amqtt
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType

from firmware.listen import listen

MOST_CLIENTS = 32
START_S = 10.0
STOP_S = 5.0  # of the thread; the engine itself gets STOP_S - 1


class Engine(Amqtt):  # type: ignore[misc]
    """amqtt 0.12.1 sends whoever connects all that is retained under anybody's subscriptions, before it hears him: who
    says one word and leaves, as mosquitto_pub does, had left by then, and his word was lost.
    """

    async def add_subscription(self, subscription: "tuple[str, int]", session: Any) -> int:
        session.asked_for = {*getattr(session, "asked_for", ()), subscription[0]}
        return int(await super().add_subscription(subscription, session))

    async def _publish_retained_messages_for_subscription(self, subscription: "tuple[str, int]", session: Any) -> None:
        if subscription[0] in getattr(session, "asked_for", ()):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class Broker:
    """`start` returns once clients are served; a stopped broker is not started again."""

    def __init__(self, host: str = "127.0.0.1", port: int = 1883) -> None:
        self._wanted = (host, port)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: Exception | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    def start(self) -> tuple[str, int]:
        """(host, port) it really listens on: another port when the wanted one is in use."""
        assert self._thread is None
        self._socket = listen(*self._wanted, any_port=True)
        host, port = self._socket.getsockname()[:2]
        for name in ("amqtt", "transitions"):  # they report every client that leaves as an error
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_S) or self._error is not None:
            raise RuntimeError(f"the embedded broker did not start: {self._error}")
        return host, port

    def stop(self) -> None:
        """Returns within STOP_S; clients see their connection closed."""
        if self._thread is None or self._loop is None or self._stopping is None or not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        engine = Engine(BrokerConfig(
            listeners={"default": ListenerConfig(type=ListenerType.EXTERNAL)},
            plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        ))
        await engine.start()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._client(engine, reader, writer)

        server = await asyncio.start_server(serve, sock=self._socket)
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await asyncio.wait_for(engine.shutdown(), STOP_S - 1)
        for writer in self._clients:
            writer.close()

    async def _client(self, engine: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MOST_CLIENTS:
            writer.close()
            return
        self._clients.add(writer)
        try:
            await engine.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), "default")
        except (OSError, EOFError):
            pass  # the client left in the middle of something
        finally:
            self._clients.discard(writer)
            writer.close()
