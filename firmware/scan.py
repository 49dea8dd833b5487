"""`scan PORT|HOST|LINE`: which devices answer on a line, at which address and setting, and what they are.

On a serial port each setting (baud, parity) is tried with each address, until one is found at which anything answers;
`--all` goes on. It only reads: a device that is not meant hears a question it does not understand, no more.
"""

import argparse
import itertools
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from drivers.clock import MonotonicClock
from drivers.modbus_serial import port_of
from drivers.socket_stream import PREFIX
from firmware.config.file import load
from firmware.errors import UserError
from firmware.poll import host_port, is_serial, number
from firmware.progress import Progress
from firmware.scanning.find import Answer, Setting, answers
from firmware.scanning.text import text
from hal.faults import DeviceError

BAUDS = (9600, 19200, 2400, 38400, 115200, 57600, 4800)  # the likeliest first
PARITIES = ("N", "E", "O")
CONNECT_S = 3
MOMENT_S = 0.5  # until a device that keeps one connection knows that this one is gone
PORTS = ("serial/by-id/*", "ttyUSB*", "ttyACM*", "ttyAMA*")  # of serial adapters, the names that last first
MOST_NAMED = 8
DELAY_MS = 150  # longest time a device takes to answer; most take 50
ADDRESSES = (*range(1, 17), 71, 247)
UNITS = (1, 71, 247, 255, 2, 3, 100, 126, 200, 0)  # what devices on a network are told to be


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("where", help="a serial port, tcp://HOST:PORT of a serial server, HOST or "
                                      "HOST:PORT, or with --site the name of a line")
    parser.add_argument("--site", metavar="SITE.toml", type=Path, help="take port and setting of the line named there")
    parser.add_argument("--baud", type=_list(number(300, 921_600)), metavar="N[,N]", help="(all usual ones)")
    parser.add_argument("--parity", type=_list(_parity), metavar="N,E,O", help="(all)")
    parser.add_argument("--stop-bits", type=number(1, 2), default=1)
    parser.add_argument("--address", type=addresses, metavar="A[-B][,...]",
                        help="which addresses to ask (1-16,71,247; on a network some usual units)")
    parser.add_argument("--delay-ms", type=number(10, 5_000), default=DELAY_MS,
                        help="longest time a device takes to answer (150)")
    parser.add_argument("--all", action="store_true", help="try the other settings too when something has answered")
    parser.add_argument("--json", action="store_true", help="one object a device and line")


def run(args: argparse.Namespace) -> int:
    """0 when something answered, 1 when nothing did."""
    where, settings, units = _asked(args)
    progress = Progress(sys.stderr, len(settings) * len(units))
    found = 0
    try:
        for answer in answers(where, settings, units, args.delay_ms, args.all, progress):
            found += 1
            progress.clear()
            print(json.dumps(_object(where, answer)) if args.json else text(answer), flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        progress.clear()
    if not found:
        tried = "".join(f", {setting}" for setting in settings if setting is not None)
        count = f"{len(units)} address" + ("es" if len(units) > 1 else "")
        print(f"{where}: nothing answers at {count}{tried}", file=sys.stderr)
    return 0 if found else 1


def _asked(args: argparse.Namespace) -> "tuple[str, tuple[Setting | None, ...], tuple[int, ...]]":
    """Where, at which settings, which addresses; UserError when it cannot be."""
    where, bauds, parities, stop_bits = args.where, args.baud, args.parity, args.stop_bits
    if args.site is not None:
        line = next((line for line in load(args.site).lines if line.name == where), None)
        if line is None or not line.kind.startswith("modbus"):
            raise UserError(f"{args.site}: there is no Modbus line [line.{where}]")
        if line.kind == "modbus-tcp":
            where = f"{line.options['host']}:{line.options['port']}"
        else:
            where, stop_bits = line.options["port"], line.options["stop_bits"]
            bauds, parities = bauds or (line.options["baud"],), parities or (line.options["parity"],)
    if not is_serial(where):
        host, port = host_port(where)
        if not host or not 0 < port < 65_536:
            raise UserError(f"{where}: neither a path nor HOST[:PORT]")
        _reachable(host, port)
        return where, (None,), args.address or UNITS
    if where.startswith(PREFIX):  # a serial server's setting is made in it: ours is for the time alone
        bauds, parities = (bauds or BAUDS)[:1], (parities or PARITIES)[:1]
    settings = tuple(Setting(baud, parity, stop_bits)
                     for baud, parity in itertools.product(bauds or BAUDS, parities or PARITIES))
    _openable(where, settings[0])
    units = tuple(unit for unit in args.address or ADDRESSES if 1 <= unit <= 247)
    if not units:
        raise UserError("--address: on a serial line 1 to 247")
    return where, settings, units


def _reachable(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), CONNECT_S).close()
        time.sleep(MOMENT_S)
    except OSError as error:
        raise UserError(f"{host}:{port}: {error.strerror or error}; is Modbus TCP switched on there?") from error


def _openable(where: str, setting: Setting) -> None:
    if not where.startswith(PREFIX) and not os.path.exists(where):
        there = [str(path) for pattern in PORTS for path in sorted(Path("/dev").glob(pattern))][:MOST_NAMED]
        raise UserError(f"{where}: there is no such port; there {'are ' + ', '.join(there) if there else 'is none'}")
    if not where.startswith(PREFIX) and not os.access(where, os.R_OK | os.W_OK):
        raise UserError(f"{where}: not allowed; be in the group of serial ports (dialout), or ask as root")
    try:
        port = port_of(where, setting.baud, setting.parity, setting.stop_bits, MonotonicClock())
        port.open()
    except ValueError as error:
        raise UserError(str(error)) from error
    except DeviceError as error:
        why = "is it a TCP server, and free? Some serve one master" if where.startswith(PREFIX) \
            else "is the service running? It keeps its ports for itself"
        raise UserError(f"{error.detail}; {why}") from error
    port.close()
    if where.startswith(PREFIX):
        time.sleep(MOMENT_S)


def addresses(words: str) -> "tuple[int, ...]":
    """ "1-16,247" -> those numbers, each once, in this order."""
    out: "list[int]" = []
    for word in words.split(","):
        least, _, most = word.partition("-")
        first = number(0, 255)(least)
        out += range(first, number(first, 255)(most or least) + 1)
    return tuple(dict.fromkeys(out))


def _list(one: Any) -> Any:
    return lambda words: tuple(one(word) for word in words.split(","))


def _parity(word: str) -> str:
    if word.upper() not in PARITIES:
        raise argparse.ArgumentTypeError(f"{word!r} is none of N, E, O")
    return word.upper()


def _object(where: str, answer: Answer) -> "dict[str, Any]":
    setting = answer.setting
    return {
        "where": where, "baud": setting and setting.baud, "parity": setting and setting.parity,
        "stop_bits": setting and setting.stop_bits, "unit": answer.unit, "garbled": answer.garbled,
        "known": [{"driver": each.driver or None, "name": each.name, "sure": each.sure,
                   "warning": each.warning or None, "passport": each.passport and each.passport._asdict(),
                   "reading": each.reading and each.reading._asdict()} for each in answer.known],
    }
