"""What `export` can tell, each as rows or lines, from what was kept."""

import argparse
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from drivers import virtual_meter
from drivers.signing import Signer, SignerGone
from firmware.errors import UserError
from firmware.records import chain, flows, legal_time, marks, ocmf, series, sharing
from firmware.records.chain import LOGS
from firmware.records.events import EXPORT, IMPORT, readings_of
from firmware.records.keys import Keys
from firmware.records.query import Query
from firmware.records.sampler import Value

Row = dict[str, Any]
ALWAYS_S = (0, 1 << 40)


class Asked:
    """What the command line asks for."""

    def __init__(self, query: Query, keys: Keys, zone: ZoneInfo, args: argparse.Namespace, house: str) -> None:
        self.query = query
        self.keys = keys
        self.zone = zone
        self.args = args
        self.house = house  # the meter at the house connection
        self.from_s = None if args.begin is None else legal_time.midnight(zone, args.begin)
        self.to_s = None if args.end is None else legal_time.midnight(zone, args.end + timedelta(days=1))

    def all_readings(self) -> "dict[str, dict[int, Value]]":
        return series.readings(self.query.quarters(self.from_s or ALWAYS_S[0], self.to_s or ALWAYS_S[1]))

    def formulas(self) -> "dict[str, str]":
        """Of the meters that are reckoned, as last configured."""
        meters = self.query.meters().get("meters", [])
        return {str(meter["name"]): str(meter["sum"]) for meter in meters if "sum" in meter}

    def readings(self) -> "dict[str, dict[int, Value]]":
        found = self.all_readings()
        wanted = self.args.meter
        if wanted is not None and wanted not in found and wanted not in self.formulas():
            there = ", ".join(sorted(found)) or "none"
            raise UserError(f"--meter {wanted}: nothing is kept of it then; there are {there}")
        return {meter: values for meter, values in found.items() if wanted in (None, meter)}

    def events(self) -> "list[Row]":
        """Their whole records."""
        found = self.query.records(chain.METROLOGY, "event", self.from_s or ALWAYS_S[0], self.to_s)
        return [record for record in found if self.args.meter in (None, record["data"]["meter"])]

    def transactions(self) -> "list[marks.Transaction]":
        """Those that touch the asked time, however long before it they began."""
        found = marks.transactions(
            record["data"] for record in self.query.records(chain.METROLOGY, "event", ALWAYS_S[0], None))
        return [one for one in found if self.args.meter in (None, one.meter)
                and (self.to_s is None or one.begin["at_s"] < self.to_s)
                and (self.from_s is None or one.end is None or one.end["at_s"] >= self.from_s)]

    def signer(self) -> Signer:
        try:
            return self.keys.known()
        except (ValueError, FileNotFoundError, SignerGone) as error:
            raise UserError(str(error)) from error

    def grid(self) -> str:
        return str(self.args.grid or self.house)

    def local(self, utc_s: int) -> str:
        return legal_time.text(utc_s, legal_time.offset_s(self.zone, utc_s))


def _readings(asked: Asked) -> "Iterable[Row]":
    for meter, values in asked.readings().items():
        for at_s in sorted(values):
            one = values[at_s]
            yield {"meter": meter, "at_utc_s": at_s, "at_local": asked.local(at_s), "import": one.import_e,
                   "export": one.export_e, "unit": unit(one.scaler), "status": one.status, "captured_ms": one.off_ms}


def _intervals(asked: Asked) -> "Iterable[Row]":
    found = {meter: series.intervals(values) for meter, values in asked.all_readings().items()}
    for name, formula in asked.formulas().items():
        if name not in found and asked.args.meter in (None, name):
            for one in series.reckoned(virtual_meter.terms(formula), found):
                yield _interval(asked, name, one, formula)
    for meter, values in asked.readings().items():
        for one in series.intervals(series.filled(values) if asked.args.fill else values):
            yield _interval(asked, meter, one, "")


