"""P1, D0, Speedwire and virtual meters give the same on MicroPython, simulated meters included."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DAY = '''
from drivers import d0, dataset, p1, speedwire
from drivers.obis_reading import reading_of
from drivers.virtual_meter import combined, terms
from hal.faults import DeviceError
from hal.values import Phases
from sim.d0_meter import D0Meter
from sim.p1_meter import LAYOUTS, P1Meter
from sim.rng import Rng
from sim.speedwire_meter import datagram

def show(entries):
    try:
        got = reading_of(entries, 5, (2, 0, 1), False)
        print(got)
        return got
    except DeviceError as error:
        print(error.kind)

rng, reader, readings = Rng(11), p1.Reader(), []
for number in range(40):
    watts = Phases(rng.between(-9000, 9000), rng.between(-9000, 9000), rng.between(-9000, 9000))
    volts = Phases(230100, 231000, 229900)
    data = P1Meter(LAYOUTS[number % 5], number).frame(rng.below(1 << 26), watts, watts, volts, rng.below(1 << 26), 77)
    at = rng.below(len(data))
    for piece in (data[:at], data[at + rng.below(2):], bytes((rng.below(256),))):
        for telegram in reader.feed(piece):
            print(telegram.offset, telegram.ident, telegram.checked, p1.meter_id(telegram), p1.measured(telegram))
            readings.append(show(p1.entries(telegram)))
    meter = D0Meter("C", 9600, number)
    lines = d0.readout(meter.block(watts, rng.below(1 << 26), 5))
    print(d0.meter_id(lines), d0.acknowledge(d0.ident_of(meter.ident()), 4800))
    show(dataset.entries(lines))
    show(speedwire.entries(datagram(number, 0, watts, watts, volts, rng.below(1 << 30), 9)))
print(reader.damaged)
good = [one for one in readings if one is not None]
for first, second in zip(good, good[1:]):
    print(combined(((1000, first), (-333, second))), terms("a - 0.333 b"))
'''


def test_the_same_on_both_interpreters(tmp_path: Path, micropython: "list[str]") -> None:
    script = tmp_path / "day.py"
    script.write_text(DAY)
    here = run([sys.executable, str(script)], "PYTHONPATH")
    assert here == run([*micropython, str(script)], "MICROPYPATH")
    assert here.count("Reading(") >= 100


def run(command: "list[str]", search: str) -> str:
    environment = {**os.environ, search: str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
