"""JSON messages in a text: one behind the other, over as many lines as they like, each with its topic before it or not.

What begins no message, or does not end within MOST_BYTES, costs itself alone: the next line that is one is read.
"""

import json
from decimal import Decimal, InvalidOperation

from drivers import json_fields
from drivers.inbox import MOST_BYTES

_OPENS = ("{", "[")
_WITHIN = ("", " ", "\t", '"', "[", "]", "}", ",")
_DECODER = json.JSONDecoder()
Message = tuple[str, object]  # topic or "", document


class Messages:
    """Feed it whatever arrives; it never raises and holds at most MOST_BYTES and a line."""

    def __init__(self) -> None:
        self.damaged = 0
        self._line = b""
        self._held = ""  # a message that goes on with the next line

    def feed(self, data: bytes) -> "list[Message]":
        *lines, self._line = (self._line + data).split(b"\n")
        if len(self._line) > MOST_BYTES:
            self.damaged += 1
            self._line = b""
        return [message for line in lines for message in self._ended(line)]

    def rest(self) -> "list[Message]":
        out = self._ended(self._line)
        self.damaged += bool(self._held)
        self._line, self._held = b"", ""
        return out

    def _ended(self, raw: bytes) -> "list[Message]":
        line = raw.decode("utf-8", "replace").rstrip()
        if self._held:
            found = _messages(self._held + "\n" + line)
            if found is None and _begins(line) and (alone := _messages(line)):
                found, self.damaged = alone, self.damaged + 1
            if found is None and len(self._held) + len(line) <= MOST_BYTES:
                self._held += "\n" + line
                return []
            self._held = ""
        else:
            found = _messages(line) if line.strip() else []
            if found is None and _split(line)[1][:1] in _OPENS:
                self._held = line
                return []
        self.damaged += found is None
        return found or []


def _begins(line: str) -> bool:
    """Whether a line may begin a message, and is not within another one."""
    return line[:1] == "{" or (line[:1] not in _WITHIN and bool(_split(line)[0]))


def _messages(text: str) -> "list[Message] | None":
    """All of a text; None when something in it is no message, or not whole."""
    topic, rest = _split(text.strip())
    out: "list[Message]" = []
    while rest:
        if rest[:1] not in _OPENS:
            number = _number(rest)
            return [*out, (topic, number)] if number is not None and not out else None
        try:
            end = _DECODER.raw_decode(rest)[1]
        except (ValueError, RecursionError):
            return None
        document = json_fields.document(rest[:end].encode())
        if document is None:
            return None
        out.append((topic, document))
        topic, rest = _split(rest[end:].strip()) if not topic else ("", rest[end:].strip())
    return out


def _split(text: str) -> "tuple[str, str]":
    """(topic, message) of "tele/head/SENSOR {...}"; no topic where the message begins at once, or is a number."""
    first, _, rest = text.partition(" ")
    if text[:1] in _OPENS or not rest or _number(text) is not None:
        return "", text
    return first, rest.strip()


def _number(text: str) -> "Decimal | None":
    try:
        value = Decimal(text.strip().strip('"'))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
