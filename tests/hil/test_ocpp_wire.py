"""Charge points on real WebSockets: who is let in, TLS and passwords, reconnections, and what breaks the standard."""

import asyncio
import base64
import json
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from drivers import ocpp_station
from drivers.clock import MonotonicClock
from drivers.ocpp_server import MOST_OPEN, OcppServer
from hal.faults import REFUSED, DeviceError
from hal.values import Phases, Setpoint
from sim.bank import Lock
from sim.car import Car
from sim.certificate import self_signed
from sim.modbus_slave import ThreadLock
from sim.ocpp_point import ChargePoint
from sim.ocpp_socket import OcppSocket

HOST = "127.0.0.1"
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


def box_of(server: OcppServer, station: str = "CP-1") -> Any:
    options: "dict[str, object]" = {option.name: option.default for option in ocpp_station.OPTIONS}
    options.update(station=station, phases=(0, 1, 2), max_a=16, clock=MonotonicClock())
    return ocpp_station.build(server, options)


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def answers(box: Any) -> Any:
    """A reading, or None while there is none."""
    try:
        return box.read(now_ms())
    except DeviceError:
        return None


class House:
    """A server with one box, and stations that call it, living in real time."""

    def __init__(self, look_s: float = 60.0, **options: Any) -> None:
        self.port = free_port()
        self.server = OcppServer(HOST, self.port, **{"security_profile": 0, **options})
        self.server.look_s = look_s
        self.box = box_of(self.server)
        self.desk = self.server.desk("CP-1")
        self.lock: Lock = ThreadLock()
        self.calls: "list[OcppSocket]" = []
        self.server.open()
        until(lambda: self.server.port, "the server listens")

    def station(self, version: str = "1.6", station: str = "CP-1", **more: Any) -> "tuple[ChargePoint, OcppSocket]":
        point = ChargePoint(station, version)
        point.add(1, Car((0, 1, 2), seed=3), "04A1B2C3")
        scheme = "wss" if "trusted" in more else "ws"
        call = OcppSocket(point, f"{scheme}://{HOST}:{self.port}", self.lock, **more)
        self.calls.append(call)
        return point, call

    def live(self, point: ChargePoint) -> None:
        with self.lock:
            for one in point.sockets.values():
                one.car.step(now_ms(), 100)
            point.tick(now_ms())

    def close(self) -> None:
        for call in self.calls:
            call.close()
        self.server.close()


@pytest.fixture
def houses() -> "Iterator[Callable[..., House]]":
    made: "list[House]" = []

    def house(**options: Any) -> House:
        made.append(House(**options))
        return made[-1]

    yield house
    for one in made:
        one.close()


def dial(house: House, station: str, source: str = HOST, password: "str | None" = None, scheme: str = "ws",
         subprotocol: str = "ocpp1.6", user: str = "", **more: Any) -> Any:
    headers = {}
    if password is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user or station}:{password}".encode()).decode()
    return connect(f"{scheme}://{HOST}:{house.port}/{station}", subprotocols=[subprotocol] if subprotocol else None,  # type: ignore[list-item]
                   source_address=(source, 0), additional_headers=headers, open_timeout=10, proxy=None, **more)


def refused(*args: Any, **more: Any) -> int:
    """The status with which it was refused."""
    with pytest.raises(InvalidStatus) as caught:
        dial(*args, **more)
    return caught.value.response.status_code


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_station_is_armed_told_and_found_again(houses: "Callable[..., House]", version: str) -> None:
    house = houses()
    point, call = house.station(version)
    point.sockets[1].car.plug()
    until(lambda: (house.live(point), answers(house.box))[1], "a reading")
    house.box.arm()
    house.box.release()
    house.box.apply(Setpoint(Phases(10_000, 10_000, 10_000), 0))
    until(lambda: (house.live(point), point.sockets[1].offered_ma == 10_000)[1], "the limit in force")
    until(lambda: (house.live(point), point.sockets[1].transaction)[1], "a transaction")
    assert answers(house.box).card == "04A1B2C3"
    assert house.desk.about["model"] == f"Twin {version}"
    assert not house.desk.strange
    call.cut()
    until(lambda: call.connections == 2, "a second connection")
    until(lambda: (house.live(point), answers(house.box))[1], "a reading after it")
    house.box.apply(Setpoint(Phases(6_000, 6_000, 6_000), 0))
    until(lambda: (house.live(point), point.sockets[1].offered_ma == 6_000)[1], "the limit after it")


