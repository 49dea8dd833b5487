"""`decode modbus`: what a master and its devices say to each other on an RTU line, heard by a third; nothing is sent.

A recorded line is bytes or hex. With --device the words of an answer are shown as what they mean to that meter.
"""

import argparse
import importlib
import json
import struct
from typing import NamedTuple

from drivers.meter_table import Table
from drivers.modbus_rtu import MOST_FRAME, READING, asked_by, is_owed, refusal, split, values_of
from firmware.config import driver_modules
from firmware.decoders.hex import HexOrBytes
from hal.registers import decode

BAUD = 9_600
WHAT = "Modbus frame"
MOST_OWED = 8  # requests whose answer may still come
MOST_CLICK = 4  # bytes of noise that hide no frame
KINDS = {1: "coils", 2: "inputs", 3: "holding registers", 4: "input registers", 5: "one coil", 6: "one register",
         15: "coils", 16: "registers"}
REQUEST, ANSWER, EXCEPTION, UNKNOWN = "request", "answer", "exception", "unknown"


class Said(NamedTuple):
    """One frame. Address and amount are those of its request; None when that was not heard."""

    what: str
    unit: int
    function: int
    address: "int | None"
    amount: "int | None"  # of registers or bits
    words: "tuple[int, ...]"  # or bits: read, or to be written
    meaning: "tuple[tuple[str, tuple[int | None, ...]], ...]"
    frame: bytes


class Asked(NamedTuple):
    head: bytes  # what its answer begins with
    address: int
    amount: int


class Reader:
    def __init__(self, meter: "Table | None") -> None:
        self.hint = ""
        self.damaged = 0
        self._meter = meter
        self._hex = HexOrBytes()
        self._held = b""
        self._asked: "list[Asked]" = []

    def feed(self, data: bytes) -> "list[Said]":
        """Holds no more than the longest frame, and what may be its beginning."""
        self._held += self._hex.feed(data)
        pieces = split(self._held)
        found = []
        for noise, frame in pieces[:-1]:
            self._spoilt(noise)
            found.append(self._said(frame))
        self._held = pieces[-1][0]
        if len(self._held) > MOST_FRAME:
            self._spoilt(self._held[:-MOST_FRAME])
            self._held = self._held[-MOST_FRAME:]
        return found

    def rest(self) -> "list[Said]":
        self._spoilt(self._held)
        self._held = b""
        return []

    def _spoilt(self, noise: bytes) -> None:
        self.damaged += sum(byte not in (0x00, 0xFF) for byte in noise) > MOST_CLICK

    def _said(self, frame: bytes) -> Said:
        unit, function = frame[0], frame[1] & 0x7F
        for asked in self._asked:
            if is_owed(frame, (asked.head,)):
                self._asked.remove(asked)
                return self._answer(frame, asked)
        if frame[1] & 0x80:
            return self._refused(frame)
        if asked_by(frame):
            return self._request(frame)
        return Said(UNKNOWN, unit, function, None, None, (), (), frame)

    def _request(self, frame: bytes) -> Said:
        function = frame[1]
        address, count = struct.unpack(">HH", frame[2:6])
        words: "tuple[int, ...]" = ()
        if function in (5, 6):
            words, count = (count,), 1
        elif function not in READING:
            words = _written(frame, count)
        self._asked = [*self._asked, Asked(asked_by(frame), address, count)][-MOST_OWED:]
        return Said(REQUEST, frame[0], function, address, count, words, (), frame)

    def _answer(self, frame: bytes, asked: Asked) -> Said:
        words = values_of(frame, asked.amount) if frame[1] in READING else ()
        return Said(ANSWER, frame[0], frame[1], asked.address, asked.amount, words,
                    _meaning(self._meter, frame[1], asked.address, words), frame)

    def _refused(self, frame: bytes) -> Said:
        """Of the oldest request of this unit and function."""
        unit, function = frame[0], frame[1] & 0x7F
        for asked in self._asked:
            if asked.head[:2] == bytes((unit, function)):
                self._asked.remove(asked)
                return Said(EXCEPTION, unit, function, asked.address, asked.amount, (), (), frame)
        return Said(EXCEPTION, unit, function, None, None, (), (), frame)


def _written(frame: bytes, count: int) -> "tuple[int, ...]":
    data = frame[7:]
    if frame[1] == 15:
        return tuple(data[at // 8] >> at % 8 & 1 for at in range(min(count, 8 * len(data))))
    return struct.unpack(f">{len(data) // 2}H", data[:len(data) // 2 * 2])


def _meaning(meter: "Table | None", function: int, address: int,
             words: "tuple[int, ...]") -> "tuple[tuple[str, tuple[int | None, ...]], ...]":
    """Of the registers that are whole in this answer; a value the device says it has not is None."""
    out = []
    for reg in (*meter.reads, *meter.slow) if meter is not None else ():
        start = reg.address - address
        if reg.function == function and start >= 0 and start + reg.words() <= len(words):
            out.append((reg.field, decode(reg, words[start:start + reg.words()])))
    return tuple(out)


def reader(args: argparse.Namespace) -> Reader:
    """Raises ValueError for a --device that is no meter with registers."""
    return Reader(_table(args.device) if args.device else None)


def _table(name: str) -> Table:
    tables = {each: driver_modules.module(each).TABLE for each in driver_modules.known()
              if hasattr(importlib.import_module(f"drivers.{each}"), "TABLE")}
    if name not in tables:
        raise ValueError(f"--device {name}: allowed are {', '.join(tables)}")
    found = tables[name]
    assert isinstance(found, Table)
    return found


def json_line(said: Said) -> str:
    return json.dumps({
        "what": said.what, "unit": said.unit, "function": said.function, "address": said.address, "count": said.amount,
        "words": said.words, "exception": said.frame[2] if said.what == EXCEPTION else None,
        "meaning": {field: values if len(values) > 1 else values[0] for field, values in said.meaning},
        "frame": said.frame.hex()})


def table(said: Said) -> str:
    kind = KINDS.get(said.function, f"function {said.function}")
    place = "" if said.address is None else f" at 0x{said.address:04X}"
    head = f"unit {said.unit:3} {said.what:9} "
    if said.what == EXCEPTION:
        return head + f"{kind}{place}: {refusal(said.frame[2])}"
    if said.what == UNKNOWN:
        return head + f"{kind}, its request was not heard: {said.frame[2:].hex()}"
    count = f"{said.amount} " if said.function not in (5, 6) else ""
    digits = "{:d}" if said.function in (1, 2, 15) else "{:04X}"
    words = " ".join(digits.format(word) for word in said.words)
    lines = [head + f"{count}{kind}{place}" + (": " + words if words else "")]
    lines += [f"  {field:22} {' '.join('-' if value is None else str(value) for value in values)}"
              for field, values in said.meaning]
    return "\n".join(lines)
