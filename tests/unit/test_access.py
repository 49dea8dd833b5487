"""Accounts, sessions and the pace of logins, on a clock that moves when told."""

import json
import os
import stat
from pathlib import Path

import pytest

from firmware.access import accounts as accounts_module
from firmware.access import first
from firmware.access.accounts import AccountError, Accounts, made_up, read, refusal
from firmware.access.door import Door, Refused, is_here, is_loopback, network
from firmware.access.pace import FORGET_S, Pace
from firmware.access.roles import ANYBODY, COMMANDS, INSTALLER, NAMES, OWNER, RULES, VIEWER
from firmware.access.sessions import MOST, MOST_OF_ONE, Sessions, proves
from firmware.config.file import load
from firmware.settable import table
from firmware.web.api_document import document
from firmware.web.routes import Routes

PASSWORD = "roof over all"
HOST = "192.168.1.9:8080"


class Time:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    monkeypatch.setattr(accounts_module, "LANES", 1)
    made = Accounts(tmp_path / "accounts")
    for name, role in (("anna", OWNER), ("vera", VIEWER)):
        made.put(name, role, PASSWORD)
    return made


def test_the_file_is_its_owners_alone_and_holds_no_password(accounts: Accounts) -> None:
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    assert PASSWORD not in accounts.path.read_text()
    salts = [one["salt"] for one in json.loads(accounts.path.read_text())["accounts"].values()]
    assert len(set(salts)) == 2
    assert list(accounts.path.parent.iterdir()) == [accounts.path]


def test_the_right_password_and_no_other_lets_in(accounts: Accounts) -> None:
    found = accounts.verified("anna", PASSWORD)
    assert found is not None
    assert (found.name, found.role) == ("anna", OWNER)
    for name, password in (("anna", PASSWORD + " "), ("anna", ""), ("nobody", PASSWORD), ("", ""),
                           ("anna", "\udcff" * 9)):
        assert accounts.verified(name, password) is None


def test_what_is_changed_in_the_file_holds_at_once(accounts: Accounts) -> None:
    other = Accounts(accounts.path)
    other.put("anna", OWNER, "another password")
    assert accounts.verified("anna", PASSWORD) is None
    assert accounts.verified("anna", "another password") is not None
    other.remove("anna")
    assert set(accounts.all()) == {"vera"}
    with pytest.raises(AccountError, match="there is no account anna; known are vera"):
        other.remove("anna")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_may_read_lets_nobody_in(accounts: Accounts, mode: int) -> None:
    accounts.path.chmod(mode)
    assert accounts.all() == {}
    assert "chmod 600" in accounts.fault
    accounts.path.chmod(0o600)
    assert set(accounts.all()) == {"anna", "vera"}


def account(**changed: object) -> str:
    """A file of one account."""
    good = {"role": "owner", "salt": "00" * 16, "hash": "00" * 32, "cost": 8_192, "lanes": 1}
    return json.dumps({"accounts": {"anna": {**good, **changed}}})


def test_a_file_as_it_should_be_is_read(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text(account())
    (tmp_path / "accounts").chmod(0o600)
    assert set(Accounts(tmp_path / "accounts").all()) == {"anna"}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"accounts": 5}', '{"accounts": {"a": {}}}', "[" * 60_000, "\xff",
                                     account(role="king"), account(salt="00"), account(hash="00"), account(cost=9),
                                     account(cost=2**30), account(lanes=0), account(lanes=1_000)])
def test_a_damaged_file_lets_nobody_in_and_is_not_written_over(tmp_path: Path, content: str) -> None:
    path = tmp_path / "accounts"
    path.write_text(content)
    path.chmod(0o600)
    accounts = Accounts(path)
    assert accounts.all() == {}
    assert "damaged" in accounts.fault
    with pytest.raises(AccountError, match="damaged"):
        accounts.put("anna", OWNER, PASSWORD)
    assert path.read_text() == content


@pytest.mark.parametrize(("name", "password", "why"), [
    ("Anna", PASSWORD, "not allowed as a name"), ("a b", PASSWORD, "not allowed as a name"),
    ("x" * 33, PASSWORD, "not allowed as a name"), ("anna", "too short", "allowed are 10 to 128 characters"),
    ("anna", "x" * 129, "allowed are 10 to 128 characters"), ("anna.maria", "anna.maria", "is its name"),
])
def test_what_cannot_be_an_account_is_said_without_the_password(name: str, password: str, why: str) -> None:
    assert why in refusal(name, password)
    assert name == password or password not in refusal(name, password)


def test_made_up_passwords_are_good_ones() -> None:
    some = {made_up() for _ in range(100)}
    assert len(some) == 100
    assert all(refusal("anna", password) == "" for password in some)


