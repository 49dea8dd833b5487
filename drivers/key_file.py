"""Keys of meters that encrypt: in a file of their own that nobody but its owner may read.

One meter a line, `NAME KEY` or `NAME KEY SECOND-KEY`, keys as 32 hex digits; # begins a comment. The keys
stand in no configuration, journal, page or message: what is wrong is told without the line it stands in.
"""

import os
import stat

MOST_BYTES = 65_536


def keys(path: str) -> "dict[str, tuple[bytes, ...]]":
    """Raises ValueError in words a person can act on."""
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
        raise ValueError(f"{path} is too large for a list of keys; allowed are {MOST_BYTES // 1024} KiB")
    return _listed(path, content.decode("utf-8", "replace"))


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
