"""`poll`: reads registers of one device, again and again, as an electrician does at the cabinet.

The same buses as the product, so what is printed is never another request's answer. It has the line for
itself: a missed answer is asked for once more at once, an adapter that was pulled is waited for.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable

from drivers.clock import MonotonicClock
from drivers.modbus_rtu import MOST_BITS, MOST_WORDS
from drivers.modbus_serial import ModbusSerial
from drivers.modbus_tcp import ModbusTcp
from drivers.socket_stream import PREFIX, is_place
from hal.faults import TIMEOUT, DeviceError
from hal.ports import Bus

TIMEOUT_MS = 1_000
TCP_PORT = 502


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("where", help="a serial port (/dev/ttyUSB0), tcp://HOST:PORT of a serial server, or HOST or "
                                      "HOST:PORT for Modbus TCP")
    parser.add_argument("--baud", type=number(300, 921_600), default=9600)
    parser.add_argument("--parity", choices=("N", "E", "O"), default="N")
    parser.add_argument("--stop-bits", type=number(1, 2), default=1)
    parser.add_argument("--echo", choices=("auto", "yes", "no"), default="auto", help="adapter repeats what is sent")
    parser.add_argument("--unit", type=number(0, 255), default=1, help="1 to 247; over TCP 0 to 255")
    parser.add_argument("--function", type=number(1, 4), default=3,
                        help="1 coils, 2 inputs, 3 holding registers (default), 4 input registers")
    parser.add_argument("--address", type=number(0, 65_535), default=0, help="as sent on the wire: the first is 0")
    parser.add_argument("--count", type=number(1, MOST_BITS), default=1)
    parser.add_argument("--repeat", type=number(1, 1_000_000_000), default=1)
    parser.add_argument("--interval-ms", type=number(0, 3_600_000), default=0, help="rest between two reads")
    parser.add_argument("--pause-ms", type=number(0, 10_000), default=20,
                        help="rest on the line before each request; 20 to 100 are usual (20)")
    parser.add_argument("--timeout-ms", "--delay-ms", type=number(1, 60_000), default=TIMEOUT_MS,
                        help="longest time the device takes before it answers; the time on the wire comes on top")
    parser.add_argument("--json", action="store_true", help="one object a read and line")


def run(args: argparse.Namespace) -> int:
    """0 when every read was good, 1 when one was not, 2 for what cannot be asked."""
    wrong = _wrong(args)
    if wrong:
        print("poll: " + wrong, file=sys.stderr)
        return 2
    bus = _bus(args)
    clock = MonotonicClock()
    good = 0
    next_ms = clock.now_ms()
    try:
        for _ in range(args.repeat):
            clock.sleep_ms(next_ms - clock.now_ms())
            start_ms = clock.now_ms()
            answer = _read(bus, clock, args)
            good += answer["ok"] is True
            print(json.dumps(answer) if args.json else _words(answer, args), flush=True)
            next_ms = clock.now_ms() + args.interval_ms
            if answer.get("fault") == TIMEOUT:  # a port or host that is not there fails at once
                next_ms = max(next_ms, start_ms + args.timeout_ms)
    finally:
        bus.close()
    if args.repeat > 1 and not args.json:
        print(f"{good} of {args.repeat} reads good")
    return 0 if good == args.repeat else 1


def number(least: int, most: int) -> "Callable[[str], int]":
    """A type for argparse: decimal or 0x.., within the bounds."""

    def number(text: str) -> int:
        value = int(text, 0)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not between {least} and {most}")
        return value

    return number


def is_serial(where: str) -> bool:
    return "/" in where or os.path.exists(where)


def _wrong(args: argparse.Namespace) -> str:
    if args.function > 2 and args.count > MOST_WORDS:
        return f"--count {args.count}: one answer holds at most {MOST_WORDS} registers"
    if args.address + args.count > 65_536:
        return f"--address {args.address} --count {args.count}: the last register is 65535"
    if args.where.startswith(PREFIX) and not is_place(args.where):
        return f"{args.where}: allowed is tcp://HOST:PORT"
    if is_serial(args.where):
        return "" if 1 <= args.unit <= 247 else f"--unit {args.unit}: on a serial line 1 to 247"
    host, port = host_port(args.where)
    return "" if host and 0 < port < 65_536 else f"{args.where}: neither a path nor HOST[:PORT]"


def host_port(where: str) -> "tuple[str, int]":
    """(host, port); port -1 when it is no number. An IPv6 address with a port stands in brackets."""
    if where.startswith("["):
        host, _, port = where[1:].partition("]")
        port = port.removeprefix(":")
    elif where.count(":") == 1:
        host, _, port = where.partition(":")
    else:
        host, port = where, ""
    if not port:
        return host, TCP_PORT
    return host, int(port) if port.isdecimal() else -1


def _bus(args: argparse.Namespace) -> "ModbusSerial | ModbusTcp":
    if is_serial(args.where):
        return ModbusSerial(args.where, args.baud, args.parity, args.stop_bits, args.echo, args.pause_ms,
                            args.timeout_ms, alone=True)
    host, port = host_port(args.where)
    return ModbusTcp(host, port, args.timeout_ms, reconnect_most_ms=args.timeout_ms // 2)


def _read(bus: Bus, clock: MonotonicClock, args: argparse.Namespace) -> "dict[str, object]":
    start_ms = clock.now_ms()
    try:
        words = bus.read(args.unit, args.function, args.address, args.count)
    except DeviceError as error:
        return {"ok": False, "fault": error.kind, "detail": error.detail, "ms": clock.now_ms() - start_ms}
    return {"ok": True, "words": words, "ms": clock.now_ms() - start_ms}


def _words(answer: "dict[str, object]", args: argparse.Namespace) -> str:
    """For people: one register a line, as it may be meant."""
    if not answer["ok"]:
        return f"{answer['fault']}: {answer['detail']} ({answer['ms']} ms)"
    lines = [f"unit {args.unit}, function {args.function}, {answer['ms']} ms"]
    words = answer["words"]
    assert isinstance(words, tuple)
    for offset, word in enumerate(words):
        address = args.address + offset
        if args.function < 3:
            lines.append(f"{address:6d}  {word}")
        else:
            signed = f"  {word - 65_536:6d}" if word > 32_767 else ""
            lines.append(f"{address:6d}  0x{word:04X}  {word:6d}{signed}")
    return "\n".join(lines)