def test_first_accounts_are_told_once_and_on_the_console_alone(
        tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "LANES", 1)
    console = tmp_path / "console"
    console.touch()
    monkeypatch.setattr(first, "CONSOLE", str(console))
    accounts = Accounts(tmp_path / "new" / "accounts")
    assert first.ensure(accounts, first.console) == ""
    words = console.read_text().split()
    passwords = {name: words[words.index(name) + 1] for name in ("owner", "installer")}
    assert {name: accounts.verified(name, password) and accounts.all()[name].role
            for name, password in passwords.items()} == {"owner": OWNER, "installer": INSTALLER}
    said = capfd.readouterr()
    assert not any(password in said.out + said.err for password in passwords.values())
    assert "on the console" in said.err
    before = console.read_text()
    assert first.ensure(accounts, first.console) == ""
    assert console.read_text() == before


def test_without_a_console_there_are_no_first_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "LANES", 1)
    monkeypatch.setattr(first, "CONSOLE", str(tmp_path / "none"))
    accounts = Accounts(tmp_path / "accounts")
    assert "account add SITE.toml NAME --role owner" in first.ensure(accounts, first.console)
    assert not accounts.path.exists()


def test_who_has_removed_all_accounts_gets_no_new_ones(accounts: Accounts) -> None:
    accounts.remove("anna")
    accounts.remove("vera")
    assert first.ensure(accounts, lambda words: True) == ""
    assert accounts.all() == {}


def test_a_session_ends_unused_and_in_any_case(accounts: Accounts) -> None:
    anna = accounts.all()["anna"]
    sessions = Sessions(accounts, 600, 3_600)
    token, session = sessions.begin(anna, 0)
    assert token not in repr(sessions.__dict__)
    found = sessions.of(token, 599)
    assert found is not None
    assert found[0] == anna
    assert [proves(found[1], said) for said in (session.csrf, "", "ä")] == [True, False, False]
    assert sessions.of(token, 599 + 599) is not None
    assert sessions.of(token, 599 + 599 + 600) is None
    token, _ = sessions.begin(anna, 0)
    assert all(sessions.of(token, now_s) for now_s in range(0, 3_600, 500))
    assert sessions.of(token, 3_600) is None
    assert len(sessions) == 0


def test_a_session_ends_with_its_password_and_its_account(accounts: Accounts) -> None:
    sessions = Sessions(accounts, 600, 3_600)
    tokens = [sessions.begin(accounts.all()[name], 0)[0] for name in ("anna", "vera")]
    accounts.put("anna", OWNER, PASSWORD)
    accounts.remove("vera")
    assert [sessions.of(token, 1) for token in tokens] == [None, None]
    token, _ = sessions.begin(accounts.all()["anna"], 0)
    sessions.end(token)
    assert sessions.of(token, 1) is None


def test_sessions_are_bounded(accounts: Accounts) -> None:
    sessions = Sessions(accounts, 600, 3_600)
    tokens = [sessions.begin(accounts.all()["anna"], now_s)[0] for now_s in range(MOST_OF_ONE + 2)]
    assert [sessions.of(token, 20) is None for token in tokens] == [True, True] + [False] * MOST_OF_ONE
    for number in range(MOST + 5):
        sessions.begin(accounts.all()["anna"]._replace(name=f"u{number}"), 30)
    assert len(sessions) == MOST


def test_who_is_wrong_waits_longer_each_time_and_is_forgotten() -> None:
    pace = Pace(3, 1, 60, 100)
    waits = []
    now_s = 0.0
    for _ in range(12):
        now_s += pace.wait_s("a", now_s)
        pace.tried("a", now_s)
        waits.append(pace.wait_s("a", now_s))
    assert waits == [0, 0, 2, 3, 5, 9, 17, 33, 61, 61, 61, 61]
    assert pace.wait_s("b", now_s) == 0
    pace.well("a", False)
    assert pace.wait_s("a", now_s) == 0
    pace.tried("a", now_s)
    assert pace.wait_s("a", now_s) > 0
    pace.tried("a", now_s + FORGET_S)
    assert pace.wait_s("a", now_s + FORGET_S) == 0


def test_a_crowd_of_addresses_takes_no_more_memory() -> None:
    pace = Pace(3, 1, 60, 100)
    for number in range(1_000):
        pace.tried(str(number), 0)
    assert len(pace) == 100


def test_guesses_of_one_name_and_from_one_address_wait(accounts: Accounts) -> None:
    time = Time()
    door = Door(accounts, now_s=time)
    found = [door.login("anna", "wrong password", f"10.0.0.{n}") for n in range(8)]
    assert [isinstance(one, Refused) and one.wait_s > 0 for one in found] == [False] * 5 + [True] * 3
    refused = door.login("anna", PASSWORD, "10.0.0.99")
    assert isinstance(refused, Refused)
    time.now_s += refused.wait_s
    assert not isinstance(door.login("anna", PASSWORD, "10.0.0.99"), Refused)
    many = [door.login(f"n{n}", "wrong password", "10.0.1.1") for n in range(12)]
    assert isinstance(many[-1], Refused)
    assert many[-1].wait_s > 0
    assert not isinstance(door.login("vera", PASSWORD, "10.0.1.2"), Refused)


