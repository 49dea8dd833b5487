"""A house in the loop: its devices are simulated in this process and answer on real ports, the daemon is a process of
its own that knows nothing of that. What is asserted is the physics, written down at every step of 100 ms.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from firmware.broker import Broker
from firmware.config.file import load
from firmware.journal import Entry, Head, journals, read
from firmware.serve import MASTER, Served
from hal.values import Phases, Reading
from sim.appliance import Appliance
from sim.modbus_slave import Script
from sim.part import Part, Point

ROOT = Path(__file__).parents[2]
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 20
PORTS = cycle(range(20_000 + 600 * WORKER, 20_600 + 600 * WORKER))
TICK_MS = 150  # of the physics, and a moment to take the step
FRAME_MS = 1_500  # an SML frame: 400 bytes at 9600 baud, and a busy machine

# what the devices' registers can tell: W, mA, mV
# (wallbox and inverter tell one power for their three conductors, the rod its voltage only now and then)
RESOLUTION = {"eastron_sdm630": (2, 2, 2), "sml_head": (1, 10, 100), "heidelberg_energy_control": (60, 100, 1_000),
              "mypv_elwa2": (12, 600, 10_000), "sunspec_storage": (10, 10, 100)}

SITE = """
[site]
name = "Loop"
latitude = 48.137
longitude = 11.575

[line.rs485]
kind = "modbus-rtu"
port = "{folder}/rs485"
{grid_line}
[line.rod]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {rod_port}

[line.inverter]
kind = "modbus-tcp"
host = "127.0.0.1"
port = {inverter_port}

[node.house]
rated_a = {rated_a}
curve = "sls-e"
meter = "grid"
rest_a = {rest_a}

[node.garage]
parent = "house"
rated_a = {rated_a}
curve = "mcb-b"
rest_a = 0

[device.grid]
{grid}
[device.carport]
driver = "heidelberg_energy_control"
line = "rs485"
unit = 2
node = "garage"
phases = "L2 L3 L1"
mode = "{carport}"
failsafe_a = 0
failsafe_s = 6

[device.rod]
driver = "mypv_elwa2"
line = "rod"
node = "house"
phases = "L3"
mode = "{rod}"
timeout_s = 15

[device.battery]
driver = "sunspec_storage"
line = "inverter"
node = "house"
phases = "L1 L2 L3"
mode = "{battery}"
max_charge_w = 5000
max_discharge_w = 5000
revert_s = 15
{roof}
[page]
port = {page_port}

[journal]
folder = "{folder}/journal"
"""
RTU_GRID = 'driver = "eastron_sdm630"\nline = "rs485"\nunit = 1\n'
SML_LINE = '\n[line.head]\nkind = "sml"\nport = "{folder}/head"\n'
SML_GRID = 'driver = "sml_head"\nline = "head"\n'
ROOF = """
[device.roof]
driver = "eastron_sdm630"
role = "source"
line = "rs485"
unit = 3
node = "house"
phases = "L1 L2 L3"
"""


class Moment(NamedTuple):
    """What was true from one step of the physics to the next, at each node and each device."""

    from_ms: int  # monotonic
    to_ms: int
    lasted_ms: int  # of the physics
    nodes: "tuple[Phases, ...]"  # mA
    devices: "tuple[tuple[Phases, Phases, Phases], ...]"  # W, mA, mV


class Witness(Part):
    """Draws nothing and writes everything down. Hung behind all the others, it sees their step that is just under way
    and the nodes' step before; so it writes down the step before.
    """

    kind = "witness"

    def __init__(self, nodes: "tuple[Point, ...]", devices: "tuple[Point, ...]") -> None:
        super().__init__((0, 1, 2))
        self.moments: "list[Moment]" = []
        self._nodes = nodes
        self._devices = devices
        self._since_ms = monotonic_ms()
        self._dt_ms = 0
        self._parts = self._felt()

    def _felt(self) -> "tuple[tuple[Phases, Phases, Phases], ...]":
        return tuple((point.power_w, point.flow_ma, point.voltage_mv) for point in self._devices)

    def _live(self, now_ms: int, dt_ms: int) -> None:
        at_ms, felt = monotonic_ms(), self._felt()
        devices = tuple(now if point in self._nodes else before
                        for point, now, before in zip(self._devices, felt, self._parts))
        nodes = tuple(node.flow_ma for node in self._nodes)
        self.moments.append(Moment(self._since_ms, at_ms, self._dt_ms, nodes, devices))
        self._since_ms, self._dt_ms, self._parts = at_ms, dt_ms, felt


class Over(NamedTuple):
    """Time a phase was above a multiple of its fuse's rating."""

    total_ms: int
    longest_ms: int


