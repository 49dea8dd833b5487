"""`decode smgw`: what a smart-meter gateway tells its customer: recorded answers, or the gateway itself.

Recorded are the bodies of its answers, one behind the other: JSON of Theben CONEXA (readings mean something behind the
usage-point-info of the same point only) and EMH CASA, pages of PPC. Which maker's they are shows by itself.

https://HOST is asked once, in a session as the service has them: at least five minutes apart, and never again with a
login that was refused. It shares the file of failed logins (--state) with the service.
"""

import argparse
import json
import time
from collections.abc import Iterator
from typing import NamedTuple

from drivers import smgw_gateway
from drivers.obis import EXPORT, IMPORT, counter, number, obis_text
from drivers.quantity import Quantity
from drivers.smgw_recorded import values_of
from drivers.smgw_values import INVALID, Value, newest
from firmware.decoders.words import UNITS, decimal, one_line
from firmware.decoders.words import number as number_json

WHAT = "answer with values of a meter"
PREFIX = "https:"
PLACES = (PREFIX,)
ASKS = True
PORT = 443
MOST_FAILED = 2  # as [line.NAME] has it unless it says otherwise
MOST_BYTES = 1 << 20  # of a recording


class Told(NamedTuple):
    """One meter and its newest values."""

    meter: str
    values: "tuple[Value, ...]"


class Reader:
    def __init__(self) -> None:
        self.hint = ""
        self.damaged = 0
        self._held = b""

    def feed(self, data: bytes) -> "list[Told]":
        """An answer has no end of its own: `rest` reads them."""
        self._held += data
        if len(self._held) > MOST_BYTES:
            raise ValueError(f"allowed are {MOST_BYTES} bytes of recorded answers")
        return []

    def rest(self) -> "list[Told]":
        values, self.damaged, self.hint = values_of(self._held)
        return by_meter(values)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--maker", choices=tuple(smgw_gateway.MAKERS), help="smgw: of the gateway that is asked")
    parser.add_argument("--state", default="", metavar="FILE",
                        help="smgw: counts failed logins; that of the line in the configuration")
    parser.add_argument("--certificate", default="", metavar="SHA256", help="smgw: of the gateway, in hex")
    parser.add_argument("--md5", action="store_true", help="smgw: it asks for SHA-256 and means MD5")


def by_meter(values: "tuple[Value, ...]") -> "list[Told]":
    names = dict.fromkeys(value.meter for value in values)
    return [Told(name, newest(tuple(value for value in values if value.meter == name))) for name in names]


def reader(args: argparse.Namespace) -> Reader:
    return Reader()


def asked(args: argparse.Namespace) -> "Iterator[Told]":
    """Raises ValueError for what is missing, DeviceError for what the gateway refuses."""
    missing = [word for word in ("maker", "logins", "state") if not getattr(args, word)]
    if missing:
        raise ValueError("a gateway is asked with " + ", ".join("--" + word for word in missing))
    host, port = _place(args.source)
    gateway = smgw_gateway.real(args.maker, host, port, args.logins, args.login or "smgw", args.state, MOST_FAILED,
                                args.certificate, "md5" if args.md5 else "asked")
    try:
        gateway.ask(time.monotonic_ns() // 1_000_000, 0)
    finally:
        gateway.close()
    yield from by_meter(gateway.values)


def _place(source: str) -> "tuple[str, int]":
    rest = source.removeprefix(PREFIX).strip("/")
    host, colon, port = rest.rpartition(":") if not rest.endswith("]") else (rest, "", "")
    if not colon:
        host, port = rest, str(PORT)
    if not source.startswith(PREFIX) or not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError("allowed are recorded answers and https://HOST or https://HOST:PORT")
    return host.strip("[]"), int(port)


def json_line(told: Told) -> str:
    entries = tuple(value.entry for value in told.values if INVALID not in value.status)
    return one_line((
        ("meter", json.dumps(told.meter or None)),
        ("values", "[" + ", ".join(one_line((
            ("obis", json.dumps(obis_text(value.entry.obis))),
            ("value", number_json(_exact(value))),
            ("unit", json.dumps(UNITS.get(value.entry.unit or 0) or None)),
            ("time", json.dumps(value.time)),
            ("status", json.dumps(value.status)),
        )) for value in told.values) + "]"),
        ("import_wh", number_json(counter(entries, IMPORT))),
        ("export_wh", number_json(counter(entries, EXPORT))),
    ))


def table(told: Told) -> str:
    lines = [f"meter {told.meter or 'that is not named'}:" + (f" id = \"{told.meter}\"" if told.meter else "")]
    lines += [f"    {obis_text(value.entry.obis):24} {decimal(_exact(value))} {UNITS.get(value.entry.unit or 0, '')}  "
              f"{value.time or 'without time'}  {', '.join(value.status)}".rstrip() for value in told.values]
    return "\n".join(lines) + "\n"


def _exact(value: Value) -> "Quantity | None":
    found = number(value.entry)
    return None if found is None else Quantity(found, value.entry.scaler or 0)


