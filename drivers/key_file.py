"""Keys of meters that encrypt, and logins of gateways: in a file of their own that nobody but its owner may read.

One meter a line, `NAME KEY` or `NAME KEY SECOND-KEY`, keys as 32 hex digits; # begins a comment. Logins are
`NAME USER PASSWORD`, the password as it is up to the end of the line. They stand in no configuration, journal, page or
message: what is wrong is told without the line it stands in.
"""

import os
import stat

MOST_BYTES = 65_536


def keys(path: str) -> "dict[str, tuple[bytes, ...]]":
    """Raises ValueError in words a person can act on."""
    return _listed(path, _text(path).decode("utf-8", "replace"))


def login(path: str, name: str) -> "tuple[str, str]":
    """(user, password) of that name. Raises ValueError in words a person can act on."""
    try:
        rows = _text(path).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8; save it as UTF-8") from error
    found = []
    for number, row in enumerate(rows, 1):
        words = row.strip().split(None, 2)
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or not words[1].isascii() or any(letter in '"\\:' for letter in words[1]):
            raise ValueError(f"{path}:{number}: allowed is NAME USER PASSWORD; no quotes, backslash or : in USER")
        if words[0] == name:
            found.append((words[1], words[2]))
    if len(found) != 1:
        raise ValueError(f"{path}: {len(found)} logins of the name {name}; allowed is one")
    return found[0]


def secret(path: str) -> str:
    """The one line of a file: a PIN. Raises ValueError in words a person can act on."""
    text = _text(path).decode("utf-8", "replace").strip()
    if not text or "\n" in text:
        raise ValueError(f"{path}: allowed is one line")
    return text


def rows(path: str) -> "tuple[tuple[int, str], ...]":
    """(number, content) of each line that is not empty and no comment. Raises ValueError as `keys`."""
    found = enumerate(_text(path).decode("utf-8", "replace").splitlines(), 1)
    return tuple((number, row.strip()) for number, row in found if row.strip() and not row.strip().startswith("#"))


def _text(path: str) -> bytes:
    """Of a file that only its owner may read."""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ValueError(f"{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o}); "
                                 "allowed is a file that only its owner may read: chmod 600")
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path} is too large for a list of secrets; allowed are {MOST_BYTES // 1024} KiB")
    return content


def _listed(path: str, text: str) -> "dict[str, tuple[bytes, ...]]":
    out: "dict[str, tuple[bytes, ...]]" = {}
    for number, row in enumerate(text.splitlines(), 1):
        words = row.partition("#")[0].split()
        if not words:
            continue
        if len(words) not in (2, 3) or not all(_is_key(word) for word in words[1:]):
            raise ValueError(f"{path}:{number}: allowed is NAME and one or two keys of 32 hex digits")
        if words[0] in out:
            raise ValueError(f"{path}:{number}: the name is there already")
        out[words[0]] = tuple(bytes.fromhex(word) for word in words[1:])
    return out


def _is_key(word: str) -> bool:
    return len(word) == 32 and all(letter in "0123456789abcdefABCDEF" for letter in word)
