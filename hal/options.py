"""How a driver says which keys its device takes in the configuration, bounded and with a safe default."""

from collections import namedtuple

TEXT = "<text>"


class Option(namedtuple("Option", ("name", "default", "least", "most", "choices", "help"))):
    """One key of a [device.NAME] table.

    An integer with bounds, one of `choices` (words; then least and most are 0), or a text (TEXT alone in
    `choices`) of `least` to `most` characters. A default of None makes the key required; a tuple as default
    makes it a list. The unit is the end of the name (`_a _w _s`); TOML true/false is the choice
    between 1 and 0 and its name says what is on.
    """

    __slots__ = ()
    name: str
    default: "int | str | tuple[int, ...] | tuple[str, ...] | None"
    least: int
    most: int
    choices: "tuple[str, ...]"
    help: str


def integer(name: str, default: "int | None", least: int, most: int, help: str) -> Option:
    return Option(name, default, least, most, (), help)


def choice(name: str, default: "str | None", choices: "tuple[str, ...]", help: str) -> Option:
    return Option(name, default, 0, 0, choices, help)


def integers(name: str, default: "tuple[int, ...]", least: int, most: int, help: str) -> Option:
    """A list of integers, each within the bounds."""
    return Option(name, default, least, most, (), help)


def text(name: str, default: "str | None", least: int, most: int, help: str) -> Option:
    """Free text, of that many characters."""
    return Option(name, default, least, most, (TEXT,), help)


def texts(name: str, default: "tuple[str, ...]", least: int, most: int, help: str) -> Option:
    """A list of such texts."""
    return Option(name, default, least, most, (TEXT,), help)
