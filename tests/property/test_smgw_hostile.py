"""A gateway that answers anything: only our own exceptions, bounded requests, and never a login too many."""

import pytest

from drivers import digest
from drivers.smgw_account import Account
from drivers.smgw_gateway import Gateway
from drivers.smgw_https import Answer, Transport
from drivers.smgw_session import MOST_ASKED
from hal.faults import DeviceError
from sim.rng import Rng
from sim.smgw_gateway import SimGateway
from sim.smgw_pages import Counted

MAKERS = ("conexa", "casa", "ppc")
COUNT = 1_500  # sessions of each maker
MOST_FAILED = 3
STATUSES = (200, 200, 200, 307, 401, 401, 403, 404, 429, 500, 302)
HEADERS = (("WWW-Authenticate", 'Digest realm="r", nonce="1", qop="auth"'),
           ("WWW-Authenticate", 'Digest realm="r", nonce="2", stale=true'), ("WWW-Authenticate", "Basic"),
           ("WWW-Authenticate", 'Digest realm="\u00fc", nonce="' + "3" * 5_000 + '"'), ("Set-Cookie", "session=1;x"),
           ("Set-Cookie", "="), ("Location", "/smgw/m2m/x"), ("Location", "https://evil.example/smgw/m2m/x"),
           ("Location", "//evil.example"))


class Hostile(Transport):
    """Says what the real one would, or what chance wants."""

    def __init__(self, gateway: SimGateway, rng: Rng) -> None:
        self._gateway, self._rng = gateway, rng
        self.requests = 0
        self.refused = False  # a login was, plainly
        self.logins_after = 0

    def ask(self, method: str, path: str, headers: "dict[str, str]", body: bytes) -> Answer:
        self.requests += 1
        login = "Authorization" in headers
        self.logins_after += login and self.refused
        assert path.startswith("/")
        status, said, found = self._gateway.answer(method, path, {k.lower(): v for k, v in headers.items()}, body)
        rng = self._rng
        if rng.chance(150):
            status = STATUSES[rng.below(len(STATUSES))]
        if rng.chance(150):
            said = tuple(HEADERS[rng.below(len(HEADERS))] for _ in range(rng.below(12)))
        if rng.chance(150) and found:
            at = rng.below(len(found))
            found = found[:at] + bytes((rng.below(256),)) * rng.below(5) + found[at + rng.below(9):]
        if rng.chance(20):
            raise DeviceError("timeout", "cut")
        self.refused = self.refused or (status == 403 and login)
        return Answer(status, said, found)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("maker", MAKERS)
def test_any_answers(maker: str) -> None:
    rng = Rng(49)
    sim = SimGateway(maker, "user", "geheim", lambda: (("1m", (Counted("0100010800ff", 5, -1, 30),)),))
    sim.capture("2026-06-21 12:15:00")
    account = Account({}, lambda fields: None, "user", "geheim", MOST_FAILED)
    good = bad = 0
    for _ in range(COUNT):
        sim.failed, sim.locked, sim.session = 0, False, ""
        hostile = Hostile(sim, rng)
        account.failed, account.proven, account.begun_s = 0, False, 0

        def connect(_: str, transport: Hostile = hostile) -> Transport:
            return transport

        gateway = Gateway(maker, connect, lambda: ("user", "geheim"), lambda user, password: account)
        try:
            gateway.ask(0, 900_000)
            good += 1
        except DeviceError:
            bad += 1
        assert hostile.requests <= MOST_ASKED
        assert hostile.logins_after == 0
        assert account.failed <= 1
    assert good > COUNT // 20
    assert bad > COUNT // 5


def test_any_challenge() -> None:
    rng = Rng(50)
    good = 'Digest realm="a b", qop="auth,auth-int", nonce="dcd98b", opaque="5ccc", algorithm=SHA-256, stale=true'
    answered = 0
    for _ in range(5_000):
        text = good
        for _ in range(rng.between(1, 4)):
            at = rng.below(len(text)) if text else 0
            text = text[:at] + chr(rng.below(256)) * rng.below(4) + text[at + rng.below(6):]
        asks = digest.challenge(text)
        if asks:
            answered += 1
            assert digest.answer(asks, "user", "geheim", "GET", "/", 1).startswith("Digest username=")
    assert 500 < answered < 5_000
    for long in ("Digest " + "a" * 60_000, "Digest " + 'a="' * 20_000, "Digest " + "=" * 4_000):
        assert digest.challenge(long) == {}
