"""`run SITE.toml`: the daemon."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from control.values import Plan, Snapshot
from drivers.clock import MonotonicClock
from drivers.mqtt import Mqtt
from drivers.system_time import SystemTime
from drivers.watchdog import SystemdWatchdog
from firmware import build, config_carry, topics
from firmware.carrier import Carrier
from firmware.config import LineSpec, SiteFile, load
from firmware.errors import UserError
from firmware.journal import Journal
from firmware.loop import Loop, WatchedImage
from firmware.page import Page
from firmware.records.recorder import Recorder

CARRY_STOP_S = 10.0  # for what it keeps to reach the disk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)


def run(args: argparse.Namespace) -> int:
    daemon = Daemon(load(args.site))
    on_signals(daemon.stop)
    print(f"{daemon.file.site.name} runs; {daemon.places()}; Ctrl-C ends it", flush=True)
    daemon.run()
    return 0


def on_signals(stop: "Callable[[], None]") -> None:
    """SIGTERM and Ctrl-C end the daemon in order; a second one is not needed, every wait is bounded."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


class Daemon:
    """Everything that runs for one site: lines, cycle, journal, broker connection and page."""

    def __init__(self, file: SiteFile, any_page_port: bool = False,
                 port_of: "Callable[[LineSpec], build.Port]" = build.real_port) -> None:
        """Raises UserError when the broker's certificates cannot be used; a page that cannot listen is only told."""
        self.file = file
        clock = MonotonicClock()
        image = WatchedImage(file.site, file.virtuals)
        self._lines = build.lines(file, image, clock, port_of)
        self._mqtt = _mqtt(file)
        self._page = _page(file, any_page_port)
        self._outboxes = tuple(outbox for outbox in (self._mqtt, self._page) if outbox is not None)
        self._publisher = topics.Publisher(self._outboxes)
        self._journal = Journal(Path(file.journal.folder)) if file.journal else None
        self._journal_fault = "" if self._journal else None
        carried = config_carry.of_site(file)
        self._carrier = Carrier(carried) if carried else None
        self._recorder = Recorder(file, SystemTime()) if file.records else None
        self._record_fault = ""
        self._loop = Loop(file.site, image, self._lines, clock, SystemdWatchdog(), self._journal,
                          self._publish)

    def run(self) -> None:
        """Until `stop`; then every load stands on its fallback and everything is closed."""
        carrying = threading.Thread(target=self._carrier.run, name="carry", daemon=True) if self._carrier else None
        if carrying:
            carrying.start()
        if self._recorder:
            self._recorder.start()
        try:
            self._loop.run()
        finally:
            if carrying and self._carrier:
                self._carrier.stop()
                carrying.join(CARRY_STOP_S)
            if self._recorder:
                self._recorder.stop()
            for outbox in self._outboxes:
                outbox.close()

    def stop(self) -> None:
        self._loop.stop()

    @property
    def page_url(self) -> str:
        return self._page.url if self._page else "none"

    def places(self) -> str:
        """Where to look."""
        mqtt = self.file.mqtt
        return f"page {self.page_url}" + (f", broker mqtt://{mqtt.host}:{mqtt.port}" if mqtt else "")

    def _publish(self, snapshot: Snapshot, plan: Plan) -> None:
        health = tuple(line.health() for line in self._lines)
        broker = self._mqtt.connected if self._mqtt else None
        journal = self._journal.fault if self._journal else None
        if journal != self._journal_fault:
            self._journal_fault = journal
            print(journal or "journal: written again", file=sys.stderr, flush=True)
        self._tell_records()
        pairs = topics.pairs(self.file.site, snapshot, plan, health, broker, journal)
        if self._recorder:
            self._recorder.hear(snapshot, plan)
            pairs += self._recorder.pairs()
        told = [(slot.index, getattr(slot.meter, "measured", ())) for line in self._lines for slot in line.slots]
        self._publisher.send(pairs + topics.measured_pairs(self.file.site, told), snapshot.now_ms)

    def _tell_records(self) -> None:
        fault = self._recorder.fault if self._recorder else ""
        if fault != self._record_fault:
            self._record_fault = fault
            print(fault or "records: written", file=sys.stderr, flush=True)


def _mqtt(file: SiteFile) -> "Mqtt | None":
    if file.mqtt is None:
        return None
    table, slug = file.mqtt, topics.slug(file.site.name)
    try:
        mqtt = Mqtt(table.host, table.port, slug, table.user, table.password, table.ca, table.tls)
    except (OSError, ValueError) as error:
        raise UserError(f"mqtt.ca = {table.ca!r}: not usable as certificates to trust: {error}") from error
    mqtt.start()
    return mqtt


def _page(file: SiteFile, any_port: bool) -> "Page | None":
    """None too when its address is taken: decisions do not wait for a page."""
    if file.page is None:
        return None
    page = Page(file.page.host, file.page.port, any_port=any_port)
    try:
        page.start()
    except OSError as error:
        print(f"page.port = {file.page.port}: no page, {file.page.host} cannot be listened on there: {error.strerror}; "
              "everything else runs", file=sys.stderr)
        return None
    return page
