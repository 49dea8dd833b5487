"""`decode mbus`: the frames of a wired M-Bus, from recorded bytes or hex; --ask asks the one meter on the line."""

import argparse
import json
from collections.abc import Iterator
from typing import NamedTuple

from drivers import mbus_fixed
from drivers.clock import MonotonicClock
from drivers.mbus_frame import ANY, SELECTED, Frame
from drivers.mbus_frame import Reader as FrameReader
from drivers.mbus_master import MBusMaster
from drivers.mbus_measured import time_of
from drivers.mbus_media import status_words
from drivers.mbus_records import Record
from drivers.mbus_telegram import FIXED, MBusError, of_wire
from drivers.mbus_values import Time
from drivers.oms_reader import OmsReader, Told
from drivers.quantity import Quantity
from drivers.serial_stream import SerialStream
from firmware.decoders.hex import HexOrBytes
from firmware.decoders.words import decimal, one_line

BAUD = 2_400
PARITY = "E"
DIGITS = 8  # of a meter's number
WHAT = "M-Bus frame"


class Shown(NamedTuple):
    """One telegram as it is printed."""

    told: "Told | None"
    fixed: "mbus_fixed.Fixed | None"
    why: str
    rssi_dbm: "int | None"
    frame: bytes


class Reader:
    def __init__(self) -> None:
        self.hint = ""
        self._frames = FrameReader()
        self._opener = OmsReader({}, recorded=True)  # a wire is nobody's air
        self._hex = HexOrBytes()

    @property
    def damaged(self) -> int:
        return self._frames.damaged

    def feed(self, data: bytes) -> "list[Shown]":
        return [self.shown(frame) for frame in self._frames.feed(self._hex.feed(data))]

    def shown(self, frame: Frame) -> Shown:
        raw = bytes((frame.control, frame.address, frame.ci)) + frame.data
        if frame.ci == FIXED:
            fixed = mbus_fixed.parse(frame.data)
            return Shown(None, fixed, "" if fixed else "no fixed structure", None, raw)
        try:
            told = self._opener.read(of_wire(frame))
        except MBusError as error:
            return Shown(None, None, str(error), None, raw)
        return Shown(told, None, told.why, None, raw)


def reader(args: argparse.Namespace) -> Reader:
    return Reader()


def asked(args: argparse.Namespace) -> "Iterator[Shown]":
    """What the meter at --address answers; nothing in it is changed. Raises ValueError for what is no address."""
    number = args.address if len(args.address) == DIGITS and args.address.isdecimal() else ""
    if args.address and not number and not (args.address.isdecimal() and int(args.address) <= ANY):
        raise ValueError(f"--address {args.address}: allowed are 0 to 250, {ANY} for the only one on the line, and the "
                         f"{DIGITS} digits of its number")
    line = SerialStream(str(args.source), args.baud or BAUD, PARITY)
    reader = Reader()
    try:
        address = SELECTED if number else int(args.address or ANY)
        for frame in MBusMaster(line, MonotonicClock(), args.baud or BAUD).read(address, number):
            yield reader.shown(frame)
    finally:
        line.close()


def json_line(shown: Shown) -> str:
    records = shown.fixed.records if shown.fixed else shown.told.records if shown.told else ()
    fields = (
        *_meter(shown),
        ("more_follows", json.dumps(bool(shown.told and shown.told.more))),
        ("why_none", json.dumps(shown.why or None)),
        ("records", "[" + ", ".join(_record(record, records) for record in records) + "]"),
        ("frame", json.dumps(shown.frame.hex())),
    )
    return one_line(fields)


