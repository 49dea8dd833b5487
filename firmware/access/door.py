"""The door of the page's server: who comes in, as what, and how often one may knock.

Without accounts it opens to this computer alone, to look. With accounts to whoever has logged in, and, where that is
wanted (`guests`), to others who only look. Programs may bring name and password with each request (HTTP Basic); they
only look too, because a browser would send those by itself, for any page that asks it to.
"""

import base64
import hashlib
import hmac
import ipaddress
import secrets
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from firmware.access.accounts import Account, Accounts
from firmware.access.pace import Pace
from firmware.access.roles import ANYBODY, VIEWER
from firmware.access.sessions import Session, Sessions

MOST_KNOCKING = 4  # logins that wait for their turn
MOST_PROGRAMS = 16  # whose password was right lately
PROGRAM_S = 300
HOME_DOMAINS = ("", "local", "lan", "home", "home.arpa", "internal", "fritz.box", "speedport.ip")  # nobody can buy them


class Visitor(NamedTuple):
    role: int
    name: str = ""  # "": has not logged in
    session: "Session | None" = None


class Refused(NamedTuple):
    """A login: `wait_s` 0, wrong; else not tried at all."""

    wait_s: int


STRANGER = Visitor(ANYBODY)


class Door:
    """`accounts` None: none are configured."""

    def __init__(self, accounts: "Accounts | None" = None, guests: bool = False, idle_s: int = 3_600,
                 longest_s: int = 7 * 86_400, now_s: "Callable[[], float]" = time.monotonic) -> None:
        self.accounts = accounts
        self._guests = guests
        self._now_s = now_s
        self.sessions = Sessions(accounts, idle_s, longest_s) if accounts else None
        self._names = Pace(5, 1, 60, 128)  # nobody shall lock out another for long
        self._addresses = Pace(10, 1, 900, 1_000)
        self._knocking = threading.BoundedSemaphore(MOST_KNOCKING)
        self._lock = threading.Lock()
        self._secret = secrets.token_bytes(32)
        self._programs: "OrderedDict[str, tuple[str, str, float]]" = OrderedDict()  # name, salt, until

    def visitor(self, token: str, address: str, host: str) -> Visitor:
        """By the cookie's token ("" for none), the peer's address, and the Host header."""
        if self.sessions is not None and token:
            with self._lock:
                found = self.sessions.of(token, self._now_s())
            if found is not None:
                return Visitor(found[0].role, found[0].name, found[1])
        looks = self._guests if self.accounts is not None else is_loopback(address)
        return Visitor(VIEWER) if looks and is_here(host) else STRANGER

    def login(self, name: str, password: str, address: str) -> "tuple[str, Account, Session] | Refused":
        """(token, account, session). May take a second: not for the server's own loop."""
        account = self._checked(name, password, address)
        if isinstance(account, Refused):
            return account
        assert self.sessions is not None
        with self._lock:
            token, session = self.sessions.begin(account, self._now_s())
        return token, account, session

    def logout(self, token: str) -> None:
        if self.sessions is not None:
            with self._lock:
                self.sessions.end(token)

    def program(self, header: str, address: str) -> Visitor:
        """Of an Authorization header (Basic); looks, whatever its role. May take a second, the first time."""
        kind, _, coded = header.partition(" ")
        if self.accounts is None or kind.lower() != "basic":
            return STRANGER
        key = hmac.new(self._secret, coded.encode(), hashlib.sha256).hexdigest()
        with self._lock:
            known = self._programs.get(key)
        account = self.accounts.all().get(known[0]) if known else None
        if known and account and account.salt == known[1] and self._now_s() < known[2]:
            return Visitor(min(VIEWER, account.role), account.name)
        try:
            name, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
        except ValueError:
            return STRANGER
        found = self._checked(name, password, address)
        if isinstance(found, Refused):
            return STRANGER
        with self._lock:
            self._programs[key] = (found.name, found.salt, self._now_s() + PROGRAM_S)
            while len(self._programs) > MOST_PROGRAMS:
                self._programs.popitem(last=False)
        return Visitor(min(VIEWER, found.role), found.name)

    def _checked(self, name: str, password: str, address: str) -> "Account | Refused":
        if self.accounts is None:
            return Refused(0)
        at = network(address)
        known = name if name in self.accounts.all() else ""
        with self._lock:
            now_s = self._now_s()
            wait_s = max(self._addresses.wait_s(at, now_s), self._names.wait_s(known, now_s) if known else 0)
            if wait_s:
                return Refused(wait_s)
            self._addresses.tried(at, now_s)
            if known:
                self._names.tried(known, now_s)
        if not self._knocking.acquire(blocking=False):
            return Refused(1)
        try:
            account = self.accounts.verified(name, password)
        finally:
            self._knocking.release()
        if account is None:
            return Refused(0)
        with self._lock:
            self._names.well(name, True)
            self._addresses.well(at, False)
        return account


def network(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the /64 that a single home has in IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(network(address)).is_loopback or address == "::1"
    except ValueError:
        return address == "::1"


def is_here(host: str) -> bool:
    """Whether a Host header means this computer: an address, localhost, or its own name.

    Another name that leads here was made by somebody who wants a browser to read what only the house may.
    """
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        first, _, rest = name.lower().partition(".")
        own = socket.gethostname().partition(".")[0].lower()
        return name.lower() == "localhost" or (first == own and rest in HOME_DOMAINS)
    return True
