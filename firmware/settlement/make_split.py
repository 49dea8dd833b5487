"""The storage split of BNetzA 618-25-02 (MiSpeL), month by month, each line of the annex under its number."""

from datetime import date
from fractions import Fraction

from firmware.config.file import ConfigError
from firmware.records import storage_split
from firmware.settlement import quarters
from firmware.settlement.books import Books, chunks
from firmware.settlement.make_accounts import Coverage, Made
from firmware.settlement.plan import Settle, quarter_prices, series_of_csv
from firmware.settlement.quarters import EXPORT, IMPORT, Use
from firmware.settlement.report import ENERGY, PERMILLE, Column, Note, Row, Table

RATIOS = (14, 18, 30)  # lines of the annex that are no energies


def split(one: Settle, books: Books, first: date, last: date, detail: bool) -> Made:
    """Energies are rounded down to the meter's digit when they are told; nothing is rounded on the way."""
    table, coverage = one.table, Coverage()
    uses = (Use(table.grid, IMPORT), Use(table.grid, EXPORT), Use(table.storage, IMPORT), Use(table.storage, EXPORT),
            *((Use(table.own_use, IMPORT),) if table.own_use else ()))
    spot = _spot(one, books)
    found: "list[tuple[str, int, storage_split.Split]]" = []
    notes: "list[Note]" = []
    meters = tuple(dict.fromkeys(use.meter for use in uses))
    for chunk in chunks(books.plan, first, last):
        rows = quarters.aligned(books.intervals(meters, books.values(meters, chunk)), uses, chunk.starts)
        coverage.add(chunk, rows)
        if not chunk.whole:
            notes.append(Note("part_of_month", {"month": chunk.month}, True))
        told = [storage_split.Quarter(row[0], row[1], row[2], row[3],
                                      spot is None or spot.get(start_s, -1) >= 0) for start_s, row in rows.rows]
        if spot is not None and any(start_s not in spot for start_s, _ in rows.rows):
            notes.append(Note("no_spot", {"month": chunk.month}, True))
        own = sum(row[4] for _, row in rows.rows) if table.own_use else None
        found.append((chunk.month, rows.scaler, storage_split.split(told, table.device, table.variant, own)))
    scaler = min([0] + [own for _, own, _ in found])
    return [_results(found, scaler), _lines(found, scaler), *coverage.tables()], [*notes, *coverage.notes()]


def flat(one: Settle, books: Books, first: date, last: date, detail: bool) -> Made:
    """The flat option, of a calendar year."""
    table, coverage = one.table, Coverage()
    uses = (Use(table.grid, IMPORT), Use(table.grid, EXPORT))
    spot, draw, paid = _spot(one, books), Fraction(0), Fraction(0)
    year = (date(first.year, 1, 1), date(first.year, 12, 31))
    notes = [] if (first, last) == year else [Note("part_of_year", {}, True)]
    scaler = 0
    for chunk in chunks(books.plan, first, last):
        rows = quarters.aligned(books.intervals((table.grid,), books.values((table.grid,), chunk)), uses, chunk.starts)
        coverage.add(chunk, rows)
        scaler, unit = min(scaler, rows.scaler), Fraction(1, 10 ** -rows.scaler)
        draw += unit * sum(row[0] for _, row in rows.rows)
        paid += unit * sum(row[1] for start_s, row in rows.rows if spot is None or spot.get(start_s, -1) >= 0)
        if spot is not None and any(start_s not in spot for start_s, _ in rows.rows):
            notes.append(Note("no_spot", {"month": chunk.month}, True))
    found = storage_split.flat(table.installed_wp, table.storage_wh, table.charge_point, draw, paid, paid)
    result = {"levy_reducing_flat": found[0], "levied_flat": found[1], "eligible_flat": found[2]}
    lines: "list[Row]" = [{"line": f"P{number}", "energy": None if number == 2 else _down(told, -scaler),
                           "ratio": _down(told, 3) if number == 2 else None} for number, told in found.lines.items()]
    return [Table("split", tuple(Column(key, ENERGY) for key in result),
                  [{key: _down(told, -scaler) for key, told in result.items()}], scaler),
            Table("flat_lines", (Column("line"), Column("energy", ENERGY), Column("ratio", PERMILLE)), lines, scaler),
            *coverage.tables()], [*notes, *coverage.notes()]


def _results(found: "list[tuple[str, int, storage_split.Split]]", scaler: int) -> Table:
    keys = ("levy_reducing", "levied", "eligible")
    rows: "list[Row]" = [{"month": month, **dict(zip(keys, (_down(told, own - scaler) for told in one[:3])))}
                         for month, own, one in found]
    total = {"month": "", **{key: sum(row[key] for row in rows) for key in keys}}
    return Table("split", (Column("month"), *(Column(key, ENERGY) for key in keys)), rows, scaler, total)


def _lines(found: "list[tuple[str, int, storage_split.Split]]", scaler: int) -> Table:
    rows: "list[Row]" = []
    for month, own, one in found:
        for number, told in sorted(one.lines.items()):
            ratio = number in RATIOS
            rows.append({"month": month, "line": f"({number})", "energy": None if ratio else _down(told, own - scaler),
                         "ratio": _down(told, 3) if ratio else None})
    return Table("split_lines", (Column("month"), Column("line"), Column("energy", ENERGY), Column("ratio", PERMILLE)),
                 rows, scaler)


def _down(told: Fraction, digits: int) -> int:
    return int(told * 10 ** digits)


def _spot(one: Settle, books: Books) -> "dict[int, int] | None":
    if one.table.spot is None:
        return None
    try:
        return quarter_prices(series_of_csv(books.plan.folder / one.table.spot, "eur_per_mwh", 2))
    except (OSError, ValueError) as error:
        books.plan.findings.add((*one.path(), "spot"), f"cannot be read: {error}")
        raise ConfigError(books.plan.findings.messages()) from error
