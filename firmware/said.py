"""Words for people in English that know themselves in German: whoever passes them on need not know it."""

from collections.abc import Iterable

from firmware.said_de import GERMAN


class Said(str):
    """A text in English; `de`: the same in German."""

    de: str


def said(template: str, *values: object) -> Said:
    """`template` with a {} for each value stands in GERMAN; a value may be Said itself."""
    return _said(template.format(*values), GERMAN.get(template, template).format(*(german(value) for value in values)))


def joined(parts: "Iterable[object]", between: str = ", ") -> Said:
    """Parts that may be Said, one behind the other."""
    here = tuple(parts)
    return _said(between.join(str(part) for part in here), between.join(german(part) for part in here))


def decimal(text: str) -> Said:
    """A number with its unit, whose point is a comma in German."""
    return _said(text, text.replace(".", ","))


def german(words: object) -> str:
    """As it is, where there is no German of it."""
    return words.de if isinstance(words, Said) else str(words)


def _said(english: str, german_: str) -> Said:
    out = Said(english)
    out.de = german_
    return out
