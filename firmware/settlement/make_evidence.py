"""What is proved to the grid operator: section 14a (obeyed), section 13k (used instead of curtailed)."""

from datetime import date, timedelta

from firmware.config import ConfigError
from firmware.records import chain, legal_time
from firmware.settlement import evidence as facts
from firmware.settlement import quarters
from firmware.settlement import relief as hours
from firmware.settlement.books import Books, chunks
from firmware.settlement.evidence import Obligation
from firmware.settlement.make_accounts import Coverage, Made
from firmware.settlement.plan import Settle, series_of_csv
from firmware.settlement.quarters import EXPORT, IMPORT, Use
from firmware.settlement.report import COUNT, ENERGY, TIME, WATT, WORD, Column, Note, Row, Table
from firmware.settlement.sources import EVIDENCE_BACK_S

KWH_DIGITS = 3


def relief(one: Settle, books: Books, first: date, last: date, detail: bool) -> Made:
    """The hours that were allocated, and the quarter hours they stand on."""
    plan, coverage, use = books.plan, Coverage(), Use(one.table.meter, IMPORT)
    from_s, to_s = legal_time.midnight(plan.zone, first), legal_time.midnight(plan.zone, last + timedelta(days=1))
    allocated = {at_s: wh for at_s, wh in _allocated(one, books).items() if from_s <= at_s < to_s}
    used: "dict[int, int]" = {}
    scaler, rows = 0, []
    for chunk in chunks(plan, first, last):
        found = quarters.aligned(books.intervals((use.meter,), books.values((use.meter,), chunk)), (use,), chunk.starts)
        coverage.add(chunk, found)
        if found.scaler < scaler:
            used = {at_s: energy * 10 ** (scaler - found.scaler) for at_s, energy in used.items()}
            scaler = found.scaler
        used.update({at_s: energy * 10 ** (found.scaler - scaler) for at_s, (energy,) in found.rows})
    told = hours.hours({at_s: wh * 10 ** -scaler for at_s, wh in allocated.items()}, used)
    table = [{"start": hour.start_s, "allocated": hour.allocated, "used": hour.used, "counted": hour.counted,
              "short": hour.short} for hour in told]
    keys = ("allocated", "used", "counted", "short")
    total = {key: sum(getattr(hour, key) or 0 for hour in told) for key in keys}
    wanted = {hour.start_s + step for hour in told for step in range(0, hours.HOUR_S, legal_time.QUARTER_S)}
    rows = [{"start": at_s, "energy": energy} for at_s, energy in sorted(used.items()) if at_s in wanted]
    notes = [Note("not_proved", {}, True)] if any(hour.used is None for hour in told) else []
    return [Table("relief", (Column("start", TIME), *(Column(key, ENERGY) for key in keys)), table, scaler, total),
            Table("relief_quarters", (Column("start", TIME), Column("energy", ENERGY)), rows, scaler),
            *coverage.tables()], notes


def _allocated(one: Settle, books: Books) -> "dict[int, int]":
    path = (*one.path(), "allocated")
    why = ""
    try:
        found = series_of_csv(books.plan.folder / one.table.allocated, "kwh", KWH_DIGITS)
        if any(at_s % hours.HOUR_S for at_s in found):
            why = "allowed are whole hours"
        elif min(found.values(), default=0) < 0:
            why = "allowed are 0 and more"
    except (OSError, ValueError) as error:
        why = f"cannot be read: {error}"
    if why:
        books.plan.findings.add(path, why)
        raise ConfigError(books.plan.findings.messages())
    return found


