"""Settlements by the quarter hour: their ledger, and the tables that tell of it."""

from datetime import date
from typing import Any

from firmware.records import legal_time
from firmware.settlement import money, quarters, tariffs
from firmware.settlement.accounts import ACCOUNTS, Account
from firmware.settlement.books import Books, Chunk, chunks
from firmware.settlement.ledger import Ledger, Line
from firmware.settlement.plan import Settle
from firmware.settlement.quarters import EXPORT, Aligned, Use
from firmware.settlement.report import COUNT, ENERGY, MONEY, PRICE, TIME, WORD, Column, Note, Row, Table
from firmware.settlement.supplement import ALL, Supplement, rates
from firmware.settlement.tariffs import Price, Tariff

MOST_GAPS = 200
MONEY_ONLY = ("base", "module_1")
Made = tuple[list[Table], list[Note]]


class Coverage:
    """Which quarter hours were settled, and which were not and why."""

    def __init__(self) -> None:
        self.months: "dict[str, list[int]]" = {}  # there are, settled, with substitutes, missing
        self.missing: "dict[int, tuple[str, ...]]" = {}

    def add(self, chunk: Chunk, found: Aligned) -> None:
        self.months[chunk.month] = [len(chunk.starts), len(found.rows), len(found.substituted), len(found.missing)]
        self.missing.update(found.missing)

    def tables(self) -> "list[Table]":
        keys = ("intervals", "settled", "substituted", "missing")
        rows = [{"month": month, **dict(zip(keys, counts))} for month, counts in self.months.items()]
        out = [Table("coverage", (Column("month"), *(Column(key, COUNT) for key in keys)), rows, 0,
                     {"month": "", **{key: sum(row[key] for row in rows) for key in keys}})]
        gaps = [{"from": begin_s, "to": end_s, "meters": ", ".join(self.missing[begin_s])}
                for begin_s, end_s in quarters.spans(self.missing)]
        if gaps:
            out.append(Table("gaps", (Column("from", TIME), Column("to", TIME), Column("meters")), gaps[:MOST_GAPS], 0))
        return out

    def notes(self) -> "list[Note]":
        out = []
        if self.missing:
            out.append(Note("missing", {"count": len(self.missing)}, True))
        if any(counts[2] for counts in self.months.values()):
            out.append(Note("substituted", {"count": sum(counts[2] for counts in self.months.values())}, True))
        return out


def accounts(one: Settle, books: Books, first: date, last: date, detail: bool) -> Made:
    account = ACCOUNTS[one.kind](one, books.plan.tariffs)
    ledger, coverage = Ledger(books.plan.zone), Coverage()
    dated = {day: each.by_roof or {ALL: each.ct} for day, each in one.members.get("supplement", {}).items()}
    extra = Supplement(rates(dated, books.plan.zone))
    roofs = getattr(one.table, "roofs", ())
    rows: "list[Row]" = []
    for chunk in chunks(books.plan, first, last):
        meters = tuple(dict.fromkeys(use.meter for use in account.uses))
        found = quarters.aligned(books.intervals(meters, books.values(meters, chunk)), account.uses, chunk.starts)
        coverage.add(chunk, found)
        for start_s, energies in found.rows:
            told = dict(zip(account.uses, energies))
            settled = account.settle(told)
            extra.add(start_s, found.scaler, settled, {roof: told[Use(roof, EXPORT)] for roof in roofs})
            priced = ledger.add(chunk.month, start_s, found.scaler, settled)
            if detail:
                rows += [detail_row(start_s, line, price, ledger.scaler) for line, price in priced]
        _base(ledger, account, books, chunk)
    notes = [*coverage.notes(), *_notes(one, ledger, books), *_lowered(account, books), *extra.notes()]
    if one.kind == "tenants":
        notes += _above_90(one, ledger, account, (last - first).days + 1)
    tables = [*ledger_tables(ledger), *extra.tables(), *coverage.tables()]
    return [*tables, *([detail_table(rows, ledger.scaler)] if detail else [])], notes


