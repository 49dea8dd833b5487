"""What is proved to the grid operator: section 14a (obeyed), section 13k (used instead of curtailed)."""

from collections.abc import Sequence
from datetime import date, timedelta

from firmware.config.file import ConfigError
from firmware.records import chain, legal_time
from firmware.records.keeper import OBLIGATION, OBLIGATION_MINUTE
from firmware.settlement import evidence as facts
from firmware.settlement import quarters
from firmware.settlement import relief as hours
from firmware.settlement.books import Books, chunks
from firmware.settlement.evidence import Obligation, Step
from firmware.settlement.make_accounts import Coverage, Made
from firmware.settlement.plan import Settle, series_of_csv
from firmware.settlement.quarters import EXPORT, IMPORT, Use
from firmware.settlement.report import COUNT, ENERGY, TIME, WATT, WORD, Column, Note, Row, Table
from firmware.settlement.sources import EVIDENCE_BACK_S

KWH_DIGITS = 3
SHORT = 8  # of an obligation's name, beside which the whole one stands


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
    """Each obligation, its steps, and the means of each quarter hour in it; in detail of each minute too."""
    plan, coverage = books.plan, Coverage()
    from_s, to_s = legal_time.midnight(plan.zone, first), legal_time.midnight(plan.zone, last + timedelta(days=1))
    source = books.sources[one.table.source or books.place(one.table.grid)[0]]
    span = from_s - EVIDENCE_BACK_S, to_s + EVIDENCE_BACK_S
    records = list(source.records(chain.CONSUMER, OBLIGATION, *span))
    found = [(told, steps) for told, steps in facts.obligations(records) if facts.touches(told, from_s, to_s)]
    uses = (Use(one.table.grid, IMPORT), *(Use(meter, IMPORT) for meter in one.table.devices),
            *(Use(meter, EXPORT) for meter in one.table.roofs))
    meters = tuple(dict.fromkeys(use.meter for use in uses))
    rows: "list[Row]" = []
    for chunk in chunks(plan, first, last):
        held = {told.id: facts.quarters(told, chunk.starts, to_s) for told, _ in found}
        wanted = tuple(sorted({at_s for starts in held.values() for at_s in starts}))
        if wanted:
            aligned = quarters.aligned(books.intervals(meters, books.values(meters, chunk)), uses, wanted)
            known = dict(aligned.rows)
            rows += [_means(told, at_s, known[at_s], aligned.scaler, len(one.table.devices))
                     for told, _ in found for at_s in held[told.id] if at_s in known]
            coverage.add(chunk._replace(starts=wanted), aligned)
    tables = [_obligations([told for told, _ in found]), _steps([step for _, steps in found for step in steps]),
              _quarters(rows), *(coverage.tables() if rows else [])]
    if detail:
        tables.append(_minutes(list(source.records(chain.CONSUMER, OBLIGATION_MINUTE, *span)), from_s, to_s))
    return tables, [*_evidence_notes([told for told, _ in found], rows), *coverage.notes()]


def _evidence_notes(found: "list[Obligation]", rows: "list[Row]") -> "list[Note]":
    out = []
    if not found:
        out.append(Note("no_obligation", {}))
    if any(told.applied_ms is None or told.kept_ms is None for told in found):
        out.append(Note("not_kept", {}, True))
    if any(row["over"] for row in rows) or any(told.over_s for told in found):
        out.append(Note("over", {}, True))
    return out


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
    return {"obligation": one.id[:SHORT], "start": at_s, "grid_w": grid_w, "controlled_w": controlled_w,
            "counted_w": counted_w, "prorata_w": prorata_w, "ceiling_w": one.ceiling_w, "over": over}


def _obligations(found: "list[Obligation]") -> Table:
    rows: "list[Row]" = [{
        **{key: getattr(one, key) for key in ("id", "source", "direction", "ceiling_w", "owed_w")},
        **{key: _s(getattr(one, key + "_ms")) for key in ("received", "applied", "kept", "released")},
        "answer_ms": _apart(one.received_ms, one.applied_ms), "comply_ms": _apart(one.received_ms, one.kept_ms),
        "cause": one.cause, "most_w": one.most_w, "over_s": one.over_s, "input_lost": one.input_lost,
        "changes": one.changes, "restarts": one.restarts, "clock": one.clock,
        "records": " ".join(str(n) for n in one.numbers)} for one in found]
    columns = (Column("id"), Column("source"), Column("direction", WORD), Column("ceiling_w", WATT),
               Column("owed_w", WATT), Column("received", TIME), Column("applied", TIME), Column("kept", TIME),
               Column("released", TIME), Column("answer_ms", COUNT), Column("comply_ms", COUNT), Column("cause", WORD),
               Column("most_w", WATT), Column("over_s", COUNT), Column("input_lost", WORD), Column("changes", COUNT),
               Column("restarts", COUNT), Column("clock", WORD), Column("records"))
    return Table("obligations", columns, rows, 0)


def _steps(found: "list[Step]") -> Table:
    rows: "list[Row]" = [{"id": one.id[:SHORT], "state": one.state, "at": _s(one.at_ms), "ceiling_w": one.ceiling_w,
                          "measured_w": one.measured_w, "cause": one.cause} for one in found]
    columns = (Column("id"), Column("state", WORD), Column("at", TIME), Column("ceiling_w", WATT),
               Column("measured_w", WATT), Column("cause", WORD))
    return Table("obligation_steps", columns, rows, 0)


def _minutes(records: "Sequence[facts.Record]", from_s: int, to_s: int) -> Table:
    rows: "list[Row]" = [{"at": _s(at_ms), "device": device, "mean_w": mean_w}
                         for at_ms, device, mean_w in facts.minutes(records)
                         if from_s * 1_000 <= at_ms <= to_s * 1_000]
    return Table("obligation_minutes", (Column("at", TIME), Column("device"), Column("mean_w", WATT)), rows, 0)


def _s(at_ms: "int | None") -> "int | None":
    return None if at_ms is None else at_ms // 1_000


def _apart(begin_ms: "int | None", end_ms: "int | None") -> "int | None":
    return None if begin_ms is None or end_ms is None else end_ms - begin_ms


def _quarters(rows: "list[Row]") -> Table:
    return Table("obligation_quarters", (
        Column("obligation"), Column("start", TIME), Column("grid_w", WATT), Column("controlled_w", WATT),
        Column("counted_w", WATT), Column("prorata_w", WATT), Column("ceiling_w", WATT), Column("over", WORD)), rows, 0)
