"""The SML reader, its rules and the simulated meter give the same on MicroPython, byte for byte."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
METERS = ROOT.parent / "shared" / "data" / "meters"
DAY = '''
import sys
from drivers.obis import obis_text, power
from drivers.sml import Reader
from drivers.sml_head import reading_of
from drivers.sml_rules import locked
from hal.faults import DeviceError
from hal.values import Phases
from sim.rng import Rng
from sim.sml_meter import KERMIT, LAYOUTS, X25, SmlMeter

def show(frame):
    print(frame.offset, frame.server, frame.seconds, power(frame.entries), locked(frame.entries))
    for entry in frame.entries:
        print(" ", obis_text(entry.obis), entry.status, entry.unit, entry.scaler, entry.value)
    try:
        print(reading_of(frame, 5, (2, 0, 1), False))
    except DeviceError as error:
        print(error.kind)

rng, stream = Rng(3), b""
for number in range(60):
    meter = SmlMeter(LAYOUTS[number % 3], b"HUT", number, (X25, KERMIT)[rng.below(2)], rng.chance(500),
                     rng.chance(300), rng.chance(300), rng.chance(300), rng.chance(300))
    power_w = Phases(rng.between(-9000, 9000), rng.between(-9000, 9000), rng.between(-9000, 9000))
    data = meter.frame(rng.below(1 << 30), power_w, power_w, Phases(230100, 231000, 0), rng.below(1 << 30), 1 << 29)
    at = rng.below(len(data))
    stream += data[:at] + data[at + rng.below(2):] + bytes((rng.below(256), 0x1b))
reader = Reader()
for path in [None] + sys.argv[1:]:
    if path:
        with open(path, "rb") as file:
            stream = file.read()
    for at in range(0, len(stream), 97):
        for frame in reader.feed(stream[at:at + 97]):
            show(frame)
    print(reader.damaged)
'''


def test_the_same_frames_on_both_interpreters(tmp_path: Path, micropython: "list[str]") -> None:
    script = tmp_path / "day.py"
    script.write_text(DAY)
    samples = [str(path) for path in sorted(METERS.glob("*/*.bin"))]
    here = run([sys.executable, str(script), *samples], "PYTHONPATH")
    there = run([*micropython, str(script), *samples], "MICROPYPATH")
    assert here == there
    assert here.count("1-0:1.8.0*255") >= 30


def run(command: "list[str]", search: str) -> str:
    environment = {**os.environ, search: str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
