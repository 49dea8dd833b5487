"""`sim SCENARIO`: a simulated day at full speed through the production lines, drivers and cycle, with key figures."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from control.values import Plan, Site, Snapshot
from firmware import build
from firmware.config import LineSpec, SiteFile, load
from firmware.cycle import Cycle
from firmware.demo import HOUSE
from firmware.errors import UserError
from firmware.image import Image
from firmware.journal import Journal
from firmware.lanes import Lanes
from firmware.simulated import Simulated
from sim.battery import Battery
from sim.car import Car
from sim.clock import SimClock
from sim.heatpump import HeatPump
from sim.kpi import Kpi
from sim.plot import Record, plot
from sim.scenarios import NAMES
from sim.tank import Tank

TICK_MS = 1_000
PLOT_EVERY_S = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", choices=NAMES)
    parser.add_argument("--site", metavar="SITE.toml", type=Path, default=HOUSE, help="another house than the demo's")
    parser.add_argument("--seed", type=int, default=7, help="of all chance (7)")
    parser.add_argument("--hours", type=int, default=24, choices=range(1, 25), metavar="1..24")
    parser.add_argument("--json", action="store_true", help="the key figures as one object")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draws the day")
    parser.add_argument("--journal", type=Path, metavar="FOLDER", help="keeps every decision, for replay")


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    if args.plot:
        _write(args.plot, "")  # told before the day, not after it
    day = Day(file, args.scenario, args.seed)
    drawing = Drawing(file.site, day.simulated, f"{file.site.name}, {args.scenario}, seed {args.seed}")
    journal = Journal(args.journal) if args.journal else None
    for second in range(args.hours * 3600):
        before = day.cycle.state
        snapshot, plan = day.second()
        if journal is not None:
            journal.add(file.site, before, snapshot, plan)
            if journal.fault:
                raise UserError(journal.fault)
        if args.plot and second % PLOT_EVERY_S == 0:
            drawing.add(snapshot.now_ms, plan)
    if journal is not None:
        journal.close()
        if journal.fault:
            raise UserError(journal.fault)
    if args.plot:
        _write(args.plot, plot(drawing.record))
    _print(day.kpi, args.json)
    return 0


class Day:
    """A house on simulated ports and a simulated clock, one second after the other."""

    def __init__(self, file: SiteFile, scenario: str, seed: int,
                 port_of: "Callable[[Day, LineSpec], build.Port] | None" = None, start_ms: int = 0) -> None:
        """`port_of` may put something between a driver and its port (sim.mischief); `start_ms`: since midnight."""
        self.clock = SimClock(start_ms)
        self.simulated = Simulated(file, scenario, seed)
        self.image = Image(len(file.devices), file.virtuals)
        self.lines = build.lines(file, self.image, self.clock,
                                 (lambda spec: port_of(self, spec)) if port_of else self.simulated.port)
        self.cycle = Cycle(file.site, self.image, start_ms)
        self.kpi = Kpi(file.site)
        self._lanes = Lanes(self.lines, self.clock)
        self._lived_ms = start_ms
        self._plan: "Plan | None" = None

    def second(self) -> "tuple[Snapshot, Plan]":
        """The house lives until the next full second; then every line does what is due, and the cycle decides."""
        now_ms = (self.clock.now_ms() // TICK_MS + 1) * TICK_MS
        self.clock.put(now_ms)
        self.live(now_ms)
        snapshot, self._plan = self.cycle.once(self._lanes.run(now_ms + TICK_MS))
        return snapshot, self._plan

    def live(self, until_ms: int) -> None:
        """The house alone."""
        while self._lived_ms < until_ms:
            self._lived_ms += TICK_MS
            self.simulated.step(self._lived_ms, TICK_MS)
            self.kpi.second(self._lived_ms, self.simulated.house, self._plan)


class Drawing:
    """The columns of a day's plot: what flows, what was granted, the fuses, the storages."""

    def __init__(self, site: Site, simulated: Simulated, title: str) -> None:
        self._site = site
        self._simulated = simulated
        self._loads = tuple(i for i, device in enumerate(site.devices)
                            if device.ability.kind not in ("meter", "source", "sensor"))
        self._stored = tuple(part for part in simulated.world.parts if isinstance(part, (Battery, Car)))
        self._warm = tuple(part for part in simulated.world.parts if isinstance(part, (HeatPump, Tank)))
        names = ["grid_w"] + [f"{part.name}_w" for part in simulated.world.parts]
        names += [f"{site.devices[i].name}_granted_w" for i in self._loads]
        for node in site.nodes:
            names += [f"{node.name}_ma", f"{node.name}_limit_ma"]
        names += [f"{part.name}_permille" for part in self._stored] + [f"{part.name}_mdegc" for part in self._warm]
        self.record = Record(names, title)

    def add(self, now_ms: int, plan: Plan) -> None:
        house = self._simulated.house
        row: "list[int | None]" = [house.node_w(0).total()]
        row += [part.power_w.total() for part in self._simulated.world.parts]
        for index in self._loads:
            grant = plan.grants[index]
            row.append(None if grant is None else grant.setpoint.power_w)
        for index, node in enumerate(self._site.nodes):
            row += [max(house.node_ma(index)), node.rated_ma]
        row += [part.soc_permille for part in self._stored]
        row += [part.temperature_mdegc for part in self._warm]
        self.record.add(now_ms, row)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None


def _print(kpi: Kpi, as_json: bool) -> None:
    if as_json:
        print(json.dumps(kpi.as_dict()))
        return
    rows = kpi.table()
    what = max(len(row[0]) for row in rows)
    value = max(len(row[1]) for row in rows)
    for row in rows:
        print(f"{row[0]:<{what}}  {row[1]:>{value}} {row[2]}")
