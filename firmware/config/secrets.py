"""The text of a configuration as it may leave the device: what is secret stands there empty."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from firmware.config.read import SECRET
from firmware.config.text import TEXT, Path, places

LEFT_OUT = '""  # left out of the backup'
_KEY = re.compile(r"[^=\n]*=[ \t]*")


def without_secrets(text: str, read: "Callable[[str], dict[str, Any]]") -> str:
    """`read` reads TOML, which the text is known to be. "" when a secret cannot be taken out: then nothing leaves."""
    text = text.replace("\r\n", "\n")
    lines, known = text.split("\n"), places(text)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    spans = []
    for path in _secrets(read(text), ()):
        key = _KEY.match(text, starts[known[path] - 1]) if path in known else None
        value = TEXT.match(text, key.end()) if key else None
        if value is None:
            return ""
        spans.append(value.span())
    for begin, end in sorted(spans, reverse=True):
        text = text[:begin] + LEFT_OUT + text[end:]
    return text if not spans or _is_empty(text, read) else ""


def _secrets(table: "Mapping[str, Any]", path: Path) -> "Iterator[Path]":
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _secrets(value, (*path, key))
        elif key in SECRET and value:
            yield (*path, key)


def _is_empty(text: str, read: "Callable[[str], dict[str, Any]]") -> bool:
    try:
        return not list(_secrets(read(text), ()))
    except ValueError:
        return False
