"""What stands before each route of the page's server: who asks, whether it may, and whether its own page asks.

Errors are problem JSON (RFC 9457) with `why`, in words.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from firmware.access.door import Door, Visitor
from firmware.access.roles import ANYBODY, WORDS, Rule
from firmware.access.sessions import proves
from firmware.said import german, said

MOST_BODY = 8_192
BODY_S = 5.0
JSON_TYPE, PROBLEM = "application/json", "application/problem+json"
QUIET = "x-problem-status"  # 200: what is refused comes with that status, its own stands in the body
HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
                               "object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-cache",
}
NO_ACCOUNTS = said("no accounts are configured here: it can only be looked at, from this computer")


class Asked(NamedTuple):
    """A request that may be."""

    request: Request
    visitor: Visitor
    body: "dict[str, Any]"

    @property
    def address(self) -> str:
        return self.request.client.host if self.request.client else ""


Handler = Callable[[Asked], Awaitable[Response]]


class Stop(Exception):
    """Ends a request with a status and why."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        self.status, self.why = status, why
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Guard:
    """`cookie`: the name of the one that holds a session's token; `secure`: served over TLS alone."""

    def __init__(self, door: Door, cookie: str, secure: bool) -> None:
        self.door, self.cookie, self.secure = door, cookie, secure

    def before(self, rule: Rule, handler: Handler) -> "Callable[[Request], Awaitable[Response]]":
        async def guarded(request: Request) -> Response:
            try:
                visitor = await self._visitor(request)
                if visitor.role < rule.role:
                    raise self.refusal(visitor, rule.role)
                if rule.method == "POST":
                    _own(request, visitor, rule)
                    return await handler(Asked(request, visitor, await _body(request)))
                return await handler(Asked(request, visitor, {}))
            except Stop as stop:
                return problem(stop.status, stop.why, stop.headers, quiet(request))

        return guarded

    def token(self, request: Request) -> str:
        return request.cookies.get(self.cookie, "")

    def refusal(self, visitor: Visitor, role: int) -> Stop:
        if visitor.name:
            return Stop(403, said("{} is {}; this is for {}", visitor.name, WORDS[visitor.role], WORDS[role]))
        if self.door.accounts is None:
            return Stop(403, NO_ACCOUNTS)
        return Stop(401, said("log in first"), www_authenticate="Session")

    def still(self, asked: Asked) -> "Callable[[], bool]":
        """Whether who asked is still the same and may look, later on; asking is use of the session."""
        token, host = self.token(asked.request), asked.request.headers.get("host", "")
        program = "" if asked.visitor.session else asked.visitor.name

        def still() -> bool:
            if program:
                return self.door.accounts is not None and program in self.door.accounts.all()
            found = self.door.visitor(token, asked.address, host)
            return found.role > ANYBODY and found.name == asked.visitor.name

        return still

    async def _visitor(self, request: Request) -> Visitor:
        address = request.client.host if request.client else ""
        header = request.headers.get("authorization", "")
        if header and request.method in ("GET", "HEAD"):
            return await asyncio.to_thread(self.door.program, header, address)
        return self.door.visitor(self.token(request), address, request.headers.get("host", ""))


def _own(request: Request, visitor: Visitor, rule: Rule) -> None:
    """Whether the page that asks is ours, and not another one in the same browser."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Stop(403, said("asked by a page of another origin"))
    if site not in (None, "same-origin", "none"):
        raise Stop(403, said("asked by a page of another site"))
    if rule.role > ANYBODY and not (visitor.session and proves(
            visitor.session, request.headers.get("x-csrf-token", ""))):
        raise Stop(403, said("x-csrf-token: missing or not this session's; /api/v1/session tells it"))


def quiet(request: Request) -> bool:
    """Whether a status of its own is not wanted: a browser writes each into its console, as if the page had failed."""
    return request.headers.get(QUIET) == "200"


def problem(status: int, why: str, headers: "Mapping[str, str] | None" = None, quietly: bool = False) -> Response:
    said = {"status": status, "why": why, "why_de": german(why)}
    return JSONResponse(said, 200 if quietly else status, headers, PROBLEM)


def plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail.lower(), error.headers, quiet(request))


async def _body(request: Request) -> "dict[str, Any]":
    """An object of JSON; {} when nothing was sent."""
    try:
        content = await asyncio.wait_for(_read(request), BODY_S)
    except asyncio.TimeoutError:
        raise Stop(408, said("the request did not end")) from None
    if not content:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON_TYPE:
        raise Stop(415, said("allowed is {}", JSON_TYPE))
    try:
        sent = json.loads(content)
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise Stop(400, said("allowed is an object of JSON"))
    return sent


async def _read(request: Request) -> bytes:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BODY:
            raise Stop(413, said("too long; allowed are {} bytes", MOST_BODY))
    return content


def with_headers(app: ASGIApp, secure: bool) -> ASGIApp:
    """Every answer, errors included, carries HEADERS."""
    every = {**HEADERS, "strict-transport-security": "max-age=31536000"} if secure else HEADERS

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(every)
            await send(message)

        await app(scope, receive, sent)

    return guarded
