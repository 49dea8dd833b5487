"""`run SITE.toml`: the daemon."""

import argparse
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from control.values import Plan, Snapshot
from drivers.clock import MonotonicClock
from drivers.watchdog import SystemdWatchdog
from firmware import build, topics
from firmware.config import ConfigError, SiteFile, load
from firmware.image import Image
from firmware.journal import Journal
from firmware.loop import Loop
from hal.ports import Outbox


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)


def run(args: argparse.Namespace) -> int:
    try:
        file = load(args.site)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    daemon = Daemon(file)
    on_signals(daemon.stop)
    for place in daemon.places:
        print(place, flush=True)
    daemon.run()
    return 0


def on_signals(stop: "Callable[[], None]") -> None:
    """SIGTERM and Ctrl-C end the daemon in order; a second one is not needed, every wait is bounded."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


class Daemon:
    """Everything that runs for one site: lines, cycle, journal, broker connection and page."""

    def __init__(self, file: SiteFile, page_any_port: bool = False) -> None:
        self.file = file
        clock = MonotonicClock()
        image = Image(len(file.devices))
        self._lines = build.lines(file, image, clock, build.real_port)
        self._outboxes, self.places = outboxes(file, page_any_port)
        self._publisher = topics.Publisher([outbox for outbox, _ in self._outboxes])
        journal = Journal(Path(file.journal.folder)) if file.journal.folder else None
        self._loop = Loop(file.site, image, self._lines, clock, SystemdWatchdog(), journal, self._publish)

    def run(self) -> None:
        """Until `stop`; then every load stands on its fallback and everything is closed."""
        try:
            self._loop.run()
        finally:
            for _, close in self._outboxes:
                close()

    def stop(self) -> None:
        self._loop.stop()

    def _publish(self, snapshot: Snapshot, plan: Plan) -> None:
        health = tuple(line.health() for line in self._lines)
        self._publisher.send(topics.pairs(self.file.site, snapshot, plan, health), snapshot.now_ms)


def outboxes(file: SiteFile, page_any_port: bool) -> "tuple[list[tuple[Outbox, Callable[[], None]]], list[str]]":
    """Broker and page as configured, started, each with what closes it; and where they are to be found."""
    out: "list[tuple[Outbox, Callable[[], None]]]" = []
    places = []
    if file.mqtt is not None:
        from drivers.mqtt import Mqtt
        broker = Mqtt(file.mqtt.host, file.mqtt.port, topics.slug(file.site.name))
        broker.start()
        out.append((broker, broker.close))
        places.append(f"broker  mqtt://{file.mqtt.host}:{file.mqtt.port}")
    if file.page is not None:
        from firmware.page import Page
        page = Page(file.page.host, file.page.port, any_port=page_any_port)
        page.start()
        out.append((page, page.close))
        places.append(f"page    {page.url}")
    return out, places


