"""The cycle at its period, on a fresh grid reading a second, and at once on one above a fuse, beside one worker a
line. Threads live here and nowhere else in the decision's way: a line that hangs, hangs alone.
"""

import threading
from collections.abc import Callable

from control.values import Plan, Site, Snapshot
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.journal import Journal
from firmware.line import Line
from firmware.virtual import Virtual, leaves
from hal.ports import Clock, Watchdog
from hal.values import Reading

FRESH_MS = 1_000  # a grid reading wakes the decision so often ...
EARLY_MS = 200  # ... or so much sooner: meters do not keep our time
FASTEST_MS = 200  # at most 5 cycles a second, however fast the meter is
STOP_S = 5.0  # a line ends within its longest time-out; afterwards it is left behind


class WatchedImage(Image):
    """The process image of a site that says when a reading has come that the decision should not wait for."""

    def __init__(self, site: Site, virtuals: "tuple[Virtual, ...]" = ()) -> None:
        super().__init__(len(site.devices), virtuals)
        self._site = site
        self._grid = leaves(virtuals, site.nodes[0].meter)
        self._woken_ms = 0
        self.fresh = threading.Event()

    def hear(self, index: int, reading: Reading) -> None:
        super().hear(index, reading)
        due_ms = self._woken_ms + min(self._site.cycle_ms, FRESH_MS) - EARLY_MS
        if (index in self._grid and reading.t_ms >= due_ms) or over(self._site, index, reading):
            self._woken_ms = reading.t_ms
            self.fresh.set()


def over(site: Site, index: int, reading: Reading) -> bool:
    """Whether a node's meter measures more than the node's fuse bears."""
    if reading.current_ma is None:
        return False
    most_ma = max(reading.current_ma)
    return any(node.meter == index and most_ma > node.rated_ma for node in site.nodes)


class Worker(threading.Thread):
    """Turns one line until told to stop, then leaves its loads on their fallback."""

    def __init__(self, line: Line, ended: "Callable[[], None]") -> None:
        super().__init__(name=f"line {line.name}", daemon=True)
        self._line = line
        self._ended = ended
        self._stopping = threading.Event()
        self.error: "BaseException | None" = None  # a programmer's mistake; it ends the process

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                wait_ms = self._line.turn()
                if wait_ms:
                    self._stopping.wait(wait_ms / 1000)
        except BaseException as error:
            self.error = error
            self._ended()
        finally:
            self._line.release()

    def stop(self) -> None:
        self._stopping.set()


class Loop:
    """Runs until `stop`. `publish(snapshot, plan)` gets each cycle's result, `obey(cycle, now_ms)` sets before it what
    the owner has ordered; neither may block."""

    def __init__(
        self, site: Site, image: WatchedImage, lines: "tuple[Line, ...]", clock: Clock, watchdog: Watchdog,
        journal: "Journal | None", publish: "Callable[[Snapshot, Plan], None]",
        obey: "Callable[[Cycle, int], None]" = lambda cycle, now_ms: None,
    ) -> None:
        self._site = site
        self._clock = clock
        self._watchdog = watchdog
        self._journal = journal
        self._publish = publish
        self._obey = obey
        self._image = image
        self._stopping = threading.Event()
        self._workers = [Worker(line, self.stop) for line in lines]
        self._woken = False  # the cycle at work was begun by a fresh reading
        self.overruns = 0

    def run(self) -> None:
        """Returns after `stop`, when every line has left its loads on their fallback.

        Raises what the cycle or a line raised: only a programmer's mistake does.
        """
        for worker in self._workers:
            worker.start()
        try:
            self._cycles()
        finally:
            for worker in self._workers:
                worker.stop()
            for worker in self._workers:
                worker.join(STOP_S)
            if self._journal is not None:
                self._journal.close()
        for worker in self._workers:
            if worker.error is not None:
                raise worker.error

    def stop(self) -> None:
        self._stopping.set()
        self._image.fresh.set()

    def _cycles(self) -> None:
        cycle = Cycle(self._site, self._image, self._clock.now_ms())
        after = cycle.state
        while not self._stopping.is_set():
            begun_ms = self._clock.now_ms()
            self._obey(cycle, begun_ms)
            before = cycle.state
            snapshot, plan = cycle.once(self._clock.now_ms())
            if self._journal is not None:
                if before is not after:
                    self._journal.cut()  # what was remembered from before a restart is in no snapshot
                self._journal.add(self._site, before, snapshot, plan)
            after = cycle.state
            self._publish(snapshot, plan)
            self._watchdog.feed()
            if self._clock.now_ms() - begun_ms > self._site.cycle_ms:
                self.overruns += 1
            self._await_next(begun_ms)

    def _await_next(self, begun_ms: int) -> None:
        """Until a fresh grid reading or the period's end; fresh readings make no more than 5 cycles a second.

        A cycle that came by its period does not keep the next reading waiting: meter and period beat together.
        """
        if self._woken and self._stopping.wait(max(0, begun_ms + FASTEST_MS - self._clock.now_ms()) / 1000):
            return
        self._woken = self._image.fresh.wait(max(0, begun_ms + self._site.cycle_ms - self._clock.now_ms()) / 1000)
        self._image.fresh.clear()
