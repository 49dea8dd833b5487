"""A simulated day: how long it takes, and what of it is ours.

`./dev bench`, or `python benchmarks/day.py [HOURS]` with PYTHONPATH at the root. The house is that of deploy/demo.toml.
Each row runs what the one above it runs and more, in the same process; the ratio is to the physics alone.
Budget: a day in 30 s.
"""

import sys
import time
from collections.abc import Callable

from firmware.config.file import load
from firmware.day import TICK_MS, Day
from firmware.demo import HOUSE

SECONDS_A_DAY = 86_400


def physics(day: Day) -> None:
    day.clock.advance(TICK_MS)
    day.simulated.step(day.clock.now_ms(), TICK_MS)


def lines(day: Day) -> None:
    physics(day)
    for line in day.lines:
        while not line.idle():
            line.turn()


def cycle(day: Day) -> None:
    lines(day)
    day.cycle.once(day.clock.now_ms())


def everything(day: Day) -> None:
    day.second()


ROWS: "tuple[tuple[str, Callable[[Day], None]], ...]" = (
    ("physics and twins", physics), ("+ lines and drivers", lines), ("+ decision", cycle),
    ("+ key figures", everything),
)


def main(hours: int) -> None:
    file = load(HOUSE)
    print(f"{hours} h of {file.site.name}, {len(file.devices)} devices, a step a second\n")
    print(f"{'':<22}{'s a day':>9}{'us a second':>13}{'times real time':>17}{'ratio':>7}")
    first = 0.0
    for name, advance in ROWS:
        day = Day(file, "cloudy", 7)
        day.clock.advance(9 * 3_600_000)  # the busy hours
        begun = time.perf_counter()
        for _ in range(hours * 3600):
            advance(day)
        taken = (time.perf_counter() - begun) / (hours * 3600)
        first = first or taken
        print(f"{name:<22}{taken * SECONDS_A_DAY:>9.1f}{taken * 1e6:>13.0f}"
              f"{1 / taken:>17,.0f}{taken / first:>7.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
