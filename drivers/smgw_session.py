"""One session with a smart-meter gateway: digest, cookie, and a login that is tried once and counted."""

from urllib.parse import urlencode

from drivers import digest
from drivers.smgw_account import Account
from drivers.smgw_https import Answer, Transport
from hal.faults import FRAME, REFUSED, DeviceError

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TOO_MANY = 429
MOST_COOKIES = 8
MOST_ASKED = 60  # requests in a session


class Session:
    """From the first request until the transport is closed.

    The first answer is the gateway's challenge; the request that answers it is the login. Refused, it is never sent
    again in this session. Once it was taken, a new challenge is a nonce that has run out, and is answered once.
    """

    def __init__(self, transport: Transport, account: Account, user: str, password: str, force_md5: bool) -> None:
        self._transport = transport
        self._account = account
        self._user = user
        self._password = password
        self._force_md5 = force_md5
        self._challenge: "dict[str, str]" = {}
        self._count = 0
        self._asked = 0
        self._counted = False  # this session's login, as one that may fail
        self._taken = False
        self._cookies: "dict[str, str]" = {}
        self.refused = False

    def get(self, path: str) -> Answer:
        return self._request("GET", path, "", b"")

    def post(self, path: str, kind: str, body: bytes) -> Answer:
        return self._request("POST", path, kind, body)

    def form(self, path: str, fields: "dict[str, str]") -> Answer:
        return self.post(path, FORM, urlencode(fields).encode())

    def has_cookie(self, name: str) -> bool:
        return bool(self._cookies.get(name))

    def _request(self, method: str, path: str, kind: str, body: bytes) -> Answer:
        if self.refused:
            raise DeviceError(REFUSED, f"{path}: not asked any more, the login was refused")
        got = self._send(method, path, kind, body)
        for _ in range(2):
            asks = _asks(got)
            if got.status != 401 or not asks or not self._may_answer(asks):
                break
            self._challenge, self._count = asks, 0
            got = self._send(method, path, kind, body)
        return self._judged(got, path)

    def _may_answer(self, asks: "dict[str, str]") -> bool:
        """Never the same login against the same word again."""
        if not self._challenge:
            return True
        stale = asks.get("stale", "").lower() == "true"
        return (stale or self._taken) and asks.get("nonce") != self._challenge.get("nonce")

    def _send(self, method: str, path: str, kind: str, body: bytes) -> Answer:
        self._asked += 1
        if self._asked > MOST_ASKED:
            raise DeviceError(FRAME, f"more than {MOST_ASKED} requests in a session")
        headers = {"Accept": "*/*", "Connection": "keep-alive"}
        if kind:
            headers["Content-Type"] = kind
            headers["X-Content-Length"] = str(len(body))  # what a CONEXA counts
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if self._challenge:
            headers["Authorization"] = self._login(method, path)
        got = self._transport.ask(method, path, headers, body)
        self._remember(got)
        return got

    def _login(self, method: str, path: str) -> str:
        if not self._taken and not self._counted:
            self._counted = True
            self._account.trying()
        self._count += 1
        asks = {**self._challenge, "algorithm": "MD5"} if self._force_md5 else self._challenge
        return digest.answer(asks, self._user, self._password, method, path, self._count)

    def _judged(self, got: Answer, path: str) -> Answer:
        if got.status in (401, 403):
            if self._taken:
                self._account.trying()  # struck out before
            self.refused = True
            why = "asks for no digest" if not self._challenge else "user and password are not taken"
            raise DeviceError(REFUSED, f"{path}: {got.status}, {why}")
        if self._challenge and not self._taken and got.status < 500 and got.status != TOO_MANY:
            self._taken = True
            self._account.taken()
        if got.status not in (200, 307):
            raise DeviceError(REFUSED, f"{path}: {got.status}")
        return got

    def _remember(self, got: Answer) -> None:
        for header in got.all("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            if name.strip() and len(header) <= digest.MOST_CHARACTERS and len(self._cookies) < MOST_COOKIES:
                self._cookies[name.strip()] = value.strip()


def _asks(got: Answer) -> "dict[str, str]":
    """The first challenge that can be answered."""
    return next((asks for header in got.all("www-authenticate") if (asks := digest.challenge(header))), {})
