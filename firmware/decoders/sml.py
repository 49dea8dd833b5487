"""`decode sml`: what an SML optical head says, entry by entry."""

import argparse
import json

from drivers.obis import EXPORT, IMPORT, WATT_HOUR, Entry, obis_text, power, quantity
from drivers.quantity import Quantity
from drivers.sml import Frame, Reader
from drivers.sml_rules import locked
from firmware.decoders.words import UNITS, decimal, number, one_line

BAUD = 9600
WHAT = "SML frame"


def reader(args: argparse.Namespace) -> Reader:
    return Reader()


def json_line(frame: Frame) -> str:
    return one_line((
        ("offset", str(frame.offset)),
        ("server_id", json.dumps(frame.server.hex() if frame.server else None)),
        ("entries", json.dumps([entry_fields(entry) for entry in frame.entries])),
        ("power_w", number(power(frame.entries))),
        ("import_wh", number(quantity(frame.entries, IMPORT, WATT_HOUR))),
        ("export_wh", number(quantity(frame.entries, EXPORT, WATT_HOUR))),
        ("locked", json.dumps(locked(frame.entries))),
    ))


def entry_fields(entry: Entry) -> "dict[str, object]":
    value = entry.value.hex() if isinstance(entry.value, bytes) else entry.value
    return {"obis": obis_text(entry.obis), "value": value, "scaler": entry.scaler, "unit": entry.unit,
            "status": entry.status}


def table(frame: Frame) -> str:
    entries = frame.entries
    lines = [f"byte {frame.offset}: meter {frame.server.hex() if frame.server else 'without id'}"]
    totals = (("power", power(entries), "W"), ("import", quantity(entries, IMPORT, WATT_HOUR), "Wh"),
              ("export", quantity(entries, EXPORT, WATT_HOUR), "Wh"))
    lines += [f"  {name:8} {decimal(exact)} {unit}" for name, exact, unit in totals if exact is not None]
    if locked(entries):
        lines.append("  locked: whole kWh and no power; ask the metering operator for the PIN, then set INF on")
    lines += [entry_row(entry) for entry in entries]
    return "\n".join(lines) + "\n"


def entry_row(entry: Entry) -> str:
    if isinstance(entry.value, bytes):
        value = entry.value.hex()
        if entry.value.isascii() and entry.value.decode().isprintable():
            value += f" ({entry.value.decode()})"
    elif entry.value is None or isinstance(entry.value, bool):
        value = {None: "-", True: "true", False: "false"}[entry.value]
    else:
        value = decimal(Quantity(entry.value, entry.scaler or 0))
    unit = UNITS.get(entry.unit or 0, "")
    status = "" if entry.status is None else f"  status 0x{entry.status:X}"
    return f"    {obis_text(entry.obis):24} {value} {unit}{status}".rstrip()
