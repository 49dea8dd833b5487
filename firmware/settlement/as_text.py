"""A report as CSV, and as JSON."""

import csv
import json
from typing import TextIO

from firmware.settlement.forms import UNITS, shown
from firmware.settlement.report import TEXT, Column, Report, Row, Table
from firmware.settlement.words import COLUMNS, FORMULAS, KINDS, MARK, NOTES, ROUNDING, TABLES, say

FORMAT = 1
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(report: Report, lang: str, out: TextIO) -> None:
    """Table after table, blank lines between; lines with # tell what it is. German: semicolon and decimal comma."""
    table = csv.writer(out, delimiter=";" if lang == "de" else ",", lineterminator="\n")
    out.write(f"# {report.name}, {report.first} - {report.last}, {report.zone}\n")
    if not report.certified:
        out.write(f"# {say(MARK, lang)}\n")
    for part in report.parts:
        out.write(f"\n# {part.name}: {say(KINDS[part.kind], lang)}{'' if part.certified else '; ' + say(MARK, lang)}\n")
        for note in part.notes:
            out.write(f"# {say(NOTES[note.key], lang, note.about)}\n")
        for one in part.tables:
            out.write(f"\n# {part.name}: {say(TABLES[one.name], lang)}\n")
            table.writerow([titled(column, lang) for column in one.columns])
            for row in one.rows:
                table.writerow([_cell(row, column, one, lang, report) for column in one.columns])


def _cell(row: Row, column: Column, one: Table, lang: str, report: Report) -> str:
    """What others have said (a card, a name) is no formula to a spreadsheet."""
    words = shown(row.get(column.key), column, one.scaler, lang, report, thousands=False)
    return "'" + words if column.kind == TEXT and words.startswith(FORMULA) else words


def titled(column: Column, lang: str) -> str:
    unit = UNITS.get(column.kind)
    return say(COLUMNS[column.key], lang) + (f" ({unit})" if unit else "")


def write_json(report: Report, lang: str, out: TextIO) -> None:
    """Whole numbers in the units that are named; keys are the same in both languages."""
    json.dump({
        "format": FORMAT, "name": report.name, "from": report.first, "to": report.last, "time_zone": report.zone,
        "certified": report.certified, "mark": None if report.certified else say(MARK, lang),
        "rounding": say(ROUNDING, lang), "units": {"money": "ct", "price": "1e-11 EUR/Wh", "time": "UTC s"},
        "sources": list(report.sources),
        "settlements": [{
            "name": part.name, "kind": part.kind, "certified": part.certified,
            "formula": say(FORMULAS[part.kind], lang),
            "notes": [{"key": note.key, **note.about, "words": say(NOTES[note.key], lang, note.about)}
                      for note in part.notes],
            "meters": list(part.meters), "tables": {one.name: _table(one) for one in part.tables},
        } for part in report.parts]}, out, indent=1, ensure_ascii=False)
    out.write("\n")


def _table(one: Table) -> "dict[str, object]":
    return {"energy_unit": f"1e{one.scaler} Wh" if one.scaler else "Wh",
            "rows": [{column.key: row.get(column.key) for column in one.columns} for row in one.rows],
            "total": one.total}
