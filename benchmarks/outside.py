"""What it costs the cycle to tell the outside: topics, totals, history, Home Assistant, broker and page, a cycle.

Budget: the decision's period is 1 s; a tenth of it is much. Times are of the cycle's own thread.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from control.values import NONE, DeviceSpec, NodeSpec, Site
from firmware.config import load
from firmware.config_tables import CommandsTable, HistoryTable, MqttTable, StateTable
from firmware.config_tables_people import PageTable
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.outside import Outside
from hal.values import Phases, ability, reading

CYCLES = 200
BOX = ability("wallbox", min_ma=6_000, max_ma=16_000, failsafe_ms=15_000)


def site(count: int) -> Site:
    house = NodeSpec("house", NONE, 0, 63_000, 63_000, "sls-e", 10_000, 0, 0)
    grid = DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, "off", 5_000, 0, None, NONE, "")
    boxes = [DeviceSpec(f"box{n}", 0, (0, 1, 2), BOX, n, "surplus", 5_000, 0, None, NONE, "")
             for n in range(count - 1)]
    return Site("bench", (house,), (grid, *boxes), 1_000, NONE)


def measured(count: int, folder: Path) -> "tuple[float, float]":
    """(mean, worst) ms a cycle, while every value of every device changes every second."""
    demo = load(Path(__file__).parents[1] / "deploy" / "demo.toml")
    file = demo._replace(
        site=site(count), lines=(), devices=(), virtuals=(), records=None, journal=None, page=PageTable(port=1),
        mqtt=MqttTable(host="127.0.0.1", port=9, discovery="homeassistant"), commands=CommandsTable(keep=True),
        state=StateTable(folder=str(folder)), history=HistoryTable(folder=str(folder)))
    image = Image(count)
    cycle = Cycle(file.site, image, 0)
    outside = Outside(file, 0, lambda: None, any_page_port=True)
    took = []
    for second in range(CYCLES):
        now_ms = 1_000 * second
        current = Phases(1_000 + second, 900, 800)
        for index in range(count):
            image.hear(index, reading(now_ms, 700 + second, current, current, Phases(230_000, 230_000, 230_000),
                                      second, 0, state="C"))
        outside.obey(cycle, now_ms)
        snapshot, plan = cycle.once(now_ms)
        begun = time.thread_time()
        outside.publish(snapshot, plan, (), (), {})
        took.append(1_000 * (time.thread_time() - begun))
    outside.close()
    return sum(took) / len(took), max(took)


def main() -> None:
    print("| devices | telling the outside, a cycle | worst |\n|---|---|---|")
    for count in (10, 64, 100):
        with tempfile.TemporaryDirectory() as folder:
            mean, worst = measured(count, Path(folder))
        print(f"| {count} | {mean:.1f} ms | {worst:.1f} ms |")


if __name__ == "__main__":
    main()
