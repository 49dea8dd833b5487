"""The RTU master on a MicroPython interpreter and here: on the same bad line it hears, asks and believes the same."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRACE = """
from drivers.modbus_master import RtuMaster
from drivers.modbus_rtu import crc16
from hal.faults import DeviceError
from sim.clock import SimClock
from sim.rng import Rng
from sim.rtu_line import Habits, RtuLine

def trace(seed):
    habits = Habits()
    habits.late_permille, habits.late_ms = 150, (150, 600)
    habits.lost_permille = habits.spoilt_permille = habits.noise_permille = 100
    habits.echo = seed % 2 == 0
    habits.rival_ms = 500 if seed % 3 == 0 else 0
    clock = SimClock(1_000)
    master = RtuMaster(RtuLine(clock, seed, habits), clock, delay_ms=200)
    out = []
    for _ in range(40):
        try:
            out.append(master.read(1, 3, 10, 6)[0])
        except DeviceError as error:
            out.append(error.kind)
        out.append(clock.now_ms())
    return out

print(crc16(repr([trace(seed) for seed in range(6)]).encode()))
"""


def test_a_bad_line_is_the_same_line_on_a_board(micropython: "list[str]") -> None:
    here: "dict[str, object]" = {"print": lambda number: here.update(number=number)}
    exec(TRACE, here)
    done = subprocess.run([*micropython, "-c", TRACE], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    assert int(done.stdout) == here["number"]
