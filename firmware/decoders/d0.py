"""`decode d0`: a D0 optical head (IEC 62056-21): telegrams it sends by itself, recorded readouts, or --ask."""

import argparse
import json
from collections.abc import Iterator

from drivers import d0, d0_head, dataset, p1
from drivers.clock import MonotonicClock
from drivers.dataset import DataError
from drivers.obis import EXPORT, IMPORT, counter, power
from drivers.p1 import Telegram
from drivers.serial_stream import SerialStream
from firmware.decoders.p1 import line_json, row
from firmware.decoders.words import decimal, number, one_line

BAUD = 9600  # of meters that send by themselves
WHAT = "D0 telegram"
MOST_BAUD = 19_200
_STX = (b"\x02", b"\x82")  # without and with parity
_ETX = b"\x03"


class Readouts:
    """Telegrams as mode D sends them, and readouts between STX and ETX, in one stream."""

    def __init__(self) -> None:
        self._pushed = p1.Reader()
        self._lead = b""  # what came before a block: who answered
        self._block = b""
        self._begun = 0  # where the block began
        self._at = 0
        self._spoilt = 0

    @property
    def damaged(self) -> int:
        return self._spoilt + self._pushed.damaged

    def feed(self, data: bytes) -> "list[Telegram]":
        out: "list[Telegram]" = []
        for at in range(len(data)):
            byte = data[at:at + 1]
            if not self._block and byte not in _STX:
                self._lead = (self._lead + byte)[-2 * d0.MOST_IDENT:]
                out += self._pushed.feed(byte)
            else:
                self._begun = self._begun if self._block else self._at
                self._block += byte
                out += self._closed()
            self._at += 1
        return out

    def _closed(self) -> "list[Telegram]":
        """The readout that ends here, behind its ETX, if it does."""
        if self._block[-2:-1] != _ETX and len(self._block) <= d0.MOST_BYTES:
            return []
        block, self._block = self._block, b""
        try:
            lines = d0.readout(block)
        except DataError:
            lines = None
        if lines is None:
            self._spoilt += 1
            return []
        ident = d0.ident_of(self._lead)
        return [Telegram(self._begun, f"{ident.maker} {ident.model}" if ident else "", lines, True)]


def reader(args: argparse.Namespace) -> Readouts:
    return Readouts()


def asked(args: argparse.Namespace) -> "Iterator[Telegram]":
    """Readout after readout, until the caller has enough. Raises DeviceError, ValueError for what is no address."""
    if not d0.is_address(args.address):
        raise ValueError(f"--address {args.address}: allowed are up to {d0.MOST_ADDRESS} letters, digits and blanks")
    stream = SerialStream(str(args.source), d0.SIGN_ON_BAUD)
    head = d0_head.D0Asked(stream, MonotonicClock(), (0, 1, 2), False, args.baud or MOST_BAUD,
                           args.address)
    try:
        while True:
            ident, lines, _ = head.session()
            yield Telegram(0, f"{ident.maker} {ident.model}", lines, True)
    finally:
        stream.close()


def json_line(telegram: Telegram) -> str:
    entries = dataset.entries(telegram.lines)
    return one_line((
        ("offset", str(telegram.offset)),
        ("ident", json.dumps(telegram.ident)),
        ("meter_id", json.dumps(d0.meter_id(telegram.lines))),
        ("checked", json.dumps(telegram.checked)),
        ("lines", "[" + ", ".join(line_json(line) for line in telegram.lines) + "]"),
        ("power_w", number(power(entries))),
        ("import_wh", number(counter(entries, IMPORT))),
        ("export_wh", number(counter(entries, EXPORT))),
    ))


def table(telegram: Telegram) -> str:
    entries = dataset.entries(telegram.lines)
    lines = [f"byte {telegram.offset}: {telegram.ident}, meter {d0.meter_id(telegram.lines) or 'without id'}"]
    totals = (("power", power(entries), "W"), ("import", counter(entries, IMPORT), "Wh"),
              ("export", counter(entries, EXPORT), "Wh"))
    lines += [f"  {name:8} {decimal(exact)} {unit}" for name, exact, unit in totals if exact is not None]
    return "\n".join([*lines, *map(row, telegram.lines)]) + "\n"
