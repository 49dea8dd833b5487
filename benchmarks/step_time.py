"""control.step by number of devices: microseconds of processor a step, and how that grows.

`python benchmarks/step_time.py [--json]`, from the root. Budget: 200 us with 10 devices and 2 ms with 100 on a
desktop core. The order of growth is the exponent between two rows: 1 where twice the devices take twice the time.
"""

import json
import math
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from control.step import start, step
from control.values import (
    FAST,
    NONE,
    NOTHING_WRITTEN,
    SURPLUS,
    DeviceSpec,
    Heard,
    NodeSpec,
    Site,
    Snapshot,
    Written,
    store,
)
from hal.values import STOP, Phases, Setpoint, ability, placed, reading

COUNTS = (2, 5, 10, 20, 50, 100)
STEPS = 400
KINDS = (
    ability("wallbox", min_ma=6_000, max_ma=16_000, step_ma=100, failsafe_ms=15_000),
    ability("heater", max_w=3_500),
    ability("storage", min_w=-5_000, max_w=5_000),
    ability("source"),
    ability("wallbox", min_ma=6_000, max_ma=16_000, step_ma=1_000, one_phase=True, failsafe_ms=15_000),
    ability("stages", stages=((0,), (1_000,), (3_000,)), measured=False, min_on_ms=60_000, min_off_ms=60_000),
)


def site_of(count: int) -> Site:
    """A house with a meter, a garage behind it for every ten devices, loads of every kind."""
    garages = tuple(NodeSpec(f"garage{n}", 0, NONE, 40_000, 40_000, "mcb-b", 2_000, 0, 0)
                    for n in range(max(1, count // 10)))
    nodes = (NodeSpec("house", NONE, 0, 63_000, 44_000, "sls-e", 10_000, 0, 4_600), *garages)
    devices = [DeviceSpec("grid", 0, (0, 1, 2), ability("meter"), 0, SURPLUS, 5_000, 0, None, NONE, "")]
    for n in range(count - 1):
        able = KINDS[n % len(KINDS)]
        phases = (n % 3,) if able.kind in ("heater", "stages") else (0, 1, 2)
        devices.append(DeviceSpec(f"d{n}", n % len(nodes), phases, able, n % 4, FAST if n % 7 == 0 else SURPLUS,
                                  10_000, 16_000, store(100, 300, 950) if able.kind == "storage" else None, NONE, ""))
    return Site("bench", nodes, tuple(devices), 1_000, NONE, None)


def snapshots(site: Site) -> list[Snapshot]:
    """Every device read anew each second, loads drawing a part of what they may."""
    out = []
    for second in range(1, STEPS + 1):
        t_ms = second * 1_000
        heard, written = [], []
        for index, device in enumerate(site.devices):
            ma = 3_000 + (second * 37 + index * 101) % 2_000
            current = placed((ma,) * len(device.phases), device.phases)
            if device.ability.kind in ("meter", "source"):
                current = Phases(-ma * 2, -ma * 2, -ma * 2)
            volts = Phases(230_000, 231_000, 229_000)
            heard.append(Heard(reading(t_ms - 200, total_w=current.total() * 230 // 1_000, current_ma=current,
                                       voltage_mv=volts, soc_permille=500, state="C"), None))
            written.append(Written(STOP if second % 5 else Setpoint(current, 1_000), t_ms - 500, None, None)
                           if device.ability.kind not in ("meter", "source") else NOTHING_WRITTEN)
        out.append(Snapshot(t_ms, tuple(heard), tuple(written), tuple(d.mode for d in site.devices), (), (), None,
                            t_ms))
    return out


def microseconds(count: int) -> float:
    """Median of the steps of the best of three runs."""
    site = site_of(count)
    runs = []
    for _ in range(3):
        state, times = start(site, 0), []
        for snapshot in snapshots(site):
            begin = time.process_time_ns()  # a busy machine counts for less
            state, _ = step(site, state, snapshot)
            times.append(time.process_time_ns() - begin)
        runs.append(statistics.median(times) / 1e3)
    return min(runs)


def order(measured: dict[int, float], before: "int | None", count: int) -> "float | None":
    """The power of the number of devices that the time grew with."""
    if before is None:
        return None
    return round(math.log(measured[count] / measured[before]) / math.log(count / before), 2)


def main() -> None:
    measured = {count: microseconds(count) for count in COUNTS}
    rows = [{"devices": count, "step_us": round(measured[count], 1), "order": order(measured, before, count),
             "ratio_to_10": round(measured[count] / measured[10], 2)}
            for before, count in zip((None, *COUNTS), COUNTS)]
    if "--json" in sys.argv:
        print(json.dumps(rows))
        return
    print("devices  us/step  ratio to 10  order of growth")
    for row in rows:
        print(f"{row['devices']:7d}  {row['step_us']:7.1f}  {row['ratio_to_10']:11.2f}  {row['order'] or '-':>15}")
    print(f"order of growth from 10 to {COUNTS[-1]}: {order(measured, 10, COUNTS[-1])}")


if __name__ == "__main__":
    main()
