"""Every meter table reads its twin the same on MicroPython: words, scales, plausibility and passports."""

import os
import subprocess
import sys
from pathlib import Path

from firmware.config import driver_modules

ROOT = Path(__file__).parents[2]
DAY = '''
import sys
from hal.faults import DeviceError
from hal.values import Phases
from sim.bank import Bank
from sim.part import Point
from sim.rng import Rng

rng = Rng(11)
for name in sys.argv[1:]:
    driver = __import__("drivers." + name, None, None, ("build",))
    twin = __import__("sim.twins." + name, None, None, ("build",))
    options = {option.name: option.default for option in driver.OPTIONS}
    single = name in ("eastron_sdm120", "eastron_sdm230")
    options.update({"unit": 1, "phases": (1,) if single else (1, 2, 0), "max_a": 63})
    bank, point = Bank(), Point()
    made = twin.build(bank.unit(1), point, options)
    meter = driver.build(bank, options)
    for turn in range(12):
        w = [rng.between(-9000, 9000) for _ in range(3)]
        point.power_w = Phases(0, w[1], 0) if single else Phases(*w)
        point.voltage_mv = Phases(rng.between(0, 253000), rng.between(200000, 253000), rng.between(200000, 253000))
        point.import_mws += rng.below(1 << 30) * 3600
        made.tick(turn)
        if turn % 4 == 3:
            made.frozen = True
            made.tick(turn)
            for function in (3, 4):
                bank.unit(1).poke(function, rng.below(60), (rng.below(65536),))
            made.frozen = False
        try:
            said = meter.read(turn * 1000)
            print(name, said.total_w, said.power_w, said.current_ma, said.voltage_mv, said.import_wh, said.export_wh,
                  said.power_factor_permille, said.frequency_mhz)
        except DeviceError as error:
            print(name, error.kind, error.detail)
    print(meter.passport())
'''


def test_the_same_readings_on_both_interpreters(tmp_path: Path, micropython: "list[str]") -> None:
    script = tmp_path / "meters.py"
    script.write_text(DAY)
    names = [name for name in driver_modules.known()
             if hasattr(driver_modules.module(name), "TABLE") or name == "sunspec_meter"]
    here = run([sys.executable, str(script), *names], "PYTHONPATH")
    there = run([*micropython, str(script), *names], "MICROPYPATH")
    assert here == there
    assert len(here.splitlines()) == 13 * len(names)


def run(command: "list[str]", search: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, search: str(ROOT)}, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
