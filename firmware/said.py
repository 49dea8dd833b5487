"""Words for people in English that know themselves in German: whoever passes them on need not know it."""

from firmware.said_de import GERMAN


class Said(str):
    """A text in English; `de`: the same in German."""

    de: str


def said(template: str, *values: object) -> Said:
    """`template` with a {} for each value stands in GERMAN; a value may be Said itself."""
    out = Said(template.format(*values))
    out.de = GERMAN.get(template, template).format(*(german(value) for value in values))
    return out


def german(words: object) -> str:
    """As it is, where there is no German of it."""
    return words.de if isinstance(words, Said) else str(words)
