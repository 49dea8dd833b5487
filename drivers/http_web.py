"""One device's documents over HTTP in the house's own network: one connection, kept; digest or basic where asked for.

Own code over http.client, because urllib knows no SHA-256 digest (drivers.digest), which is what Shelly asks for.
"""

import base64
import http.client
import threading
import time

from drivers import digest
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.ports import Web

ANSWER_S = 1.5  # longest silence within an answer
MOST_S = 5.0  # for the whole of it, though a byte comes now and then
MOST_BYTES = 65_536
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class HttpWeb(Web):
    """`user` and `password` are only used where the device asks for them."""

    def __init__(self, host: str, port: int = 80, user: str = "", password: str = "") -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._connection: "http.client.HTTPConnection | None" = None
        self._challenge: "dict[str, str]" = {}
        self._basic = False  # it asks for the password itself
        self._count = 0
        self._lock = threading.Lock()

    def get(self, path: str) -> bytes:
        return self._whole("GET", path, None)

    def post(self, path: str, form: str) -> bytes:
        return self._whole("POST", path, form)

    def put(self, path: str, form: str) -> bytes:
        return self._whole("PUT", path, form)

    def _whole(self, method: str, path: str, form: "str | None") -> bytes:
        with self._lock:
            for _ in range(2):  # the second time with the answer to a new challenge
                status, body, asks = self._once(method, path, form)
                basic, challenge = asks.lower().startswith("basic"), digest.challenge(asks)
                if status != 401 or not self._user or not (basic or challenge):
                    break
                self._basic, self._challenge, self._count = basic, challenge, 0
        if status == 200:
            return body
        words = "user and password are not taken" if status == 401 else http.client.responses.get(status, "")
        raise DeviceError(REFUSED, f"{self._host}{path}: {status} {words}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _once(self, method: str, path: str, form: "str | None") -> "tuple[int, bytes, str]":
        """A kept connection that was closed meanwhile is opened again, once."""
        kept = self._connection is not None
        try:
            return self._asked(method, path, form)
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.close()
            if not kept or isinstance(error, TimeoutError):
                raise self._fault(path, error) from error
        try:
            return self._asked(method, path, form)
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.close()
            raise self._fault(path, error) from error

    def _asked(self, method: str, path: str, form: "str | None") -> "tuple[int, bytes, str]":
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_S)
        headers = {} if form is None else {"Content-Type": JSON if form.startswith("{") else FORM}
        if self._basic or self._challenge:
            headers["Authorization"] = self._authorization(method, path)
        self._connection.request(method, path, form, headers)
        answer = self._connection.getresponse()
        body, until_s = b"", time.monotonic() + MOST_S
        while piece := answer.read1(MOST_BYTES):
            body += piece
            if len(body) > MOST_BYTES:
                raise http.client.HTTPException(f"more than {MOST_BYTES} bytes")
            if time.monotonic() > until_s:
                raise TimeoutError(f"not whole within {MOST_S:g} s")
        if answer.length:
            raise http.client.IncompleteRead(body, answer.length)
        answer.close()  # the connection stays
        return answer.status, body, answer.getheader("WWW-Authenticate", "")

    def _authorization(self, method: str, path: str) -> str:
        if self._basic:
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        self._count += 1
        return digest.answer(self._challenge, self._user, self._password, method, path, self._count)

    def _fault(self, path: str, error: Exception) -> DeviceError:
        kind = TIMEOUT if isinstance(error, OSError) else FRAME
        return DeviceError(kind, f"{self._host}{path}: {error}")

