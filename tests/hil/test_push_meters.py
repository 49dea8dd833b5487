"""Push meters on real sockets: multicast over loopback, an MQTT broker, HTTP with digest; served, read, and lost."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers import http_web, shelly_em, speedwire, speedwire_meter, tasmota_meter
from drivers.clock import MonotonicClock
from drivers.http_web import HttpWeb
from drivers.mqtt_inbox import MqttInbox
from drivers.mqtt_link import Access
from drivers.multicast import Multicast
from firmware.config.file import load
from firmware.run import Daemon
from firmware.serve import Served
from hal.faults import REFUSED, TIMEOUT, DeviceError
from hal.values import Phases
from sim.network_meters import HttpDevice, MulticastSender
from sim.speedwire_meter import datagram

HOST = "127.0.0.1"
W, MA, MV = Phases(1_200, -3_000, 70), Phases(5_220, 13_040, 304), Phases(230_100, 231_000, 229_900)
COMMON: "dict[str, object]" = {"phases": (0, 1, 2), "role": "meter", "mounting": "normal", "sends_s": 1}


@pytest.fixture
def ear() -> "Iterator[Multicast]":
    multicast = Multicast(speedwire.GROUP, speedwire.PORT, HOST, speedwire.serial_of)
    yield multicast
    multicast.close()


def test_only_the_configured_serial_is_heard(until: "Callable[..., None]", ear: Multicast) -> None:
    clock = MonotonicClock()
    meter = speedwire_meter.build(ear, {**COMMON, "clock": clock, "sma_serial": 7})
    sender = MulticastSender(speedwire.GROUP, speedwire.PORT, HOST)
    time.sleep(0.005)  # a datagram of the millisecond the meter was built in is no newer one

    def send() -> bool:
        sender.send(b"noise")
        sender.send(datagram(8, 0, Phases(9, 9, 9), MA, MV, 1, 2))
        sender.send(datagram(7, 0, W, MA, MV, 1, 2))
        sender.send(datagram(7, 0, Phases(5, 5, 5), MA, MV, 1, 2, protocol=0x6081))
        return ear.newest("7", 0, 50) is not None

    until(send, "a datagram over loopback")
    begun_ms = clock.now_ms()
    send()
    got = meter.read(begun_ms)
    assert got.power_w == W
    assert begun_ms - 100 <= got.t_ms <= clock.now_ms()
    with pytest.raises(KeyError):
        ear.newest("8", 0, 0)
    sender.close()


def test_a_group_is_joined_again(until: "Callable[..., None]", ear: Multicast,
                                 monkeypatch: "pytest.MonkeyPatch") -> None:
    monkeypatch.setattr("drivers.multicast.REJOIN_S", 0.2)
    monkeypatch.setattr("drivers.multicast.WAIT_S", 0.1)
    ear.watch("7")
    sender = MulticastSender(speedwire.GROUP, speedwire.PORT, HOST)
    after_ms = 0
    for _ in range(4):
        def heard(since_ms: int = after_ms) -> bool:
            sender.send(datagram(7, 0, W, MA, MV, 1, 2))
            return ear.newest("7", since_ms, 50) is not None

        until(heard, "a datagram after joining again")
        found = ear.newest("7", after_ms, 0)
        assert found is not None
        after_ms = found[1]
        time.sleep(0.3)
    assert ear.fault == ""
    sender.close()


def test_a_network_that_is_not_there_is_told(until: "Callable[..., None]") -> None:
    lost = Multicast(speedwire.GROUP, speedwire.PORT, "203.0.113.1", speedwire.serial_of)
    lost.watch("7")
    until(lambda: lost.fault, "the fault in words")
    lost.close()


def test_mqtt_messages_are_read_and_retained_ones_are_not(until: "Callable[..., None]", broker: int) -> None:
    clock, topic = MonotonicClock(), "tele/head/SENSOR"
    sender = MqttInbox(Access(HOST, broker))
    sender.watch("none")
    until(lambda: sender.connected, "the sender's connection")
    sender._client.publish(topic, '{"SML":{"Power_curr":111}}', 1, retain=True)
    inbox = MqttInbox(Access(HOST, broker))
    meter = tasmota_meter.build(inbox, {**COMMON, "clock": clock, "topic": topic, "layout": "script", "group": "SML"})
    until(lambda: inbox.connected, "the meter's connection")
    with pytest.raises(DeviceError) as caught:
        meter.read(clock.now_ms())
    assert caught.value.kind == TIMEOUT
    for number in range(3):
        time.sleep(0.005)  # the second of two messages of one millisecond is no newer one

        def heard(power_w: int = number) -> bool:
            sender.publish(topic, '{"SML":{"Power_curr":-%d,"Total_in":1.5}}' % power_w)
            return inbox.newest(topic, clock.now_ms() - 100, 100) is not None

        until(heard, "a message")
        got = meter.read(clock.now_ms())
        assert (got.total_w, got.import_wh) == (-number, 1_500)
    for each in (inbox, sender):
        each.close()


def test_notifications_of_a_shelly_are_read(until: "Callable[..., None]", broker: int) -> None:
    """As a meter sends them whose "Generic status update" is off: power each second, counters once a minute."""
    clock = MonotonicClock()
    sender, inbox = MqttInbox(Access(HOST, broker)), MqttInbox(Access(HOST, broker))
    sender.watch("none")
    meter = shelly_em.build(inbox, {**COMMON, "clock": clock, "prefix": "em", "profile": "triphase", "channel": 0})
    until(lambda: sender.connected and inbox.connected, "both connections")

    def noted(params: str) -> None:
        sender.publish("em/events/rpc", '{"src": "em", "method": "NotifyStatus", "params": {"ts": 1.5, %s}}' % params)

    def heard() -> bool:
        noted('"emdata:0": {"id": 0, "total_act": 12.5, "total_act_ret": 3}')
        noted('"em:0": {"id": 0, "total_act_power": -250.4}')
        noted('"wifi": {"rssi": -60}, "sys": {"uptime": 5}')
        return inbox.newest("em/status/em:0", clock.now_ms() - 100, 100) is not None

    until(heard, "a notification")
    got = meter.read(clock.now_ms())
    assert (got.total_w, got.import_wh, got.export_wh) == (-250, 12, 3)
    for each in (inbox, sender):
        each.close()


def test_http_with_digest_a_new_nonce_and_a_wrong_password() -> None:
    documents = {"/rpc/EM.GetStatus?id=0": b'{"total_act_power":12.4,"a_current":0.1}',
                 "/rpc/EMData.GetStatus?id=0": b'{"total_act":77.9}'}
    device = HttpDevice(HOST, 0, lambda: documents, "admin", "geheim")
    options = {**COMMON, "clock": MonotonicClock(), "profile": "triphase", "channel": 0, "prefix": ""}
    web = HttpWeb(HOST, device.port, "admin", "geheim")
    meter = shelly_em.build(web, options)
    for number in range(4):
        got = meter.read(5)
        assert (got.t_ms, got.total_w, got.import_wh, got.current_ma) == (5, 12, 77, None)
        if number == 1:
            asked = device.asked
        if number == 2:
            assert device.asked == asked + 2  # no challenge twice
            device.forget()
    for wrong in (HttpWeb(HOST, device.port, "admin", "geheim2"), HttpWeb(HOST, device.port)):
        with pytest.raises(DeviceError) as caught:
            wrong.get("/rpc/EM.GetStatus?id=0")
        assert caught.value.kind == REFUSED
        assert "geheim" not in caught.value.detail
        wrong.close()
    with pytest.raises(DeviceError) as caught:
        web.get("/none")
    assert caught.value.kind == REFUSED
    device.close()
    with pytest.raises(DeviceError) as caught:
        web.get("/rpc/EM.GetStatus?id=0")
    assert caught.value.kind == TIMEOUT
    web.close()


@pytest.mark.parametrize(("length", "piece", "why"), [
    (1_000, b"x", "not whole within"), (-1, b"x", "not whole within"), (10, b"", "7 more expected")])
def test_an_answer_that_never_ends_is_given_up(monkeypatch: "pytest.MonkeyPatch", length: int, piece: bytes,
                                               why: str) -> None:
    """A byte now and then, with a length or without; and one that ends before it is whole."""
    monkeypatch.setattr(http_web, "MOST_S", 0.6)
    listening, stop = socket.create_server((HOST, 0)), threading.Event()

    def trickle() -> None:
        peer, _ = listening.accept()
        with contextlib.suppress(OSError), peer:
            peer.recv(4096)
            head = b"" if length < 0 else b"Content-Length: %d\r\n" % length
            peer.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n{  ")
            while piece and not stop.wait(0.05):
                peer.sendall(piece)

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    web = HttpWeb(HOST, listening.getsockname()[1])
    with pytest.raises(DeviceError, match=why):
        web.get("/")
    web.close()
    stop.set()
    thread.join(10)
    listening.close()


def test_a_house_whose_grid_meter_is_heard_on_the_network(until: "Callable[..., None]",
                                                          free_port: "Callable[[], int]",
                                                          tmp_path: Path, broker: int) -> None:
    """Served on real sockets and read by the daemon, each kind of line; then the meters fall silent."""
    path = tmp_path / "site.toml"
    path.write_text(f"""
