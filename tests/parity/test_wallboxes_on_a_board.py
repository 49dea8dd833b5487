"""Every wallbox of registers does the same on MicroPython: told, switched, without power, with another master."""

import os
import subprocess
import sys
from pathlib import Path

from firmware.config import driver_modules

ROOT = Path(__file__).parents[2]
DAY = '''
import sys
from hal.faults import DeviceError
from hal.values import Phases, Setpoint
from sim.bank import Bank
from sim.car import Car
from sim.rng import Rng

for name in sys.argv[1:]:
    rng = Rng(5)
    driver = __import__("drivers." + name, None, None, ("build",))
    twin = __import__("sim.twins." + name, None, None, ("build",))
    options = {option.name: option.default for option in driver.OPTIONS}
    for key in ("meter", "confirm_single_source", "phase_switch", "cards"):
        if key in options:
            options[key] = 1
    if "failsafe_a" in options:
        options["failsafe_a"] = 0
    options.update({"unit": 1, "phases": (1, 2, 0), "max_a": 16})
    bank, car = Bank(), Car((1, 2, 0), seed=9)
    car.plug()
    made = twin.build(bank.unit(1), car, options)
    box = driver.build(bank, options)
    armed = False
    for second in range(1, 240):
        car.step(second * 1000, 1000)
        made.tick(second * 1000)
        if second == 150:
            made.power_cycle()
        said = "-"
        try:
            if not armed:
                box.arm()
                armed = True
            said = box.read(second * 1000)
            said = (said.state, said.total_w, said.current_ma, said.import_wh, said.limit_ma, said.session_wh,
                    said.card)
            if second % 20 == 0:
                ma = rng.between(5000, 17000)
                wanted = Setpoint(Phases(0, ma, 0) if second % 60 == 0 else Phases(ma, ma, ma), 0)
            if second >= 20 and second % 5 == 0:
                box.apply(wanted)
        except DeviceError as error:
            said = (error.kind, error.detail)
        if second % 3 == 0:
            print(name, second, said, made.offered_ma, made.conductors)
'''


def test_the_same_day_on_both_interpreters(tmp_path: Path, micropython: "list[str]") -> None:
    script = tmp_path / "boxes.py"
    script.write_text(DAY)
    names = [name for name in driver_modules.known() if hasattr(driver_modules.module(name), "BOX")
             and driver_modules.module(name).LINES[0].startswith("modbus")]
    here = run([sys.executable, str(script), *names], "PYTHONPATH")
    there = run([*micropython, str(script), *names], "MICROPYPATH")
    assert here == there
    assert len(here.splitlines()) == 79 * len(names)
    assert " 1\n" in here


def run(command: "list[str]", search: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, search: str(ROOT)}, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
