"""`demo`: a simulated house on real serial pairs, run by the real daemon, with a broker and the page."""

import argparse
import contextlib
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from firmware import run as daemon
from firmware.broker import Broker
from firmware.build import Port, real_port
from firmware.config.file import LineSpec, SiteFile, load
from firmware.serve import Served, add_day_arguments

HOUSE = Path(__file__).parents[1] / "deploy" / "demo.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--site", metavar="SITE.toml", type=Path, default=HOUSE, help="another house than the demo's")
    add_day_arguments(parser)


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    with tempfile.TemporaryDirectory(prefix="hutschiene-demo-") as folder, contextlib.ExitStack() as stack:
        broker = Broker("127.0.0.1", file.mqtt.port if file.mqtt else 1883)
        host, port = broker.start()
        stack.callback(broker.stop)
        file = moved(file, Path(folder), port)
        served = stack.enter_context(Served(file, args.scenario, args.seed, args.start, args.speed))
        shown: "list[str]" = []
        house = daemon.Daemon(file, any_page_port=True, port_of=lambda spec: _port(served, spec), tell=_noted(shown))
        daemon.on_signals(house.stop)
        print(f"\n  {file.site.name}, a {args.scenario} day from {_clock(args.start)}\n", flush=True)
        print(f"  page    {house.page_url}\n  broker  mqtt://{host}:{port}\n", flush=True)
        for words in shown:
            print(words, flush=True)
        for place in served.places:
            print(f"  {place}", flush=True)
        print("\n  Ctrl-C ends it", flush=True)
        house.run()
    print("ended; every device was left on its fallback", flush=True)
    return 0


def moved(file: SiteFile, folder: Path, broker_port: int) -> SiteFile:
    """The same house on ports that are free: serial links and what is kept in `folder`, TCP ports by the system."""
    lines = tuple(line._replace(options=MappingProxyType(_free(line, folder))) for line in file.lines)
    mqtt = None if file.mqtt is None else type(file.mqtt)(host="127.0.0.1", port=broker_port)
    journal = None if file.journal is None else type(file.journal)(folder=str(folder / "journal"))
    records = None if file.records is None else msgspec.structs.replace(file.records, folder=str(folder / "records"))
    history = None if file.history is None else type(file.history)(folder=str(folder / "history"))
    accounts = None if file.accounts is None else type(file.accounts)(
        file=str(folder / "accounts"), guests=file.accounts.guests)
    return file._replace(lines=lines, mqtt=mqtt, journal=journal, records=records, history=history, accounts=accounts)


def _noted(shown: "list[str]") -> "Callable[[str], bool]":
    """The demo's accounts live as long as it does: wherever it prints to is console enough."""
    def note(words: str) -> bool:
        shown.append(words)
        return True

    return note


def _free(line: LineSpec, folder: Path) -> "Mapping[str, Any]":
    options = dict(line.options)
    if line.kind == "modbus-tcp":
        with socket.create_server(("127.0.0.1", 0)) as probe:
            options.update(host="127.0.0.1", port=probe.getsockname()[1])
    elif line.kind != "gpio":
        options["port"] = str(folder / line.name)
    return options


def _port(served: Served, spec: LineSpec) -> Port:
    """Every port is the real one; only pins, which no wire leads to, are the simulated board's."""
    return served.simulated.port(spec) if spec.kind == "gpio" else real_port(spec)


def _clock(time_ms: int) -> str:
    return f"{time_ms // 3_600_000:02d}:{time_ms // 60_000 % 60:02d}"
