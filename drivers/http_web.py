"""One device's documents over HTTP in the house's own network: one connection, kept; digest where it asks for it.

Own code over http.client, because urllib knows no SHA-256 digest (drivers.digest), which is what Shelly asks for.
"""

import http.client
import threading

from drivers import digest
from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError
from hal.ports import Web

ANSWER_S = 1.5
MOST_BYTES = 65_536


class HttpWeb(Web):
    """`user` and `password` are only used where the device asks for them."""

    def __init__(self, host: str, port: int = 80, user: str = "", password: str = "") -> None:
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._connection: "http.client.HTTPConnection | None" = None
        self._challenge: "dict[str, str]" = {}
        self._count = 0
        self._lock = threading.Lock()

    def get(self, path: str) -> bytes:
        with self._lock:
            for _ in range(2):  # the second time with the answer to a new challenge
                status, body, asks = self._once(path)
                if status != 401 or not self._user or not asks:
                    break
                self._challenge, self._count = asks, 0
        if status == 200:
            return body
        words = "user and password are not taken" if status == 401 else http.client.responses.get(status, "")
        raise DeviceError(REFUSED, f"{self._host}{path}: {status} {words}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _once(self, path: str) -> "tuple[int, bytes, dict[str, str]]":
        """A kept connection that was closed meanwhile is opened again, once."""
        kept = self._connection is not None
        try:
            return self._asked(path)
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.close()
            if not kept or isinstance(error, TimeoutError):
                raise self._fault(path, error) from error
        try:
            return self._asked(path)
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.close()
            raise self._fault(path, error) from error

    def _asked(self, path: str) -> "tuple[int, bytes, dict[str, str]]":
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_S)
        headers = {"Authorization": self._authorization(path)} if self._challenge else {}
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise http.client.HTTPException(f"more than {MOST_BYTES} bytes")
        return answer.status, body, digest.challenge(answer.getheader("WWW-Authenticate", ""))

    def _authorization(self, path: str) -> str:
        self._count += 1
        return digest.answer(self._challenge, self._user, self._password, "GET", path, self._count)

    def _fault(self, path: str, error: Exception) -> DeviceError:
        kind = TIMEOUT if isinstance(error, OSError) else FRAME
        return DeviceError(kind, f"{self._host}{path}: {error}")

