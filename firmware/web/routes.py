"""The routes of the page's server as Starlette has them, each behind the role that firmware.access.roles asks for.

No route is there that the table does not name.
"""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from firmware import decisions
from firmware.access.door import Refused
from firmware.access.roles import COMMANDS, RULES, WORDS
from firmware.desk import Full
from firmware.history import History
from firmware.said import said
from firmware.web import api, api_document, metrics
from firmware.web.guard import NO_ACCOUNTS, Asked, Guard, Stop, plain, quiet, with_headers

if TYPE_CHECKING:
    from firmware.backup import Backup

SEND_S = 15.0  # a browser that takes nothing for this long is gone
NOTHING_KEPT = Response(status_code=204)  # of a site that is there: no error in a browser's console
ANSWER_S = 5.0  # until a decision has taken what was set; the slowest cycle is 5 s, and a command wakes it


class Orders(Protocol):
    """Who takes what is set: the decision, or a broker it is passed on to."""

    def order(self, topic: str, payload: bytes, by: str) -> "Future[str]": ...


class House(NamedTuple):
    """What is there of one site beside what it has published."""

    history: "History | None" = None
    orders: "Orders | None" = None
    setup: "Callable[[], dict[str, Any]] | None" = None
    backup: "Callable[[], Backup | None] | None" = None  # None: one is being made already


class Told(Protocol):
    """The page's outbox."""

    def file(self, name: str) -> "tuple[bytes, str] | None": ...

    def retained(self) -> "dict[str, str]": ...

    def full(self) -> bool: ...

    async def stream(self, receive: Receive, send: Send, name: str, still: "Callable[[], bool]") -> None: ...


class Stream(Response):
    """The event stream: Starlette's own streaming cannot give up on a browser that stopped reading."""

    def __init__(self, page: Told, name: str, still: "Callable[[], bool]") -> None:
        super().__init__()
        self._page, self._name, self._still = page, name, still

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]})
        await self._page.stream(receive, send, self._name, self._still)
        await send({"type": "http.response.body", "body": b""})


class Download(Response):
    """A backup while it is made; a browser that takes nothing loses it."""

    def __init__(self, backup: "Backup", name: str) -> None:
        super().__init__()
        self._backup, self._name = backup, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [
                (b"content-type", b"application/gzip"),
                (b"content-disposition", f'attachment; filename="{self._name}"'.encode())]})
            chunks = self._backup.chunks()
            while chunk := await asyncio.to_thread(next, chunks, b""):
                await asyncio.wait_for(send({"type": "http.response.body", "body": chunk, "more_body": True}), SEND_S)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._backup.close()


