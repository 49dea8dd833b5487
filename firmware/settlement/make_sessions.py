"""What charging sessions come to: for those who pay for them, and for the balancing groups of their suppliers."""

from datetime import date, timedelta

from firmware.records import legal_time, marks
from firmware.records.events import IMPORT as IMPORT_OBIS
from firmware.records.marks import Transaction
from firmware.records.sampler import QUARTER_S
from firmware.settlement import accounts, money, quarters
from firmware.settlement.books import Books, Chunk, chunks
from firmware.settlement.ledger import Ledger
from firmware.settlement.make_accounts import Coverage, Made, detail_row, detail_table, ledger_tables
from firmware.settlement.plan import Settle
from firmware.settlement.quarters import IMPORT, Use
from firmware.settlement.report import COUNT, ENERGY, MONEY, TIME, WORD, Column, Note, Row, Table
from firmware.settlement.sessions import Account, Session, account_of, billed, by_account


def transactions(books: Books, chargers: "tuple[str, ...]", to_s: int) -> "list[tuple[str, Transaction]]":
    """Of what these meters drew, each with the name it has in the plan; from the first ever to those begun before
    `to_s`."""
    out = []
    for source in {books.place(meter)[0] for meter in chargers}:
        by_name = {books.place(meter)[1]: meter for meter in chargers if books.place(meter)[0] == source}
        out += [(by_name[one.meter], one) for one in marks.transactions(books.sources[source].events(to_s))
                if one.meter in by_name and IMPORT_OBIS in one.registers]
    return out


def sessions(one: Settle, books: Books, first: date, last: date, detail: bool) -> Made:
    """Billed is a session in the period in which it ended."""
    plan, table = books.plan, one.table
    from_s, to_s = legal_time.midnight(plan.zone, first), legal_time.midnight(plan.zone, last + timedelta(days=1))
    known = tuple(Account(name, account.cost_centre, account.external, account.meters,
                          plan.tariffs[account.tariff or table.tariff])
                  for name, account in one.members["account"].items())
    found = []
    for meter, transaction in transactions(books, table.chargers, to_s):
        if transaction.end is None or from_s <= transaction.end["at_s"] < to_s:
            account = account_of(transaction, meter, known)
            varies = account is not None and not (account.tariff.spot is None and account.tariff.levels is None)
            sections = _sections(books, meter, transaction) if varies and transaction.end is not None else ()
            found.append((meter, billed(transaction, sections, account, plan.zone)))
    scaler = min([0] + [session.scaler for _, session in found])
    notes = []
    if any(session.why and session.why != "open" for _, session in found):
        notes.append(Note("not_billed", {}, True))
    if any(session.unpriced_e for _, session in found):
        notes.append(Note("unpriced", {}, True))
    return [_centres(found, scaler), _table(found, scaler)], notes


