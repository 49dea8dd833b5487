"""Smart-meter gateways behind real TLS: read, served, and never told anything by a client that does not know them."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import smgw_gateway
from drivers.smgw_gateway import Gateway
from firmware.build import driver, real_port
from firmware.config.file import load
from firmware.serve import Served
from hal.faults import REFUSED, TIMEOUT, DeviceError
from sim.clock import SimClock
from sim.https_device import HttpsDevice
from sim.smgw_gateway import SimGateway
from sim.smgw_pages import Counted

HOST = "127.0.0.1"
METER = "1emh0012345678"
KEPT = ((METER, (Counted("0100010800ff", 12_345_678, -1, 30), Counted("0100020800ff", 98_765, -1, 30))),)
MAKERS = ("conexa", "casa", "ppc")
QUARTER_MS = 900_000


@pytest.fixture
def sim() -> SimGateway:
    gateway = SimGateway("casa", "user", "geheim", lambda: KEPT)
    gateway.capture("2026-06-21 12:15:00")
    return gateway


@pytest.fixture
def device(sim: SimGateway) -> "Iterator[HttpsDevice]":
    served = HttpsDevice(HOST, 0, sim.answer)
    yield served
    served.close()


def client(folder: Path, port: int, maker: str = "casa", certificate: str = "") -> Gateway:
    logins = folder / "logins"
    logins.touch(0o600)
    logins.write_text("smgw user geheim\n")
    return smgw_gateway.real(maker, HOST, port, str(logins), "smgw", str(folder / "var" / "state"), 2, certificate,
                             "asked")


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_every_maker_over_tls_and_digest(tmp_path: Path, maker: str, algorithm: str) -> None:
    sim = SimGateway(maker, "user", "geheim", lambda: KEPT, algorithm)
    sim.capture("2026-06-21 12:15:00")
    device = HttpsDevice(HOST, 0, sim.answer)
    try:
        gateway = client(tmp_path, device.port, maker)
        gateway.ask(0, QUARTER_MS)
        assert [(one.meter, one.entry.value * 10 ** (one.entry.scaler + 1)) for one in gateway.values] == [
            (METER, 12_345_678), (METER, 98_765)]
        assert (sim.failed, sim.session, device.handshakes) == (0, "", 1)
        before = sim.requests
        gateway.ask(60_000, QUARTER_MS)
        assert sim.requests == before
        gateway.ask(QUARTER_MS, QUARTER_MS)
        assert gateway.asked_ms == QUARTER_MS
    finally:
        device.close()


def test_another_certificate_is_told_nothing(tmp_path: Path, sim: SimGateway, device: HttpsDevice) -> None:
    client(tmp_path, device.port).ask(0, QUARTER_MS)
    asked = sim.requests
    port = device.port
    device.close()
    thief = HttpsDevice(HOST, port, sim.answer)
    try:
        state = tmp_path / "var" / "state"
        state.write_text(state.read_text().replace('"begun_s": ', '"begun_s": 1, "was": '))  # five minutes have passed
        with pytest.raises(DeviceError, match="another certificate") as caught:
            client(tmp_path, port).ask(0, QUARTER_MS)
        assert caught.value.kind == REFUSED
        assert sim.requests == asked
        renewed = client(tmp_path, port, certificate=":".join(
            thief.certificate[at:at + 2].upper() for at in range(0, 64, 2)))
        state.write_text(state.read_text().replace('"begun_s": ', '"begun_s": 1, "was": '))
        renewed.ask(0, QUARTER_MS)
        assert renewed.values
    finally:
        thief.close()


def test_what_is_no_tls_or_nobody(tmp_path: Path) -> None:
    def answer() -> None:
        with deaf.accept()[0] as sock:
            sock.recv(4096)
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with socket.create_server((HOST, 0)) as deaf:
        port = deaf.getsockname()[1]
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(DeviceError) as caught:
            client(tmp_path, port).ask(0, QUARTER_MS)
        thread.join()
    assert caught.value.kind == TIMEOUT
    with pytest.raises(DeviceError, match="refused"):
        client(tmp_path / "var", port).ask(0, QUARTER_MS)
    assert '"failed": 0' in (tmp_path / "var" / "state").read_text()


@pytest.mark.parametrize("maker", MAKERS)
def test_serve_is_a_gateway_for_anyone(tmp_path: Path, maker: str) -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    logins, path = tmp_path / "logins", tmp_path / "site.toml"
    logins.touch(0o600)
    logins.write_text("smgw user geheim\n")
    path.write_text(f"""
[site]
name = "x"
latitude = 48.0
longitude = 11.0
[line.bus]
kind = "modbus-rtu"
port = "{tmp_path}/bus"
[line.gate]
kind = "smgw"
maker = "{maker}"
host = "{HOST}"
port = {port}
state = "{tmp_path}/state"
logins = "{logins}"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "grid"
[device.grid]
driver = "eastron_sdm630"
line = "bus"
unit = 1
[device.official]
driver = "smgw_meter"
line = "gate"
""")
    file = load(path)
    with Served(file, "sunny", 7, 12 * 3_600_000) as served:
        meter = driver(file.devices[1], real_port(file.lines[1]), SimClock())
        got = meter.read(0)
        grid = served.simulated.house.nodes[0]
        assert got.import_wh is not None
        assert abs(got.import_wh - grid.import_wh) < 100
        assert f"{maker} on https://{HOST}:{port}" in " ".join(served.places)