def _interval(asked: Asked, meter: str, one: series.Interval, formula: str) -> Row:
    return {"meter": meter, "start_utc_s": one.start_s, "start_local": asked.local(one.start_s), "import": one.import_e,
            "export": one.export_e, "unit": unit(one.scaler), "status": one.status, "formula": formula}


def _flows(asked: Asked) -> "Iterable[Row]":
    found = asked.readings()
    grid, storage = asked.grid(), asked.args.storage
    if storage is None:
        raise UserError("flows: name the meter at the storage with --storage METER")
    for name in (grid, storage):
        if name not in found:
            raise UserError(f"{name}: nothing is kept of it then; there are {', '.join(sorted(found)) or 'none'}")
    for one in flows.by_minimum(series.intervals(found[grid]), series.intervals(found[storage]), series.WORST):
        parts = {name[:-2]: value for name, value in one._asdict().items() if name.endswith("_e")}
        yield {"start_utc_s": one.start_s, "start_local": asked.local(one.start_s), **parts, "unit": unit(one.scaler),
               "status": one.status, "method": flows.QUARTER_MINIMUM}


def _origins(asked: Asked) -> "Iterable[Row]":
    for record in asked.query.records(chain.METROLOGY, "flows", asked.from_s or ALWAYS_S[0], asked.to_s):
        data = record["data"]
        yield {"start_utc_s": data["start_s"], "start_local": asked.local(data["start_s"]), "clock": record["clock"],
               **{name: value for name, value in data.items() if name != "start_s"}}


def _shared(asked: Asked) -> "Iterable[Row]":
    """The roof's meter counts what it makes as export, a flat's what it uses as import."""
    found = asked.all_readings()
    flats = dict(asked.args.flat or ())
    roof = asked.args.roof
    if roof is None or not flats:
        raise UserError("shared: say --roof METER, and --flat METER or --flat METER=PART for each flat")
    for name in (roof, *flats):
        if name not in found:
            raise UserError(f"{name}: nothing is kept of it then; there are {', '.join(sorted(found)) or 'none'}")
    made, *used = ({one.start_s: one for one in series.intervals(found[name])} for name in (roof, *flats))
    for start_s in sorted(set(made).intersection(*used)):
        parts = [made[start_s], *(table[start_s] for table in used)]
        scaler = min(one.scaler for one in parts)
        energies = [None if told is None else told * 10 ** (one.scaler - scaler)
                    for one, told in zip(parts, (parts[0].export_e, *(one.import_e for one in parts[1:])))]
        known = [energy for energy in energies if energy is not None]
        if len(known) == len(energies):
            one = sharing.shared(asked.args.key, known[0], dict(zip(flats, known[1:])), flats)
            status = min((part.status for part in parts), key=series.WORST.index)
            for flat in flats:
                yield {"start_utc_s": start_s, "start_local": asked.local(start_s), "flat": flat,
                       "used": one.allocated[flat] + one.net[flat], "from_roof": one.allocated[flat],
                       "from_supplier": one.net[flat], "made": known[0], "fed_in": one.residual, "unit": unit(scaler),
                       "status": status, "key": asked.args.key}


def _sections(asked: Asked) -> "Iterable[Row]":
    marked = asked.transactions()
    for meter, values in asked.readings().items():
        own = [mark for mark in marked if mark.meter == meter]
        for obis in (IMPORT, EXPORT):
            if obis == IMPORT or any(obis in mark.registers for mark in own):
                yield from ({"meter": meter, "obis": obis, "start_utc_s": one.start_s,
                             "start_local": asked.local(one.start_s), "transaction": one.transaction,
                             "group": one.group, "energy": one.energy_e, "unit": unit(one.scaler),
                             "status": one.status}
                            for one in marks.sections(values, own, obis))


