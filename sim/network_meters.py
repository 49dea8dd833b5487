"""Meters on the network: a multicast sender and an HTTP device with digest, as the real ones speak. Not on a board."""

import base64
import hashlib
import http.server
import os
import socket
import threading
from collections.abc import Callable

TTL = 1
DIGEST = "SHA-256"
MOST_FORM = 4_096


class MulticastSender:
    """Sends datagrams to a group out of one interface."""

    def __init__(self, group: str, port: int, interface: str) -> None:
        self._place = (group, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, TTL)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        if interface:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))

    def send(self, datagram: bytes) -> None:
        self._socket.sendto(datagram, self._place)

    def close(self) -> None:
        self._socket.close()


class HttpDevice:
    """Serves `documents()` by path, to whoever knows user and password; without a user to everybody."""

    def __init__(self, host: str, port: int, documents: "Callable[[], dict[str, bytes]]", user: str = "",
                 password: str = "", posted: "Callable[[str, bytes], bytes | None] | None" = None) -> None:
        """`posted`: what it says to a form; then it asks for the password itself, and only for those.

        Raises OSError when the port is taken; 0 is any.
        """
        device = self
        self.asked = 0
        self._closed = False
        self._documents = documents
        self._user = user
        self._secret = f"{user}:shelly:{password}"
        self._posted = posted
        self._plain = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._nonce = os.urandom(8).hex()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_GET(self) -> None:
                device._answer(self)

            def do_POST(self) -> None:
                device._take(self)

            def do_PUT(self) -> None:
                device._take(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="http meter", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Kept connections end at their next request."""
        self._closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def forget(self) -> None:
        """A new nonce: whoever is known has to prove it anew."""
        self._nonce = os.urandom(8).hex()

    def _answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.asked += 1
        if self._closed:
            request.close_connection = True
            return
        if self._user and not self._posted and not self._known(request.path, request.headers.get("Authorization", "")):
            request.send_response(401)
            request.send_header("WWW-Authenticate", f'Digest qop="auth", realm="shelly", nonce="{self._nonce}", '
                                                    f"algorithm={DIGEST}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        self._say(request, self._documents().get(request.path))

    def _take(self, request: http.server.BaseHTTPRequestHandler) -> None:
        form = request.rfile.read(min(int(request.headers.get("Content-Length", "0")), MOST_FORM))
        if self._user and request.headers.get("Authorization", "") != self._plain:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="dtu"')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        self._say(request, self._posted(request.path, form) if self._posted else None)

    def _say(self, request: http.server.BaseHTTPRequestHandler, body: "bytes | None") -> None:
        request.send_response(404 if body is None else 200)
        request.send_header("Content-Length", str(len(body or b"")))
        request.end_headers()
        request.wfile.write(body or b"")

    def _known(self, path: str, header: str) -> bool:
        parts = {}
        for part in header.partition(" ")[2].split(","):
            name, _, value = part.strip().partition("=")
            parts[name] = value.strip('"')
        who, what = _sha(self._secret), _sha(f"GET:{path}")
        made = _sha(f"{who}:{self._nonce}:{parts.get('nc')}:{parts.get('cnonce')}:auth:{what}")
        return parts.get("response") == made and parts.get("uri") == path


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