def test_who_is_let_in(houses: "Callable[..., House]", tmp_path: Path, capfd: "pytest.CaptureFixture[str]") -> None:
    path = tmp_path / "passwords"
    path.write_text(f"# stations\nCP-1 {SECRET}\nCP-2 hex:{SECRET.encode().hex()}\n")
    path.chmod(0o600)
    house = houses(security_profile=1, passwords=str(path))
    box_of(house.server, "CP-2")
    box_of(house.server, "CP-3")
    assert refused(house, "CP-9", password=SECRET) == 404
    assert refused(house, "CP-1") == 401
    assert refused(house, "CP-1", password="wrong" + SECRET) == 401
    assert refused(house, "CP-3", password=SECRET) == 401
    assert refused(house, "CP-1", password=SECRET, subprotocol="ocpp1.5") == 400
    assert refused(house, "a%20b", password=SECRET) == 400
    assert refused(house, "", password=SECRET) == 400
    for way in ("/CP-1", "CP-1/"):  # stations that add a slash to an address with one
        with dial(house, way, password=SECRET, user="CP-1"):
            pass
    with dial(house, "CP-1", password=SECRET, subprotocol="") as found:  # an older one that does not say
        found.send(json.dumps([2, "1", "Heartbeat", {}]))
        assert json.loads(found.recv(timeout=5))[:2] == [3, "1"]
    for station in ("CP-1", "CP-2"):
        with dial(house, station, password=SECRET) as found:
            assert found.subprotocol == "ocpp1.6"
    said = capfd.readouterr().err
    assert "station 'CP-9' refused: no device has this station; known are CP-1, CP-2, CP-3 (from 127.0.0.1)" in said
    assert SECRET not in said
    with pytest.raises(DeviceError, match=r"the connection was lost; refused were .*CP-1: it speaks neither"):
        house.server.ask("CP-1", "GetConfiguration", {})
    path.chmod(0o644)
    assert refused(house, "CP-1", password=SECRET) == 401
    assert "is open to others" in capfd.readouterr().err


def test_security_profile_2(houses: "Callable[..., House]", tmp_path: Path) -> None:
    certificate, key, _ = self_signed("hutschiene")
    for name, content in (("cert", certificate), ("key", key), ("passwords", f"CP-1 {SECRET}\n".encode())):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_bytes(content)
    house = houses(security_profile=2, passwords=str(tmp_path / "passwords"), cert=str(tmp_path / "cert"),
                   key=str(tmp_path / "key"))
    point, _ = house.station(password=SECRET.encode(), trusted=str(tmp_path / "cert"))
    until(lambda: (house.live(point), answers(house.box))[1], "a reading over TLS")
    context = ssl.create_default_context(cafile=str(tmp_path / "cert"))
    context.check_hostname = False
    assert refused(house, "CP-1", source="127.0.0.2", password="x" * 16, scheme="wss", ssl=context) == 401
    with pytest.raises(Exception, match=r"handshake|response|closed|EOF|reset"):
        dial(house, "CP-1", password=SECRET)


def test_a_certificate_that_is_renewed_is_used_by_whoever_calls_next(
        houses: "Callable[..., House]", tmp_path: Path, capfd: "pytest.CaptureFixture[str]") -> None:
    first, second = self_signed("hutschiene"), self_signed("hutschiene")
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    passwords.write_text(f"CP-1 {SECRET}\n")

    def put(certificate: bytes, key: bytes) -> None:
        (tmp_path / "cert").write_bytes(certificate)
        (tmp_path / "key").write_bytes(key)

    def shown() -> str:
        return ssl.get_server_certificate((HOST, house.port), timeout=10).replace("\n", "")

    put(*first[:2])
    house = houses(look_s=0.05, security_profile=2, passwords=str(passwords), cert=str(tmp_path / "cert"),
                   key=str(tmp_path / "key"))
    assert shown() == first[0].decode().replace("\n", "")
    put(second[0], first[1])  # half of it
    until(lambda: "the new certificate is not used" in capfd.readouterr().err, "what does not fit is told")
    assert shown() == first[0].decode().replace("\n", "")
    put(*second[:2])
    until(lambda: shown() == second[0].decode().replace("\n", ""), "the new certificate")