def _sections(books: Books, meter: str, one: Transaction) -> "tuple[marks.Section, ...]":
    assert one.end is not None
    starts = tuple(range(int(one.begin["at_s"]) // QUARTER_S * QUARTER_S, int(one.end["at_s"]) + QUARTER_S, QUARTER_S))
    values = books.values((meter,), Chunk("", starts, False)).get(meter, {})
    return tuple(marks.sections(values, [one]))


def _table(found: "list[tuple[str, Session]]", scaler: int) -> Table:
    names = {f"{number}": session for number, (_, session) in enumerate(found) if session.energy_e is not None}
    paid = _paid(names, scaler)
    rows: "list[Row]" = []
    for number, (meter, session) in enumerate(found):
        one, end = session.transaction, session.transaction.end or {}
        rows.append({
            "number": one.number, "begin": one.begin["at_s"], "end": end.get("at_s"), "charger": meter,
            "account": session.account, "external": one.external,
            "energy": None if session.energy_e is None else session.energy_e * 10 ** (session.scaler - scaler),
            "amount": paid.get(f"{number}"), "why": session.why or None, "transaction": one.id})
    columns: "tuple[Column, ...]" = (
        Column("number", COUNT), Column("begin", TIME), Column("end", TIME), Column("charger"), Column("account"),
        Column("external"), Column("energy", ENERGY), Column("amount", MONEY))
    if any(row["why"] for row in rows):
        columns += (Column("why", WORD),)
    total = {"energy": sum(row["energy"] or 0 for row in rows), "amount": sum(row["amount"] or 0 for row in rows)}
    return Table("sessions", (*columns, Column("transaction")), rows, scaler, total)


def _paid(found: "dict[str, Session]", scaler: int) -> "dict[str, int]":
    """In ct, adding up by account and altogether."""
    groups: "dict[str, dict[str, int]]" = {}
    for name, one in found.items():
        groups.setdefault(f"{one.account}\0{one.cost_centre}", {})[name] = one.exact * 10 ** (one.scaler - scaler)
    totals = money.shared_cents({name: sum(own.values()) for name, own in groups.items()}, scaler) if groups else {}
    out: "dict[str, int]" = {}
    for name, own in groups.items():
        out.update(money.shared_cents(own, scaler, totals[name]))
    return out


def _centres(found: "list[tuple[str, Session]]", scaler: int) -> Table:
    sums = by_account((session for _, session in found), scaler)
    paid = money.shared_cents({"\0".join(key): exact for key, (_, _, exact) in sums.items()}, scaler) if sums else {}
    rows: "list[Row]" = [{"account": key[0], "cost_centre": key[1], "sessions": count, "energy": energy,
                          "amount": paid["\0".join(key)]} for key, (count, energy, _) in sorted(sums.items())]
    total = {"sessions": sum(row["sessions"] for row in rows), "energy": sum(row["energy"] for row in rows),
             "amount": sum(row["amount"] for row in rows)}
    return Table("accounts", (Column("account"), Column("cost_centre"), Column("sessions", COUNT),
                              Column("energy", ENERGY), Column("amount", MONEY)), rows, scaler, total)


def suppliers(one: Settle, books: Books, first: date, last: date, detail: bool) -> Made:
    """Each quarter hour of the connection apart by balancing group; a session without one is the connection's own."""
    table, ledger, coverage = one.table, Ledger(books.plan.zone), Coverage()
    grid, chargers = Use(table.grid, IMPORT), tuple(Use(meter, IMPORT) for meter in table.chargers)
    rows: "list[Row]" = []
    to_s = legal_time.midnight(books.plan.zone, last + timedelta(days=1))
    marked = transactions(books, table.chargers, to_s)
    named = sorted({one.group for _, one in marked} - {"", table.group})
    for chunk in chunks(books.plan, first, last):
        meters = (table.grid, *table.chargers)
        values = books.values(meters, chunk)
        parts = [part for meter in table.chargers
                 for part in marks.sections(values.get(meter, {}), [own for at, own in marked if at == meter])]
        finest = min([0] + [part.scaler for part in parts])
        found = quarters.aligned(books.intervals(meters, values), (grid, *chargers), chunk.starts)
        coverage.add(chunk, found)
        scaler = min(found.scaler, finest)
        charged: "dict[int, dict[str, int]]" = {}
        for part in parts:
            if part.group in named:
                own = charged.setdefault(part.start_s, dict.fromkeys(named, 0))
                own[part.group] += part.energy_e * 10 ** (part.scaler - scaler)
        for start_s, (draw, *_) in found.rows:
            settled = accounts.groups(draw * 10 ** (found.scaler - scaler),
                                      charged.get(start_s, dict.fromkeys(named, 0)), table.group)
            priced = ledger.add(chunk.month, start_s, scaler, settled)
            if detail:
                rows += [detail_row(start_s, line, price, ledger.scaler) for line, price in priced]
    tables = [*ledger_tables(ledger), *coverage.tables()]
    return [*tables, *([detail_table(rows, ledger.scaler)] if detail else [])], coverage.notes()


