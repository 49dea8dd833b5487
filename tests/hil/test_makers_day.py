"""A house of many makers: UDP, HTTP, MQTT, Modbus TCP and a serial pair at once, the real daemon, accelerated physics.

Twenty seconds of it (a minute each) are part of every run; HUTSCHIENE_DAY=1 lives through a whole day in twelve.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from control.wiring import is_load
from firmware.broker import Broker
from firmware.config.file import load
from firmware.journal import journals, read
from firmware.serve import Served

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
NET = f"127.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
DAY = bool(os.environ.get("HUTSCHIENE_DAY"))
SPEED, SECONDS, START_MS = (120, 720, 0) if DAY else (60, 20, 11 * 3_600_000)
RATED_A = 50
CHAIN_S = 13.0  # from a load that comes to a fuse within its rating again, whatever it takes
SITE = """\
[site]
name = "Makers"
latitude = 48
longitude = 11
[journal]
folder = "{folder}/journal"
[node.house]
rated_a = {rated_a}
continuous_a = {rated_a}
curve = "sls-e"
meter = "grid"
rest_a = 4
imbalance_va = 0
[line.rs485]
kind = "modbus-rtu"
port = "{folder}/rs485"
baud = 19200
[line.broker]
kind = "mqtt"
host = "127.0.0.1"
port = {broker}
[line.kebas]
kind = "keba-udp"
interface = "{net}.1"
[device.grid]
driver = "eastron_sdm630"
line = "rs485"
unit = 1
[device.roof]
driver = "eastron_sdm630"
line = "rs485"
unit = 2
node = "house"
phases = "L1 L2 L3"
role = "source"
"""
LOADS = (  # name, driver, line, further keys
    ("keba", "keba_udp", "kebas", 'host = "{net}.2"\nmode = "fast"\npriority = 90'),
    ("goe", "goe_api", "http", 'max_a = 10\nmode = "surplus"'),
    ("salia", "hardy_barth_salia", "http", 'max_a = 8\nmode = "minimum"'),
    ("alfen", "alfen_eve", "modbus-tcp", 'failsafe_a = 0\nmode = "surplus"'),
    ("vestel", "vestel_evc04", "modbus-tcp", 'mode = "fast"'),
    ("heidelberg", "heidelberg_energy_control", "rs485", 'unit = 3\nmode = "surplus"'),
    ("battery", "fronius_gen24", "modbus-tcp", "max_charge_w = 4000\nmax_discharge_w = 4000"),
    ("rod", "mypv_elwa2", "modbus-tcp", 'phases = "L2"'),
    ("plug", "shelly_plug", "broker", 'phases = "L3"\nprefix = "plug"\npower_w = 1000'),
    ("fan", "tasmota_plug", "broker", 'phases = "L1"\ntopic = "fan"\npower_w = 500'),
)


def site(folder: Path, broker: int, free_port: "Callable[[], int]") -> str:
    out = SITE.format(folder=folder, broker=broker, net=NET, rated_a=RATED_A)
    for name, driver, line, more in LOADS:
        if line in ("http", "modbus-tcp"):
            out += f'[line.{name}]\nkind = "{line}"\nhost = "{HOST}"\nport = {free_port()}\n'
            line = name
        more = more if "phases" in more else 'phases = "L1 L2 L3"\n' + more
        out += f'[device.{name}]\ndriver = "{driver}"\nline = "{line}"\nnode = "house"\n{more.format(net=NET)}\n'
    return out


class Fuse(threading.Thread):
    """Looks at the currents of the house connection ten times a second."""

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        self.served = served
        self.over_s = self.worst_s = 0.0
        self.most_ma = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        last_s = time.monotonic()
        while not self.stopping.wait(0.1):
            with self.served.simulated.lock:
                most_ma = max(abs(ma) for ma in self.served.simulated.house.nodes[0].flow_ma)
            now_s = time.monotonic()
            self.most_ma = max(self.most_ma, most_ma)
            self.over_s = self.over_s + now_s - last_s if most_ma > 1_000 * RATED_A else 0.0
            self.worst_s = max(self.worst_s, self.over_s)
            last_s = now_s


@pytest.fixture
def house(free_port: "Callable[[], int]", tmp_path: Path) -> "Iterator[tuple[Path, Served]]":
    broker = Broker(HOST, free_port())
    path = tmp_path / "site.toml"
    path.write_text(site(tmp_path, broker.start()[1], free_port))
    served = Served(load(path), "sunny", 5, START_MS, SPEED)
    with served.simulated.lock:
        for name, driver, _, _ in LOADS:
            part: Any = served.simulated.part(name)
            if hasattr(part, "plug") and "plug" not in driver and part.kind == "car":
                part.plug(300)
    yield path, served
    served.close()
    broker.stop()


def test_many_makers_in_one_house(house: "tuple[Path, Served]") -> None:
    path, served = house
    file = load(path)
    errors = path.parent / "errors.txt"
    fuse = Fuse(served)
    fuse.start()
    with open(errors, "wb") as sink:
        daemon = subprocess.Popen([sys.executable, "-m", "firmware", "run", str(path)], cwd=ROOT, stderr=sink,
                                  stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        with suppress(subprocess.TimeoutExpired):
            daemon.wait(SECONDS)
        assert daemon.poll() is None, errors.read_text()
        daemon.terminate()
        assert daemon.wait(20) == 0
    finally:
        daemon.kill()
        fuse.stopping.set()
        fuse.join()
    assert errors.read_text() == ""

    # the fuse
    assert fuse.worst_s <= CHAIN_S
    assert fuse.most_ma <= 1_800 * RATED_A
    assert fuse.most_ma > 300 * RATED_A  # something was charged

    # everybody was heard and obeyed, to the end
    entries = [entry for each in journals(path.parent / "journal") for entry in read(each)[1]]
    late = entries[len(entries) // 2:]
    assert len(late) >= SECONDS // 4
    for index, device in enumerate(file.site.devices):
        heard = [entry.snapshot.heard[index].fault is None for entry in late]
        assert sum(heard) >= len(late) * 9 // 10, device.name
        if is_load(device):
            refused = [entry.snapshot.written[index].fault for entry in late]
            assert len([fault for fault in refused if fault is not None]) <= len(late) // 10, (device.name, refused[-1])

    # nobody is told more sooner than its pace allows
    rises = 0
    for index, device in enumerate(file.site.devices):
        if device.ability.kind == "wallbox":
            changed_ms, before_ma = 0, 0
            for entry in entries:
                grant = entry.plan.grants[index]
                told_ma = max(grant.setpoint.current_ma) if grant is not None else before_ma
                if told_ma > before_ma:
                    rises += 1
                    assert not changed_ms or entry.snapshot.now_ms - changed_ms >= device.ability.pace_ms, device.name
                if told_ma != before_ma:
                    changed_ms, before_ma = entry.snapshot.now_ms, told_ma
    assert rises >= 5

    # stopped in order, each stands on its fallback
    time.sleep(3)
    for name, device in ((each.name, each) for each in file.site.devices if each.ability.kind == "wallbox"):
        twin: Any = served.simulated.twins[[each.name for each in file.devices].index(name)]
        assert twin.offered_ma <= max(device.ability.fallback.current_ma), name
    taken_wh = {name: served.simulated.part(name).import_wh for name, *_ in LOADS[:6]}
    assert sum(wh > 0 for wh in taken_wh.values()) >= 3, taken_wh
