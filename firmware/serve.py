"""`serve SITE.toml`: simulated devices on the very ports a configuration names, for anyone's master to talk to.

A serial port becomes one end of a pty pair, linked under the configured path; the bytes keep the pace of the line.
A TCP port is listened on. Pins have no wires another process could reach, so devices on them are not served.
"""

import argparse
import contextlib
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.keba_talk import PORT as KEBA_PORT
from drivers.socket_stream import PREFIX, address
from firmware import serve_push
from firmware.config.file import LineSpec, SiteFile, load
from firmware.errors import UserError
from firmware.simulated.heads import AskedTwin, PushTwin
from firmware.simulated.house import Simulated
from firmware.simulated.mbus import AirBus, WireBus
from firmware.simulated.stations import called
from sim.bank import Lock
from sim.https_device import HttpsDevice
from sim.modbus_slave import RtuSlave, Slave, TcpSlave, ThreadLock
from sim.rtu_server import RtuServer
from sim.scenarios import NAMES
from sim.udp_boxes import UdpBox
from sim.wire import Wire

if TYPE_CHECKING:
    from sim.ocpp_socket import OcppSocket

TICK_MS = 100
FRAME_S = 1.0  # optical heads send about once a second
REST_MS = 20  # real meters and boxes want 20 to 100 ms between two requests; sooner they may not hear one
SLAVE, MASTER = 0, 1  # the ends of a wire


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE.toml", type=Path)
    add_day_arguments(parser)


def add_day_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", choices=NAMES, default="sunny", help="the day to live through (sunny)")
    parser.add_argument("--start", type=time_of_day, default="11:20", metavar="HH:MM", help="time it begins (11:20)")
    parser.add_argument("--speed", type=int, default=1, choices=range(1, 61), metavar="1..60",
                        help="how many seconds of the day pass in one; devices keep their own timers")
    parser.add_argument("--seed", type=int, default=7, help="of all chance (7)")


def time_of_day(text: str) -> int:
    """Milliseconds since midnight."""
    hours, _, minutes = text.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
        raise argparse.ArgumentTypeError(f"{text!r} is no time of day; write it as 11:20")
    return (int(hours) * 60 + int(minutes)) * 60_000


def run(args: argparse.Namespace) -> int:
    file = load(args.site)
    try:
        served = Served(file, args.scenario, args.seed, args.start, args.speed)
    except OSError as error:
        raise UserError(str(error)) from error
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    for place in served.places:
        print(place, flush=True)
    with served:
        stopping.wait()
    return 0


