"""An account that is locked after some failed logins: how many there were, kept over restarts and power cuts.

A login is counted before it is tried and struck out when it was taken, so that no crash forgets one. Once too many in
a row have failed nothing is tried until the login itself is another one: a file that was changed, not touched.
"""

import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from typing import Any

MOST_BYTES = 4_096
SCRYPT = 2 ** 10  # rounds; whoever can read this file can read that of the logins
LEAST_S = 300  # between two sessions: makers' users report lock-outs of faster ones (PPC)
AFTER_REFUSED_S = 3_600
_FIELDS = ("failed", "proven", "begun_s", "login", "salt", "certificate")


class Account:
    """Of one gateway. Whatever changes is kept before the call returns; raises OSError when it cannot be."""

    def __init__(self, kept: "dict[str, Any] | None", keep: "Callable[[dict[str, Any]], None]", user: str,
                 password: str, most_failed: int) -> None:
        """`kept`: {} before the first time. None, what was kept is damaged, counts as used up: it may have been."""
        self._put = keep
        self._most = most_failed
        self.failed, self.proven, self.begun_s = 0, False, 0  # begun_s: UTC, when a session last began
        self.certificate = ""  # SHA-256 of the one that was shown first, hex
        self._salt, self._login = os.urandom(16).hex(), ""
        if kept is None:
            self.failed = most_failed
        elif kept:
            self.failed, self.proven, self.begun_s, self._login, self._salt, self.certificate = (
                kept[field] for field in _FIELDS)
        login = hashlib.scrypt(f"{user}\n{password}".encode(), salt=self._salt.encode(), n=SCRYPT, r=8, p=1).hex()
        if not hmac.compare_digest(login, self._login):
            self.failed, self.proven = (self.failed if kept is None else 0), False
            self._login = login
        if kept is None:
            self._keep()

    def locked(self) -> str:
        """Why nothing may be tried any more; "" while it may."""
        if self.failed < self._most:
            return ""
        return (f"{self.failed} logins in a row have failed: none is tried until user or password in the file of the "
                "logins is another one, so that the gateway does not lock the account")

    def wait_s(self, now_s: int) -> int:
        """How long to leave the gateway alone, by the clock on the wall; a clock that was set back waits once more."""
        pause_s = AFTER_REFUSED_S if self.failed else LEAST_S
        since_s = now_s - self.begun_s
        return pause_s if since_s < 0 and self.begun_s else max(0, pause_s - since_s) if self.begun_s else 0

    def begin(self, now_s: int) -> None:
        """Before a session."""
        self.begun_s = now_s
        self._keep()

    def trying(self) -> None:
        """Before the first request that carries the login."""
        assert not self.locked()
        self.failed += 1
        self._keep()

    def taken(self) -> None:
        self.failed, self.proven = 0, True
        self._keep()

    def unanswered(self) -> None:
        """Nobody said yes or no. A login that has once been taken was not the reason."""
        if self.proven and self.failed:
            self.failed -= 1
            self._keep()

    def pin(self, certificate: str) -> None:
        self.certificate = certificate
        self._keep()

    def _keep(self) -> None:
        values = (self.failed, self.proven, self.begun_s, self._login, self._salt, self.certificate)
        self._put(dict(zip(_FIELDS, values)))


def keep(path: str, fields: "dict[str, Any]") -> None:
    """In a file of mode 0600: all of it or nothing, on the disk when it returns."""
    part, folder = path + ".part", os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(fields, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def kept(path: str) -> "dict[str, Any] | None":
    """{} before the first time, None for a damaged file."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(MOST_BYTES))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        return None
    kinds = (int, bool, int, str, str, str)
    good = isinstance(found, dict) and all(type(found.get(field)) is kind for field, kind in zip(_FIELDS, kinds))
    return {field: found[field] for field in _FIELDS} if good and found["failed"] >= 0 else None
