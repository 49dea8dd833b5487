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
from firmware.records.clock import SYNCED, UNKNOWN, ClockWatch
from firmware.records.keeper import quarter_of
from firmware.records.keys import KEY, NEXT_KEY
from firmware.records.query import Query
from firmware.records.retention import RULES
from firmware.records.sampler import Value
from firmware.records.store import NAME
from firmware.said import Said, german, joined, said
from hal.ports import TimeService

Facts = dict[str, Any]
MOST_APART_S = 60  # a reading within half a minute of each quarter hour
MOST_QUARTERS = 8  # looked back for what each meter tells
COUNTING = ("meter", "source")
OWN_CHOICE = "own choice"  # in firmware.records.retention: no law says so


def facts(file: SiteFile, service: TimeService) -> "Facts | None":
    """None without [records]."""
    table = file.records
    if table is None:
        return None
    kept = _kept(Path(table.folder))
    clock = ClockWatch().look(service.read()).clock
    meters = [_meter(device, spec.ability.kind, kept["newest"])
              for device, spec in zip(file.devices, file.site.devices)]
    missing = _missing(file, table, meters, clock.state)
    days = {rule.log: table.keep_days if rule.log != chain.SYSTEM else rule.usual_days for rule in RULES}
    return {
        "folder": table.folder, "fault": kept["fault"], "records": kept["heads"], "newest_s": kept["newest_s"],
        "clock": clock.state, "clock_bound_ms": clock.bound_ms, "time_zone": table.time_zone, "key": _key(table, kept),
        "keep_days": days, "rules": {rule.log: rule.source for rule in RULES}, "meters": meters,
        "events": table.events, "contacts": [{"contact": name, "pin": one.pin, "meter": one.meter, "what": one.what}
                                             for name, one in file.contacts],
        "missing": missing, "missing_de": [german(one) for one in missing],
    }


def _kept(folder: Path) -> Facts:
    out: Facts = {"fault": "", "heads": {}, "newest": {}, "newest_s": None, "signer": ""}
    if not (folder / NAME).exists():
        return out
    try:
        query = Query(folder)
        try:
            out["heads"] = {log: head["n"] for log, head in query.heads().items()}
            quarters = [quarter_of(one) for one in query.newest_ones(chain.METROLOGY, "readings", MOST_QUARTERS)]
            if quarters:
                out["newest_s"] = max(quarter.at_s for quarter in quarters)
                out["newest"] = {value.meter: value for quarter in quarters for value in quarter.values}
            run = query.newest(chain.SYSTEM, "run")
            out["signer"] = "" if run is None else run["key"]
        finally:
            query.close()
    except sqlite3.Error as error:
        out["fault"] = said("cannot be read: {}", error)
    return out


def _key(table: RecordsTable, kept: Facts) -> Facts:
    path = Path(table.folder) / KEY
    fault = ""
    if table.token is None:
        try:
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if mode & 0o077:
                fault = said("open to others (mode {}); chmod 600 {}", f"{mode:04o}", path)
        except OSError:
            fault = "" if not kept["signer"] else said("{} is gone; another one will be made, and that is recorded",
                                                       path)
    where = str(path) if table.token is None else said("token {} by {}", table.token_label, table.token)
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


def _missing(file: SiteFile, table: RecordsTable, meters: "list[Facts]", clock: str) -> "list[Said]":
    out = []
    if clock == UNKNOWN:
        out.append(said("the clock of this computer is not synced: nothing for billing is made from it "
                        "(systemd-timesyncd does, chrony with rtcsync)"))
    if file.mqtt is None:
        out.append(said("no [mqtt]: the newest hashes are published nowhere, so a log written anew is not found out"))
    plain = [one["meter"] for one in meters if one["kind"] in ("meter", "source") and not one["sum"]]
    without = [one["meter"] for one in meters if one["meter"] in plain and not one["mid"]]
    if without:
        out.append(said("no mid = true: {}; what is settled from them is marked as not calibrated", ", ".join(without)))
    nameless = [one["meter"] for one in meters if one["meter"] in plain and not one["serial"]]
    if nameless:
        out.append(said("no serial: {}; another meter in their place is told by its counter alone",
                        ", ".join(nameless)))
    seldom = [device.name for device in file.devices
              if device.driver == "mbus_meter" and int(device.options.get("every_s", 0)) > MOST_APART_S]
    if seldom:
        out.append(said("asked too seldom for quarter hours: {}; every_s = {} or less, if it counts electricity",
                        ", ".join(seldom), MOST_APART_S))
    if table.storage_wh is None and any(one["kind"] == "storage" for one in meters):
        out.append(said("no storage_wh: what the storage holds is not told by origin"))
    return out


def words(told: Facts) -> "list[str]":
    """Of those facts, for a person."""
    count: object = ", ".join(f"{n} {log}" for log, n in told["records"].items()) or said("none yet")
    if told["newest_s"] is not None:
        count = said("{}, newest quarter hour {}", count, _when(told["newest_s"]))
    out: "list[object]" = [joined((told["folder"], told["fault"] or count), ": "), _clock(told), _keyed(told["key"])]
    if told["key"]["fault"]:
        out.append(said("KEY: {}", told["key"]["fault"]))
    out += [said("{} is kept {} days ({})", log, days, _source(told["rules"][log]))
            for log, days in told["keep_days"].items()]
    out += [_counted(one) for one in told["meters"] if one["kind"] in COUNTING or one["told"]]
    boxes = [one["meter"] for one in told["meters"] if one["kind"] == "wallbox"]
    if boxes:
        out.append(said("charging sessions of {}, by their own counters", ", ".join(boxes)))
    asked = [said("commands and MQTT")] if told["events"] else []
    asked += [said("contact {} (pin {}, {} of {})", one["contact"], one["pin"], one["what"], one["meter"])
              for one in told["contacts"]]
    out.append(said("readings are asked for by: {}", joined(asked) or said("nobody (events = true, [contact.NAME])")))
    out += [said("missing: {}", one) for one in told["missing"]]
    return [joined(("  ", one), "") for one in out]


def _clock(told: Facts) -> Said:
    state = said("not set") if told["clock"] == UNKNOWN else said("synced") if told["clock"] == SYNCED else said(
        "held by itself")
    if told["clock_bound_ms"] is None:
        return said("clock now {}; legal time of {}", state, told["time_zone"])
    return said("clock now {}, at most {} ms wrong; legal time of {}", state, told["clock_bound_ms"],
                told["time_zone"])


def _source(rule: str) -> Said:
    return joined((said("own choice") if part == OWN_CHOICE else part for part in rule.split("; ")), "; ")


def _keyed(key: Facts) -> Said:
    which = key["fingerprint"] or said("made at the first start")
    if key["prepared"]:
        return said("key in {}: {}, another one is prepared", key["where"], which)
    return said("key in {}: {}", key["where"], which)


def _counted(one: Facts) -> Said:
    plate = [words for words in (one["meter"], one["serial"], one["accuracy_class"] and
                                 said("class {}", one["accuracy_class"]), "MID" if one["mid"] else said("no MID"),
                                 one["sum"]) if words]
    if one["told"] is None:
        return joined(plate)
    return joined((joined(plate), joined(one["told"], " + ") if one["told"] else said("no counter")), ": ")


def _when(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
