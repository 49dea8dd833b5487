"""What it costs the cycle to tell the outside: topics, totals, history, Home Assistant, broker and page, a cycle.

Budget: the decision's period is 1 s; a tenth of it is much. Times are of the cycle's own thread. Then the same at the
real pace with twenty pages open, each told all that changes: how late a cycle begins, and ends, behind its second.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from control.values import NONE, DeviceSpec, NodeSpec, Site
from firmware.config.file import SiteFile, load
from firmware.config.tables import CommandsTable, HistoryTable, MqttTable, StateTable
from firmware.config.tables_people import PageTable
from firmware.cycle import Cycle
from firmware.image import Image
from firmware.outside import Outside
from hal.values import Phases, ability, reading

CYCLES = 200
SECONDS = 30
READERS = """
import asyncio, sys
async def read(told):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    writer.write(b"GET /events HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    while part := await reader.read(1 << 20):
        told.append(len(part))
async def main():
    told = []
    await asyncio.gather(*(read(told) for _ in range(int(sys.argv[2]))))
    print(sum(told))
asyncio.run(main())
"""
BOX = ability("wallbox", min_ma=6_000, max_ma=16_000, failsafe_ms=15_000)


def site(count: int) -> Site:
    house = NodeSpec("house", NONE, 0, 63_000, 63_000, "sls-e", 10_000, 0, 0)
    grid = DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, "off", 5_000, 0, None, NONE, "")
    boxes = [DeviceSpec(f"box{n}", 0, (0, 1, 2), BOX, n, "surplus", 5_000, 0, None, NONE, "")
             for n in range(count - 1)]
    return Site("bench", (house,), (grid, *boxes), 1_000, NONE, None)


def house(count: int, folder: Path) -> SiteFile:
    demo = load(Path(__file__).parents[1] / "deploy" / "demo.toml")
    return demo._replace(
        site=site(count), lines=(), devices=(), virtuals=(), records=None, journal=None, page=PageTable(port=1),
        mqtt=MqttTable(host="127.0.0.1", port=9, discovery="homeassistant"), commands=CommandsTable(keep=True),
        accounts=None, state=StateTable(folder=str(folder)), history=HistoryTable(folder=str(folder)))


class Run:
    """Cycles of a house in which every value of every device changes every second."""

    def __init__(self, count: int, folder: Path) -> None:
        file = house(count, folder)
        self._count, self._image = count, Image(count)
        self._cycle = Cycle(file.site, self._image, 0)
        self.outside = Outside(file, 0, lambda: None, any_page_port=True)

    def once(self, second: int) -> float:
        """ms of this thread that telling the outside took."""
        now_ms = 1_000 * second
        current = Phases(1_000 + second, 900, 800)
        for index in range(self._count):
            self._image.hear(index, reading(now_ms, 700 + second, current, current, Phases(230_000, 230_000, 230_000),
                                            second, 0, state="C"))
        self.outside.obey(self._cycle, now_ms)
        snapshot, plan = self._cycle.once(now_ms)
        begun = time.thread_time()
        self.outside.publish(snapshot, plan, (), (), {})
        return 1_000 * (time.thread_time() - begun)


def measured(count: int, folder: Path) -> "tuple[float, float]":
    """(mean, worst) ms a cycle."""
    run = Run(count, folder)
    took = [run.once(second) for second in range(CYCLES)]
    run.outside.close()
    return sum(took) / len(took), max(took)


def watched(count: int, pages: int, folder: Path) -> "tuple[float, float, float, int]":
    """At the real pace: how late a cycle begins and how long it takes, (mean, worst begin, worst end) in ms behind its
    second; and what all pages were told in a second, in bytes."""
    run = Run(count, folder)
    assert run.outside.page is not None
    readers = subprocess.Popen([sys.executable, "-c", READERS, run.outside.page.url.rsplit(":", 1)[1], str(pages)],
                               stdout=subprocess.PIPE, text=True)
    while run.outside.page.watched() < pages:
        time.sleep(0.05)
    late, ends, begun = [], [], time.monotonic()
    for second in range(SECONDS):
        time.sleep(max(0.0, begun + second - time.monotonic()))
        late.append(1_000 * (time.monotonic() - begun - second))
        run.once(second)
        ends.append(1_000 * (time.monotonic() - begun - second))
    run.outside.close()
    told = int(readers.communicate(timeout=30)[0])
    return sum(late) / len(late), max(late), max(ends), told // SECONDS


def main() -> None:
    print("| devices | telling the outside, a cycle | worst |\n|---|---|---|")
    for count in (10, 64, 100):
        with tempfile.TemporaryDirectory() as folder:
            mean, worst = measured(count, Path(folder))
        print(f"| {count} | {mean:.1f} ms | {worst:.1f} ms |")
    print("\n| devices, open pages | a cycle begins behind its second | ends | told a second |\n|---|---|---|---|")
    for pages in (0, 20):
        with tempfile.TemporaryDirectory() as folder:
            mean, begins, ends, told = watched(100, pages, Path(folder))
        print(f"| 100, {pages} | mean {mean:.1f}, at most {begins:.1f} ms | at most {ends:.0f} ms "
              f"| {told // 1_000} kB |")


if __name__ == "__main__":
    main()
