"""The first accounts, whose passwords are told on the device's own console and nowhere else.

A terminal is one; a service has /dev/console (a screen or a serial port at the device). What is written to standard
output of a service ends in the system's log, so it is no place for a password.
"""

import os
import sys
from collections.abc import Callable

from firmware.access.accounts import AccountError, Accounts, made_up
from firmware.access.roles import INSTALLER, OWNER, WORDS

CONSOLE = "/dev/console"
FIRST = (OWNER, INSTALLER)


def ensure(accounts: Accounts, tell: "Callable[[str], bool]") -> str:
    """Makes an owner and an installer where there are no accounts yet. What the log shall say, "" for nothing.

    `tell`: whether the words were shown; accounts whose passwords nobody has seen are taken back.
    """
    if accounts.all() or accounts.fault:
        return f"accounts: {accounts.fault}; nobody can log in" if accounts.fault else ""
    if accounts.path.exists():
        return ""  # somebody has removed all of them
    passwords = {WORDS[role]: made_up() for role in FIRST}
    words = ["", "  first accounts of the page (kept as hashes; this is shown once):",
             *(f"    {name:<12}{password}" for name, password in passwords.items()), ""]
    try:
        for role in FIRST:
            accounts.put(WORDS[role], role, passwords[WORDS[role]])
        if tell("\n".join(words)):
            return ""
        accounts.path.unlink(missing_ok=True)
    except (AccountError, OSError) as error:
        return f"accounts: {error}; nobody can log in"
    return ("accounts: there are none, and no console to show a first password on; "
            "on this computer: hutschiene account add SITE.toml NAME --role owner")


def console(words: str) -> bool:
    """Whether it could be shown where only who stands at the device sees it."""
    if sys.stdout.isatty():
        print(words, flush=True)
        return True
    try:
        handle = os.open(CONSOLE, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        text = (words + "\n").encode()
        shown = os.write(handle, text) == len(text)
        if shown:
            print("accounts: the first are made; their passwords are on the console of this device", file=sys.stderr)
        return shown
    except OSError:
        return False
    finally:
        os.close(handle)
