"""Sends one notice over apprise, in a process of its own that lives for that alone: `python -m firmware.notices.post`.

apprise with its services takes 36 MB, more than half of what the daemon has; a process that ends gives them back, and
one that hangs can be ended. Standard input: {"urls", "title", "text", "critical", "well"}; standard output: a list,
for each url "" or why it could not be told.
"""

import json
import logging
import os
import re
import sys

import apprise

MOST_WHY = 200
NICE = 10  # decisions come first
_SECRETS = re.compile(r"[^/:@?&=]{4,}")


class _Heard(logging.Handler):
    """What apprise says about a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: "list[str]" = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(record.getMessage())


def post(url: str, title: str, text: str, kind: str) -> str:
    """"" or why not, without what is secret in the url."""
    heard = _Heard()
    log = logging.getLogger("apprise")
    log.handlers, log.propagate = [heard], False
    service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        return "not understood"
    try:
        if service.notify(body=text, title=title, notify_type=kind):
            return ""
    except Exception as error:  # whatever a service's library raises
        heard.words.append(f"{type(error).__name__}: {error}")
    return without(url, "; ".join(heard.words))[:MOST_WHY] or "not taken"


def understood(url: str) -> bool:
    logging.getLogger("apprise").handlers = [logging.NullHandler()]
    return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None


def without(url: str, words: str) -> str:
    """The words without any part of the url."""
    for part in sorted(set(_SECRETS.findall(url.partition("://")[2])), key=len, reverse=True):
        words = words.replace(part, "...")
    return words


def main() -> None:
    os.nice(NICE)
    said = json.load(sys.stdin)
    kind = "success" if said["well"] else "failure" if said["critical"] else "warning"
    print(json.dumps([post(url, said["title"], said["text"], kind) for url in said["urls"]]))


if __name__ == "__main__":
    main()
