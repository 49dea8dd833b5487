"""Accounts in a file of their own, mode 0600: names, roles, and scrypt hashes of passwords.

A hash takes 8 MB and about 0.1 s of a desktop core (OWASP: N = 2^13, r = 8, p = 10), one at a time, so that no crowd
of logins fills the memory. What was changed in the file holds at once, without a restart.
"""

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import threading
from pathlib import Path
from typing import Any, NamedTuple

from firmware.access.roles import NAMES, WORDS

FORMAT = 1
MOST_BYTES = 65_536
MOST_ACCOUNTS = 64
NAME = re.compile("[a-z0-9_.-]{1,32}")
NAME_WORDS = "small letters, digits, _ . and -, at most 32 of them"
LEAST_PASSWORD, MOST_PASSWORD = 10, 128
COST, BLOCK, LANES = 2**13, 8, 10
MOST_COST, MOST_LANES = 2**17, 20  # of a file that was written elsewhere
SALT_BYTES, HASH_BYTES = 16, 32
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
NOBODY = "nobody"  # whose password takes as long as anybody's to be wrong


class AccountError(Exception):
    """In words a person can act on."""


class Account(NamedTuple):
    name: str
    role: int
    salt: str  # hex; another one after each change of the password
    hash: str
    cost: int
    lanes: int


class Accounts:
    """`fault`: why the file cannot be used, "" while it can. Nobody gets in without one."""

    def __init__(self, path: Path) -> None:
        self.fault = ""
        self.path = path
        self._seen: "tuple[int, ...] | None" = None
        self._known: "dict[str, Account]" = {}
        self._lock = threading.Lock()
        self._hashing = threading.Lock()

    def all(self) -> "dict[str, Account]":
        """As the file has them now."""
        with self._lock:
            seen = _stamp(self.path)
            if seen != self._seen:
                self._seen = seen
                try:
                    self._known, self.fault = read(self.path), ""
                except AccountError as error:
                    self._known, self.fault = {}, str(error)
            return self._known

    def verified(self, name: str, password: str) -> "Account | None":
        """Takes as long for a name there is as for one there is not."""
        account = self.all().get(name)
        with self._hashing:
            found = _hashed(password, account or Account(NOBODY, 0, "00" * SALT_BYTES, "", COST, LANES))
        return account if account is not None and hmac.compare_digest(found, account.hash) else None

    def put(self, name: str, role: int, password: str) -> None:
        """A new account, or another password or role of one there is. Raises AccountError."""
        why = refusal(name, password)
        if why:
            raise AccountError(why)
        accounts = dict(read(self.path))
        if name not in accounts and len(accounts) >= MOST_ACCOUNTS:
            raise AccountError(f"{self.path}: {len(accounts)} accounts; allowed are {MOST_ACCOUNTS}")
        bare = Account(name, role, secrets.token_hex(SALT_BYTES), "", COST, LANES)
        accounts[name] = bare._replace(hash=_hashed(password, bare))
        _write(self.path, accounts)

    def remove(self, name: str) -> None:
        """Raises AccountError."""
        accounts = dict(read(self.path))
        if accounts.pop(name, None) is None:
            raise AccountError(f"{self.path}: there is no account {name}; known are {', '.join(accounts) or 'none'}")
        _write(self.path, accounts)


def refusal(name: str, password: str) -> str:
    """Why this cannot be an account, "" when it can. The password is in none of the words."""
    if not NAME.fullmatch(name):
        return f"{name[:40]!r}: not allowed as a name; allowed are {NAME_WORDS}"
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        return f"the password of {name}: allowed are {LEAST_PASSWORD} to {MOST_PASSWORD} characters"
    return f"the password of {name} is its name" if password == name else ""


def made_up() -> str:
    """A password for a person to type: 15 letters, 74 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))


def read(path: Path) -> "dict[str, Account]":
    """{} while there is no file. Raises AccountError."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise AccountError(f"{path} is open to others (mode {stat.S_IMODE(mode):04o}); allowed is a file that "
                                   "only its owner may read: chmod 600")
            content = json.loads(file.read(MOST_BYTES))
            return {name: _account(name, one) for name, one in content["accounts"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise AccountError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AccountError(f"{path} is damaged ({type(error).__name__}); remove it, add the accounts anew") from error


def _account(name: str, one: "dict[str, Any]") -> Account:
    account = Account(name, NAMES[one["role"]], one["salt"], one["hash"], one["cost"], one["lanes"])
    if not (NAME.fullmatch(name) and 1 <= account.lanes <= MOST_LANES and account.cost in _costs()
            and len(bytes.fromhex(account.salt)) == SALT_BYTES and len(bytes.fromhex(account.hash)) == HASH_BYTES):
        raise ValueError(name)
    return account


def _costs() -> "set[int]":
    return {1 << power for power in range(COST.bit_length() - 1, MOST_COST.bit_length())}


def _hashed(password: str, account: Account) -> str:
    memory = 256 * BLOCK * account.cost
    return hashlib.scrypt(password[:MOST_PASSWORD].encode("utf-8", "replace"), salt=bytes.fromhex(account.salt),
                          n=account.cost, r=BLOCK, p=account.lanes, maxmem=memory, dklen=HASH_BYTES).hex()


def _stamp(path: Path) -> "tuple[int, ...] | None":
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode


def _write(path: Path, accounts: "dict[str, Account]") -> None:
    """All of it or nothing, at no moment readable for others; it stays its owner's when root writes it."""
    content = {"format": FORMAT, "accounts": {name: {
        "role": WORDS[one.role], "salt": one.salt, "hash": one.hash, "cost": one.cost, "lanes": one.lanes}
        for name, one in accounts.items()}}
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        owner = (path if path.exists() else path.parent).stat()
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            if os.geteuid() == 0:
                os.fchown(handle, owner.st_uid, owner.st_gid)
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(handle)
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise AccountError(f"{path} cannot be written: {error.strerror}") from error
