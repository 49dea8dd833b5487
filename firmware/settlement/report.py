"""What is told: tables of plain values, the same for CSV, JSON and HTML. Words come with the form, in its language."""

from typing import Any, NamedTuple

ENERGY, MONEY, PRICE, NET, TIME, COUNT, TEXT, WORD, WATT, PERMILLE = (
    "energy", "money", "price", "net", "time", "count", "text", "word", "watt", "permille")
Row = dict[str, Any]


class Key(str):
    """A value that is a key of words.WORDS, in a column of other values."""


class Column(NamedTuple):
    """`kind` says what its values are: energies in 10**scaler Wh, money in ct, prices in 1e-11 EUR/Wh (net: in
    0.001 ct/kWh), times in UTC s, `word` a key of words.WORDS. None is what is not known, or does not apply."""

    key: str
    kind: str = TEXT


class Table(NamedTuple):
    name: str  # a key of words.TABLES
    columns: "tuple[Column, ...]"
    rows: "list[Row]"
    scaler: int
    total: "Row | None" = None


class Note(NamedTuple):
    key: str  # of words.NOTES
    about: "dict[str, Any]"
    warning: bool = False


class Part(NamedTuple):
    """One settlement."""

    name: str
    kind: str
    tables: "tuple[Table, ...]"
    notes: "tuple[Note, ...]"
    meters: "tuple[Row, ...]"  # name, serial, accuracy class, MID, what it is reckoned from
    certified: bool


class Report(NamedTuple):
    name: str
    first: str  # days, like 2026-03-01
    last: str
    zone: str
    offsets_s: "dict[int, int]"  # of legal time, from each UTC second on
    sources: "tuple[Row, ...]"
    parts: "tuple[Part, ...]"

    @property
    def certified(self) -> bool:
        return bool(self.parts) and all(part.certified for part in self.parts)
