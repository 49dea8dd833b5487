"""A charge point that is not ours: ocpp-rpc (npm), with its own framing, schemas, basic auth and reconnection."""

import json
import os
import shutil
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


class Station:
    """The other make's process and the lines it has said."""

    def __init__(self, port: int, name: str, version: str) -> None:
        node = shutil.which("node")
        assert node is not None
        self.said: "list[dict[str, Any]]" = []
        self.process = subprocess.Popen([node, str(HERE / "station.mjs"), f"ws://{HOST}:{port}", name, version,
                                         SECRET], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(json.loads(line) if line.startswith("{") else {"what": "error", "error": line})

    def of(self, what: str) -> "list[dict[str, Any]]":
        return [one for one in self.said if one["what"] == what]


@pytest.fixture
def server(free_port: "Callable[[], int]", tmp_path: Path) -> "Iterator[OcppServer]":
    if shutil.which("node") is None or not (HERE / "node_modules").exists():
        if os.environ.get("CI"):
            pytest.fail("no ocpp-rpc (./dev setup)")
        pytest.skip("no ocpp-rpc here (npm ci in tests/hil/ocpp_rpc)")
    path = tmp_path / "passwords"
    path.write_text(f"OTHER-1 {SECRET}\nOTHER-2 {SECRET}\n")
    path.chmod(0o600)
    one = OcppServer(HOST, free_port(), security_profile=1, passwords=str(path))
    yield one
    one.close()


class Both:
    """The box of a station, and the station."""

    def __init__(self, server: OcppServer, name: str, version: str) -> None:
        options: "dict[str, object]" = {option.name: option.default for option in ocpp_station.OPTIONS}
        options.update(station=name, phases=(0, 1, 2), max_a=16, every_s=5, clock=MonotonicClock())
        self.box = ocpp_station.build(server, options)
        self.name = name
        self.top = 3 if version == "1.6" else 1  # the second does not say how many levels it knows
        self.station = Station(server.port, name, version)

    def reading(self) -> Any:
        try:
            return self.box.read(time.monotonic_ns() // 1_000_000)
        except DeviceError:
            return None

    def draws(self, current_ma: int) -> bool:
        said = self.reading()
        return said is not None and said.current_ma == Phases(current_ma, current_ma, current_ma)

    def told(self) -> "list[tuple[object, ...]]":
        return [(one["limit"], one["level"], one["ends"]) for one in self.station.of("told")]


def test_stations_of_another_make_obey_and_call_again(until: "Callable[..., None]", server: OcppServer) -> None:
    server.desk("OTHER-1")
    server.open()
    until(lambda: server.port, "the server listens")
    pairs = [Both(server, "OTHER-1", "1.6"), Both(server, "OTHER-2", "2.0.1")]
    try:
        for one in pairs:
            until(lambda: one.station.of("card") and one.reading(), "it has booted and begun")  # noqa: B023
            assert one.station.of("boot")[0]["status"] == one.station.of("card")[0]["status"] == "Accepted"
            one.box.arm()
            one.box.apply(Setpoint(Phases(10_000, 11_000, 10_000), 0))
        for one in pairs:
            until(lambda: one.draws(10_000), "it draws what it was told")  # noqa: B023
            said = one.reading()
            assert (said.state, said.total_w, said.import_wh, said.card) == ("C", 6_900, 5_000, "04FF")
            assert one.told() == [(0, 0, False), (0, one.top, True), (10, one.top, True)]
            server._loop.call_soon_threadsafe(server._links[one.name].socket.transport.abort)
        for one in pairs:
            until(lambda: len(one.station.of("open")) > 1, "it calls again")  # noqa: B023
            until(lambda: one.reading() is not None, "and is found again")  # noqa: B023
            one.box.apply(Setpoint(Phases(0, 0, 0), 0))
            until(lambda: one.told()[-1][0] == 0, "and obeys")  # noqa: B023
            wrong = [one.station.of(what) for what in ("broken", "unknown", "error")]
            assert wrong == [[], [], []]
            assert server.desk(one.name).strange == ""
    finally:
        for one in pairs:
            one.station.process.kill()
            one.station.process.wait(5)
