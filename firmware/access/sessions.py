"""Who is logged in: a session ends after a time without use, after its longest time, and with its account or password.

The token is told once, in a cookie; kept is its hash alone.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import NamedTuple

from firmware.access.accounts import Account, Accounts

MOST = 64  # the one unused for longest gives way
MOST_OF_ONE = 8  # devices of a person
TOKEN_BYTES = 32


class Session(NamedTuple):
    name: str
    csrf: str  # what a page of ours knows and no other
    salt: str  # of the password it began with
    begun_s: float
    seen_s: float


class Sessions:
    def __init__(self, accounts: Accounts, idle_s: int, longest_s: int) -> None:
        self.longest_s = longest_s
        self._accounts = accounts
        self._idle_s = idle_s
        self._open: "OrderedDict[str, Session]" = OrderedDict()  # by hash of the token; the latest used last

    def begin(self, account: Account, now_s: float) -> "tuple[str, Session]":
        """(token, session)."""
        own = [key for key, one in self._open.items() if one.name == account.name]
        for key in own[:max(0, len(own) - MOST_OF_ONE + 1)]:
            del self._open[key]
        while len(self._open) >= MOST:
            self._open.popitem(last=False)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(account.name, secrets.token_urlsafe(TOKEN_BYTES), account.salt, now_s, now_s)
        self._open[_key(token)] = session
        return token, session

    def of(self, token: str, now_s: float) -> "tuple[Account, Session] | None":
        """Whose token it is, while that holds; asking is use."""
        key = _key(token)
        session = self._open.get(key)
        if session is None:
            return None
        account = self._accounts.all().get(session.name)
        if (account is None or account.salt != session.salt or now_s - session.seen_s >= self._idle_s
                or now_s - session.begun_s >= self.longest_s):
            del self._open[key]
            return None
        self._open[key] = session = session._replace(seen_s=now_s)
        self._open.move_to_end(key)
        return account, session

    def end(self, token: str) -> None:
        self._open.pop(_key(token), None)

    def __len__(self) -> int:
        return len(self._open)


def proves(session: Session, csrf: str) -> bool:
    return hmac.compare_digest(session.csrf.encode(), csrf.encode("utf-8", "replace"))


def _key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