def _base(ledger: Ledger, account: Account, books: Books, chunk: Chunk) -> None:
    """Base prices, and what section 14a module 1 takes off the network fee, by the day."""
    days = days_of(books, chunk)
    year = 366 if int(chunk.month[:4]) % 4 == 0 else 365
    for party, tariff in account.based:
        if tariff.base_day_mct:
            ledger.charge(chunk.month, party, "base",
                          days * money.daily(tariff.base_day_mct, tariff.vat_permille, ledger.scaler))
        if tariff.name in books.plan.module_1:
            yearly_mct = 1_000 * tariffs.module_1_ct(tariff.grid_mct)
            ledger.charge(chunk.month, party, "module_1",
                          -(days * money.daily(yearly_mct, tariff.vat_permille, ledger.scaler) // year))


def _lowered(account: Account, books: Books) -> "list[Note]":
    named = {tariff.name: tariff for _, tariff in account.based if tariff.name in books.plan.module_1}
    return [Note("module_1", {"tariff": name, "ct": tariffs.module_1_ct(tariff.grid_mct)})
            for name, tariff in named.items()]


def _above_90(one: Settle, ledger: Ledger, account: Account, days: int) -> "list[Note]":
    """Who pays above 90 % of the basic supply, by energy and base price together (section 42a (4) EnWG)."""
    basic_mct, base_mct = (round(ct * 1_000) for ct in (one.table.basic_ct, one.table.basic_base_ct_day))
    out = []
    for party, tariff in account.based:
        own = [entry for key, entry in ledger.sums.items() if key[0] == party and entry.due]
        basic = sum(entry.energy_e for entry in own) * money.gross(basic_mct, tariff.vat_permille)
        basic += days * money.daily(base_mct, tariff.vat_permille, ledger.scaler)
        if 10 * sum(entry.exact for entry in own) > 9 * basic:
            out.append(Note("above_90_of", {"party": party}, True))
    return out


def days_of(books: Books, chunk: Chunk) -> int:
    """Legal days."""
    return len({legal_time.text(start_s, legal_time.offset_s(books.plan.zone, start_s))[:10]
                for start_s in chunk.starts[::4]})


def ledger_tables(ledger: Ledger) -> "list[Table]":
    sums = _sums(ledger)
    out = [sums, *_parties(sums)]
    if len({month for month, _, _ in ledger.months}) > 1:
        out.append(_months(ledger))
    if ledger.levels:
        out.append(_levels(ledger))
    rows: "list[Row]" = [{"quantity": name, "measured": measured, "parts": parts, "difference": measured - parts}
                         for name, (measured, parts) in ledger.closings.items()]
    out.append(Table("closing", (Column("quantity", WORD), Column("measured", ENERGY), Column("parts", ENERGY),
                                 Column("difference", ENERGY)), rows, ledger.scaler))
    return out


def rounded(ledger: Ledger) -> "dict[tuple[str, str, str], int]":
    """Each sum in ct: the total, by party, by position, so that all of it adds up."""
    due = {key: entry.exact for key, entry in ledger.sums.items() if entry.due}
    parties: "dict[str, int]" = {}
    for (party, _, _), exact in due.items():
        parties[party] = parties.get(party, 0) + exact
    out = {}
    for party, total_ct in money.shared_cents(parties, ledger.scaler).items() if parties else ():
        own = {"\0".join(key): exact for key, exact in due.items() if key[0] == party}
        for joined, ct in money.shared_cents(own, ledger.scaler, total_ct).items():
            name, meter, position = joined.split("\0")
            out[name, meter, position] = ct
    return out


def _sums(ledger: Ledger) -> Table:
    paid = rounded(ledger)
    rows: "list[Row]" = []
    for key in sorted(ledger.sums, key=lambda key: (key[0] == "", key)):
        entry = ledger.sums[key]
        energy = entry.energy_e if key[2] not in MONEY_ONLY else None
        rows.append({"party": key[0], "meter": key[1], "position": key[2], "energy": energy, "price": entry.price,
                     "amount": paid.get(key), "unpriced": entry.unpriced_e or None})
    columns: "tuple[Column, ...]" = (
        Column("party"), Column("meter"), Column("position", WORD), Column("energy", ENERGY), Column("price", PRICE),
        Column("amount", MONEY))
    if any(row["unpriced"] for row in rows):
        columns += (Column("unpriced", ENERGY),)
    total = {"party": "", "amount": sum(paid.values())} if paid else None
    return Table("sums", columns, rows, ledger.scaler, total)


def _parties(sums: Table) -> "list[Table]":
    """What each is to pay, where that is more than one number."""
    owed: "dict[str, list[int]]" = {}
    for row in sums.rows:
        if row["amount"] is not None:
            owed.setdefault(row["party"], []).append(row["amount"])
    if all(len(amounts) == 1 for amounts in owed.values()):
        return []
    rows: "list[Row]" = [{"party": party, "amount": sum(amounts)} for party, amounts in owed.items()]
    return [Table("parties", (Column("party"), Column("amount", MONEY)), rows, sums.scaler, sums.total)]


def _months(ledger: Ledger) -> Table:
    """Energies only: cents are rounded once, over the whole period."""
    rows: "list[Row]" = [{"month": month, "party": party, "position": position, "energy": energy}
                         for (month, party, position), (energy, _) in sorted(ledger.months.items())
                         if position not in MONEY_ONLY]
    return Table("months", (Column("month"), Column("party"), Column("position", WORD), Column("energy", ENERGY)), rows,
                 ledger.scaler)


def _levels(ledger: Ledger) -> Table:
    exact = {"\0".join(key): amount for key, (_, _, amount) in ledger.levels.items()}
    paid = money.shared_cents(exact, ledger.scaler)
    rows: "list[Row]" = [{"tariff": tariff, "level": level, "intervals": count, "energy": energy,
                          "amount": paid[f"{tariff}\0{level}"]}
                         for (tariff, level), (count, energy, _) in sorted(ledger.levels.items())]
    columns = (Column("tariff"), Column("level", WORD), Column("intervals", COUNT), Column("energy", ENERGY),
               Column("amount", MONEY))
    return Table("levels", columns, rows, ledger.scaler)


def _notes(one: Settle, ledger: Ledger, books: Books) -> "list[Note]":
    out = []
    unpriced = sum(entry.unpriced_e for entry in ledger.sums.values())
    if unpriced:
        out.append(Note("unpriced", {}, True))
    if any(position == "difference" for _, _, position in ledger.sums):
        out.append(Note("difference", {}, True))
    if any(position == "stored" for _, _, position in ledger.sums):
        out.append(Note("stored", {}, True))
    if one.kind == "tenants":
        out += _tenant_notes(one, books.plan.tariffs)
    if one.kind == "sharing":
        areas = {books.plan.sources[books.place(meter)[0]].area
                 for members in one.members.values() for member in members.values()
                 for meter in ([member.meter] if hasattr(member, "meter") else member.meters)}
        if len(areas) > 1 or None in areas:
            out.append(Note("areas", {}, True))
    return out


def _tenant_notes(one: Settle, known: "dict[str, Tariff] | Any") -> "list[Note]":
    """Section 42a (4) EnWG: at most 90 % of the basic supply price."""
    most_mct = round(one.table.basic_ct * 1_000) * 9 // 10
    out = []
    for name in dict.fromkeys([one.table.tariff, *(party.tariff for party in one.members["party"].values())]):
        tariff = known.get(name)
        if tariff is not None and tariff.energy_mct + tariff.grid_mct + tariff.levies_mct > most_mct:
            out.append(Note("above_90", {"tariff": name}, True))
    return out


def detail_row(start_s: int, line: Line, price: "Price | None", scaler: int) -> Row:
    return {"start": start_s, "party": line.party, "meter": line.meter, "position": line.position,
            "energy": line.energy_e, "scaler": scaler, "price": None if price is None else price.gross,
            "level": None if price is None or line.tariff is None or line.tariff.levels is None else price.level}


def detail_table(rows: "list[Row]", scaler: int) -> Table:
    rows = [{**row, "energy": row["energy"] * 10 ** (row["scaler"] - scaler)} for row in rows]
    columns: "tuple[Column, ...]" = (Column("start", TIME), Column("party"), Column("meter"), Column("position", WORD),
                                     Column("energy", ENERGY), Column("price", PRICE))
    if any(row["level"] is not None for row in rows):
        columns += (Column("level", WORD),)
    return Table("quarters", columns, rows, scaler)