class House:
    """The house, and one daemon after another that runs it."""

    chain_ms = 13_000  # from a load that comes to a fuse within its rating again, whatever it takes

    def __init__(self, folder: Path, scenario: str = "winter", start: str = "15:10:00", grid: str = "rtu",
                 rated_a: int = 16, rest_a: int = 12, roof: bool = False,
                 kettle: int = 0, seed: int = 7, **modes: str) -> None:
        """`kettle`: the grid phase it is plugged into; `modes` of the loads by their names."""
        self.folder = folder
        self.page_port = free_port()
        self.path = folder / "site.toml"
        self.path.write_text(SITE.format(
            folder=folder, grid_line=SML_LINE.format(folder=folder) if grid == "sml" else "",
            grid=SML_GRID if grid == "sml" else RTU_GRID, roof=ROOF if roof else "", rated_a=rated_a, rest_a=rest_a,
            rod_port=free_port(), inverter_port=free_port(), page_port=self.page_port,
            **{"carport": "fast", "rod": "off", "battery": "off", **modes}))
        self.errors = folder / "errors.txt"
        self.errors.touch()
        self.file = load(self.path)
        self.index = {device.name: number for number, device in enumerate(self.file.devices)}
        hours, minutes, seconds = (int(part) for part in start.split(":"))
        self.served = Served(self.file, scenario, seed, ((hours * 60 + minutes) * 60 + seconds) * 1000)
        self.simulated = self.served.simulated
        self.kettle = Appliance((kettle,))
        house = self.simulated.house
        self.witness = Witness(house.nodes, self.simulated.points)
        with self.simulated.lock:
            self.car.unplug()  # it comes when the test says so
            house.hang(0, self.kettle)
            house.hang(0, self.witness)
        self.daemon: "subprocess.Popen[bytes] | None" = None
        self.wanted = False  # to be running

    # what happens to it

    def run(self) -> None:
        """Starts the daemon and waits until it serves its page."""
        self.start()
        self.until(lambda: bool(self.state()), 60, "the page")

    def start(self) -> None:
        with open(self.errors, "ab") as errors:
            self.daemon = subprocess.Popen(
                [sys.executable, "-m", "firmware", "run", str(self.path)], cwd=ROOT, stdout=subprocess.DEVNULL,
                stderr=errors, env={**os.environ, "PYTHONPATH": str(ROOT)})
        self.wanted = True

    def plug(self, soc_permille: int = 400) -> None:
        with self.simulated.lock:
            self.car.plug(soc_permille)

    def unplug(self) -> None:
        with self.simulated.lock:
            self.car.unplug()

    def come(self) -> None:
        """The daemon runs, the wallbox waits, and a car is plugged in."""
        self.run()
        self.until(lambda: self.twin("carport").offered_ma == 0, 60, "the wallbox told to wait for a car")
        self.watch(0.3)  # its pilot has moved
        self.plug()

    def charge(self) -> None:
        """So it does, and charges."""
        self.come()
        self.until(lambda: min(self.car.current_ma) > 5_000, 60, "a car that charges")

    def boil(self, power_w: int) -> int:
        """Switches the kettle on; returns when, once the fuses feel it."""
        self.kettle.switch(power_w)
        at_ms, seen = monotonic_ms(), len(self.witness.moments)
        self.until(lambda: len(self.witness.moments) > seen + 1, 60, "a step of the physics")
        return at_ms

    def misbehave(self, line: str, unit: int, script: "Script | None") -> None:
        scripts = self.served.slaves[line].scripts
        if script is None:
            scripts.pop(unit, None)
        else:
            scripts[unit] = script

    def cut(self, line: str, cut: bool = True) -> int:
        """The wire between two devices is broken; returns when."""
        self.served.wires[line].faults.cut = cut
        return monotonic_ms()

    def pull(self, line: str) -> int:
        """The adapter is pulled out of our computer; returns when."""
        self.served.wires[line].unplug(MASTER)
        return monotonic_ms()

    def put_back(self, line: str) -> None:
        self.served.wires[line].plug(MASTER)

    def signal(self, number: int) -> int:
        assert self.daemon is not None
        self.wanted = self.wanted and number not in (signal.SIGTERM, signal.SIGKILL)
        self.daemon.send_signal(number)
        return monotonic_ms()

    def kill(self) -> int:
        """kill -9; returns when."""
        assert self.daemon is not None
        at_ms = self.signal(signal.SIGKILL)
        self.daemon.wait(5)
        return at_ms

    def end(self) -> None:
        """SIGTERM; the daemon ends in order and had nothing to complain about."""
        assert self.ended() == ""

    def ended(self) -> str:
        """SIGTERM; the daemon ends in order. Returns what it complained about."""
        assert self.daemon is not None
        self.signal(signal.SIGTERM)
        assert self.daemon.wait(15) == 0
        return self.errors.read_text()

    def close(self) -> None:
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()
        self.served.close()

    # what can be seen of it

    @property
    def car(self) -> Any:
        return self.simulated.part("carport")

    @property
    def rod(self) -> Any:
        return self.simulated.part("rod")

    @property
    def battery(self) -> Any:
        return self.simulated.part("battery")

    def twin(self, name: str) -> Any:
        return self.simulated.twins[self.index[name]]

    def node_ma(self, node: int = 0) -> Phases:
        return self.simulated.house.node_ma(node)

    def now_ms(self) -> int:
        """Monotonic, the daemon's clock too."""
        return monotonic_ms()

    def state(self) -> "dict[str, Any]":
        """What the daemon's page says, by topic without the site's prefix; {} while there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.page_port}/api/state", timeout=5) as answer:
                told = json.load(answer)
        except OSError:
            return {}
        return {topic.split("/", 2)[2]: payload for topic, payload in told.items()}

    def alarms(self) -> "list[int]":
        return [each["reason"] for each in self.state().get("site/state", {}).get("alarms", [])]

    def until(self, true: "Callable[[], object]", seconds: float, what: str) -> None:
        end_s = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end_s, f"not within {seconds:.1f} s: {what}\n{self.words()}"
            assert not self.wanted or self.daemon is None or self.daemon.poll() is None, self.errors.read_text()
            time.sleep(0.05)

    def words(self) -> str:
        """How the house stands, and what the daemon says about it."""
        state = self.state()
        lines = [f"{device.name}: {point.power_w} W, " + str(state.get(device.name + "/decision", {}).get("why"))
                 for device, point in zip(self.file.devices, self.simulated.points)]
        return "\n".join([f"nodes {[tuple(node) for node in self.witness.moments[-1].nodes]} mA", *lines,
                          str(state.get("site/state")), self.errors.read_text()])

    def watch(self, seconds: float) -> None:
        """Lets the physics go on."""
        end_s = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end_s, seconds + 5, "time")

    # what was true

    def over(self, permille: int, since_ms: int = 0) -> Over:
        """The worst of all nodes and phases."""
        worst = Over(0, 0)
        for node, spec in enumerate(self.file.site.nodes):
            most_ma = spec.rated_ma * permille // 1000
            for phase in range(3):
                total_ms = longest_ms = run_ms = 0
                for moment in list(self.witness.moments):
                    above = moment.to_ms > since_ms and abs(moment.nodes[node][phase]) > most_ma
                    run_ms = run_ms + moment.lasted_ms if above else 0
                    total_ms += moment.lasted_ms if above else 0
                    longest_ms = max(longest_ms, run_ms)
                worst = Over(max(worst.total_ms, total_ms), max(worst.longest_ms, longest_ms))
        return worst

    def held_the_fuse(self, event_ms: int) -> None:
        """No phase of any fuse is above its rating for longer than the chain may take, and none after that."""
        assert self.over(1_000).longest_ms <= self.chain_ms
        assert self.over(1_800).longest_ms == 0
        assert self.over(1_000, event_ms + self.chain_ms).total_ms == 0

    def entries(self) -> "Iterator[tuple[Head, Entry]]":
        """What the daemons wrote down, in order."""
        for path in journals(self.folder / "journal"):
            head, entries = read(path)
            for entry in entries:
                yield head, entry

    def believes(self, name: str) -> "list[tuple[int, Reading]]":
        """(when it was first decided with, the reading), of a device, each once."""
        out: "list[tuple[int, Reading]]" = []
        for _, entry in self.entries():
            reading = entry.snapshot.heard[self.index[name]].reading
            if reading is not None and (not out or reading != out[-1][1]):
                out.append((entry.snapshot.now_ms, reading))
        return out

    def untrue(self, name: str) -> "list[tuple[int, Reading, tuple[Phases, Phases, Phases]]]":
        """The readings of a device that were never true between the time they bear and the time they were used, each
        with what was true when it was used."""
        number = self.index[name]
        driver, phases = self.file.devices[number].driver, self.file.site.devices[number].phases
        early_ms = FRAME_MS if driver == "sml_head" else TICK_MS
        moments = list(self.witness.moments)
        starts = [moment.from_ms for moment in moments]
        wrong = []
        for used_ms, reading in self.believes(name):
            first = max(0, bisect_left(starts, reading.t_ms - early_ms) - 1)
            last = bisect_left(starts, used_ms + TICK_MS)
            during = [moment.devices[number] for moment in moments[first:last]]
            if not any(_same(reading, true, phases, RESOLUTION[driver]) for true in during):
                wrong.append((used_ms, reading, during[-1]))
        return wrong

    def never_wrong(self, *names: str) -> None:
        """Each value a device was ever taken to say was true, and each has heard enough to tell."""
        for name in names or self.index:
            assert len(self.believes(name)) >= 3, name
            assert self.untrue(name) == [], name

    def never_stale(self) -> None:
        """While the grid point is believed, its newest reading is not older than it may be."""
        meter = self.index["grid"]
        stale_ms = self.file.site.devices[meter].stale_ms
        for _, entry in self.entries():
            if entry.plan.nodes[0].believed:
                reading = entry.snapshot.heard[meter].reading
                assert reading is not None
                age_ms = entry.snapshot.now_ms - reading.t_ms
                assert -5 <= age_ms <= stale_ms  # one may come between the look at the clock and the copy


def _same(reading: Reading, true: "tuple[Phases, Phases, Phases]", phases: "tuple[int, ...]",
          resolution: "tuple[int, int, int]") -> bool:
    """Whether all that a reading says of the phases it is wired to was true at one moment."""
    power_w, flow_ma, voltage_mv = true
    if reading.total_w is not None and abs(reading.total_w - power_w.total()) > 3 * resolution[0]:
        return False
    told = ((reading.power_w, power_w), (reading.current_ma, flow_ma), (reading.voltage_mv, voltage_mv))
    return all(said is None or all(abs(said[phase] - value[phase]) <= most for phase in phases)
               for (said, value), most in zip(told, resolution))


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def free_port() -> int:
    """One that nobody has. Not one the kernel would give to whoever asks for any: another might have it by the time it
    is used; and each of the processes that test side by side has its own to choose from.
    """
    while True:
        port = next(PORTS)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@pytest.fixture(scope="session", name="free_port")
def _free_port() -> "Callable[[], int]":
    return free_port


@pytest.fixture(scope="session")
def until() -> "Callable[..., None]":
    """until(true, what, seconds): looks again and again, and says what has not come in time."""
    def waits(true: "Callable[[], object]", what: str, seconds: float = 15.0) -> None:
        end_s = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
            time.sleep(0.05)
    return waits


@pytest.fixture
def broker() -> "Iterator[int]":
    """The port of an embedded one."""
    embedded = Broker("127.0.0.1", free_port())
    yield embedded.start()[1]
    embedded.stop()


@pytest.fixture
def house(tmp_path: Path) -> "Iterator[Callable[..., House]]":
    """Makes a House; what is still running when the test ends is ended."""
    with contextlib.ExitStack() as stack:
        def made(**options: Any) -> House:
            house = House(tmp_path, **options)
            stack.callback(house.close)
            return house

        yield made