def test_the_door_opens_by_accounts_guests_and_place(accounts: Accounts) -> None:
    assert Door().visitor("", "127.0.0.1", "localhost:8080").role == VIEWER
    assert Door().visitor("", "192.168.1.2", HOST).role == ANYBODY
    assert Door().visitor("", "127.0.0.1", "house.example.com").role == ANYBODY  # a name somebody has led here
    assert Door(accounts).visitor("", "127.0.0.1", "localhost").role == ANYBODY
    assert Door(accounts, guests=True).visitor("", "192.168.1.2", HOST).role == VIEWER
    assert Door(accounts, guests=True).visitor("", "192.168.1.2", "rebound.example.com").role == ANYBODY
    found = (door := Door(accounts)).login("anna", PASSWORD, "10.0.0.1")
    assert not isinstance(found, Refused)
    visitor = door.visitor(found[0], "10.0.0.2", "any.example.com")
    assert (visitor.role, visitor.name) == (OWNER, "anna")
    door.logout(found[0])
    assert door.visitor(found[0], "10.0.0.2", HOST).role == ANYBODY


def test_programs_look_with_their_password_and_may_no_more(accounts: Accounts) -> None:
    door = Door(accounts)
    header = "Basic YW5uYTpyb29mIG92ZXIgYWxs"
    assert door.program(header, "10.0.0.1")[:2] == (VIEWER, "anna")
    assert door.program(header, "10.0.0.1")[:2] == (VIEWER, "anna")
    for wrong in ("Basic YW5uYTp4", "Basic !", "Basic", "Bearer x", "", "Basic " + "A" * 5_000):
        assert door.program(wrong, "10.0.0.1").role == ANYBODY
    accounts.remove("anna")
    assert door.program(header, "10.0.0.2").role == ANYBODY
    assert Door().program(header, "127.0.0.1").role == ANYBODY


@pytest.mark.parametrize(("address", "counted", "loopback"), [
    ("192.168.1.7", "192.168.1.7", False), ("127.0.0.5", "127.0.0.5", True), ("::1", "::/64", True),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", False), ("::ffff:10.0.0.1", "10.0.0.1", False),
    ("fe80::1%eth0", "fe80::/64", False), ("", "", False), ("testclient", "", False),
])
def test_an_address_is_counted_as_the_home_it_is_of(address: str, counted: str, loopback: bool) -> None:
    assert (network(address), is_loopback(address)) == (counted, loopback)


@pytest.mark.parametrize(("host", "here"), [
    ("127.0.0.1:8080", True), ("[::1]:8080", True), ("localhost", True), ("192.168.1.5", True), ("", False),
    ("evil.example.com", False), (os.uname().nodename.partition(".")[0] + ".local:80", True),
    (os.uname().nodename.partition(".")[0] + ".evil.com", False), ("127.0.0.1.evil.com", False), ("[", False),
])
def test_only_names_of_this_computer_are_here(host: str, here: bool) -> None:
    assert is_here(host) == here


def test_every_thing_that_can_be_set_has_a_role_and_nothing_else_has() -> None:
    site = load(Path(__file__).parents[2] / "deploy" / "demo.toml").site
    assert {name for _, name in table(site, events=True)} == set(COMMANDS)
    assert all(OWNER <= role <= INSTALLER for role in COMMANDS.values())


def test_every_route_has_a_role_and_a_handler_and_only_the_login_is_for_anybody() -> None:
    assert {rule.path for rule in RULES if rule.role == ANYBODY} == {
        "/", "/{name}", "/api/v1/login", "/api/v1/session"}
    assert len({(rule.method, rule.path) for rule in RULES}) == len(RULES)
    assert all(callable(getattr(Routes, rule.handler)) for rule in RULES)
    assert all(rule.role >= OWNER for rule in RULES if rule.method == "POST" and "/set/" in rule.path)


def test_the_api_document_names_every_route_of_the_api() -> None:
    told = {(method.upper(), path) for path, item in document()["paths"].items() for method in item}
    for rule in RULES:
        if rule.path.startswith("/api/v1/") and "path:path" not in rule.path:
            assert (rule.method, rule.path) in told


def test_the_brokers_accounts_follow_the_same_table() -> None:
    acl = (Path(__file__).parents[2] / "deploy" / "mosquitto" / "acl").read_text()
    users = {block.split()[0]: block for block in acl.split("user ")[1:]}
    for name, role in NAMES.items():
        written = {line.split()[-1] for line in users[name].splitlines() if line.startswith("topic write")}
        assert written == {f"hutschiene/+/+/set/{what}" for what, needed in COMMANDS.items() if needed <= role}
        assert "topic read hutschiene/#" in users[name]


def test_a_new_file_is_never_open_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_module, "LANES", 1)
    old = os.umask(0)
    try:
        Accounts(tmp_path / "accounts").put("anna", OWNER, PASSWORD)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "accounts").stat().st_mode) == 0o600
    assert set(read(tmp_path / "accounts")) == {"anna"}
