"""A charge point that is not ours: ocpp-rpc (npm), with its own framing, schemas, basic auth and reconnection."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers import ocpp_station
from drivers.clock import MonotonicClock
from drivers.ocpp_server import OcppServer
from hal.faults import DeviceError
from hal.values import Phases, Setpoint

HOST = "127.0.0.1"
HERE = Path(__file__).parent / "ocpp_rpc"
SECRET = "0123456789abcdef"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def until(true: "Callable[[], object]", what: str, seconds: float = 15.0) -> None:
    end_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end_s, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Station:
    """The other make's process and the lines it has said."""

    def __init__(self, port: int, version: str) -> None:
        node = shutil.which("node")
        assert node is not None
        self.said: "list[dict[str, Any]]" = []
        self.process = subprocess.Popen([node, str(HERE / "station.mjs"), f"ws://{HOST}:{port}", "OTHER-1", version,
                                         SECRET], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line) if line.startswith("{") else {"what": "error", "error": line})

    def of(self, what: str) -> "list[dict[str, Any]]":
        return [one for one in self.said if one["what"] == what]


@pytest.fixture
def server(tmp_path: Path) -> "Iterator[OcppServer]":
    if shutil.which("node") is None or not (HERE / "node_modules").exists():
        if os.environ.get("CI"):
            pytest.fail("no ocpp-rpc (./dev setup)")
        pytest.skip("no ocpp-rpc here (npm ci in tests/hil/ocpp_rpc)")
    path = tmp_path / "passwords"
    path.write_text(f"OTHER-1 {SECRET}\n")
    path.chmod(0o600)
    one = OcppServer(HOST, free_port(), security_profile=1, passwords=str(path))
    yield one
    one.close()


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_station_of_another_make_obeys_and_calls_again(server: OcppServer, version: str) -> None:
    options: "dict[str, object]" = {option.name: option.default for option in ocpp_station.OPTIONS}
    options.update(station="OTHER-1", phases=(0, 1, 2), max_a=16, every_s=5, clock=MonotonicClock())
    box = ocpp_station.build(server, options)
    server.open()
    until(lambda: server.port, "the server listens")
    station = Station(server.port, version)

    def reading() -> Any:
        try:
            return box.read(time.monotonic_ns() // 1_000_000)
        except DeviceError:
            return None

    def draws(current_ma: int) -> bool:
        said = reading()
        return said is not None and said.current_ma == Phases(current_ma, current_ma, current_ma)

    try:
        until(lambda: station.of("card") and reading(), "it has booted and begun")
        assert station.of("boot")[0]["status"] == station.of("card")[0]["status"] == "Accepted"
        box.arm()
        box.apply(Setpoint(Phases(10_000, 11_000, 10_000), 0))
        until(lambda: draws(10_000), "it draws what it was told")
        said = reading()
        assert (said.state, said.total_w, said.import_wh, said.card) == ("C", 6_900, 5_000, "04FF")
        top = 3 if version == "1.6" else 1  # the second does not say how many levels it knows
        assert [(one["limit"], one["level"], one["ends"]) for one in station.of("told")] == [
            (0, 0, False), (0, top, True), (10, top, True)]
        link = server._links["OTHER-1"]
        server._loop.call_soon_threadsafe(link.socket.transport.abort)
        until(lambda: station.of("connecting")[1:] or len(station.of("open")) > 1, "it calls again")
        until(lambda: reading() is not None, "and is found again")
        box.apply(Setpoint(Phases(0, 0, 0), 0))
        until(lambda: station.of("told")[-1]["limit"] == 0, "and obeys")
        assert station.of("broken") == station.of("unknown") == station.of("error") == []
        assert server.desk("OTHER-1").strange == ""
    finally:
        station.process.kill()
        station.process.wait(5)
