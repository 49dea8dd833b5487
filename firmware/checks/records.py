"""What `check` says of the records: where, by which clock and key, for how long, whose counters, what is missing.

Looks at what is kept already, and writes nothing.
"""

import os
import sqlite3
import stat
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from firmware.config.file import SiteFile
from firmware.config.site import DeviceFile
from firmware.config.tables import RecordsTable
from firmware.records import chain
from firmware.records.clock import ClockWatch
from firmware.records.keeper import quarter_of
from firmware.records.keys import KEY, NEXT_KEY
from firmware.records.query import Query
from firmware.records.retention import RULES
from firmware.records.sampler import Value
from firmware.records.store import NAME
from hal.ports import TimeService

Facts = dict[str, Any]
COUNTING = ("meter", "source")


def facts(file: SiteFile, service: TimeService) -> "Facts | None":
    """None without [records]."""
    table = file.records
    if table is None:
        return None
    kept = _kept(Path(table.folder))
    clock = ClockWatch().look(service.read()).clock
    meters = [_meter(device, spec.ability.kind, kept["newest"])
              for device, spec in zip(file.devices, file.site.devices)]
    days = {rule.log: table.keep_days if rule.log != chain.SYSTEM else rule.usual_days for rule in RULES}
    return {
        "folder": table.folder, "fault": kept["fault"], "records": kept["heads"], "newest_s": kept["newest_s"],
        "clock": clock.state, "clock_bound_ms": clock.bound_ms, "time_zone": table.time_zone, "key": _key(table, kept),
        "keep_days": days, "rules": {rule.log: rule.source for rule in RULES}, "meters": meters,
        "events": table.events, "contacts": [{"contact": name, "pin": one.pin, "meter": one.meter, "what": one.what}
                                             for name, one in file.contacts],
        "missing": _missing(file, table, meters, clock.state),
    }


def _kept(folder: Path) -> Facts:
    out: Facts = {"fault": "", "heads": {}, "newest": {}, "newest_s": None, "signer": ""}
    if not (folder / NAME).exists():
        return out
    try:
        query = Query(folder)
        try:
            out["heads"] = {log: head["n"] for log, head in query.heads().items()}
            newest = query.newest(chain.METROLOGY, "readings")
            if newest is not None:
                quarter = quarter_of(newest)
                out["newest_s"] = quarter.at_s
                out["newest"] = {value.meter: value for value in quarter.values}
            run = query.newest(chain.SYSTEM, "run")
            out["signer"] = "" if run is None else run["key"]
        finally:
            query.close()
    except sqlite3.Error as error:
        out["fault"] = f"cannot be read: {error}"
    return out


def _key(table: RecordsTable, kept: Facts) -> Facts:
    path = Path(table.folder) / KEY
    fault = ""
    if table.token is None:
        try:
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if mode & 0o077:
                fault = f"open to others (mode {mode:04o}); chmod 600 {path}"
        except OSError:
            fault = "" if not kept["signer"] else f"{path} is gone; another one will be made, and that is recorded"
    where = str(path) if table.token is None else f"token {table.token_label} by {table.token}"
    return {"where": where, "fingerprint": kept["signer"] or None, "prepared": (path.parent / NEXT_KEY).exists(),
            "fault": fault}


def _meter(device: DeviceFile, kind: str, newest: "dict[str, Value]") -> Facts:
    plate = {key: value for key, value in device.plate._asdict().items() if value is not None}
    value = newest.get(device.name)
    return {"meter": device.name, "kind": kind, "driver": device.driver, "sum": device.options.get("sum"),
            "mid": plate.get("mid") == "yes", "serial": plate.get("serial"),
            "accuracy_class": plate.get("accuracy_class"), "checked": plate.get("checked"),
            "told": None if value is None else [name for name, energy in (("import", value.import_e),
                                                                          ("export", value.export_e))
                                                if energy is not None]}


def _missing(file: SiteFile, table: RecordsTable, meters: "list[Facts]", clock: str) -> "list[str]":
    out = []
    if clock == "unknown":
        out.append("the clock of this computer is not synced: nothing for billing is made from it")
    if file.mqtt is None:
        out.append("no [mqtt]: the newest hashes are published nowhere, so a log written anew is not found out")
    plain = [one["meter"] for one in meters if one["kind"] in ("meter", "source") and not one["sum"]]
    without = [one["meter"] for one in meters if one["meter"] in plain and not one["mid"]]
    if without:
        out.append(f"no mid = true: {', '.join(without)}; what is settled from them is marked as not calibrated")
    nameless = [one["meter"] for one in meters if one["meter"] in plain and not one["serial"]]
    if nameless:
        out.append(f"no serial: {', '.join(nameless)}; another meter in their place is told by its counter alone")
    if table.storage_wh is None and any(one["kind"] == "storage" for one in meters):
        out.append("no storage_wh: what the storage holds is not told by origin")
    return out


def words(told: Facts) -> "list[str]":
    """Of those facts, for a person."""
    count = ", ".join(f"{n} {log}" for log, n in told["records"].items()) or "none yet"
    newest = "" if told["newest_s"] is None else f", newest quarter hour {_when(told['newest_s'])}"
    bound = "" if told["clock_bound_ms"] is None else f", at most {told['clock_bound_ms']} ms wrong"
    key = told["key"]
    out = [f"  {told['folder']}: {told['fault'] or count + newest}",
           f"  clock now {told['clock']}{bound}; legal time of {told['time_zone']}",
           f"  key in {key['where']}: {key['fingerprint'] or 'made at the first start'}"
           + (", another one is prepared" if key["prepared"] else "")]
    if key["fault"]:
        out.append(f"  KEY: {key['fault']}")
    out += [f"  {log} is kept {days} days ({told['rules'][log]})" for log, days in told["keep_days"].items()]
    out += ["  " + _counted(one) for one in told["meters"] if one["kind"] in COUNTING or one["told"]]
    boxes = [one["meter"] for one in told["meters"] if one["kind"] == "wallbox"]
    if boxes:
        out.append(f"  charging sessions of {', '.join(boxes)}, by their own counters")
    asked = ["commands and MQTT"] if told["events"] else []
    asked += [f"contact {one['contact']} (pin {one['pin']}, {one['what']} of {one['meter']})"
              for one in told["contacts"]]
    out.append(f"  readings are asked for by: {', '.join(asked) or 'nobody (events = true, [contact.NAME])'}")
    return out + [f"  missing: {one}" for one in told["missing"]]


def _counted(one: Facts) -> str:
    plate = [words for words in (one["serial"], one["accuracy_class"] and f"class {one['accuracy_class']}",
                                 "MID" if one["mid"] else "no MID", one["sum"]) if words]
    told = "" if one["told"] is None else f": {' and '.join(one['told']) or 'no counter'}"
    return f"{one['meter']}, {', '.join(plate)}{told}"


def _when(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
