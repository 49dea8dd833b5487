"""One TLS connection to a smart-meter gateway, whose certificate must be the one it has shown before.

Gateways stand at an address of the customer's network and show certificates of the metering PKI or their own, which no
list of this computer vouches for: the certificate itself is what is trusted (SHA-256), and nothing is sent to another.
"""

import hashlib
import http.client
import ssl
import time
from typing import NamedTuple

from hal.faults import FRAME, REFUSED, TIMEOUT, DeviceError

ANSWER_S = 10.0  # gateways are slow: a handshake alone takes some a second
MOST_S = 60.0  # a whole session
MOST_BYTES = 1 << 20


class Answer(NamedTuple):
    status: int
    headers: "tuple[tuple[str, str], ...]"
    body: bytes

    def all(self, name: str) -> "tuple[str, ...]":
        """The values of a header."""
        return tuple(value for key, value in self.headers if key.lower() == name)


class Transport:
    """What a session talks through: real, or simulated."""

    certificate = ""  # SHA-256 of what the other side has shown, hex; "" before anything was asked

    def ask(self, method: str, path: str, headers: "dict[str, str]", body: bytes) -> Answer:
        """Raises DeviceError within a bounded time."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Https(Transport):
    def __init__(self, host: str, port: int, pinned: str) -> None:
        """`pinned`: SHA-256 of the certificate that is trusted, hex; "" for whichever is shown."""
        self._place = f"{host}:{port}"
        self._pinned = pinned
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the certificate itself is compared, below
        self._connection = http.client.HTTPSConnection(host, port, timeout=ANSWER_S, context=context)
        self._until_s = time.monotonic() + MOST_S

    def ask(self, method: str, path: str, headers: "dict[str, str]", body: bytes) -> Answer:
        if time.monotonic() > self._until_s:
            raise DeviceError(TIMEOUT, f"{self._place}: not done within {MOST_S:g} s")
        try:
            self._open()
            self._connection.request(method, path, body or None, headers)
            got = self._connection.getresponse()
            found = self._read(got)
        except http.client.HTTPException as error:
            raise DeviceError(FRAME, f"{self._place}{path}: {type(error).__name__} {error}") from error
        except (OSError, ValueError) as error:
            raise DeviceError(TIMEOUT, f"{self._place}{path}: {error}") from error
        return Answer(got.status, tuple(got.getheaders()), found)

    def close(self) -> None:
        self._connection.close()

    def _open(self) -> None:
        """Looks at the certificate before a byte is sent; also of a connection that was closed meanwhile."""
        if self._connection.sock is not None:
            return
        self._connection.connect()
        shown = self._connection.sock.getpeercert(binary_form=True)  # type: ignore[attr-defined]
        self.certificate = hashlib.sha256(shown or b"").hexdigest()
        if self._pinned and self.certificate != self._pinned:
            self.close()
            raise DeviceError(REFUSED, f"{self._place} shows another certificate ({self.certificate}) than before "
                                       f"({self._pinned}); nothing was sent to it. If the gateway or its certificate "
                                       "is a new one, say certificate = with the new number")
        self._pinned = self.certificate

    def _read(self, got: http.client.HTTPResponse) -> bytes:
        """Byte by byte is slow, but it ends too."""
        out = b""
        while piece := got.read1(MOST_BYTES):
            out += piece
            if len(out) > MOST_BYTES:
                raise http.client.HTTPException(f"more than {MOST_BYTES} bytes")
            if time.monotonic() > self._until_s:
                raise TimeoutError(f"not done within {MOST_S:g} s")
        if got.length:
            raise http.client.IncompleteRead(out, got.length)
        got.close()  # this answer; the connection stays
        return out
