"""The records of a backup that was put back say so: a chain that was longer than it is now is no chain written anew."""

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

from drivers.system_time import SystemTime
from firmware.config.tables import RecordsTable
from firmware.records.chain import EMPTY, LOGS, Draft, Stamp, key_id
from firmware.records.clock import ClockWatch
from firmware.records.keys import configured
from firmware.records.legal_time import offset_s, zone
from firmware.records.store import Store

Reached = dict[str, int]
KIND = "restored"


def reached(path: Path) -> "Reached | None":
    """How far each log of the file had come that is put aside; None when it cannot be read."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
        return {str(log): int(n) for log, n in db.execute("select log, n from head")}
    return None


def say(table: RecordsTable, before: "Reached | None") -> str:
    """The fingerprint of who signed it. Raises FileNotFoundError without a key; OSError, sqlite3.Error."""
    folder, keys = Path(table.folder), configured(table)
    try:
        signer = keys.known()
        now = SystemTime().read()
        stamp = Stamp(now.utc_ms, offset_s(zone(table.time_zone), now.utc_ms // 1_000), ClockWatch().look(now).clock,
                      secrets.token_hex(4), now.mono_ms)
        store = Store(folder)
        try:
            store.append([Draft(log, KIND, stamp, {
                "n": store.head(log).n, "reached": (before or {}).get(log), "uid": os.getuid()})
                for log in LOGS if store.head(log) != EMPTY], signer)
        finally:
            store.close()
        return key_id(signer.public)
    finally:
        keys.close()
