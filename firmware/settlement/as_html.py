"""A report as one HTML page that needs nothing else: to read, to print on A4, to hand to a tenant or an auditor."""

from html import escape
from typing import TextIO

from firmware.settlement.as_text import titled
from firmware.settlement.forms import NUMBERS, shown
from firmware.settlement.report import TEXT, WORD, Column, Part, Report, Row, Table
from firmware.settlement.words import (
    CERTIFIED,
    COLUMNS,
    FORMULAS,
    KINDS,
    MARK,
    MARK_WHY,
    NOTES,
    PRINT,
    ROUNDING,
    TABLES,
    TITLE,
    say,
)

STYLE = """
@page { size: A4; margin: 18mm 15mm 20mm 20mm; }
:root { color-scheme: light; }
body { font: 10pt/1.45 "Liberation Sans", Arial, Helvetica, sans-serif; color: #1b1f23; background: #fff;
  max-width: 178mm; margin: 8mm auto; padding: 0 4mm; }
h1 { font-size: 17pt; margin: 0 0 1mm; } h2 { font-size: 13pt; margin: 9mm 0 1mm; border-bottom: .5pt solid #1b1f23; }
h3 { font-size: 10.5pt; margin: 5mm 0 1mm; break-after: avoid; } h2 { break-after: avoid; }
p { margin: 1mm 0; } .about { color: #4a545e; }
.mark { border: 1.2pt solid #9a2b00; color: #9a2b00; padding: 2mm 3mm; margin: 4mm 0; font-weight: bold; }
.mark small { font-weight: normal; display: block; }
.good { border: .8pt solid #2d6a3e; color: #2d6a3e; padding: 2mm 3mm; margin: 4mm 0; }
.formula { color: #4a545e; font-size: 9pt; } ul.notes { margin: 2mm 0; padding-left: 5mm; color: #9a2b00; }
ul.notes li.told { color: #1b1f23; }
table { border-collapse: collapse; width: 100%; margin: 1mm 0 3mm; font-size: 8.5pt; break-inside: auto; }
thead { display: table-header-group; } tr { break-inside: avoid; }
th { text-align: left; border-bottom: .8pt solid #1b1f23; padding: .8mm 1.5mm; vertical-align: bottom; }
td { border-bottom: .25pt solid #c4ccd4; padding: .7mm 1.5mm; vertical-align: top; overflow-wrap: anywhere; }
th.n, td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th.n { white-space: normal; } td.t { white-space: nowrap; }
td.i { font: 6.5pt "Liberation Mono", monospace; min-width: 22mm; }
tr.total td { font-weight: bold; white-space: nowrap; border-top: .8pt solid #1b1f23; border-bottom: none; }
table.card { break-inside: avoid; }
table.card th { width: 30%; border-bottom: .25pt solid #c4ccd4; font-weight: normal; }
.hash { font-family: "Liberation Mono", monospace; font-size: 7.5pt; overflow-wrap: anywhere; }
@media print { .screen { display: none; } body { margin: 0; padding: 0; max-width: none; } }
"""
METERS = (Column("meter"), Column("serial"), Column("accuracy_class"), Column("mid", WORD), Column("checked"),
          Column("sum"), Column("changed", WORD))
WIDE = 10  # columns, from which on each row stands by itself
ALL = {"de": "Summe", "en": "Total"}


def write_html(report: Report, lang: str, out: TextIO) -> None:
    title = f"{say(TITLE, lang)}: {report.name}"
    out.write(f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">\n<title>{escape(title)}</title>\n'
              f'<meta name="viewport" content="width=device-width">\n<style>{STYLE}</style></head>\n<body>\n')
    out.write(f'<h1>{escape(title)}</h1>\n'
              f'<p class="about">{report.first} – {report.last} · {escape(report.zone)}</p>\n')
    out.write(_mark(report, lang))
    out.write(f'<p class="screen about">{escape(say(PRINT, lang))}</p>\n')
    for part in report.parts:
        _part(part, report, lang, out)
    _foot(report, lang, out)
    out.write("</body></html>\n")