def test_the_same_station_anew_replaces_and_another_one_is_refused(
        houses: "Callable[..., House]", capfd: "pytest.CaptureFixture[str]") -> None:
    house = houses()
    first = dial(house, "CP-1")
    until(lambda: house.desk.version, "the first")
    assert refused(house, "CP-1", source="127.0.0.2") == 409
    assert "a station with this id is connected from 127.0.0.1 (from 127.0.0.2)" in capfd.readouterr().err
    generation = house.desk.generation
    with dial(house, "CP-1") as again:
        until(lambda: house.desk.generation > generation, "the second")
        with pytest.raises(Exception, match=r"close|no close|received"):
            first.recv(timeout=5)
        again.send(json.dumps([2, "1", "Heartbeat", {}]))
        assert json.loads(again.recv(timeout=5))[:2] == [3, "1"]
    until(lambda: not house.desk.version, "gone")
    with dial(house, "CP-1", source="127.0.0.2"):
        until(lambda: house.desk.version, "from elsewhere, once it is gone")
    for _ in range(4):
        dial(house, "CP-1")
    until(lambda: "do two stations have this id?" in capfd.readouterr().err, "taking turns is named")


@pytest.mark.parametrize(("said", "answer"), [
    ("nonsense", None), ("[]", None), ("{}", None), ("[2]", None), ('[2,"1"]', None), ('[2,5,"Heartbeat",{}]', None),
    ("[" * 30_000, None), ('[3,"nobody asked",{}]', None), ('[4,"1","x","y",{}]', None),
    ('[2,"1","Heartbeat",[]]', "FormationViolation"), ('[2,"1","Nothing",{}]', "NotImplemented"),
    ('[2,"1","../../x",{}]', "NotImplemented"), ('[2,"1","Reset",{"type":"Hard"}]', "NotSupported"),
    ('[2,"1","BootNotification",{}]', "ProtocolError"), ('[2,"1","StatusNotification",{"connectorId":1,"errorCode":'
                                                         '"NoError","status":"Bored"}]', "FormatViolation"),
    ('[2,"1","StatusNotification",{"connectorId":"1","errorCode":"NoError","status":"Available"}]',
     "TypeConstraintViolation"), ('[3,"1",null]', None), ('[3,"1",[NaN]]', None), ('[4,"1","x",""]', None),
    ('[4,"1","x"]', None)])
def test_what_breaks_the_standard_is_refused_and_the_connection_lives(
        houses: "Callable[..., House]", said: str, answer: "str | None") -> None:
    house = houses()
    with dial(house, "CP-1") as station:
        station.send(said)
        if answer is not None:
            found = json.loads(station.recv(timeout=5))
            assert found[:3] == [4, "1", answer]
        station.send(json.dumps([2, "2", "Heartbeat", {}]))
        assert json.loads(station.recv(timeout=5))[:2] == [3, "2"]


@pytest.mark.parametrize("said", ['[3,"%s",{"configurationKey":[]', '[4,"%s","NotImplemented"]', '[3,"%s",7]'])
def test_a_spoilt_answer_is_one_and_nobody_waits_for_another(houses: "Callable[..., House]", said: str) -> None:
    house = houses()
    with dial(house, "CP-1") as station:
        until(lambda: house.desk.version, "connected")
        asking = threading.Thread(target=lambda: station.send(said % json.loads(station.recv(timeout=5))[1]))
        asking.start()
        with pytest.raises(DeviceError) as error:
            house.server.ask("CP-1", "GetConfiguration", {"key": ["NumberOfConnectors"]})
        asking.join()
        assert error.value.kind == REFUSED  # no time-out
        assert house.desk.strange


def test_a_message_too_large_ends_the_connection(houses: "Callable[..., House]") -> None:
    house = houses()
    with dial(house, "CP-1") as station:
        until(lambda: house.desk.version, "connected")
        station.send('[2,"1","DataTransfer",{"vendorId":"' + "x" * 100_000 + '"}]')
        until(lambda: not house.desk.version, "thrown out")


def test_a_flood_waits(houses: "Callable[..., House]") -> None:
    house = houses()
    with dial(house, "CP-1") as station:
        begun_s = time.monotonic()
        for number in range(120):
            station.send(json.dumps([2, str(number), "Heartbeat", {}]))
        for _ in range(120):
            station.recv(timeout=10)
        assert time.monotonic() - begun_s > 1.5