[site]
name = "Pushed"
latitude = 48.1
longitude = 11.6
[line.sma]
kind = "speedwire"
interface = "{HOST}"
[line.broker]
kind = "mqtt"
host = "{HOST}"
port = {broker}
[line.shelly]
kind = "http"
host = "{HOST}"
port = {free_port()}
user = "admin"
password = "geheim"
[node.house]
rated_a = 35
curve = "sls-e"
meter = "sma"
[device.sma]
driver = "speedwire_meter"
line = "sma"
sma_serial = 1900123456
[device.roof]
driver = "shelly_em"
line = "shelly"
node = "house"
phases = "L1 L2 L3"
role = "source"
[device.barn]
driver = "tasmota_meter"
line = "broker"
node = "house"
phases = "L1 L2 L3"
role = "source"
topic = "tele/barn/SENSOR"
sends_s = 1
""")
    file = load(path)
    daemon = Daemon(file)
    image = daemon._loop._image
    served = Served(file, "sunny", 7, 12 * 3_600_000)
    try:
        for line in daemon._loop._workers:
            line.start()
        until(lambda: all(image.snapshot(0, ()).heard[i].reading for i in range(3)), "all three meters")
        for index, (one, point) in enumerate(zip(image.snapshot(0, ()).heard, served.simulated.points)):
            assert one.reading is not None
            assert abs((one.reading.total_w or 0) - point.power_w.total()) < 300, index
    finally:
        served.close()
    until(lambda: all(image.snapshot(0, ()).heard[i].fault for i in range(3)), "three faults")
    for line in daemon._loop._workers:
        line.stop()
