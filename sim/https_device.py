"""A device behind TLS as gateways are: TLS 1.2 and no newer, a certificate of its own on secp384r1. Not on a board."""

import http.server
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from sim.bank import Lock
from sim.certificate import self_signed
from sim.modbus_slave import ThreadLock

Said = tuple[int, tuple[tuple[str, str], ...], bytes]


class HttpsDevice:
    """`answer(method, path, headers with small names, body)`, one request at a time; until `close`."""

    def __init__(self, host: str, port: int, answer: "Callable[[str, str, dict[str, str], bytes], Said]",
                 lock: "Lock | None" = None) -> None:
        """`lock`: held while it answers. Raises OSError when the port is taken; 0 is any."""
        device = self
        self._answer = answer
        self._lock = lock or ThreadLock()
        self.handshakes = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def setup(self) -> None:
                self.request.do_handshake()
                device.handshakes += 1
                super().setup()

            def do_GET(self) -> None:
                device._said(self)

            def do_POST(self) -> None:
                device._said(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that did not like our certificate."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ecdh_curve("secp384r1")
        certificate, key, self.certificate = self_signed("TSIM0000000001.SMGW")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "both.pem"
            path.touch(0o600)
            path.write_bytes(certificate + key)
            context.load_cert_chain(path)
        self._server = Server((host, port), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="gateway", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _said(self, request: http.server.BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        length = headers.get("content-length", "0")
        body = request.rfile.read(int(length) if length.isdigit() and int(length) <= 65_536 else 0)
        with self._lock:
            status, more, found = self._answer(request.command, request.path, headers, body)
        request.send_response(status)
        for name, value in more:
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(found)))
        request.end_headers()
        request.wfile.write(found)
