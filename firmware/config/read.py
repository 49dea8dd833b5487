"""One table of the file against what is known about it; what is wrong is collected, so that all of it is told at once.

A message names file, line, key and value, and says what is allowed.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, inspect

from firmware.config.text import Path

Raw = Mapping[str, Any]
Table = TypeVar("Table", bound=Struct)

MOST_SHOWN = 60  # characters of a wrong value
SECRET = ("password",)


class Findings:
    """What is wrong with one file, line by line."""

    def __init__(self, file: str, raw: Raw, lines: "Mapping[Path, int]") -> None:
        self._file = file
        self._raw = raw
        self._lines = lines
        self._found: "dict[str, int]" = {}

    def add(self, path: Path, words: str) -> None:
        """Something is wrong with the value of a key, or with a whole table."""
        value = self._value(path)
        shown = "" if value is None or isinstance(value, Mapping) else " = " + _shown(path, value)
        self._note(path, f"{dotted(path)}{shown}: {words}")

    def missing(self, path: Path, words: str) -> None:
        self._note(path, f"{dotted(path)} is missing: {words}")

    def has(self, path: Path) -> bool:
        """Whether the key is in the file."""
        return self._value(path) is not None

    def messages(self) -> "tuple[str, ...]":
        return tuple(sorted(self._found, key=lambda message: self._found[message]))

    def _note(self, path: Path, words: str) -> None:
        while path and path not in self._lines:
            path = path[:-1]
        line = self._lines.get(path, 1)
        self._found.setdefault(f"{self._file}:{line}: {words}", line)

    def _value(self, path: Path) -> Any:
        value: Any = self._raw
        for key in path:
            if not isinstance(value, Mapping):
                return None
            value = value.get(key)
        return value


def dotted(path: Path) -> str:
    return ".".join(key if key and set(key) <= _BARE else json.dumps(key, ensure_ascii=False) for key in path)


_BARE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def read(findings: Findings, path: Path, raw: Raw, kind: "type[Table]") -> "Table | None":
    """The table, when every key of it is known, within its bounds, and none is missing."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    tag = kind.__struct_config__.tag_field
    good = True
    for key, value in raw.items():
        if key == tag:
            continue
        if key not in fields:
            findings.add((*path, key), "no such key here" + nearest(key, fields))
            good = False
        elif not _fits(value, fields[key].type):
            findings.add((*path, key), _hint(value, fields[key].type) + allowed(fields[key].type))
            good = False
    for key, field in fields.items():
        if field.required and key not in raw:
            findings.missing((*path, key), allowed(field.type))
            good = False
    return msgspec.convert(raw, kind) if good else None


def nearest(name: str, known: "Iterable[str]") -> str:
    """What was probably meant, and what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1, 0.5)
    meant = f"; did you mean {close[0]}?" if close else ""
    return f"{meant}; known are {', '.join(names)}" if names else "; none is known"


def allowed(kind: Any) -> str:
    """The bounds of a key in words."""
    info, about = _inner(inspect.type_info(kind))
    words = _allowed(info, about)
    return f"{words} ({about})" if about and about not in words else words


def _allowed(info: inspect.Type, about: str) -> str:
    if isinstance(info, inspect.IntType | inspect.FloatType):
        return f"allowed are {info.ge} to {info.le}"
    if isinstance(info, inspect.LiteralType):
        return "allowed are " + ", ".join(json.dumps(value) for value in info.values)
    if isinstance(info, inspect.BoolType):
        return "allowed are true and false"
    if isinstance(info, inspect.VarTupleType):
        item, meant = _inner(info.item_type)
        if isinstance(item, inspect.StrType) and item.pattern:
            return f"allowed is a list of {info.min_length or 0} to {info.max_length} texts {meant}"
        what = "texts" if isinstance(item, inspect.StrType) else "numbers"
        bounds = _allowed(item, "").removeprefix("allowed are ").removeprefix("allowed is text ")
        return f"allowed is a list of {what}, {bounds}"
    assert isinstance(info, inspect.StrType)
    if info.pattern:
        return f"allowed is {about}"
    return f"allowed is text of {info.min_length or 0} to {info.max_length} characters"


def _inner(info: inspect.Type) -> "tuple[inspect.Type, str]":
    """Without the None of a key that may be left out; and its description."""
    if isinstance(info, inspect.UnionType):
        return _inner(next(part for part in info.types if not isinstance(part, inspect.NoneType)))
    if isinstance(info, inspect.Metadata):
        return info.type, str((info.extra_json_schema or {}).get("description", ""))
    return info, ""


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _hint(value: Any, kind: Any) -> str:
    """How to write what was meant."""
    info, _ = _inner(inspect.type_info(kind))
    number = isinstance(info, inspect.IntType | inspect.FloatType) or (
        isinstance(info, inspect.LiteralType) and isinstance(info.values[0], int))
    if number and isinstance(value, str):
        return "a number is written without quotes; "
    if isinstance(info, inspect.IntType) and isinstance(value, Decimal):
        return "only whole numbers; "
    if isinstance(info, inspect.BoolType) and isinstance(value, str):
        return "written without quotes; "
    if isinstance(info, inspect.StrType) and not isinstance(value, str):
        return "text is written in quotes; "
    if isinstance(info, inspect.VarTupleType) and not isinstance(value, list):
        return "a list is written in brackets; "
    return ""


def _shown(path: Path, value: Any) -> str:
    if path[-1] in SECRET:
        return "(not shown)"
    if isinstance(value, str | bool):
        words = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list):
        words = "[" + ", ".join(_shown(path, item) for item in value) + "]"
    elif isinstance(value, Mapping):
        words = "{...}"
    else:
        words = str(value)
    return words if len(words) <= MOST_SHOWN else words[:MOST_SHOWN] + "..."
