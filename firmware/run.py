"""`run SITE.toml`: the daemon."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from control.values import Plan, Snapshot
from drivers.clock import MonotonicClock
from drivers.mqtt import Mqtt
from drivers.mqtt_link import UNTRIED
from drivers.system_time import SystemTime
from drivers.watchdog import SystemdWatchdog
from firmware import build, config_carry, topics
from firmware.carrier import Carrier
from firmware.commands import Commands
from firmware.config import LineSpec, SiteFile, load
from firmware.config_tables import access
from firmware.cycle import Cycle
from firmware.errors import UserError
from firmware.journal import Journal
from firmware.kept import Kept
from firmware.loop import Loop, WatchedImage
from firmware.page import Page

if TYPE_CHECKING:
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
        self._kept = _kept(file)
        self._commands = Commands(file.site, self._kept, clock.now_ms()) if file.commands else None
        for words in self._commands.left_out if self._commands else ():
            print(f"orders: left out: {words}", file=sys.stderr)
        self._mqtt = _mqtt(file, self._commands, image.fresh.set)
        self._page = _page(file, any_page_port)
        self._outboxes = tuple(outbox for outbox in (self._mqtt, self._page) if outbox is not None)
        self._publisher = topics.Publisher(self._outboxes)
        self._journal = Journal(Path(file.journal.folder)) if file.journal else None
        self._swept = False
        self._told: "dict[str, str]" = {}  # the newest fault of each part that was written to the log
        carried = config_carry.of_site(file)
        self._carrier = Carrier(carried) if carried else None
        self._recorder = _recorder(file)
        self._loop = Loop(file.site, image, self._lines, clock, SystemdWatchdog(), self._journal,
                          self._publish, self._obey)

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
            if self._kept:
                self._kept.close()

    def stop(self) -> None:
        self._loop.stop()

    @property
    def page_url(self) -> str:
        return self._page.url if self._page else "none"

    def places(self) -> str:
        """Where to look."""
        mqtt = self.file.mqtt
        return f"page {self.page_url}" + (f", broker mqtt://{mqtt.host}:{mqtt.port}" if mqtt else "")

    def _obey(self, cycle: Cycle, now_ms: int) -> None:
        if self._commands is None or self._mqtt is None:
            return
        for message in self._mqtt.heard():
            answer = self._commands.take(message, now_ms)
            if answer is not None:
                self._mqtt.answer(*answer)
        self._commands.apply(cycle, now_ms)

    def _publish(self, snapshot: Snapshot, plan: Plan) -> None:
        health = tuple(line.health() for line in self._lines)
        faults = self._faults()
        self._log(faults)
        if self._recorder:
            self._recorder.hear(snapshot, plan)
        pairs = topics.pairs(self.file.site, snapshot, plan, health, faults.get("broker"), faults.get("journal"))
        if self._recorder:
            pairs += self._recorder.pairs()
        told = [(slot.index, getattr(slot.meter, "measured", ())) for line in self._lines for slot in line.slots]
        pairs += topics.measured_pairs(self.file.site, told)
        self._publisher.send(pairs + self._commands.pairs() if self._commands else pairs, snapshot.now_ms)
        if self._mqtt and not self._swept:
            self._swept = True
            self._mqtt.sweep(*topics.gone(self.file.site, [line.name for line in self.file.lines]))

    def _log(self, faults: "dict[str, str]") -> None:
        for name, fault in faults.items():
            if fault != self._told.get(name, "") and fault != UNTRIED:
                self._told[name] = fault
                print(f"{name}: {fault or 'well again'}", file=sys.stderr, flush=True)

    def _faults(self) -> "dict[str, str]":
        """Why a part that the decision can do without does not work, "" while it does; only of those configured."""
        parts = {"broker": self._mqtt, "journal": self._journal, "orders": self._kept,
                 "records": self._recorder}
        return {name: part.fault for name, part in parts.items() if part is not None}


def _recorder(file: SiteFile) -> "Recorder | None":
    if file.records is None:
        return None
    from firmware.records.recorder import Recorder  # signs: a carrying gateway, which holds no key, never loads that
    try:
        return Recorder(file, SystemTime())
    except ValueError as error:
        raise UserError(f"mqtt.{error}") from error


def _mqtt(file: SiteFile, commands: "Commands | None", wake: "Callable[[], None]") -> "Mqtt | None":
    if file.mqtt is None:
        return None
    hears = (commands.topics,) if commands else ()
    try:
        mqtt = Mqtt(access(file.mqtt), topics.slug(file.site.name), hears, wake)
    except ValueError as error:
        raise UserError(f"mqtt.{error}") from error
    mqtt.start()
    return mqtt


def _kept(file: SiteFile) -> "Kept | None":
    """Where orders are kept; None when a restart shall forget them."""
    if file.state is None or file.commands is None or not file.commands.keep:
        return None
    return Kept(Path(file.state.folder) / "orders.json")


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
