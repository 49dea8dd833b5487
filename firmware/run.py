"""`run SITE.toml`: the daemon."""

import argparse
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from control.values import Plan, Snapshot
from drivers.clock import MonotonicClock
from drivers.system_time import SystemTime
from drivers.watchdog import SystemdWatchdog
from firmware import build, topics
from firmware.access import first
from firmware.carrying.beside import Beside
from firmware.config import carry as config_carry
from firmware.config.file import LineSpec, SiteFile, load
from firmware.counter_log import CounterLog
from firmware.cycle import Cycle
from firmware.duties import Duties
from firmware.errors import UserError
from firmware.journal import Journal
from firmware.line import healths
from firmware.loop import Loop, WatchedImage
from firmware.outside import Outside
from firmware.pmin import owed_w, today
from firmware.records.legal_time import zone
from firmware.time_of_day import TimeOfDay

if TYPE_CHECKING:
    from firmware.records.recorder import Recorder

COUNTERS = "counters"  # the file in the folder of [state]


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
                 port_of: "Callable[[LineSpec], build.Port]" = build.real_port,
                 tell: "Callable[[str], bool]" = first.console) -> None:
        """`tell` shows the first passwords of the page's accounts, and says whether it could.

        Raises UserError when the broker's certificates cannot be used; a page that cannot listen is only told."""
        self.file = file
        clock = MonotonicClock()
        image = WatchedImage(file.site, file.virtuals)
        self._counters = CounterLog(Path(file.state.folder) / COUNTERS) if file.state else None
        self._lines = build.lines(file, image, clock, port_of, counters=self._counters)
        self._outside = Outside(file, clock.now_ms(), image.fresh.set, any_page_port, tell)
        self._journal = Journal(Path(file.journal.folder)) if file.journal else None
        carried = config_carry.of_site(file)
        self._carrying = Beside(carried) if carried else None
        self._recorder = _recorder(file)
        if self._recorder:
            self._outside.ordered = self._recorder.command
            self._outside.asks(self._recorder.ask_said)
        self._loop = Loop(file.site, image, self._lines, clock, SystemdWatchdog(), self._journal,
                          self._publish, self._obey)
        self._duties = Duties(file.site, owed_w(file.site.devices, today()),
                              self._recorder.open_duties() if self._recorder else ())
        self._time = TimeOfDay(zone(file.time_zone), SystemTime())

    def run(self) -> None:
        """Until `stop`; then every load stands on its fallback and everything is closed."""
        if self._carrying:
            self._carrying.start()
        if self._recorder:
            self._recorder.start()
        try:
            self._loop.run()
        finally:
            if self._carrying:
                self._carrying.stop()
            if self._recorder:
                self._recorder.stop()
            self._outside.close()

    def stop(self) -> None:
        self._loop.stop()

    @property
    def page_url(self) -> str:
        return self._outside.page.url if self._outside.page else "none"

    def places(self) -> str:
        """Where to look."""
        mqtt = self.file.mqtt
        return f"page {self.page_url}" + (f", broker mqtt://{mqtt.host}:{mqtt.port}" if mqtt else "")

    def _obey(self, cycle: Cycle, now_ms: int) -> None:
        cycle.day_ms = self._time.now_ms()
        self._outside.obey(cycle, now_ms)

    def _publish(self, snapshot: Snapshot, plan: Plan) -> None:
        health = healths(self._lines)
        faults = {"journal": self._journal.fault} if self._journal else {}
        if self._counters:
            faults["counters"] = self._counters.fault
        if self._carrying:
            faults["carry"] = self._carrying.fault
        told = [(slot.index, getattr(slot.meter, "measured", ())) for line in self._lines for slot in line.slots]
        happened = self._duties.look(snapshot, plan)
        more = topics.measured_pairs(self.file.site, told) + self._duties.pairs()
        if self._recorder:
            self._recorder.hear(snapshot, plan, dict(told))
            self._recorder.obligations(happened)
            more += self._recorder.pairs()
            faults["records"] = self._recorder.fault
        self._outside.publish(snapshot, plan, health, more, faults)


def _recorder(file: SiteFile) -> "Recorder | None":
    if file.records is None:
        return None
    from firmware.records.recorder import Recorder  # signs: a carrying gateway, which holds no key, never loads that
    try:
        return Recorder(file, SystemTime())
    except ValueError as error:
        raise UserError(f"records: {error}") from error
