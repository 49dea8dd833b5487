"""Every storage inverter that is a table does the same on MicroPython."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STORES = ("deye_hybrid", "fronius_gen24", "goodwe_et", "huawei_luna", "kostal_plenticore", "marstek_venus",
          "sma_battery", "sma_sunny_island", "solaredge_storage", "sungrow_sh", "victron_gx")
DAY = '''
import sys
from hal.faults import DeviceError
from hal.values import ZERO, Phases, Setpoint
from sim.bank import Bank
from sim.battery import Battery
from sim.part import Point
from sim.rng import Rng

for name in sys.argv[1:]:
    rng = Rng(7)
    driver = __import__("drivers." + name, None, None, ("build",))
    twin = __import__("sim.twins." + name, None, None, ("build",))
    options = {option.name: option.default for option in driver.OPTIONS}
    options.update({"unit": 1, "phases": (0, 1, 2), "max_a": 16, "max_charge_w": 2500, "max_discharge_w": 2000,
                    "confirm_single_source": 1, "timeout_s": 60, "discharge_a": 90, "grid_charge": 1})
    bank, grid, battery = Bank(), Point(), Battery((0, 1, 2), seed=3, soc_permille=500)
    made = twin.build(bank.unit(1), battery, options)
    made.grid = grid
    store = driver.build(bank, options)
    armed = False
    for second in range(1, 200):
        battery.step(second * 1000, 1000)
        grid.power_w = Phases(900, 300, 0).plus(battery.power_w)
        made.tick(second * 1000)
        if second == 120:
            made.power_cycle()
        said = "-"
        try:
            if second > 3 and not armed:
                store.arm()
                store.release()
                armed = True
            said = store.read(second * 1000)
            said = (said.total_w, said.soc_permille, said.import_wh, said.export_wh, said.temperature_mdegc)
            if second % 20 == 0:
                wanted = Setpoint(ZERO, rng.between(-2600, 2600))
            if second >= 20 and second % 5 == 0:
                store.apply(wanted)
        except DeviceError as error:
            said = (error.kind, error.detail)
        if second % 4 == 0:
            print(name, second, said, battery.target_w)
'''


def test_the_same_day_on_both_interpreters(tmp_path: Path, micropython: "list[str]") -> None:
    script = tmp_path / "stores.py"
    script.write_text(DAY)
    here = run([sys.executable, str(script), *STORES], "PYTHONPATH")
    there = run([*micropython, str(script), *STORES], "MICROPYPATH")
    assert here == there
    assert len(here.splitlines()) == 49 * len(STORES)


def run(command: "list[str]", search: str) -> str:
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, search: str(ROOT)}, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