def _meter(shown: Shown) -> "tuple[tuple[str, str], ...]":
    """Who, how it feels, how it was protected; null for what is not known."""
    id_: "str | None" = None
    medium = maker = security = name = link = None
    access = status = version = code = None
    if shown.fixed is not None:
        id_, medium, access, status = shown.fixed.id, shown.fixed.medium, shown.fixed.access, shown.fixed.status
    elif shown.told is not None:
        telegram = shown.told.telegram
        access, status, security = telegram.access, telegram.status, shown.told.seal or None
        if telegram.meter is not None:
            meter = telegram.meter
            id_, medium, maker, name = meter.id, meter.medium_word(), meter.letters(), meter.text()
            version, code = meter.version, meter.medium
            link = telegram.link.text() if telegram.link not in (None, meter) else None
    words = None if status is None else list(status_words(status))
    fields = (("meter", name), ("id", id_), ("manufacturer", maker), ("version", version), ("medium", medium),
              ("medium_code", code), ("radio", link), ("access", access), ("status", status), ("status_words", words),
              ("security", security), ("rssi_dbm", shown.rssi_dbm))
    return tuple((field, json.dumps(value)) for field, value in fields)


def _record(record: Record, every: "tuple[Record, ...]") -> str:
    value = record.value
    exact = Quantity(value, record.scaler) if isinstance(value, int) else None
    time, clock = time_of(record, every, None)
    return one_line((
        ("quantity", json.dumps(record.quantity or None)),
        ("value", json.dumps(_plain(value))), ("scaler", str(record.scaler)), ("unit", json.dumps(record.unit)),
        ("number", decimal(exact) or "null"), ("function", json.dumps(record.function)),
        ("storage", str(record.storage)), ("tariff", str(record.tariff)), ("subunit", str(record.subunit)),
        ("qualifiers", json.dumps(record.qualifiers)), ("error", json.dumps(record.error or None)),
        ("time", json.dumps(time)), ("clock", json.dumps(clock)),
        ("dif_vif", json.dumps(record.head.hex())), ("data", json.dumps(record.data.hex())),
    ))


def _plain(value: object) -> object:
    if isinstance(value, Time):
        return value.text + ("" if value.valid else " (clock wrong)")
    return value.hex() if isinstance(value, bytes) else value


def table(shown: Shown) -> str:
    records = shown.fixed.records if shown.fixed else shown.told.records if shown.told else ()
    lines = [head(shown)]
    if shown.why:
        lines += [f"  not read: {shown.why}", f"  raw {shown.frame.hex()}"]
    lines += ["  " + row(record) for record in records]
    if shown.told and shown.told.more:
        lines.append("  more follows in the meter's next telegram")
    return "\n".join(lines) + "\n"


def head(shown: Shown) -> str:
    if shown.fixed is not None:
        status: "int | None" = shown.fixed.status
        words = f"{shown.fixed.id} {shown.fixed.medium}"
    elif shown.told is not None and shown.told.telegram.meter is not None:
        status = shown.told.telegram.status
        words = f"{shown.told.telegram.meter.text()} {shown.told.telegram.meter.medium_word()}"
    else:
        status, words = None, "meter without name"
    if status:
        words += ": " + ", ".join(status_words(status))
    if shown.rssi_dbm is not None:
        words += f" ({shown.rssi_dbm} dBm)"
    return words


def row(record: Record) -> str:
    """quantity value unit, then what tells it from its like."""
    exact = Quantity(record.value, record.scaler) if isinstance(record.value, int) else None
    value = decimal(exact) if exact else "-" if record.value is None else str(_plain(record.value))
    what = [word for word, said in ((record.function, record.function != "now"),
                                    (f"storage {record.storage}", record.storage),
                                    (f"tariff {record.tariff}", record.tariff),
                                    (f"subunit {record.subunit}", record.subunit)) if said]
    what += [*record.qualifiers, *([record.error] if record.error else [])]
    unknown = "" if record.quantity else f"  raw {record.head.hex()} {record.data.hex()}"
    return f"{record.quantity or 'unknown':22} {value} {record.unit}".rstrip() + (
        f"  ({', '.join(what)})" if what else "") + unknown
