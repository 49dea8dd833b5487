"""`decode sml FILE|PORT`: what a meter says on the wire, as a table or as one JSON object a frame."""

import argparse
import json
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from drivers.serial_stream import SerialStream
from drivers.sml import Frame, Reader, obis_text
from drivers.sml_rules import EXPORT, IMPORT, WATT_HOUR, Quantity, locked, power, quantity
from drivers.sml_tree import Entry
from hal.faults import DeviceError

UNITS = {8: "deg", 27: "W", 28: "VA", 29: "var", 30: "Wh", 31: "VAh", 32: "varh", 33: "A", 35: "V", 44: "Hz"}  # DLMS
CHUNK = 4096
WAIT_MS = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=("sml",), help="what the meter speaks")
    parser.add_argument("source", metavar="FILE|PORT", type=Path, help="recorded bytes, or the port of an optical head")
    parser.add_argument("--json", action="store_true", help="one object a frame and line")
    parser.add_argument("--baud", type=_positive, default=9600, metavar="N", help="of the port (9600)")
    parser.add_argument("--frames", type=_positive, metavar="N", help="stop after this many frames")
    parser.add_argument("--seconds", type=_positive, metavar="S", help="stop listening to the port after this time")


def run(args: argparse.Namespace) -> int:
    reader = Reader()
    shown = 0
    try:
        for frame in _frames(reader, args):
            print(json_line(frame) if args.json else table(frame), flush=True)
            shown += 1
            if shown == args.frames:
                break
    except KeyboardInterrupt:
        pass  # the way to stop listening
    except BrokenPipeError:
        raise  # whoever read our output has seen enough
    except (OSError, DeviceError) as error:
        print(f"{args.source}: {_why(error, args.source)}", file=sys.stderr)
        return 1
    if not shown:
        print(f"{args.source}: no intact SML frame ({_count(reader.damaged, 'damaged one')})", file=sys.stderr)
        return 1
    if not args.json:
        print(f"{_count(shown, 'frame')}, {reader.damaged} damaged")
    return 0


def _frames(reader: Reader, args: argparse.Namespace) -> "Iterator[Frame]":
    chunks = _heard(args) if stat.S_ISCHR(args.source.stat().st_mode) else _recorded(args.source)
    for chunk in chunks:
        yield from reader.feed(chunk)


def _recorded(path: Path) -> "Iterator[bytes]":
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _heard(args: argparse.Namespace) -> "Iterator[bytes]":
    stream = SerialStream(str(args.source), args.baud)
    until_s = time.monotonic() + args.seconds if args.seconds else None
    try:
        while until_s is None or time.monotonic() < until_s:
            yield stream.read(CHUNK, WAIT_MS)
    finally:
        stream.close()


def json_line(frame: Frame) -> str:
    """By hand, because a JSON number holds any decimal and a float does not."""
    fields = (
        ("offset", str(frame.offset)),
        ("server_id", json.dumps(frame.server.hex() if frame.server else None)),
        ("entries", json.dumps([_entry(entry) for entry in frame.entries])),
        ("power_w", decimal(power(frame.entries)) or "null"),
        ("import_wh", decimal(quantity(frame.entries, IMPORT, WATT_HOUR)) or "null"),
        ("export_wh", decimal(quantity(frame.entries, EXPORT, WATT_HOUR)) or "null"),
        ("locked", json.dumps(locked(frame.entries))),
    )
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields) + "}"


def _entry(entry: Entry) -> "dict[str, object]":
    value = entry.value.hex() if isinstance(entry.value, bytes) else entry.value
    return {"obis": obis_text(entry.obis), "value": value, "scaler": entry.scaler, "unit": entry.unit,
            "status": entry.status}


def decimal(exact: "Quantity | None") -> str:
    """Every digit and none more: 215.99, -105.5, 2324000; "" for None."""
    if exact is None:
        return ""
    if exact.scaler >= 0:
        return str(exact.nearest(0))
    digits = str(abs(exact.value)).rjust(1 - exact.scaler, "0")
    whole, part = digits[:exact.scaler], digits[exact.scaler:].rstrip("0")
    return ("-" if exact.value < 0 else "") + whole + ("." + part if part else "")


def table(frame: Frame) -> str:
    entries = frame.entries
    lines = [f"byte {frame.offset}: meter {frame.server.hex() if frame.server else 'without id'}"]
    totals = (("power", power(entries), "W"), ("import", quantity(entries, IMPORT, WATT_HOUR), "Wh"),
              ("export", quantity(entries, EXPORT, WATT_HOUR), "Wh"))
    lines += [f"  {name:8} {decimal(exact)} {unit}" for name, exact, unit in totals if exact is not None]
    if locked(entries):
        lines.append("  locked: whole kWh and no power; ask the metering operator for the PIN, then set INF on")
    lines += [_row(entry) for entry in entries]
    return "\n".join(lines) + "\n"


def _row(entry: Entry) -> str:
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


def _why(error: "OSError | DeviceError", source: Path) -> str:
    """The words of the error, without the path that stands before them already."""
    if isinstance(error, DeviceError):
        return error.detail.removeprefix(f"{source}: ")
    return error.strerror or str(error)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is not 1 or more")
    return number
