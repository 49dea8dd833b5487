"""Messages to real servers on this computer: ntfy over HTTP, e-mail over SMTP with TLS, Telegram through a proxy."""

import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from firmware.notices.sender import Sender
from firmware.notices.services import Service
from firmware.notices.watcher import Notice

ROOT = Path(__file__).resolve().parents[2]
NOTICE = Notice("Haus: der Zähler antwortet nicht", "Kabel prüfen.", True, False)
TOKEN = "123456789:AAsecretsecretsecretsecretsecretsec"


def until(true: Callable[[], object], what: str, seconds: float = 40.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Web:
    """Takes whatever is posted; a CONNECT to any host ends in its own TLS, as Telegram's would."""

    def __init__(self, folder: Path) -> None:
        self.heard: "list[tuple[str, Any]]" = []
        self.status = 200
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-keyout", folder / "key", "-out", folder / "cert",
                        "-addext", "subjectAltName=DNS:api.telegram.org"], check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(folder / "cert", folder / "key")
        self.cert = folder / "cert"
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                self.send_response(200)
                self.end_headers()
                secure = web.tls.wrap_socket(self.connection, server_side=True)
                Handler(secure, self.client_address, self.server)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                web.heard.append((self.path, json.loads(body)))
                answer = b'{"ok": true, "result": {}}' if web.status == 200 else b'{"error": "no"}'
                self.send_response(web.status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Not to standard error."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def web(tmp_path: Path) -> "Iterator[Web]":
    made = Web(tmp_path)
    yield made
    made.close()


class Post:
    """An SMTP server that wants STARTTLS and a login."""

    def __init__(self, web: Web) -> None:
        self.letters: "list[Any]" = []
        self.logins: "list[tuple[bytes, bytes]]" = []

        def check(_server: object, _session: object, _envelope: object, _: object, said: LoginPassword) -> AuthResult:
            self.logins.append((said.login, said.password))
            return AuthResult(success=said.password == b"letterbox")

        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, require_starttls=True,
                                      tls_context=web.tls, authenticator=check, auth_required=True)
        self._controller.start()

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def close(self) -> None:
        self._controller.stop()


def sent(*urls: str) -> "tuple[Sender, float | None]":
    """What a sender made of the notice."""
    sender = Sender(tuple(Service(f"line {number}", url) for number, url in enumerate(urls, 1)))
    sender.send(NOTICE)
    return sender, sender.turn()


def test_ntfy_is_told_what_is_wrong_and_what_to_do(web: Web) -> None:
    sender, left = sent(f"ntfy://127.0.0.1:{web.port}/cabinet")
    assert (left, sender.fault) == (None, "")
    (_, said), = web.heard
    assert (said["topic"], said["title"], said["message"]) == ("cabinet", NOTICE.title, NOTICE.text)


def test_who_does_not_take_it_is_tried_again_alone_and_named_without_secrets(web: Web) -> None:
    web.status = 500
    gone = "ntfy://secretuser:secretword@127.0.0.1:9/topic"
    sender, left = sent(f"ntfy://127.0.0.1:{web.port}/cabinet", gone)
    assert left is not None
    assert left > 20
    assert sender.fault.startswith("line 1: ")
    assert "line 2: " in sender.fault
    assert "secret" not in sender.fault


def test_an_e_mail_goes_over_tls_after_a_login(web: Web) -> None:
    post = Post(web)
    address = f"mailtos://anna:letterbox@127.0.0.1:{post.port}?mode=starttls&from=house@example.com&to=anna@example.com"
    try:
        sender, left = sent(address + "&verify=no")
        assert (left, sender.fault) == (None, "")
        letter, = post.letters
        assert (letter["subject"], letter["to"]) == (NOTICE.title, "anna@example.com")
        assert NOTICE.text in letter.get_body(("plain", "html")).get_content()
        assert post.logins == [(b"anna", b"letterbox")]
        sender, left = sent(address)  # a certificate nobody has signed for this name
        assert (left is not None, "letterbox" in sender.fault) == (True, False)
        assert len(post.letters) == 1
    finally:
        post.close()


def test_telegram_is_told(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{web.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(web.cert))
    sender, left = sent(f"tgram://{TOKEN}/47114711")
    assert (left, sender.fault) == (None, "")
    (path, said), = web.heard
    assert path == f"/bot{TOKEN}/sendMessage"
    assert str(said["chat_id"]) == "47114711"
    assert NOTICE.title in said["text"]


def test_a_thread_of_its_own_sends_and_ends_in_time(web: Web) -> None:
    silent = socket.create_server(("127.0.0.1", 0))  # takes the connection and says nothing
    sender = Sender((Service("line 1", f"ntfy://127.0.0.1:{web.port}/a"),
                     Service("line 2", f"ntfy://127.0.0.1:{silent.getsockname()[1]}/b")))
    sender.start()
    sender.send(NOTICE)
    until(lambda: web.heard, "the one that listens is told")
    begun_s = time.monotonic()
    sender.stop()
    assert time.monotonic() - begun_s < 5
    silent.close()


def notify(folder: Path, web: Web, *lines: str) -> "tuple[Path, dict[str, str]]":
    (folder / "notify").write_text("\n".join(lines) + "\n")
    (folder / "notify").chmod(0o600)
    text = (ROOT / "deploy" / "demo.toml").read_text()
    (folder / "site.toml").write_text(text + f'\n[notify]\nservices = "{folder}/notify"\n')
    return folder / "site.toml", {**os.environ, "HTTPS_PROXY": f"http://127.0.0.1:{web.port}",
                                  "REQUESTS_CA_BUNDLE": str(web.cert)}


def firmware(*arguments: str, env: "dict[str, str]") -> "tuple[int, str]":
    done = subprocess.run([sys.executable, "-m", "firmware", *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, env=env)
    return done.returncode, done.stdout + done.stderr


def test_one_message_is_sent_to_try_it(web: Web, tmp_path: Path) -> None:
    path, env = notify(tmp_path, web, "# who", f"ntfy://127.0.0.1:{web.port}/cabinet", f"tgram://{TOKEN}/47114711")
    assert firmware("notify", str(path), "--test", env=env) == (0, "line 2 (ntfy): told\nline 3 (tgram): told\n")
    assert len(web.heard) == 2
    web.status = 403
    code, said = firmware("notify", str(path), "--test", env=env)
    assert (code, "told" not in said, TOKEN not in said) == (1, True, True)


def test_check_names_an_address_that_is_none(web: Web, tmp_path: Path) -> None:
    path, env = notify(tmp_path, web, "tgram://secretsecret")
    code, said = firmware("check", str(path), env=env)
    assert (code, said) == (1, f"{tmp_path}/notify: line 1 (tgram): not understood as an address of that service\n")
    path, env = notify(tmp_path, web, f"ntfy://127.0.0.1:{web.port}/cabinet")
    assert firmware("check", str(path), env=env)[0] == 0