def _mark(report: Report, lang: str) -> str:
    if report.certified:
        return f'<p class="good">{escape(say(CERTIFIED, lang))}</p>\n'
    return f'<p class="mark">{escape(say(MARK, lang))}<small>{escape(say(MARK_WHY, lang))}</small></p>\n'


def _part(part: Part, report: Report, lang: str, out: TextIO) -> None:
    out.write(f"<section>\n<h2>{escape(part.name)}</h2>\n<p>{escape(say(KINDS[part.kind], lang))}"
              f"{'' if part.certified else ' · <b>' + escape(say(MARK, lang)) + '</b>'}</p>\n"
              f'<p class="formula">{escape(say(FORMULAS[part.kind], lang))}</p>\n')
    if part.notes:
        out.write('<ul class="notes">' + "".join(
            f"<li{'' if note.warning else ' class=told'}>{escape(say(NOTES[note.key], lang, note.about))}</li>"
            for note in part.notes) + "</ul>\n")
    for one in part.tables:
        _table(one, report, lang, out)
    _table(Table("meters", _filled(METERS, part.meters), list(part.meters), 0), report, lang, out)
    out.write("</section>\n")


def _filled(columns: "tuple[Column, ...]", rows: "tuple[Row, ...]") -> "tuple[Column, ...]":
    """Without those in which nothing stands."""
    return tuple(column for column in columns if column.key in ("meter", "mid") or
                 any(row.get(column.key) for row in rows))


def _table(one: Table, report: Report, lang: str, out: TextIO) -> None:
    columns = tuple(column for column in one.columns if column.kind not in (TEXT, WORD)
                    or any(row.get(column.key) not in (None, "") for row in one.rows))
    if not one.rows:
        return
    out.write(f"<h3>{escape(say(TABLES[one.name], lang))}</h3>\n")
    if len(columns) >= WIDE:
        _cards(one, columns, report, lang, out)
        return
    heads = "".join(f"<th{_kind(column)}>{escape(titled(column, lang))}</th>" for column in columns)
    out.write("<table><thead><tr>" + heads + "</tr></thead>\n<tbody>\n")
    for row in one.rows:
        out.write(_row(row, columns, one, report, lang, ""))
    if one.total is not None:
        first = Column(columns[0].key)
        total = one.total if one.total.get(first.key) else {**one.total, first.key: ALL[lang]}
        out.write(_row(total, (first, *columns[1:]), one, report, lang, " class=total"))
    out.write("</tbody></table>\n")


def _cards(one: Table, columns: "tuple[Column, ...]", report: Report, lang: str, out: TextIO) -> None:
    """A table of its own for each row, where a page is too narrow for one line."""
    for row in one.rows:
        told = [(titled(column, lang), shown(row.get(column.key), column, one.scaler, lang, report))
                for column in columns]
        out.write("<table class=card><tbody>\n" + "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(words)}</td></tr>\n" for name, words in told)
            + "</tbody></table>\n")


def _row(row: Row, columns: "tuple[Column, ...]", one: Table, report: Report, lang: str, kind: str) -> str:
    cells = "".join(f"<td{_kind(column)}>{escape(shown(row.get(column.key), column, one.scaler, lang, report))}</td>"
                    for column in columns)
    return f"<tr{kind}>{cells}</tr>\n"


def _kind(column: Column) -> str:
    if column.kind in NUMBERS:
        return " class=n"
    if column.key == "transaction":
        return " class=i"
    return " class=t" if column.kind == "time" else ""


def _foot(report: Report, lang: str, out: TextIO) -> None:
    out.write(f"<section><h2>{escape(say(TABLES['sources'], lang))}</h2>\n"
              f"<p class=formula>{escape(say(ROUNDING, lang))}</p>\n")
    for source in report.sources:
        out.write(f"<p><b>{escape(source['source'])}</b> ({escape(source['kind'])})</p>\n<p class=hash>"
                  f"{escape(say(COLUMNS['keys'], lang))}: {escape(', '.join(source['keys']))}</p>\n")
        for log, head in source["heads"].items():
            out.write(f"<p class=hash>{escape(log)} {head['n']}: {escape(head['hash'])}</p>\n")
    out.write("</section>\n")


