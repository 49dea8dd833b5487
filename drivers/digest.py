"""HTTP digest authentication, the client's side (RFC 7616, and RFC 2069 where a device names no qop).

Own code, because urllib knows no SHA-256 digest, which is what Shelly and newer gateways ask for.
"""

import hashlib
import os
import re

_ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
MOST_CHARACTERS = 4_096  # of a challenge
_PARTS = re.compile(r'\b(\w+)=(?:"([^"]*)"|([^\s,]+))')
_AUTH = re.compile(r"\bauth\b(?!-)")


def challenge(header: str) -> "dict[str, str]":
    """The parts of a WWW-Authenticate that this module can answer; {} for any other."""
    if len(header) > MOST_CHARACTERS or not header.lower().startswith("digest "):
        return {}
    parts = {match[1].lower(): match[2] or match[3] or "" for match in _PARTS.finditer(header)}
    known = parts.get("algorithm", "MD5").upper() in _ALGORITHMS and "nonce" in parts
    return parts if known and _AUTH.search(parts.get("qop", "auth")) else {}


def answer(asks: "dict[str, str]", user: str, password: str, method: str, path: str, count: int) -> str:
    """The Authorization of the `count`-th request under this challenge; the password itself is not in it."""
    name = asks.get("algorithm", "MD5").upper()
    realm, nonce = asks.get("realm", ""), asks.get("nonce", "")
    once, number = os.urandom(8).hex(), f"{count:08x}"
    who, what = made(name, f"{user}:{realm}:{password}"), made(name, f"{method}:{path}")
    tail = f"{number}:{once}:auth:{what}" if "qop" in asks else what
    parts = [f'username="{user}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{path}"', f"algorithm={name}",
             f'response="{made(name, f"{who}:{nonce}:{tail}")}"']
    if "qop" in asks:
        parts += ["qop=auth", f"nc={number}", f'cnonce="{once}"']
    if "opaque" in asks:
        parts.append(f'opaque="{asks["opaque"]}"')
    return "Digest " + ", ".join(parts)


def made(name: str, text: str) -> str:
    """The hash named in a challenge."""
    return _ALGORITHMS[name](text.encode()).hexdigest()