def _sessions(asked: Asked) -> "Iterable[Row]":
    for one in asked.transactions():
        end = one.end or {}
        ended = dict(readings_of(end)) if end else {}
        for obis, value in readings_of(one.begin):
            energy_e = one.energy_e(obis)
            fell = energy_e is not None and energy_e < 0  # nothing is known then
            yield {"transaction": one.id, "number": one.number, "meter": one.meter, "obis": obis, "group": one.group,
                   "begin_local": asked.local(one.begin["at_s"]), "begin": value,
                   "end_local": asked.local(end["at_s"]) if end else None, "end": ended.get(obis),
                   "energy": None if fell else energy_e, "unit": unit(one.scaler),
                   "begin_status": one.begin["status"], "end_status": end.get("status"), "external": one.external,
                   "text": end.get("text") or one.begin["text"]}


def _events(asked: Asked) -> "Iterable[Row]":
    for record in asked.events():
        data = {key: value for key, value in record["data"].items() if key != "also"}
        for obis, value in readings_of(record["data"]):
            yield {"local": asked.local(data["at_s"]), "clock": record["clock"], **data, "obis": obis, "value": value}


def _ocmf(asked: Asked) -> "Iterable[str]":
    """A line for each session that has ended; what to check them with stands in `key`."""
    signer = asked.signer()
    known = asked.query.meters_by_time()
    events = asked.query.records(chain.METROLOGY, "event", ALWAYS_S[0], None)  # a session may have begun before --from
    clocks = {record["data"]["event"]: record["clock"] for record in events}
    for one in asked.transactions():
        if one.end is not None:
            about = _known_at(known, int(one.begin["at_s"]))
            yield ocmf.session(one, clocks, about.get(one.meter, {}), asked.zone, signer)


def _known_at(known: "list[tuple[int, Row]]", at_s: int) -> Row:
    """What was written down of the meters then: another one may hang there by now."""
    before = [meters for from_s, meters in known if from_s <= at_s]
    return before[-1] if before else known[0][1] if known else {}


def _key(asked: Asked) -> "Iterable[str]":
    signer = asked.signer()
    yield f"fingerprint {chain.key_id(signer.public)}"
    yield f"public key {ocmf.public(signer)}"


def _records(asked: Asked) -> "Iterable[str]":
    signer = asked.signer()
    logs = (asked.args.log,) if asked.args.log else LOGS
    there = tuple(log for log in logs if asked.query.has(log, asked.from_s, asked.to_s))
    for log in there:
        yield from asked.query.export(log, there, asked.from_s, asked.to_s, signer)


def _new_key(asked: Asked) -> "Iterable[str]":
    """Only prepared here: the one who writes the records announces it with the key before, at its next start."""
    try:
        made = asked.keys.prepare()
    except (ValueError, SignerGone) as error:
        raise UserError(str(error)) from error
    if made is None:
        raise UserError("one is prepared already; restart the service to take it over")
    yield f"fingerprint {chain.key_id(made.public)}, from the next start on"


def unit(scaler: int) -> str:
    """In words: 1e-1 Wh is the tenth of a watt-hour."""
    return "Wh" if scaler == 0 else f"1e{scaler} Wh"


TABLES: "dict[str, tuple[str, Callable[[Asked], Iterable[Row]]]]" = {
    "readings": ("counters at the quarter hours", _readings),
    "intervals": ("energy of each quarter hour", _intervals),
    "flows": ("draw, feed-in, charge and discharge, by where from and where to", _flows),
    "origins": ("what the storage took and gave, by origin, moment by moment (needs storage_wh)", _origins),
    "shared": ("shared building supply, section 42b EnWG: each flat's part of the roof", _shared),
    "sections": ("intervals, apart by transaction and balancing group", _sections),
    "sessions": ("charging sessions and other transactions", _sessions),
    "events": ("readings that were asked for", _events),
}
TEXTS: "dict[str, tuple[str, Callable[[Asked], Iterable[str]]]]" = {
    "ocmf": ("charging sessions that have ended, in the Open Charge Metering Format", _ocmf),
    "key": ("fingerprint and public key of who signs", _key),
    "records": ("the signed chain, for verify", _records),
    "new-key": ("prepares another signing key, taken over at the next start", _new_key),
}
