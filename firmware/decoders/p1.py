"""`decode p1`: the telegrams of a P1 port, line by line; encrypted ones with --keys."""

import argparse
import json

from drivers import p1, p1_head
from drivers.ciphers import gcm_open
from drivers.dataset import Line, value_of
from drivers.obis import EXPORT, IMPORT, counter, power
from drivers.p1 import Reader, Telegram
from drivers.p1_sealed import TAG, SealedReader
from firmware.decoders.words import UNITS, decimal, number, one_line

BAUD = 115_200
WHAT = "P1 telegram"


class Plain(Reader):
    """Notes whether what it cannot read looks encrypted."""

    hint = ""

    def feed(self, data: bytes) -> "list[Telegram]":
        if TAG in data:
            self.hint = "; it looks encrypted: name its keys with --keys"
        return super().feed(data)


def reader(args: argparse.Namespace) -> "Plain | SealedReader":
    """Raises ValueError for keys that cannot be used."""
    keys = p1_head.keys_of({"keys": args.keys, "key": args.key})
    return SealedReader(gcm_open, *keys) if keys else Plain()


def json_line(telegram: Telegram) -> str:
    entries = p1.entries(telegram)
    return one_line((
        ("offset", str(telegram.offset)),
        ("ident", json.dumps(telegram.ident)),
        ("meter_id", json.dumps(p1.meter_id(telegram))),
        ("time", json.dumps(p1.time_of(telegram))),
        ("checked", json.dumps(telegram.checked)),
        ("lines", "[" + ", ".join(line_json(line) for line in telegram.lines) + "]"),
        ("submeters", "[" + ", ".join(one_line((
            ("channel", str(one.channel)), ("medium", json.dumps(one.medium)), ("meter_id", json.dumps(one.meter_id)),
            ("time", json.dumps(one.time)), ("value", decimal(one.quantity)), ("unit", json.dumps(UNITS[one.unit])),
        )) for one in p1.submeters(telegram)) + "]"),
        ("power_w", number(power(entries))),
        ("import_wh", number(counter(entries, IMPORT))),
        ("export_wh", number(counter(entries, EXPORT))),
    ))


def line_json(line: Line) -> str:
    """The texts as sent; where the first is a number with a unit, that too, in the unit without kilo."""
    fields = [("address", json.dumps(line.address)), ("values", json.dumps(line.values))]
    found = value_of(line.values[0]) if line.values else None
    if found is not None:
        fields += [("value", decimal(found[0])), ("unit", json.dumps(UNITS[found[1]]))]
    return one_line(tuple(fields))


def table(telegram: Telegram) -> str:
    entries = p1.entries(telegram)
    lines = [f"byte {telegram.offset}: {telegram.ident}, meter {p1.meter_id(telegram) or 'without id'}"
             + ("" if telegram.checked else ", without CRC")]
    totals = (("power", power(entries), "W"), ("import", counter(entries, IMPORT), "Wh"),
              ("export", counter(entries, EXPORT), "Wh"))
    lines += [f"  {name:8} {decimal(exact)} {unit}" for name, exact, unit in totals if exact is not None]
    lines += [f"  {one.medium or 'unknown'} meter {one.meter_id or 'without id'}: {decimal(one.quantity)} "
              f"{UNITS[one.unit]} at {one.time}" for one in p1.submeters(telegram)]
    return "\n".join([*lines, *map(row, telegram.lines)]) + "\n"


def row(line: Line) -> str:
    return f"    {line.address:24} {' '.join(f'({value})' for value in line.values)}".rstrip()
