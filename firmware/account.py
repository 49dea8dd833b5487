"""`account add|password|remove|list`: who may look at the page and set things there."""

import argparse
import getpass
import sys
from pathlib import Path

from firmware.access.accounts import AccountError, Accounts, made_up, read, refusal
from firmware.access.roles import NAMES, WORDS
from firmware.config.file import load
from firmware.errors import UserError

WHAT = ("add", "password", "remove", "list")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=WHAT, metavar="|".join(WHAT))
    parser.add_argument("site", metavar="SITE.toml", type=Path, help="or the file of accounts itself")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--role", choices=tuple(NAMES), help="add: viewer looks, owner sets, installer does all")
    parser.add_argument("--generate", action="store_true", help="make a password up and print it")


def run(args: argparse.Namespace) -> int:
    accounts = Accounts(_file(args.site))
    try:
        if args.what == "list":
            for account in sorted(read(accounts.path).values()):
                print(f"{account.name:<32} {WORDS[account.role]}")
            return 0
        if args.name is None:
            raise UserError(f"account {args.what}: which? say the NAME")
        return _changed(accounts, args)
    except AccountError as error:
        raise UserError(str(error)) from error


def _changed(accounts: Accounts, args: argparse.Namespace) -> int:
    known = read(accounts.path).get(args.name)
    if args.what == "remove":
        accounts.remove(args.name)
        print(f"{args.name} is removed; its sessions have ended")
        return 0
    if args.what == "add" and (known is not None or args.role is None):
        raise UserError(f"account add: there is {args.name} already; another password: account password" if known
                        else f"account add: --role is missing; allowed are {', '.join(NAMES)}")
    if args.what == "password" and known is None:
        raise UserError(f"{accounts.path}: there is no account {args.name}")
    role = NAMES[args.role] if args.role else known.role if known else 0
    why = refusal(args.name, "x" * 10 + args.name)
    if why:
        raise UserError(why)
    accounts.put(args.name, role, _password(args))
    print(f"{args.name} is {WORDS[role]}" + ("" if args.what == "add" else "; sessions it had have ended"))
    return 0


def _password(args: argparse.Namespace) -> str:
    """Asked twice at a terminal, one line of what is piped in, or made up."""
    if args.generate:
        password = made_up()
        print(f"password of {args.name}: {password}")
        return password
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"password of {args.name}: ")
    if getpass.getpass("once more: ") != password:
        raise UserError("these were two different passwords; nothing is changed")
    return password


def _file(path: Path) -> Path:
    if path.suffix != ".toml":
        return path
    table = load(path).accounts
    if table is None:
        raise UserError(f"{path}: no [accounts] table, so there are no accounts")
    return Path(table.file)