def evidence(one: Settle, books: Books, first: date, last: date, detail: bool) -> Made:
    plan, coverage = books.plan, Coverage()
    from_s, to_s = legal_time.midnight(plan.zone, first), legal_time.midnight(plan.zone, last + timedelta(days=1))
    source = books.sources[one.table.source or books.place(one.table.grid)[0]]
    reach = (from_s - EVIDENCE_BACK_S, to_s + EVIDENCE_BACK_S)
    told = facts.obligations(source.records(chain.CONSUMER, "obligation", *reach))
    notes = [] if told else [Note("only_ceilings", {}, True)]
    told = told or facts.of_ceilings(source.records(chain.CONSUMER, "ceiling", *reach))
    found = facts.touching(told, from_s, to_s)
    uses = (Use(one.table.grid, IMPORT), *(Use(meter, IMPORT) for meter in one.table.devices),
            *(Use(meter, EXPORT) for meter in one.table.roofs))
    meters = tuple(dict.fromkeys(use.meter for use in uses))
    rows: "list[Row]" = []
    for chunk in chunks(plan, first, last):
        wanted = [at_s for obligation in found for at_s in facts.quarters(obligation, chunk.starts, to_s)]
        if wanted:
            aligned = quarters.aligned(books.intervals(meters, books.values(meters, chunk)), uses,
                                       [at_s for at_s in chunk.starts if at_s in set(wanted)])
            for obligation in found:
                held = set(facts.quarters(obligation, chunk.starts, to_s))
                rows += [_means(obligation, at_s, energies, aligned.scaler, len(one.table.devices))
                         for at_s, energies in aligned.rows if at_s in held]
            coverage.add(chunk._replace(starts=tuple(sorted(set(wanted)))), aligned)
    if any(row["over"] for row in rows):
        notes.append(Note("over", {}, True))
    if not found:
        notes.append(Note("no_obligation", {}))
    return [_obligations(found), _quarters(rows), *(coverage.tables() if rows else [])], [*notes, *coverage.notes()]


def _means(one: Obligation, at_s: int, energies: "tuple[int, ...]", scaler: int, devices: int) -> Row:
    """What drew at the grid, what the controllable devices drew, and of that at most what came from the grid.

    `counted_w` is what a ceiling binds (the smaller of both); `prorata_w` is their part of a mixed draw.
    """
    grid_w, *parts = (facts.mean_w(energy, scaler) for energy in energies)
    controlled_w = facts.mean_w(sum(energies[1:1 + devices]), scaler) if devices else None
    counted_w = None if controlled_w is None else min(grid_w, controlled_w)
    prorata_w = None
    made_w = sum(parts[devices:])
    if controlled_w is not None and grid_w + made_w:
        prorata_w = min(controlled_w, -(-controlled_w * grid_w // (grid_w + made_w)))
    over = None if one.ceiling_w is None or counted_w is None else counted_w > one.ceiling_w
    return {"obligation": one.id, "start": at_s, "grid_w": grid_w, "controlled_w": controlled_w, "counted_w": counted_w,
            "prorata_w": prorata_w, "ceiling_w": one.ceiling_w, "over": over}


def _obligations(found: "list[Obligation]") -> Table:
    rows: "list[Row]" = [{
        **one._asdict(), **{key[:-3]: getattr(one, key) // 1_000 if getattr(one, key) is not None else None
                            for key in facts.STEPS},
        "answer_ms": _apart(one.received_ms, one.applied_ms), "comply_ms": _apart(one.received_ms, one.compliant_ms),
        "records": " ".join(str(n) for n in one.log_n)} for one in found]
    columns = (Column("id"), Column("channel"), Column("ceiling_w", WATT), Column("owed_w", WATT),
               Column("received", TIME), Column("applied", TIME), Column("compliant", TIME), Column("released", TIME),
               Column("answer_ms", COUNT), Column("comply_ms", COUNT), Column("duration_s", COUNT), Column("cause"),
               Column("failsafe", WORD), Column("changes", COUNT), Column("clock"), Column("records"))
    keep = {column.key for column in columns}
    return Table("obligations", columns, [{key: row[key] for key in row if key in keep} for row in rows], 0)


def _apart(begin_ms: "int | None", end_ms: "int | None") -> "int | None":
    return None if begin_ms is None or end_ms is None else end_ms - begin_ms


def _quarters(rows: "list[Row]") -> Table:
    return Table("obligation_quarters", (
        Column("obligation"), Column("start", TIME), Column("grid_w", WATT), Column("controlled_w", WATT),
        Column("counted_w", WATT), Column("prorata_w", WATT), Column("ceiling_w", WATT), Column("over", WORD)), rows, 0)
