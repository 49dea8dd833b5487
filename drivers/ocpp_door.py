"""Who is let in: a station whose id is known and, where that is asked for, whose password is right. Nobody else.

Passwords stand in a file that only its owner may read, `STATION PASSWORD` a line, `hex:` before one that is told to the
station as hexadecimal digits (OCPP 1.6). Who was refused is told once on standard error and kept for whoever looks.
"""

import base64
import binascii
import hmac
import sys
import urllib.parse
from collections.abc import Callable

from drivers import key_file

MOST_SHOWN = 16  # strangers that are remembered
MOST_ID = 48  # OCPP 2.0.1; 1.6 has 20 and more
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*-_=+|@."
UNKNOWN, BAD, WRONG = 404, 400, 401  # HTTP
LEAST, MOST = 8, 64  # characters of a password; the standards want 16 to 40


def passwords(path: str) -> "dict[str, bytes]":
    """By station. Raises ValueError in words a person can act on, without what stands in the line."""
    out: "dict[str, bytes]" = {}
    for number, row in key_file.rows(path):
        station, _, password = row.partition(" ")
        password = password.strip()
        if not is_id(station) or not LEAST <= len(password) <= MOST or station in out:
            raise ValueError(f"{path}:{number}: allowed is STATION PASSWORD, each station once, {LEAST} to {MOST} "
                             "characters of password")
        try:
            out[station] = bytes.fromhex(password[4:]) if password.startswith("hex:") else password.encode()
        except ValueError:
            raise ValueError(f"{path}:{number}: behind hex: allowed are pairs of hexadecimal digits") from None
    return out


def is_id(station: str) -> bool:
    return 0 < len(station) <= MOST_ID and all(letter in LETTERS for letter in station)


def parts(path: str) -> "list[str]":
    """Of an address; many a station adds a slash to one that ends with it."""
    return [part for part in path.split("/") if part]


class Door:
    def __init__(self, path: str, known: "Callable[[], tuple[str, ...]]",
                 listed: "Callable[[], dict[str, bytes]] | None") -> None:
        """`path`: of the address before the id; `listed`: the passwords, None where none is asked for."""
        self._path = "/".join(["", *parts(path), ""]) if parts(path) else "/"
        self._known = known
        self._listed = listed
        self.refused: "dict[str, str]" = {}  # station: why and from where, the newest last

    def judge(self, path: str, authorization: "str | None") -> "tuple[str, int, str]":
        """(station, 0, "") for who may come in, else (what it called itself, status of HTTP, why)."""
        place = "/" + "/".join(parts(urllib.parse.unquote(path.partition("?")[0])))
        station = place[len(self._path):] if place.startswith(self._path) else ""
        if not is_id(station):
            return place[-MOST_ID:], BAD, f"allowed is {self._path}STATION"
        if station not in self._known():
            return station, UNKNOWN, "no device has this station; known are " + ", ".join(self._known())
        if self._listed is None:
            return station, 0, ""
        try:
            password = self._listed().get(station)
        except ValueError as error:
            return station, WRONG, str(error)
        if password is None:
            return station, WRONG, "it has no password in the file of the passwords"
        if not hmac.compare_digest(said_by(authorization, station), password):
            return station, WRONG, "wrong password" if authorization else "it tells no password"
        return station, 0, ""

    def note(self, station: str, words: str, host: str) -> None:
        said = f"{words} (from {host})"
        printable = "".join(letter if letter in LETTERS + "/" else "?" for letter in station)
        if self.refused.get(printable) == said:
            return
        self.refused.pop(printable, None)
        while len(self.refused) >= MOST_SHOWN:
            del self.refused[next(iter(self.refused))]
        self.refused[printable] = said
        print(f"ocpp: station {printable!r} refused: {said}", file=sys.stderr, flush=True)

    def strangers(self) -> str:
        """For the fault of a station that does not come: its id may be written wrong."""
        names = list(self.refused)[-3:]
        return "; refused were " + ", ".join(f"{name}: {self.refused[name]}" for name in names) if names else ""


def said_by(authorization: "str | None", station: str) -> bytes:
    """The password of HTTP's basic authentication for this user; b"" when there is none."""
    kind, _, text = (authorization or "").partition(" ")
    if kind.lower() != "basic" or len(text) > 512:
        return b""
    try:
        user, _, password = base64.b64decode(text.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b""
    return password if user == station.encode() else b""
