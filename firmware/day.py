"""A simulated house with the production lines, drivers and cycle on it, at full speed on a simulated clock."""

from collections.abc import Callable

from control.values import Plan, Snapshot
from firmware import build
from firmware.config.file import LineSpec, SiteFile
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.lanes import Lanes
from firmware.simulated.house import Simulated
from hal.ports import Meter
from sim.clock import SimClock
from sim.kpi import Kpi
from sim.part import DAY_MS

TICK_MS = 1_000


class Day:
    """A house on simulated ports and a simulated clock, one second after the other."""

    def __init__(self, file: SiteFile, scenario: str, seed: int,
                 port_of: "Callable[[Day, LineSpec], build.Port] | None" = None, start_ms: int = 0,
                 simulated: "Simulated | None" = None,
                 around: "Callable[[Day, int, Meter], Meter] | None" = None) -> None:
        """`port_of` may put something between a driver and its port (sim.mischief), `around` between a line and a
        driver (sim.ill); `start_ms`: since midnight; `simulated`: another house than the scenario's usual."""
        self.clock = SimClock(start_ms)
        self.simulated = simulated or Simulated(file, scenario, seed)
        self.kpi = Kpi(file.site)
        self._file = file
        self._port_of = port_of
        self._around = around
        self._lived_ms = start_ms
        self.boot()

    def boot(self) -> None:
        """Our process starts, knowing nothing; the house has lived on."""
        port_of, around = self._port_of, self._around
        self.image = Image(len(self._file.devices), self._file.virtuals)
        self.lines = build.lines(self._file, self.image, self.clock,
                                 (lambda spec: port_of(self, spec)) if port_of else self.simulated.port,
                                 (lambda index, meter: around(self, index, meter)) if around else None)
        self.cycle = Cycle(self._file.site, self.image, self.clock.now_ms())
        self._lanes = Lanes(self.lines, self.clock)
        self._plan: "Plan | None" = None

    def second(self) -> "tuple[Snapshot, Plan]":
        """The house lives until the next full second; then every line does what is due, and the cycle decides."""
        now_ms = (self.clock.now_ms() // TICK_MS + 1) * TICK_MS
        self.clock.put(now_ms)
        self.live(now_ms)
        decided_ms = self._lanes.run(now_ms + TICK_MS)
        self.cycle.day_ms = decided_ms % DAY_MS  # the clock counts since midnight
        snapshot, self._plan = self.cycle.once(decided_ms)
        return snapshot, self._plan

    def alone(self) -> None:
        """A second without us."""
        now_ms = (self.clock.now_ms() // TICK_MS + 1) * TICK_MS
        self.clock.put(now_ms)
        self._plan = None
        self.live(now_ms)

    def live(self, until_ms: int) -> None:
        """The house alone."""
        while self._lived_ms < until_ms:
            self._lived_ms += TICK_MS
            self.simulated.step(self._lived_ms, TICK_MS)
            self.kpi.second(self._lived_ms, self.simulated.house, self._plan)
