"""Where notices go: the lines of a file that only its owner may read, each the address of a service with its secrets.

    ntfy://ntfy.sh/TOPIC             ntfys://USER:PASSWORD@HOST/TOPIC
    mailtos://USER:PASSWORD@HOST?to=anna@example.com&from=house@example.com
    tgram://BOT-TOKEN/CHAT-ID

apprise understands them (https://appriseit.com); allowed are those that are tested here.
"""

from typing import NamedTuple

from drivers import key_file

SCHEMES = ("ntfy", "ntfys", "mailto", "mailtos", "tgram")
MOST = 16
MOST_LETTERS = 1_000


class Service(NamedTuple):
    name: str  # "line 3 (ntfys)": without anything secret
    url: str


def services(path: str) -> "tuple[Service, ...]":
    """Raises ValueError in words a person can act on, without the line's secrets."""
    out = []
    for number, row in key_file.rows(path):
        scheme = row.partition("://")[0].lower()
        if scheme not in SCHEMES or "://" not in row:
            raise ValueError(f"{path}:{number}: allowed is the address of a service, {'://, '.join(SCHEMES)}://")
        if len(row) > MOST_LETTERS or any(letter.isspace() for letter in row):
            raise ValueError(f"{path}:{number}: an address of at most {MOST_LETTERS} letters without spaces is allowed")
        out.append(Service(f"line {number} ({scheme})", row))
    if not 1 <= len(out) <= MOST:
        raise ValueError(f"{path}: {len(out)} addresses of services; allowed are 1 to {MOST}")
    return tuple(out)
