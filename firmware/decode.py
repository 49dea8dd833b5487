"""`decode KIND FILE|PORT`: what a meter says on the wire, as a table or as one JSON object a frame.

Each kind is a module of its own, `firmware.decode_KIND`: BAUD, WHAT, reader(args), json_line(frame), table(frame);
where it needs them asked(args), what it sends to a port first as setup(args), PARITY, the prefixes PLACES of what is
heard or asked on the network, and ASKS when a port of it says nothing unasked.
"""

import argparse
import importlib
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drivers.mbus_frame import ANY
from drivers.serial_stream import SerialStream
from drivers.socket_stream import PREFIX, SocketStream
from drivers.wmbus_stick import MODES
from drivers.wmbus_sticks import KINDS as KINDS_OF_STICKS
from firmware.decoders import smgw as decode_smgw
from hal.faults import DeviceError

KINDS = ("sml", "d0", "p1", "wmbus", "mbus", "modbus", "speedwire", "json", "smgw")
CHUNK = 4096
WAIT_MS = 200
SETUP_S = 0.2  # a stick takes a moment for each command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS, help="what the meter speaks")
    parser.add_argument("source", metavar="FILE|PORT",
                        help="recorded bytes (- is standard input), the port of a head, cable or stick, or "
                             "tcp://HOST:PORT; speedwire: udp: or udp://OWN-ADDRESS; json: mqtt://HOST/TOPIC or "
                             "http://HOST/PATH; smgw: https://HOST")
    parser.add_argument("--json", action="store_true", help="one object a frame and line")
    parser.add_argument("--baud", type=_positive, metavar="N",
                        help="of the port (sml 9600, d0 300 or 9600, p1 115200, mbus 2400, modbus 9600)")
    parser.add_argument("--parity", choices=("N", "E", "O"), help="of the port (mbus E, others N)")
    parser.add_argument("--frames", type=_positive, metavar="N", help="stop after this many frames")
    parser.add_argument("--seconds", type=_positive, metavar="S", help="stop listening to the port after this time")
    parser.add_argument("--ask", action="store_true", help="d0: sign on at 300 baud and read out (modes A to C); "
                                                           "mbus: ask the meter at --address")
    parser.add_argument("--keys", "--key-file", default="", metavar="FILE",
                        help="p1, wmbus: keys of encrypted telegrams, of mode 0600")
    parser.add_argument("--key", default="p1", metavar="NAME", help="p1: which of them (p1)")
    parser.add_argument("--stick", choices=tuple(KINDS_OF_STICKS), default="hex",
                        help="wmbus: the receiver, or whose recorded bytes these are (hex: lines of text)")
    parser.add_argument("--mode", choices=MODES, default="c+t", help="wmbus: what the stick listens to (c+t)")
    parser.add_argument("--address", default="", metavar="N",
                        help=f"of the meter that is asked; mbus: 0 to 250 ({ANY}: the only one on the line), or its "
                             "number of eight digits; "
                             "d0: its device address, mostly its number (none: whichever is there)")
    parser.add_argument("--device", default="", metavar="DRIVER",
                        help="modbus, json: show what it says as what it means to this meter")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="json: a key of the meter's table in the configuration; a list by several of them")
    parser.add_argument("--logins", default="", metavar="FILE", help="json, smgw: NAME USER PASSWORD, of mode 0600")
    parser.add_argument("--login", default="", metavar="NAME", help="json, smgw: which of them (the kind's name)")
    decode_smgw.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    kind: Any = importlib.import_module(f"firmware.decoders.{args.kind}")
    shown = 0
    try:
        args.is_port = _is_port(kind, args.source)
        reader = kind.reader(args)
        for frame in _frames(kind, reader, args):
            print(kind.json_line(frame) if args.json else kind.table(frame), flush=True)
            shown += 1
            if shown == args.frames:
                break
    except KeyboardInterrupt:
        pass  # the way to stop listening
    except BrokenPipeError:
        raise  # whoever read our output has seen enough
    except (OSError, ValueError, DeviceError) as error:
        print(f"{args.source}: {_why(error, args.source)}", file=sys.stderr)
        return 1
    if not shown:
        print(f"{args.source}: no intact {kind.WHAT} ({_count(reader.damaged, 'damaged one')})"
              + getattr(reader, "hint", ""), file=sys.stderr)
        return 1
    if not args.json:
        print(f"{_count(shown, 'frame')}, {reader.damaged} damaged")
    return 0


def _frames(kind: Any, reader: Any, args: argparse.Namespace) -> "Iterator[Any]":
    if args.ask and not hasattr(kind, "asked"):
        raise ValueError("--ask is for meters that speak only when asked: d0, mbus")
    if args.ask and not args.is_port:
        raise ValueError("--ask is for a meter at a port; this is a recording")
    if args.is_port and (args.ask or getattr(kind, "ASKS", False)):
        yield from kind.asked(args)
        return
    for chunk in _heard(kind, args) if args.is_port else _recorded(args.source):
        yield from reader.feed(chunk)
    if hasattr(reader, "rest"):
        yield from reader.rest()


def _is_port(kind: Any, source: str) -> bool:
    if source.startswith((PREFIX, *getattr(kind, "PLACES", ()))):
        return True
    return source != "-" and stat.S_ISCHR(Path(source).stat().st_mode)


def _recorded(source: str) -> "Iterator[bytes]":
    with open(0, "rb", closefd=False) if source == "-" else Path(source).open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def port(kind: Any, args: argparse.Namespace) -> Any:
    """A radio stick says its own rate; a kind that is heard on the network opens its own ear."""
    if hasattr(kind, "port"):
        return kind.port(args)
    source: str = args.source
    if source.startswith(PREFIX):
        return SocketStream(source)
    baud = args.baud or (kind.baud(args) if hasattr(kind, "baud") else kind.BAUD)
    return SerialStream(source, baud, args.parity or getattr(kind, "PARITY", "N"))


def _heard(kind: Any, args: argparse.Namespace) -> "Iterator[bytes]":
    stream = port(kind, args)
    for words in kind.setup(args) if hasattr(kind, "setup") else ():
        stream.write(words)
        time.sleep(SETUP_S)
    until_s = time.monotonic() + args.seconds if args.seconds else None
    try:
        while until_s is None or time.monotonic() < until_s:
            yield stream.read(CHUNK, WAIT_MS)
    finally:
        stream.close()


def _why(error: "OSError | ValueError | DeviceError", source: str) -> str:
    """The words of the error, without the path that stands before them already."""
    if isinstance(error, DeviceError):
        return error.detail.removeprefix(f"{source}: ")
    return getattr(error, "strerror", None) or str(error)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _positive(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is not 1 or more")
    return number