class Served:
    """A simulated house whose devices answer on the ports of its configuration, from construction until `close`."""

    def __init__(self, file: SiteFile, scenario: str, seed: int, start_ms: int, speed: int = 1) -> None:
        """Raises OSError when a port is taken."""
        self.simulated = Simulated(file, scenario, seed, ThreadLock())
        self.wires: "dict[str, Wire]" = {}
        self.slaves: "dict[str, Slave]" = {}
        self.places: "list[str]" = []
        self._senders: "list[Sender | Answerer | Talker | serve_push.Pusher | HttpsDevice | OcppSocket | UdpBox]" = []
        self._now_ms = start_ms
        self._speed = speed
        self._stopping = threading.Event()
        self.simulated.count_from(int(time.time()))
        self.simulated.step(start_ms, 1, 0)
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            for line in file.lines:
                self._open(line)
            undo.pop_all()
        self._thread = threading.Thread(target=self._live, name="house", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if hasattr(self, "_thread"):
            self._thread.join()
        for each in (*self._senders, *self.slaves.values(), *self.wires.values()):
            each.close()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def _open(self, line: LineSpec) -> None:
        options = line.options
        if _out_of_reach(line):
            self.places.append(f"{line.name}: {_out_of_reach(line)}")
        elif line.name in self.simulated.talks:
            for twin in self.simulated.talks[line.name]:
                self._senders.append(UdpBox(twin, KEBA_PORT, self.simulated.lock))
                self.places.append(f"{line.name}: UDP on {twin.host}:{KEBA_PORT}")
        elif line.name in self.simulated.pushed:
            pusher = serve_push.pusher(line, self.simulated.pushed[line.name], self.simulated.lock)
            self._senders.append(pusher)
            self.places.append(f"{line.name}: {pusher.place}")
        elif line.name in self.simulated.gateways:
            gateway = self.simulated.gateways[line.name].gateway
            device = HttpsDevice(options["host"], options["port"], gateway.answer, self.simulated.lock)
            self._senders.append(device)
            self.places.append(f"{line.name}: {options['maker']} on https://{options['host']}:{device.port}")
        elif line.name in self.simulated.yards:
            made = called(line, self.simulated.yards[line.name], self.simulated.lock)
            self._senders += made
            self.places.append(f"{line.name}: {len(made)} charge points call {made[0].address if made else 'nobody'}")
        elif line.kind == "modbus-tcp" or (line.kind == "modbus-rtu" and options["port"].startswith(PREFIX)):
            self._listen(line)
        else:
            wire = self._wire(line)
            meter = self.simulated.meters.get(line.name)
            bus = self.simulated.buses.get(line.name)
            if isinstance(meter, AskedTwin):
                self._senders.append(Answerer(wire, meter, self.simulated.lock))
            elif meter is not None:
                self._senders.append(Sender(wire.paths[SLAVE], meter, self.simulated.lock))
            elif bus is not None:
                self._senders.append(Talker(wire.paths[SLAVE], bus, self.simulated.lock))
            elif line.name in self.simulated.banks:
                self.slaves[line.name] = RtuSlave(wire.paths[SLAVE], self.simulated.banks[line.name], options["baud"],
                                                   rest_ms=REST_MS)
            self.places.append(f"{line.name}: {line.kind} at {self._baud(line)} baud on {options['port']}")

    def _listen(self, line: LineSpec) -> None:
        options, bank = line.options, self.simulated.banks[line.name]
        if line.kind == "modbus-rtu":
            self.slaves[line.name] = RtuServer(bank, *address(options["port"]))
            self.places.append(f"{line.name}: Modbus RTU over TCP on {options['port']}")
            return
        slave = self.slaves[line.name] = TcpSlave(bank, options["host"], options["port"],
                                                  most_clients=self.simulated.most_clients(line.name))
        self.places.append(f"{line.name}: Modbus TCP on {options['host']}:{slave.port}")

    def _wire(self, line: LineSpec) -> Wire:
        path = Path(line.options["port"])
        if path.exists() and not path.is_symlink():
            raise FileExistsError(f"line.{line.name}.port = {str(path)!r}: a real port or file is there; "
                                  "serve makes a link of its own, so name a path that is free")
        path.parent.mkdir(parents=True, exist_ok=True)
        wire = self.wires[line.name] = Wire(self._baud(line))
        wire.link(MASTER, str(path))
        return wire

    def _baud(self, line: LineSpec) -> int:
        """A radio stick has a rate of its own."""
        bus = self.simulated.buses.get(line.name)
        return int(line.options["baud"]) if bus is None else bus.baud

    def _live(self) -> None:
        begun_s = last_s = time.monotonic()
        while not self._stopping.wait(TICK_MS / 1000):
            now_s = time.monotonic()
            left_ms = round((now_s - last_s) * 1000) * self._speed
            last_s = now_s
            while left_ms > 0:
                dt_ms = min(left_ms, 1000)
                left_ms -= dt_ms
                self._now_ms += dt_ms
                self.simulated.step(self._now_ms, dt_ms, round((now_s - begun_s) * 1000))


def _out_of_reach(line: LineSpec) -> str:
    """Why it is not served; "" where it is."""
    if line.kind == "gpio":
        return "pins, not served"
    if line.kind in ("sml", "p1", "wm-bus", "m-bus") and line.options["port"].startswith(PREFIX):
        return f"{line.options['port']}, not served: name a path"
    return ""


class _End:
    """What speaks at one end of a wire, in a thread of its own."""

    def __init__(self, path: str, flags: int, every_s: float, lock: Lock) -> None:
        """`lock`: held while the physics moves."""
        self._lock = lock
        self._fd = os.open(path, flags | os.O_NOCTTY | os.O_NONBLOCK)
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        os.close(self._fd)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self._turn()

    def _turn(self) -> None:
        raise NotImplementedError


class Sender(_End):
    """A meter that sends by itself."""

    def __init__(self, path: str, meter: PushTwin, lock: Lock) -> None:
        self._meter = meter
        super().__init__(path, os.O_WRONLY, FRAME_S, lock)

    def _turn(self) -> None:
        with self._lock:
            frame = self._meter.frame()  # about one moment
        with contextlib.suppress(OSError):  # nobody reads, or the wire is cut: lost, as in life
            os.write(self._fd, frame)


class Talker(_End):
    """A radio stick, or the meters on a wired M-Bus."""

    def __init__(self, path: str, bus: "AirBus | WireBus", lock: Lock) -> None:
        self._bus = bus
        super().__init__(path, os.O_RDWR, 0.01, lock)

    def _turn(self) -> None:
        with contextlib.suppress(OSError), self._lock:  # nothing there, or the wire is cut
            self._bus.hear(os.read(self._fd, 256))
        with contextlib.suppress(OSError), self._lock:
            said = self._bus.said()
            if said:
                os.write(self._fd, said)


class Answerer(_End):
    """A D0 meter that is asked: hears at the rate the master has set, and the wire keeps the pace of what it sends."""

    def __init__(self, wire: Wire, meter: AskedTwin, lock: Lock) -> None:
        self._wire = wire
        self._talk = meter.talk
        super().__init__(wire.paths[SLAVE], os.O_RDWR, 0.002, lock)

    def _turn(self) -> None:
        now_ms = round(time.monotonic() * 1000)
        with contextlib.suppress(OSError):  # nothing there, or the wire is cut
            self._talk.hear(os.read(self._fd, 256), self._wire.rate(MASTER), now_ms)
        with self._lock:
            said = self._talk.due(now_ms)
        if said is not None:
            self._wire.pace(said[1])
            with contextlib.suppress(OSError):
                os.write(self._fd, said[0] if said[1] == self._wire.rate(MASTER) else b"\x00" * len(said[0]))