class Routes:
    """The handlers by their names in the table. `houses` by slug; more may come while it runs."""

    def __init__(self, page: Told, houses: "Mapping[str, House]", guard: Guard) -> None:
        self._page, self._houses, self._guard, self._door = page, houses, guard, guard.door

    def app(self) -> ASGIApp:
        routes = [Route(rule.path, self._guard.before(rule, getattr(self, rule.handler)), methods=[rule.method])
                  for rule in RULES]
        app = Starlette(routes=routes, exception_handlers={HTTPException: plain})
        app.router.redirect_slashes = False
        return with_headers(app, self._guard.secure)

    # the session

    async def login(self, asked: Asked) -> Response:
        name, password = asked.body.get("user"), asked.body.get("password")
        if self._door.accounts is None:
            raise Stop(404, NO_ACCOUNTS)
        if not (isinstance(name, str) and isinstance(password, str) and set(asked.body) == {"user", "password"}):
            raise Stop(400, said("allowed is {}", '{"user": text, "password": text}'))
        found = await asyncio.to_thread(self._door.login, name, password, asked.address)
        if isinstance(found, Refused):
            if found.wait_s:
                raise Stop(429, said("too many failed logins; try again in {} s", found.wait_s),
                           retry_after=str(found.wait_s))
            raise Stop(401, said("wrong user or password"), www_authenticate="Session")
        token, account, session = found
        print(f"page: {account.name} has logged in from {asked.address}", file=sys.stderr, flush=True)
        assert self._door.sessions is not None
        answer = JSONResponse({"user": account.name, "role": WORDS[account.role], "csrf": session.csrf})
        answer.set_cookie(self._guard.cookie, token, max_age=self._door.sessions.longest_s, path="/", httponly=True,
                          samesite="strict", secure=self._guard.secure)
        return answer

    async def session(self, asked: Asked) -> Response:
        """Of who has not logged in the role is what guests may, null for nothing. No content: there are no accounts."""
        if self._door.accounts is None:
            return Response(status_code=204)
        visitor = asked.visitor
        return JSONResponse({"user": visitor.name or None, "role": WORDS.get(visitor.role),
                             "csrf": visitor.session.csrf if visitor.session else None})

    async def logout(self, asked: Asked) -> Response:
        self._door.logout(self._guard.token(asked.request))
        answer = JSONResponse({"user": None, "role": None, "csrf": None})
        answer.delete_cookie(self._guard.cookie, path="/", httponly=True, samesite="strict", secure=self._guard.secure)
        return answer

    # what is told

    async def file(self, asked: Asked) -> Response:
        content = self._page.file(asked.request.path_params.get("name", "index.html"))
        if content is None:
            raise Stop(404, said("there is none of this name"))
        return Response(content[0], media_type=content[1])

    async def events(self, asked: Asked) -> Response:
        if self._page.full():
            raise Stop(503, said("too many pages are open"), retry_after="10")
        return Stream(self._page, asked.visitor.name, self._guard.still(asked))

    async def state(self, asked: Asked) -> Response:
        return JSONResponse({topic: _decoded(payload) for topic, payload in self._page.retained().items()})

    async def document(self, asked: Asked) -> Response:
        return JSONResponse(api_document.document())

    async def read(self, asked: Asked) -> Response:
        found = api.answer(self._page.retained(), asked.request.path_params["path"])
        if found is None:
            raise Stop(404, said("there is none of this name"))
        return JSONResponse(found)

    async def metrics(self, asked: Asked) -> Response:
        return Response(metrics.text(self._page.retained()), media_type=metrics.TYPE)

    async def history(self, asked: Asked) -> Response:
        found = api.asked(dict(asked.request.query_params))
        if isinstance(found, str):
            raise Stop(400, found)
        history = self._house(asked).history
        if history is None:
            return NOTHING_KEPT
        return JSONResponse(await _read(history.read, *found))

    async def decisions(self, asked: Asked) -> Response:
        wanted = decisions.asked(dict(asked.request.query_params))
        if isinstance(wanted, str):
            raise Stop(400, wanted)
        history = self._house(asked).history
        if history is None:
            return NOTHING_KEPT
        return JSONResponse([entry.told() for entry in await _read(history.decisions, wanted)])

    async def setup(self, asked: Asked) -> Response:
        setup = self._house(asked).setup
        if setup is None:
            return NOTHING_KEPT  # the configuration is known where the site is run
        return JSONResponse(await asyncio.to_thread(setup))

    async def backup(self, asked: Asked) -> Response:
        house = self._house(asked)
        if house.backup is None:
            raise Stop(404, said("a backup is made where the site is run, not here"))
        made = await _read(house.backup)
        if made is None:
            raise Stop(503, said("one is being made already"), retry_after="30")
        print(f"page: {asked.visitor.name} takes a backup to {asked.address}", file=sys.stderr, flush=True)
        return Download(made, f"{asked.request.path_params['site']}-{time.strftime('%Y-%m-%d')}.tar.gz")

    def _house(self, asked: Asked) -> House:
        site = asked.request.path_params["site"]
        if site not in self._houses or api.answer(self._page.retained(), f"sites/{site}") is None:
            raise Stop(404, said("there is no site of this name"))
        return self._houses[site]

    # what is set

    async def set_device(self, asked: Asked) -> Response:
        return await self._set(asked, asked.request.path_params["device"])

    async def set_site(self, asked: Asked) -> Response:
        return await self._set(asked, "site")

    async def _set(self, asked: Asked, place: str) -> Response:
        """The answer of the decision, as the broker gets it; 400 when it refuses."""
        what, site = asked.request.path_params["what"], asked.request.path_params["site"]
        role = COMMANDS.get(what)
        if role is None:
            raise Stop(404, said("there is no {} to set; known are {}", what[:40], ", ".join(COMMANDS)))
        if asked.visitor.role < role:
            raise self._guard.refusal(asked.visitor, role)
        house = self._house(asked)
        if house.orders is None:
            raise Stop(403, said("nothing can be set: the configuration has no [commands]"))
        payload = json.dumps(asked.body, separators=(",", ":"), ensure_ascii=False).encode()
        try:
            order = house.orders.order(f"hutschiene/{site}/{place}/set/{what}", payload, asked.visitor.name)
            answer = await asyncio.wait_for(asyncio.wrap_future(order), ANSWER_S)
        except Full:
            raise Stop(503, said("too much waits to be set"), retry_after="5") from None
        except asyncio.TimeoutError:
            raise Stop(504, said("no answer; nothing may have been set")) from None
        told = json.loads(answer)
        return JSONResponse(told, 200 if told.get("ok") or quiet(asked.request) else 400)


async def _read(read: "Callable[..., Any]", *wanted: object) -> Any:
    """Beside the server's loop; a disk may take its time."""
    try:
        return await asyncio.to_thread(read, *wanted)
    except (sqlite3.Error, OSError) as error:
        raise Stop(503, str(error)) from error


def _decoded(payload: str) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return payload  # `status` is a bare word
