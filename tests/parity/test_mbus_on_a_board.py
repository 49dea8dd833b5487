"""M-Bus telegrams give the same records on MicroPython."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
METERS = ROOT.parent / "shared" / "data" / "meters"
DAY = '''
import sys
from drivers import mbus_fixed, mbus_frame
from drivers.mbus_measured import measured
from drivers.mbus_records import parse
from drivers.mbus_telegram import MBusError, of_radio, of_wire, plain
from drivers.wmbus_frame import bare, to_a, to_b
from sim.rng import Rng

def unhex(words):
    return bytes([int(words[2 * i:2 * i + 2], 16) for i in range(len(words) // 2)])

def show(telegram):
    print(telegram.meter, telegram.access, telegram.status, telegram.seal, telegram.ci, telegram.body)
    parsed = parse(telegram.body)
    print(parsed.more, parsed.fault)
    for record in parsed.records:
        print(" ", record)
    print(measured(telegram, parsed.records, "2026-01-02 03:04:05"))

made = "2d44b4092143658704047a2a00000004065a0200000413312b00000b2b1307000a5a0602426cbf2c440600010000"
rng, lines = Rng(5), [made] * 30
for number in range(1, 30):
    at = 2 * rng.between(11, 45)
    lines[number] = made[:at] + "%02x" % rng.below(256) + made[at + 2:]
for path in sys.argv[1:]:
    with open(path) as file:
        lines.extend(file.read().split("\\n"))
for line in lines:
    data = unhex("".join(line.split()))
    try:
        if data[:1] == b"h" and data[3:4] == b"h":
            for frame in mbus_frame.Reader().feed(data):
                show(of_wire(frame))
                print(mbus_fixed.parse(frame.data))
        else:
            telegram = of_radio(data)
            assert bare(to_a(data)) == data and bare(to_b(data), "b") == data
            show(plain(telegram) or telegram)
    except MBusError as error:
        print(error)
'''


def test_the_same_records_on_both_interpreters(tmp_path: Path, micropython: "list[str]") -> None:
    script = tmp_path / "day.py"
    script.write_text(DAY)
    samples = [str(path) for path in sorted((METERS / "mbus").glob("*.hex"))]
    here = run([sys.executable, str(script), *samples], "PYTHONPATH")
    there = run([*micropython, str(script), *samples], "MICROPYPATH")
    assert here == there
    assert here.count("flow_temperature") >= 40


def run(command: "list[str]", search: str) -> str:
    environment = {**os.environ, search: str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
