"""Who may do what over HTTP: every route and every command, by every role, on the real server."""

import http.client
import io
import json
import ssl
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from firmware.access import accounts as accounts_module
from firmware.access.accounts import Accounts
from firmware.access.door import Door
from firmware.access.roles import COMMANDS, INSTALLER, NAMES, OWNER, RULES, VIEWER
from firmware.checks.facts import setup
from firmware.config.file import load
from firmware.config.tables import HistoryTable
from firmware.desk import Desk
from firmware.history_store import HistoryStore
from firmware.outside import _backup
from firmware.web.guard import MOST_BODY
from firmware.web.page import Page, Place
from firmware.web.routes import House
from sim.certificate import self_signed

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "roof over all"
STATE = json.dumps({"name": "Home", "grid_w": 5, "alarms": [], "up_s": 5, "broker": None, "cycle_ms": 1_000,
                    **{part + "_w": None for part in ("pv", "storage", "house", "cars", "heat", "surplus")}})
SET = "/api/v1/sites/home/devices/car/set/mode"
NOBODY = ""


class Answer(NamedTuple):
    status: int
    headers: "dict[str, str]"
    said: Any


class Server:
    """A page with one account of each role, and a decision that says yes to all that reaches it."""

    def __init__(self, folder: Path, guests: bool = False, **place: str) -> None:
        self.accounts = Accounts(folder / "accounts")
        for name, role in NAMES.items():
            self.accounts.put(name, role, PASSWORD)
        self.obeyed: "list[tuple[str, bytes, str]]" = []
        self.woken = threading.Event()
        self.desk = Desk(self.woken.set)
        self.houses = {"home": House(orders=self.desk)}
        self.page = Page(Place("127.0.0.1", 0, **place), self.houses, Door(self.accounts, guests))
        self.page.publish("hutschiene/home/site/state", STATE)
        self.page.start()
        self.port = int(self.page.url.rsplit(":", 1)[1])
        self._stopping = False
        self._deciding = threading.Thread(target=self._decide, daemon=True)
        self._deciding.start()

    def _decide(self) -> None:
        while not self._stopping:
            self.woken.wait()
            self.woken.clear()
            for order in self.desk.taken():
                self.obeyed.append((order.message.topic, order.message.payload, order.by))
                value = json.loads(order.message.payload).get("value")
                order.answer.set_result(json.dumps({"ok": value != "fest", "value": value}))

    def ask(self, method: str, path: str, body: "bytes | None" = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            client.request(method, path, body, named)
            answer = client.getresponse()
            told = {key.lower(): value for key, value in answer.getheaders()}
            content = b"" if told.get("content-type", "").startswith("text/event-stream") else answer.read()
            is_json = "json" in told.get("content-type", "")
            return Answer(answer.status, told, json.loads(content) if is_json else content)
        finally:
            client.close()

    def post(self, path: str, said: object, **headers: str) -> Answer:
        return self.ask("POST", path, json.dumps(said).encode(), content_type="application/json", **headers)

    def login(self, name: str) -> "dict[str, str]":
        """The headers of a page of ours after its login; those of nobody for ""."""
        if not name:
            return {}
        answer = self.post("/api/v1/login", {"user": name, "password": PASSWORD})
        assert (answer.status, answer.said["role"]) == (200, name)
        return {"cookie": answer.headers["set-cookie"].partition(";")[0], "x_csrf_token": answer.said["csrf"]}

    def close(self) -> None:
        self._stopping = True
        self.woken.set()
        self.page.close()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Callable[..., Server]]":
    monkeypatch.setattr(accounts_module, "LANES", 1)
    made: "list[Server]" = []

    def make(**more: Any) -> Server:
        made.append(Server(tmp_path, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def path_of(path: str) -> str:
    """One that a rule is for."""
    for name, value in (("{site}", "home"), ("{device}", "car"), ("{what}", "mode"), ("{name}", "app.js"),
                        ("{path:path}", "sites")):
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("name", [NOBODY, *NAMES])
def test_every_route_is_open_to_its_roles_and_closed_to_all_others(server: "Callable[..., Server]", name: str) -> None:
    house = server()
    role = NAMES.get(name, 0)
    for rule in RULES:
        headers = house.login(name)
        answer = house.ask(rule.method, path_of(rule.path), **headers) if rule.method == "GET" else house.post(
            path_of(rule.path), {}, **headers)
        refused = answer.status in (401, 403)
        needed = "anybody" if rule.path == "/api/v1/login" else rule.role
        assert refused == (needed != "anybody" and role < rule.role), (name, rule, answer)
        if refused:
            assert answer.status == (403 if name else 401)
            assert answer.headers["content-type"] == "application/problem+json"
            assert set(answer.said) == {"status", "why", "why_de"}
        assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", [NOBODY, *NAMES])
def test_every_command_is_open_to_its_roles_and_closed_to_all_others(server: "Callable[..., Server]",
                                                                     name: str) -> None:
    house = server()
    headers, expected = house.login(name), []
    for place in ("devices/car/set", "set"):
        for what, role in COMMANDS.items():
            answer = house.post(f"/api/v1/sites/home/{place}/{what}", {"value": 1, "for_s": 60}, **headers)
            if NAMES.get(name, 0) >= role:
                assert (answer.status, answer.said) == (200, {"ok": True, "value": 1})
                topic = f"hutschiene/home/{'car' if 'car' in place else 'site'}/set/{what}"
                expected.append((topic, b'{"value":1,"for_s":60}', name))
            else:
                assert answer.status == (403 if name else 401)
    assert house.obeyed == expected


def test_what_nobody_has_named_is_not_there(server: "Callable[..., Server]") -> None:
    house = server()
    headers = house.login("installer")
    for path in ("/api/v1/sites/home/devices/car/set/reading", "/api/v1/sites/home/set/interval_s",
                 "/api/v1/sites/other/set/mode"):
        assert house.post(path, {"value": 1}, **headers).status == 404
    for method, path in (("PUT", SET), ("DELETE", SET), ("GET", SET + "/x"), ("POST", "/"), ("PATCH", "/api/v1/login"),
                         ("GET", "/api/v2/sites"), ("OPTIONS", "/api/state"), ("TRACE", "/")):
        assert house.ask(method, path, **headers).status in (404, 405), (method, path)
    assert house.obeyed == []


def test_a_refusal_of_the_decision_comes_back_in_its_words(server: "Callable[..., Server]") -> None:
    house = server()
    answer = house.post(SET, {"value": "fest"}, **house.login("owner"))
    assert (answer.status, answer.said) == (400, {"ok": False, "value": "fest"})


def test_who_asks_for_it_is_refused_with_200_and_the_status_in_the_body(server: "Callable[..., Server]") -> None:
    """For the page: each other status is an error in the browser's console. Refused it is all the same."""
    house, quiet = server(), {"x_problem_status": "200"}
    wrong = house.post("/api/v1/login", {"user": "owner", "password": "wrong password"}, **quiet)
    assert (wrong.status, wrong.headers["content-type"], wrong.said["status"]) == (200, "application/problem+json", 401)
    assert "set-cookie" not in wrong.headers
    inside = {**house.login("owner"), **quiet}
    answer = house.post(SET, {"value": "fest"}, **inside)
    assert (answer.status, answer.said) == (200, {"ok": False, "value": "fest"})
    for path in ("/api/v1/sites/other/setup", "/no/such"):
        found = house.ask("GET", path, **inside)
        assert (found.status, found.said["status"]) == (200, 404)
    viewer = house.post(SET, {"value": "fast"}, **{**house.login("viewer"), **quiet})
    assert (viewer.status, viewer.said["status"]) == (200, 403)
    assert [payload for _, payload, _ in house.obeyed] == [b'{"value":"fest"}']
    assert house.ask("GET", "/no/such", **{**inside, "x_problem_status": "204"}).status == 404


@pytest.mark.parametrize(("headers", "status"), [
    ({"x_csrf_token": ""}, 403), ({"x_csrf_token": "wrong"}, 403), ({"cookie": "hutschiene_1=x"}, 401),
    ({"origin": "http://evil.example.com"}, 403), ({"sec_fetch_site": "cross-site"}, 403), ({"origin": "null"}, 403),
    ({"sec_fetch_site": "same-site"}, 403), ({"content_type": "text/plain"}, 415),
    ({"content_type": "application/x-www-form-urlencoded"}, 415), ({"sec_fetch_site": "same-origin"}, 200),
])
def test_another_page_in_the_same_browser_sets_nothing(server: "Callable[..., Server]", headers: "dict[str, str]",
                                                       status: int) -> None:
    house = server()
    all_of_them = {"content_type": "application/json", **house.login("owner"), **headers}
    assert house.ask("POST", SET, b'{"value":"fast"}', **all_of_them).status == status
    assert len(house.obeyed) == (status == 200)


def test_the_csrf_of_another_session_is_not_taken(server: "Callable[..., Server]") -> None:
    house = server()
    one, other = house.login("owner"), house.login("owner")
    assert house.post(SET, {"value": 1}, **{**one, "x_csrf_token": other["x_csrf_token"]}).status == 403


@pytest.mark.parametrize(("body", "status"), [
    (b"[1]", 400), (b"{", 400), (b"[" * 4_000, 400), (b"x" * (MOST_BODY + 1), 413), (b'{"value":"' + b"\xff" * 9, 400),
])
def test_a_body_that_is_no_object_or_too_long_is_refused(server: "Callable[..., Server]", body: bytes,
                                                         status: int) -> None:
    house = server()
    answer = house.ask("POST", SET, body, content_type="application/json", **house.login("owner"))
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_session_comes_in_a_cookie_no_script_reads_and_goes_with_the_logout(server: "Callable[..., Server]") -> None:
    house = server()
    answer = house.post("/api/v1/login", {"user": "owner", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in (f"hutschiene_{house.port}=", "httponly", "samesite=strict", "path=/"))
    assert set(answer.said) == {"user", "role", "csrf"}
    headers = {"cookie": answer.headers["set-cookie"].partition(";")[0], "x_csrf_token": answer.said["csrf"]}
    assert house.ask("GET", "/api/v1/session", **headers).said == answer.said
    assert house.ask("POST", "/api/v1/logout", **{**headers, "x_csrf_token": "x"}).status == 403
    out = house.ask("POST", "/api/v1/logout", **headers)
    assert (out.status, "max-age=0" in out.headers["set-cookie"].lower()) == (200, True)
    assert house.ask("GET", "/api/v1/session", **headers).said == {"user": None, "role": None, "csrf": None}
    assert house.ask("GET", "/api/state", **headers).status == 401


def test_wrong_passwords_are_the_same_for_who_is_there_and_who_is_not_and_then_wait(
        server: "Callable[..., Server]", capfd: pytest.CaptureFixture[str]) -> None:
    house = server()
    wrong = [house.post("/api/v1/login", {"user": name, "password": "wrong password"}) for name in ("owner", "nobody")]
    assert [(one.status, one.said) for one in wrong] == [
        (401, {"status": 401, "why": "wrong user or password", "why_de": "Konto oder Passwort ist falsch"})] * 2
    for said in ({"user": "owner"}, {"user": 1, "password": 2}, {}, {"user": "a", "password": "b", "more": 1}):
        assert house.post("/api/v1/login", said).status == 400
    for _ in range(20):
        last = house.post("/api/v1/login", {"user": "viewer", "password": "wrong password"})
    assert last.status == 429
    assert int(last.headers["retry-after"]) >= 1
    assert "wrong password" not in capfd.readouterr().err


def test_guests_may_look_and_nothing_else(server: "Callable[..., Server]") -> None:
    house = server(guests=True)
    assert house.ask("GET", "/api/v1/session").said == {"user": None, "role": "viewer", "csrf": None}
    assert house.ask("GET", "/api/state").status == 200
    assert house.ask("GET", "/api/state", host="rebound.example.com").status == 401
    assert house.post(SET, {"value": 1}).status == 401
    headers = house.login("viewer")
    assert house.post(SET, {"value": 1}, **headers).said["why"] == "viewer is viewer; this is for owner"


def test_programs_read_with_user_and_password(server: "Callable[..., Server]") -> None:
    house = server()
    basic = "Basic b3duZXI6cm9vZiBvdmVyIGFsbA=="
    assert house.ask("GET", "/metrics", authorization=basic).status == 200
    assert house.ask("GET", "/metrics", authorization=basic[:-4]).status == 401
    assert house.post(SET, {"value": 1}, authorization=basic).status == 401
    assert house.obeyed == []


def test_without_accounts_it_can_be_looked_at_and_nothing_is_set() -> None:
    page = Page(Place("127.0.0.1", 0))
    page.start()
    house = Server.__new__(Server)
    house.port = int(page.url.rsplit(":", 1)[1])
    try:
        assert house.ask("GET", "/api/state").status == 200
        assert house.ask("GET", "/api/state", host="rebound.example.com").status == 403
        answer = house.post("/api/v1/login", {})
        assert (answer.status, "no accounts" in answer.said["why"]) == (404, True)
        assert house.ask("GET", "/api/v1/session").status == 204
        assert house.post(SET, {"value": 1}).status == 403
    finally:
        page.close()


def test_the_installer_takes_a_backup_of_the_running_house(server: "Callable[..., Server]", tmp_path: Path) -> None:
    house = server()
    store = HistoryStore(tmp_path / "history")
    noise = [[number * number * 7_919 % 100_003 for number in range(60)]]
    for minute in range(2_000):
        store.put(minute * 60, {f"s{minute}": noise})
    file = load(ROOT / "deploy" / "demo.toml")._replace(
        records=None, history=HistoryTable(folder=str(tmp_path / "history")))
    house.houses["home"] = House(setup=lambda: setup(file), backup=lambda: _backup(file))
    path = "/api/v1/sites/home/backup"
    assert house.ask("GET", path, **house.login("owner")).status == 403
    headers = house.login("installer")
    answer = house.ask("GET", path, **headers)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/gzip")
    assert answer.headers["content-disposition"].startswith('attachment; filename="home-')
    with tarfile.open(fileobj=io.BytesIO(answer.said)) as tar:
        assert tar.getnames() == ["site.toml", "history.sqlite"]
    client = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    client.request("GET", path, headers={"cookie": headers["cookie"]})
    client.getresponse().read(100)
    client.close()  # in the middle of it: the next one is not kept waiting for ever
    while (again := house.ask("GET", path, **headers)).status == 503:
        assert again.said["why"] == "one is being made already"
    assert again.status == 200
    told = house.ask("GET", "/api/v1/sites/home/setup", **headers).said
    assert told["configuration"]["name"] == "Haus Sonnenhang"


def test_an_open_stream_ends_with_its_session(server: "Callable[..., Server]") -> None:
    house = server()
    headers = house.login("viewer")
    client = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    client.request("GET", "/events", headers={"cookie": headers["cookie"]})
    answer = client.getresponse()
    assert [answer.readline(), answer.readline()] == [b"event: who\n", b'data: "viewer"\n']
    house.accounts.remove("viewer")
    while answer.readline():
        pass
    assert answer.isclosed()
    client.close()


def test_what_no_decision_takes_is_answered_in_time_and_never_carried_out(
        server: "Callable[..., Server]", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware.web.routes.ANSWER_S", 0.2)
    house = server()
    house.desk._wake = lambda: None  # nobody decides
    headers = house.login("owner")
    assert house.post(SET, {"value": 1}, **headers).status == 504
    assert house.desk.taken() == ()


def test_over_tls_the_cookie_is_for_tls_alone(server: "Callable[..., Server]", tmp_path: Path) -> None:
    for name, content in zip(("cert", "key"), self_signed("localhost")):
        (tmp_path / name).write_bytes(content)  # type: ignore[arg-type]
    house = server(cert=str(tmp_path / "cert"), key=str(tmp_path / "key"))
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert"))
    trust.check_hostname = False
    client = http.client.HTTPSConnection("127.0.0.1", house.port, timeout=10, context=trust)
    client.request("POST", "/api/v1/login", json.dumps({"user": "owner", "password": PASSWORD}),
                   {"content-type": "application/json"})
    answer = client.getresponse()
    cookie = answer.getheader("set-cookie") or ""
    assert (answer.status, cookie.startswith(f"__Host-hutschiene_{house.port}=")) == (200, True)
    assert "secure" in cookie.lower()
    assert answer.getheader("strict-transport-security")
    client.close()
    with pytest.raises(ValueError, match="cert = "):
        Page(Place("127.0.0.1", 0, cert=str(tmp_path / "key")))


def account(folder: Path, *arguments: str, said: str = "") -> "tuple[int, str]":
    done = subprocess.run([sys.executable, "-m", "firmware", "account", *arguments], cwd=ROOT, input=said, text=True,
                          capture_output=True, timeout=30)
    return done.returncode, done.stdout + done.stderr


def test_accounts_are_kept_from_the_command_line(tmp_path: Path) -> None:
    file = str(tmp_path / "accounts")
    assert account(tmp_path, "list", file) == (0, "")
    assert account(tmp_path, "add", file, "anna", "--role", "owner", said=PASSWORD + "\n") == (0, "anna is owner\n")
    code, said = account(tmp_path, "add", file, "vera", "--role", "viewer", "--generate")
    assert (code, Accounts(tmp_path / "accounts").verified("vera", said.split()[3])) != (0, None)
    assert account(tmp_path, "list", file)[1].split() == ["anna", "owner", "vera", "viewer"]
    assert account(tmp_path, "password", file, "anna", said="another password\n")[0] == 0
    found = Accounts(tmp_path / "accounts").verified("anna", "another password")
    assert found is not None
    assert found.role == OWNER
    assert account(tmp_path, "remove", file, "vera")[0] == 0
    for arguments, why in ((("add", file, "anna", "--role", "owner"), "there is anna already"),
                           (("add", file, "bert"), "--role is missing"),
                           (("password", file, "bert"), "no account bert"),
                           (("remove", file, "bert"), "no account bert"), (("remove", file), "say the NAME"),
                           (("add", file, "B", "--role", "viewer"), "not allowed as a name"),
                           (("list", "deploy/emergency.example.toml"), "no [accounts] table")):
        code, said = account(tmp_path, *arguments, said="long enough\n")
        assert (code, why in said) == (1, True), said
    code, said = account(tmp_path, "add", file, "bert", "--role", "viewer", said="short\n")
    assert (code, said) == (1, "the password of bert: allowed are 10 to 128 characters\n")
    assert VIEWER < OWNER < INSTALLER
