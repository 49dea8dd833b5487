"""Which line each key of a TOML text stands on. TOML readers do not say, and a message without a line is a riddle.

Only for text that has already been read as TOML: it walks from token to token and checks nothing.
"""

import re
from bisect import bisect_right

Path = tuple[str, ...]

_BLANK = re.compile(r"(?:[\s,]|#[^\n]*)*")  # commas too: inside lists and inline tables they only separate
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_CLOSE = re.compile(r"[ \t]*\]\]?")
TEXT = re.compile(r'''"""(?:\\[\s\S]|[^\\])*?""""{0,2}|\'\'\'[\s\S]*?\'\'\'\'{0,2}|"(?:\\.|[^"\\])*"|'[^']*\'''')
_PLAIN = re.compile(r"[^,\]}#\n]*")  # a number, a time, true or false


def places(text: str) -> dict[Path, int]:
    """Path of each table and key -> the line (from 1) on which it is first named."""
    return _Walk(text.replace("\r\n", "\n")).found


class _Walk:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        table: Path = ()
        self._take(_BLANK)
        while self._at < len(text):
            if text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._take(_BLANK)

    def _header(self) -> Path:
        self._at += 2 if self._text.startswith("[[", self._at) else 1
        self._take(_BLANK)
        table = self._path(())
        self._take(_CLOSE)
        return table

    def _pair(self, table: Path) -> None:
        path = self._path(table)
        self._take(_EQUALS)
        self._value(path)

    def _path(self, path: Path) -> Path:
        """A dotted name, noted at each of its levels."""
        more = True
        while more:
            line = bisect_right(self._breaks, self._at) + 1
            key = self._take(_KEY)
            assert key, "no TOML"
            path = (*path, key.strip("\"'"))
            self.found.setdefault(path, line)
            more = bool(self._take(_DOT))
        return path

    def _value(self, path: Path) -> None:
        first = self._text[self._at]
        if first in "{[":
            self._at += 1
            self._take(_BLANK)
            while self._text[self._at] not in "}]":
                if first == "{":
                    self._pair(path)
                else:
                    self._value(path)
                self._take(_BLANK)
            self._at += 1
        else:
            self._take(TEXT if first in "\"'" else _PLAIN)

    def _take(self, pattern: "re.Pattern[str]") -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match.group()