def test_who_only_knocks_takes_no_more_sockets_than_there_are(houses: "Callable[..., House]") -> None:
    house = houses()
    house.station()
    until(lambda: house.desk.version, "connected")
    knocking = [socket.create_connection((HOST, house.port), 5) for _ in range(MOST_OPEN + 20)]

    def hung_up() -> int:
        return sum(bool(select.select([one], [], [], 0)[0]) for one in knocking)

    until(lambda: hung_up() >= 20, "one too many is hung up on")
    assert hung_up() <= 40
    assert house.desk.version  # who is there stays
    for one in knocking:
        one.close()


def test_a_port_that_is_taken_is_said_and_a_station_that_does_not_answer(houses: "Callable[..., House]") -> None:
    house = houses()
    other = OcppServer(HOST, house.port, security_profile=0)
    box = box_of(other)
    other.open()
    until(lambda: other._fault != "does not listen yet", "tried")
    with pytest.raises(DeviceError, match="cannot be opened"):
        other.ask("CP-1", "GetConfiguration", {})
    assert answers(box) is None
    other.close()
    with dial(house, "CP-1"):
        until(lambda: house.desk.version, "connected")
        begun_s = time.monotonic()
        with pytest.raises(DeviceError, match="GetConfiguration: no answer"):
            house.server.ask("CP-1", "GetConfiguration", {})
        assert time.monotonic() - begun_s < 7


def test_the_charge_point_side_of_the_ocpp_package(houses: "Callable[..., House]") -> None:
    """A station that is not ours: framing, schemas and routing of the package, 1.6 and 2.0.1."""
    house = houses()
    box_of(house.server, "CP-201")
    done = asyncio.run(asyncio.wait_for(both(house), 30))
    assert done == {"1.6": "Accepted", "2.0.1": "Accepted"}
    assert not house.desk.strange
    assert not house.server.desk("CP-201").strange
    one, two = house.desk.connectors[1], house.server.desk("CP-201").connectors[1]
    assert (one.status, one.letter, one.import_wh, one.card) == ("Charging", "C", 1_250, "ABC")
    assert (two.letter, two.import_wh, two.card) == ("C", 2_500, "ABC")


async def both(house: House) -> "dict[str, str]":
    from ocpp import v16, v201
    from ocpp.v16 import call as call16
    from ocpp.v16.enums import ChargePointErrorCode, ChargePointStatus
    from ocpp.v201 import call as call201
    from websockets.asyncio.client import connect as dial_async

    at = "2026-11-21T12:00:00Z"
    out = {}
    async with dial_async(f"ws://{HOST}:{house.port}/CP-1", subprotocols=["ocpp1.6"], proxy=None) as socket:  # type: ignore[list-item]
        station = v16.ChargePoint("CP-1", socket)
        hearing = asyncio.create_task(station.start())
        boot = await station.call(call16.BootNotification("Model", "Vendor"))
        out["1.6"] = str(boot.status.value if hasattr(boot.status, "value") else boot.status)
        await station.call(call16.StatusNotification(1, ChargePointErrorCode.no_error, ChargePointStatus.charging))
        begun = await station.call(call16.StartTransaction(1, "ABC", 1_000, at))
        await station.call(call16.MeterValues(1, [{"timestamp": at, "sampled_value": [
            {"value": "1.25", "unit": "kWh"}, {"value": "3.68", "measurand": "Power.Active.Import", "unit": "kW"}]}],
            transaction_id=begun.transaction_id))
        hearing.cancel()
    async with dial_async(f"ws://{HOST}:{house.port}/CP-201", subprotocols=["ocpp2.0.1"], proxy=None) as socket:  # type: ignore[list-item]
        newer = v201.ChargePoint("CP-201", socket)
        hearing = asyncio.create_task(newer.start())
        said = await newer.call(call201.BootNotification({"model": "Model", "vendor_name": "Vendor"}, "PowerUp"))
        out["2.0.1"] = str(said.status.value if hasattr(said.status, "value") else said.status)
        await newer.call(call201.StatusNotification(at, "Occupied", 1, 1))
        await newer.call(call201.TransactionEvent("Started", at, "Authorized", 0, {
            "transaction_id": "T1", "charging_state": "Charging"}, evse={"id": 1}, id_token={
            "id_token": "ABC", "type": "ISO14443"}, meter_value=[{"timestamp": at, "sampled_value": [
                {"value": 2.5, "unit_of_measure": {"unit": "kWh"}}]}]))
        hearing.cancel()
    return out
