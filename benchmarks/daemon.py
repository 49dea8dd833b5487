"""The daemon on a real serial pair: from grid reading to setpoint on the wire, and what it needs to live.

`./dev bench`, or `python -m benchmarks.daemon` at the root, in 90 s. Grid meter (SDM630) and wallbox hang on
one pair at 9600 baud. An appliance is switched on in small steps behind a 17 A fuse while the car takes all there is,
so each step must lower the wallbox; what is written again unchanged does not count. Measured is the time from the
meter's first answer that holds the step (its request complete at the slave, plus the answer's own wire time) to the
write being complete at the wallbox. Budget: 250 ms beyond the devices' own answer time.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firmware.config.file import load
from firmware.serve import Served
from sim.appliance import Appliance
from sim.car import Car

ROOT = Path(__file__).parents[1]
SITE = """
[site]
name = "bench"
latitude = 48.1
longitude = 11.6
[line.rs485]
kind = "modbus-rtu"
port = "{folder}/rs485"
baud = 9600
[node.house]
rated_a = 17
continuous_a = 17
rest_a = 5
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "rs485"
unit = 1
[device.carport]
driver = "heidelberg_energy_control"
line = "rs485"
unit = 2
node = "house"
phases = "L1 L2 L3"
mode = "fast"
[page]
port = {port}
[journal]
folder = "{folder}/journal"
"""
STEP_W = 900  # 1.3 A a phase
STEPS = 6
ANSWER_MS = 41 * 10 / 9.6  # 18 registers: 41 characters
SETTLE_S = 5.0
WARM_S = 45.0


class Watch:
    """Notes when the meter was asked and when the wallbox was written."""

    def __init__(self, served: Served) -> None:
        self.asked: "list[float]" = []
        self.lowered: "list[float]" = []
        self.standing = 0  # in 0.1 A
        bank = served.simulated.banks["rs485"]
        bank.unit(1).on_read(lambda function, address, count: self.asked.append(time.monotonic()))
        bank.unit(2).on_write(self._write)

    def _write(self, function: int, address: int, values: "tuple[int, ...]") -> None:
        if address == 261:
            if values[0] < self.standing:
                self.lowered.append(time.monotonic())
            self.standing = values[0]


def memory_kb(pid: int) -> "dict[str, int]":
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))}


def latencies(served: Served, watch: Watch, appliance: Appliance) -> "list[float]":
    """ms, one a step."""
    out = []
    for step in range(1, STEPS + 1):
        with served.simulated.lock:
            appliance.switch(step * STEP_W)
        switched = time.monotonic()
        time.sleep(SETTLE_S)
        asked = next(at for at in watch.asked if at > switched + 0.1)  # the physics steps every 100 ms
        written = next((at for at in watch.lowered if at > asked), None)
        if written is not None:
            out.append((written - asked) * 1000 - ANSWER_MS)
    return out


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(SITE.format(folder=folder, port=18_080))
        with Served(load(path), "sunny", 7, 3 * 3_600_000) as served:
            appliance = Appliance((0, 1, 2))
            with served.simulated.lock:
                served.simulated.house.hang(0, appliance)
                car = served.simulated.part("carport")
                assert isinstance(car, Car)
                car.plug(300)
            watch = Watch(served)
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            daemon = subprocess.Popen([sys.executable, "-m", "firmware", "run", str(path)], cwd=ROOT, env=environment,
                                      stdout=subprocess.DEVNULL)
            try:
                time.sleep(WARM_S)
                found = latencies(served, watch, appliance)
                memory = memory_kb(daemon.pid)
                ticks = sum(int(n) for n in Path(f"/proc/{daemon.pid}/stat").read_text().split()[13:15])
            finally:
                daemon.terminate()
                daemon.wait(20)
    seconds = WARM_S + STEPS * SETTLE_S
    print("grid reading to setpoint on the wire, 9600 baud, one pair for both")
    print(f"  steps answered {len(found)} of {STEPS}; median {statistics.median(found):.0f} ms, "
          f"longest {max(found):.0f} ms; budget 250 ms ({max(found) / 250:.1f} of it)")
    print(f"memory of the daemon (page and journal, no broker): {memory['VmRSS'] / 1024:.1f} MB resident, "
          f"highest {memory['VmHWM'] / 1024:.1f} MB; budget 60 MB ({memory['VmHWM'] / 1024 / 60:.1f} of it)")
    print(f"processor: {ticks / os.sysconf('SC_CLK_TCK') / seconds * 100:.1f} % of one core")


if __name__ == "__main__":
    main()
